"""The messages of one receive, together."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import TypeVar

from ._native import Message
from .errors import Error

T = TypeVar("T")


class Batch(list[Message[T]]):
    """The messages of one receive: a list, and a context manager for all of them.

        with queue.receive(max=10, wait=20) as batch:
            for message in batch:
                work(message.body)

    deletes them in one step on success, and makes them visible again at once if the block raises.
    Messages that the block itself deleted or gave back are left alone.
    """

    __slots__ = ()

    def __enter__(self) -> Batch[T]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        held = [message for message in self if not message.settled]
        if not held:
            return
        queue = held[0].queue
        if kind is None:
            queue.delete_batch(held)
            return
        # The block's own exception matters more than that its messages come back later.
        with suppress(Error):
            queue.change_visibility_batch((message, 0) for message in held)
