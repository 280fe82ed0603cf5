"""The endless iterator over a queue."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from .._native import release
from ..errors import Closed

if TYPE_CHECKING:
    from ._message import Message
    from ._queue import Queue

T = TypeVar("T")


class Messages(Generic[T]):
    """Iterates over the messages of a queue: waits for each, and ends when the store is closed.

    Cancelling a wait, as `asyncio.wait_for` does, ends that wait only: the next one goes on.
    Messages that were received ahead go back when the iterator is closed or let go of.
    """

    # No generator: the first exception in a generator, a cancelled wait too, is its end.
    __slots__ = ("_ahead", "_batch", "_closed", "_queue", "_visibility_timeout", "_wait")

    def __init__(
        self, queue: Queue[T], batch: int, wait: int, visibility_timeout: int | None
    ) -> None:
        self._ahead: deque[Message[T]] = deque()
        self._closed = False
        self._queue = queue
        self._batch = batch
        self._wait = wait
        self._visibility_timeout = visibility_timeout

    def __aiter__(self) -> Messages[T]:
        return self

    async def __anext__(self) -> Message[T]:
        while not self._closed:
            if self._ahead:
                return self._ahead.popleft()
            try:
                received = await self._queue.receive(
                    self._batch, self._wait, visibility_timeout=self._visibility_timeout
                )
            except Closed:
                break
            self._ahead.extend(received)
        # Closed while this waited: what came then goes back as well.
        self._give_back()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Ends the iteration, and gives back what was received ahead."""
        self._closed = True
        self._give_back()

    def _give_back(self) -> None:
        ahead, self._ahead = self._ahead, deque()
        release(ahead)

    def __del__(self) -> None:
        self._give_back()
