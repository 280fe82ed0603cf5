"""The messages of one receive, together."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Protocol, TypeVar

from ._native import Message
from .errors import Error

T = TypeVar("T")


class _Received(Protocol):
    @property
    def settled(self) -> bool: ...
    @property
    def queue(self) -> object: ...


M = TypeVar("M", bound=_Received)


def by_queue(messages: Iterable[M]) -> list[list[M]]:
    """Those that are not settled, for each queue: a program may put several batches together."""
    queues: dict[object, list[M]] = {}
    for message in messages:
        if not message.settled:
            queues.setdefault(message.queue, []).append(message)
    return list(queues.values())


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
        failure: Error | None = None
        for held in by_queue(self):
            queue = held[0].queue
            if kind is None:
                try:
                    queue.delete_batch(held)
                except Error as failed:
                    failure = failure or failed
            else:
                # The block's own exception matters more than that its messages come back later.
                with suppress(Error):
                    queue.change_visibility_batch((message, 0) for message in held)
        if failure is not None:
            raise failure
