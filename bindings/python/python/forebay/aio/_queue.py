"""A queue of an open store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack, cast, overload

from .. import _native
from .._native import (
    Counts,
    NamePage,
    Peeked,
    Received,
    SendReceipt,
    SendRequest,
    release,
)
from .._options import SendOptions
from ._loop import pending
from ._message import Batch, Message
from ._messages import Messages

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from .._native import _State
    from ..codecs import Codec

T = TypeVar("T")
U = TypeVar("U")


class Queue(Generic[T]):
    """A queue of an open store, for any number of tasks and event loops.

    Each method does what its namesake of `forebay.Queue` does.
    """

    __slots__ = ("__weakref__", "_queue")

    def __init__(self, queue: _native.Queue[T]) -> None:
        self._queue = queue

    def __repr__(self) -> str:
        return f"<aio.Queue {self.arn}>"

    @property
    def name(self) -> str:
        """Its name."""
        return self._queue.name

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self._queue.arn

    @property
    def is_fifo(self) -> bool:
        """Whether it is a FIFO queue."""
        return self._queue.is_fifo

    @property
    def codec(self) -> Codec[T] | None:
        """What encodes and decodes its bodies; None: they are bytes."""
        return self._queue.codec

    @overload
    async def send(
        self: Queue[bytes], body: str | Buffer, **options: Unpack[SendOptions]
    ) -> SendReceipt: ...
    @overload
    async def send(self, body: T, **options: Unpack[SendOptions]) -> SendReceipt: ...
    async def send(self, body: Any, **options: Unpack[SendOptions]) -> SendReceipt:
        """Sends one message. It has then survived what the store's durability promises."""
        mailbox, receipt = pending()
        mailbox.send(receipt, self._queue, body, **options)
        return cast(SendReceipt, await receipt)

    @overload
    async def send_batch(
        self: Queue[bytes],
        messages: Iterable[str | Buffer | SendRequest[str] | SendRequest[Buffer]],
        *,
        ids: list[str] | None = None,
    ) -> list[SendReceipt]: ...
    @overload
    async def send_batch(
        self, messages: Iterable[T | SendRequest[T]], *, ids: list[str] | None = None
    ) -> list[SendReceipt]: ...
    async def send_batch(
        self, messages: Iterable[Any], *, ids: list[str] | None = None
    ) -> list[SendReceipt]:
        """Sends several messages in one step; `BatchFailure` if any of them fails."""
        mailbox, receipts = pending()
        mailbox.send_batch(receipts, self._queue, messages, ids)
        return cast(list[SendReceipt], await receipts)

    async def receive(
        self,
        max: int = 1,
        wait: int | None = None,
        *,
        visibility_timeout: int | None = None,
        attempt: str | None = None,
    ) -> Batch[T]:
        """Receives up to `max` messages, waiting up to `wait` seconds for the first.

        A cancelled receive takes nothing from the queue: what came at that very moment is made
        visible again at once, or as soon as whoever holds the store lets go of it.
        """
        mailbox, received = pending()
        ticket = mailbox.receive(received, self._queue, max, wait, visibility_timeout, attempt)
        try:
            messages = await received
        except BaseException:
            # Cancelled, or closed by whoever runs it. Where the receive itself failed this does
            # nothing.
            ticket.cancel()
            if received.done() and not received.cancelled() and not received.exception():
                release(received.result())
            raise
        return Batch(Message(message, self) for message in messages)

    def messages(
        self, *, batch: int = 1, wait: int = 20, visibility_timeout: int | None = None
    ) -> Messages[T]:
        """Iterates over messages without end: waits for each, and ends when the store is closed.

        `batch` messages are received at a time; what the program has not seen when it leaves the
        loop goes back. A wait that is cancelled ends itself only, not the iteration.
        """
        return Messages(self, batch, wait, visibility_timeout)

    async def delete(self, message: Received[T] | str) -> None:
        """Deletes a message, or the one that a receipt handle names."""
        mailbox, done = pending()
        mailbox.delete(done, self._queue, message)
        await done

    async def delete_batch(
        self, messages: Iterable[Received[T] | str], *, ids: list[str] | None = None
    ) -> None:
        """Deletes several messages in one step; `BatchFailure` if any cannot be."""
        mailbox, done = pending()
        mailbox.delete_batch(done, self._queue, messages, ids)
        await done

    async def change_visibility(self, message: Received[T] | str, timeout: int) -> None:
        """Hides a message for `timeout` seconds from now; 0 gives it back at once."""
        mailbox, done = pending()
        mailbox.change_visibility(done, self._queue, message, timeout)
        await done

    async def change_visibility_batch(
        self,
        changes: Iterable[tuple[Received[T] | str, int]],
        *,
        ids: list[str] | None = None,
    ) -> None:
        """Hides several messages in one step; `BatchFailure` if any cannot be."""
        mailbox, done = pending()
        mailbox.change_visibility_batch(done, self._queue, changes, ids)
        await done

    async def peek(
        self, *states: _State, group: str | None = None, after: int = 0, limit: int = 10
    ) -> list[Peeked[T]]:
        """Shows messages in the order of their sequence numbers, without any effect on them."""
        return await asyncio.to_thread(
            self._queue.peek, *states, group=group, after=after, limit=limit
        )

    async def counts(self) -> Counts:
        """How many messages are visible, in flight and delayed; exact."""
        return await asyncio.to_thread(self._queue.counts)

    async def purge(self) -> None:
        """Removes all messages: visible, in flight and delayed."""
        await asyncio.to_thread(self._queue.purge)

    async def get_attributes(self, *names: str) -> dict[str, str]:
        """Attributes by their SQS names, as text; without names all."""
        return await asyncio.to_thread(self._queue.get_attributes, *names)

    async def set_attributes(self, attributes: dict[str, str]) -> None:
        """Sets attributes by their SQS names, all or none. They hold at once."""
        await asyncio.to_thread(self._queue.set_attributes, attributes)

    async def tags(self) -> dict[str, str]:
        """Its tags."""
        return await asyncio.to_thread(self._queue.tags)

    async def tag(self, tags: dict[str, str]) -> None:
        """Adds tags, or writes over those with the same key."""
        await asyncio.to_thread(self._queue.tag, tags)

    async def untag(self, *keys: str) -> None:
        """Removes the tags with these keys, where present."""
        await asyncio.to_thread(self._queue.untag, *keys)

    @overload
    async def dead_letter_queue(self, *, codec: None = None) -> Queue[bytes] | None: ...
    @overload
    async def dead_letter_queue(self, *, codec: Codec[U]) -> Queue[U] | None: ...
    async def dead_letter_queue(self, *, codec: Any = None) -> Queue[Any] | None:
        """The queue that gets messages which were received too often here, if there is one."""
        find: Callable[..., _native.Queue[Any] | None] = self._queue.dead_letter_queue
        queue = await asyncio.to_thread(find, codec=codec)
        return None if queue is None else Queue(queue)

    async def dead_letter_sources(self) -> list[str]:
        """The names of the queues whose dead-letter queue this is, in byte order."""
        return await asyncio.to_thread(self._queue.dead_letter_sources)

    async def dead_letter_sources_page(
        self, *, limit: int = 1000, token: str | None = None
    ) -> NamePage:
        """One page of `dead_letter_sources`."""
        page = self._queue.dead_letter_sources_page
        return await asyncio.to_thread(page, limit=limit, token=token)
