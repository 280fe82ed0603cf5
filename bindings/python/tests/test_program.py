"""The command line, as `python -m forebay`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import forebay
import pytest
from client import ask, page

COMMAND = [sys.executable, "-m", "forebay"]


def run(folder: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], cwd=folder, input=given, capture_output=True, text=True, timeout=60
    )


def test_what_it_writes_it_reads(tmp_path: Path) -> None:
    assert run(tmp_path, "create", "orders").returncode == 0
    assert run(tmp_path, "send", "orders", "any text").returncode == 0
    line = {"body": "a line", "attributes": {"kind": "new"}}
    assert run(tmp_path, "send", "orders", given=json.dumps(line)).returncode == 0
    received = run(tmp_path, "receive", "orders", "--max", "10", "--delete")
    bodies = sorted(json.loads(line)["body"] for line in received.stdout.splitlines())
    assert bodies == ["a line", "any text"]
    with forebay.open(tmp_path / "queues") as store:
        assert store.get_queue("orders").peek() == []


def test_exit_statuses_are_those_of_the_program(tmp_path: Path) -> None:
    version = run(tmp_path, "--version")
    assert (version.returncode, version.stdout) == (0, f"forebay {forebay.__version__}\n")
    wrong = run(tmp_path, "nonsense")
    assert (wrong.returncode, wrong.stdout) == (64, "")
    assert "nonsense" in wrong.stderr
    failed = run(tmp_path, "ls")
    assert failed.returncode == 1
    assert failed.stderr.startswith("forebay: ./queues does not exist")
    assert run(tmp_path, "create", "orders").returncode == 0
    assert run(tmp_path, "receive", "orders").returncode == 2
    manual = run(tmp_path, "man")
    assert manual.returncode == 0
    assert manual.stdout.rstrip().splitlines()[-1].startswith("v")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_files_of_the_store(tmp_path: Path, closed: str) -> None:
    """Python leaves the numbers of streams that are closed to the next files that are opened."""
    assert run(tmp_path, "create", "orders").returncode == 0
    for _ in range(2):
        words = ["sh", "-c", f'exec "$@" {closed}', "sh", *COMMAND, "send", "orders", "text"]
        subprocess.run(words, cwd=tmp_path, check=True, timeout=60)
    with forebay.open(tmp_path / "queues") as store:
        assert len(store.get_queue("orders").peek()) == 2
        assert store.recovery() is None
    for file in (tmp_path / "queues").rglob("*"):
        assert not file.is_file() or b"duplicate" not in file.read_bytes()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    words = ["serve", "--listen", "127.0.0.1:0", "--log", "error"]
    with subprocess.Popen(
        [*COMMAND, *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        yield child
        child.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_server_gracefully(
    serving: subprocess.Popen[str], number: signal.Signals, tmp_path: Path
) -> None:
    assert serving.stdout and serving.stderr
    endpoint = serving.stdout.readline().strip()
    url = ask(endpoint, "CreateQueue", QueueName="orders")["QueueUrl"]
    ask(endpoint, "SendMessage", QueueUrl=url, MessageBody="x")
    with forebay.open(tmp_path / "queues") as store:
        assert [message.body for message in store.get_queue("orders").receive()] == [b"x"]
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(ask, endpoint, "ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20)
        while "\nforebay_waiting_receives 1\n" not in page(endpoint, "/metrics"):
            time.sleep(0.01)
        serving.send_signal(number)
        assert poll.result(timeout=60) == {}
    assert serving.wait(timeout=60) == 0
    assert serving.stderr.read() == ""


def test_ctrl_c_ends_a_command(tmp_path: Path) -> None:
    assert run(tmp_path, "create", "orders").returncode == 0
    words = ["top", "--every", "1000"]
    with subprocess.Popen(
        [*COMMAND, *words], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert json.loads(child.stdout.readline())[0]["name"] == "orders"
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=60) == -signal.SIGINT


def test_a_command_lets_other_threads_run(tmp_path: Path) -> None:
    program = """
        import threading, forebay
        from forebay._native import program

        with forebay.open("queues") as store:
            orders = store.create_queue("orders")
            words = ["receive", "orders", "--wait", "20", "--delete"]
            waiting = threading.Thread(target=program, args=(words,))
            waiting.start()
            orders.send(b"from another thread")  # its message could not come otherwise
            waiting.join()
            assert orders.peek() == []
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["body"] == "from another thread"
