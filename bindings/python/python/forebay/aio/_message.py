"""Received messages."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from .._batch import by_queue
from .._native import Received
from ..errors import Error

if TYPE_CHECKING:
    from ._queue import Queue

T = TypeVar("T")


class Message(Received[T]):
    """A received message. Delete it when its work is done, or use it as a context manager:

        async with message:
            await work(message.body)

    deletes it on success, and makes it visible again at once if the block raises.
    """

    __slots__ = ("_queue",)

    def __new__(cls, received: Received[T], queue: Queue[T]) -> Message[T]:
        message = super().__new__(cls, received)
        message._queue = queue
        return message

    _queue: Queue[T]

    @property
    def queue(self) -> Queue[T]:
        """The queue it was received from."""
        return self._queue

    async def delete(self) -> None:
        """Deletes it for good. On a FIFO queue this fails once its visibility timeout passed."""
        await self._queue.delete(self)

    async def change_visibility(self, timeout: int) -> None:
        """Hides it for `timeout` seconds from now, 0 to 43,200; 0 gives it back at once."""
        await self._queue.change_visibility(self, timeout)

    async def __aenter__(self) -> Message[T]:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.settled:
            return
        if kind is None:
            await self.delete()
            return
        # The block's own exception matters more than that its message comes back later.
        with suppress(Error):
            await self.change_visibility(0)


class Batch(list[Message[T]]):
    """The messages of one receive: a list, and a context manager for all of them.

    On success it deletes them in one step; if the block raises, it makes them visible again at
    once. Messages that the block itself deleted or gave back are left alone.
    """

    __slots__ = ()

    async def __aenter__(self) -> Batch[T]:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        failure: Error | None = None
        for held in by_queue(self):
            queue = held[0].queue
            if kind is None:
                try:
                    await queue.delete_batch(held)
                except Error as failed:
                    failure = failure or failed
            else:
                # The block's own exception matters more than that its messages come back later.
                with suppress(Error):
                    await queue.change_visibility_batch((message, 0) for message in held)
        if failure is not None:
            raise failure
