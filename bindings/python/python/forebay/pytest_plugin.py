"""Fixtures for tests of programs that use queues; pytest finds them by itself.

    def test_orders_are_shipped(forebay_store, forebay_queue):
        forebay_queue.send(b"order 7")
        ship_everything(forebay_queue)
        expect_nothing(forebay_queue)
        forebay_store.advance(30)

    def test_a_client(forebay_endpoint):
        sqs = boto3.client("sqs")  # leads to the test's own server
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from . import open as open_store
from ._native import Queue, Store
from ._serve import Endpoint, serve
from .testing import FROM_OUTSIDE, Disorder, environment


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --forebay-seed."""
    group = parser.getgroup("forebay")
    group.addoption(
        "--forebay-seed",
        type=int,
        default=random.randrange(1 << 32),
        help="what decides about order and duplicates in forebay_disorder",
    )


def pytest_report_header(config: pytest.Config) -> str:
    """Says how to repeat this run."""
    return f"forebay: --forebay-seed={config.getoption('forebay_seed')}"


@pytest.fixture
def forebay_store() -> Iterator[Store]:
    """An empty store in memory, on a clock that stands still until `advance`."""
    with open_store("mem:", clock="manual", sixty_second_rules=False) as store:
        yield store


@pytest.fixture
def forebay_queue(forebay_store: Store) -> Queue[bytes]:
    """An empty standard queue of `forebay_store`."""
    return forebay_store.create_queue("test")


@pytest.fixture
def forebay_endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """An SQS server of this test alone, and an environment that leads every AWS SDK to it.

    Its clock runs, and jumps with `advance`; `store` has the queues as the library sees them.
    """
    with serve(test=True) as endpoint:
        for name in FROM_OUTSIDE:
            monkeypatch.delenv(name, raising=False)
        for name, value in environment(endpoint).items():
            monkeypatch.setenv(name, value)
        yield endpoint


@pytest.fixture
def forebay_disorder(request: pytest.FixtureRequest) -> Callable[..., Disorder[Any]]:
    """Makes a `forebay.testing.Disorder` of a queue, with a seed of its own for each test."""
    seed = request.config.getoption("forebay_seed")
    seed = zlib.crc32(request.node.nodeid.encode(), seed)

    def disorder(queue: Queue[Any], **options: Any) -> Disorder[Any]:
        return Disorder(queue, seed, **options)

    return disorder
