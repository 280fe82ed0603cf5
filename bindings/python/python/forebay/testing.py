"""Helpers for tests of programs that use queues; `forebay.pytest_plugin` has fixtures with them.

Time in tests is best virtual: `forebay.open("mem:", clock="manual")` stands still until
`store.advance(seconds)`. The helpers here wait in real time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Generic, TypeVar

from ._batch import Batch
from ._native import Message, Queue, release

T = TypeVar("T")

FROM_OUTSIDE = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
"""Variables that would lead a client elsewhere; `forebay_endpoint` takes them away."""


def environment(endpoint: str) -> dict[str, str]:
    """The variables by which every AWS SDK and the AWS CLI use this endpoint."""
    return {
        "AWS_ENDPOINT_URL_SQS": str(endpoint),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
    }


POLL_S = 0.005
"""How often a helper looks into its queue, seconds."""


def await_message(queue: Queue[T], *, within: float = 5) -> Message[T]:
    """Receives a message that another thread or process is about to send.

    Raises AssertionError if none can be received within that many seconds of real time.
    """
    end = time.monotonic() + within
    while True:
        for message in queue.receive(wait=0):
            return message
        if time.monotonic() >= end:
            raise AssertionError(f"no message within {within} s: {_content(queue)}")
        time.sleep(POLL_S)


def expect_nothing(queue: Queue[T], *, within: float = 0.1) -> None:
    """Raises AssertionError if a message can be received within that many seconds."""
    end = time.monotonic() + within
    while True:
        for message in queue.receive(wait=0):
            message.change_visibility(0)
            raise AssertionError(f"{message!r} was not expected: {message.raw[:100]!r}")
        if time.monotonic() >= end:
            return
        time.sleep(POLL_S)


def _content(queue: Queue[T]) -> str:
    counts = queue.counts()
    return (
        f"{queue.name!r} has {counts.visible} visible, {counts.in_flight} in flight "
        f"and {counts.delayed} delayed"
    )


class Disorder(Generic[T]):
    """Receives from a standard queue as badly as SQS may, the same way for the same seed.

    Messages come out of order, and some come again while they are still held, so that a program
    that relies on more than SQS promises fails in its test. `window` messages are mixed at a
    time; `duplicates` is the share that comes again.
    """

    def __init__(
        self, queue: Queue[T], seed: int, *, window: int = 10, duplicates: float = 0.2
    ) -> None:
        if queue.is_fifo:
            raise ValueError(f"{queue.name} is a FIFO queue: it keeps its order")
        self.queue = queue
        self._random = random.Random(seed)
        self._window = window
        self._duplicates = duplicates
        self._held: list[Message[T]] = []

    def receive(self, max: int = 1, wait: int | None = None) -> Batch[T]:
        """As `Queue.receive`, out of order and with duplicates."""
        if missing := self._window - len(self._held):
            self._held += self.queue.receive(missing, 0 if self._held else wait)
        count = self._random.randint(1, max) if len(self._held) > 1 else 1
        self._random.shuffle(self._held)
        chosen, self._held = self._held[:count], self._held[count:]
        for message in chosen:
            if self._random.random() < self._duplicates:
                # It can be received again at once; the receipt at hand goes on to delete it.
                self.queue.change_visibility(message.receipt, 0)
        return Batch(chosen)

    def messages(self, *, wait: int = 0) -> Iterator[Message[T]]:
        """Messages until there is none within `wait` seconds."""
        while batch := self.receive(wait=wait):
            yield from batch

    def close(self) -> None:
        """Gives back what was not handed out."""
        held, self._held = self._held, []
        release(held)
