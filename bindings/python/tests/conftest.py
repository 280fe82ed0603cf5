"""What the tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import forebay
import pytest

# A shell without job control lets what it starts in the background ignore Ctrl-C, and so would the
# programs that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# As an installed package offers it to every test run.
pytest_plugins = ["forebay.pytest_plugin", "pytester"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[forebay.Store]:
    """A store in a directory of its own."""
    with forebay.open(tmp_path / "queues") as store:
        yield store


@pytest.fixture
def queue(store: forebay.Store) -> forebay.Queue[bytes]:
    """A standard queue."""
    return store.create_queue("orders")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Closes the run with the line that all test programs of this repository close with."""
    stats = terminalreporter.stats
    count = {name: len(stats.get(name, ())) for name in ("passed", "failed", "error", "skipped")}
    failed = count["failed"] + count["error"]
    terminalreporter.write_line(
        f"{count['passed']} passed, {failed} failed, {count['skipped']} skipped"
    )
