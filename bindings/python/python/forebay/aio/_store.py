"""An open store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from .. import _native
from .._native import CheckReport, MoveTask, NamePage, Recovery, Statistics
from .._options import OpenOptions, QueueOptions
from ._opening import Closing, Opening
from ._queue import Queue

if TYPE_CHECKING:
    from ..codecs import Codec

T = TypeVar("T")


class Store(Closing):
    """An open store. Each method does what its namesake of `forebay.Store` does."""

    __slots__ = ("__weakref__", "_store")

    def __init__(self, store: _native.Store) -> None:
        self._store = store

    def __repr__(self) -> str:
        return f"<aio.Store {self.location!r}>"

    @property
    def location(self) -> str:
        """What was opened."""
        return self._store.location

    @property
    def account(self) -> str:
        """The account of plain queue names."""
        return self._store.account

    @property
    def region(self) -> str:
        """The region of plain queue names."""
        return self._store.region

    def scope(self, account: str, region: str) -> Store:
        """The same store, with names that belong to another account and region."""
        return Store(self._store.scope(account, region))

    @overload
    async def create_queue(
        self, name: str, *, codec: None = None, **options: Unpack[QueueOptions]
    ) -> Queue[bytes]: ...
    @overload
    async def create_queue(
        self, name: str, *, codec: Codec[T], **options: Unpack[QueueOptions]
    ) -> Queue[T]: ...
    async def create_queue(
        self, name: str, *, codec: Any = None, **options: Unpack[QueueOptions]
    ) -> Queue[Any]:
        """Creates a queue, or finds one whose attributes are those named here."""
        create: Callable[..., _native.Queue[Any]] = self._store.create_queue
        return Queue(await asyncio.to_thread(create, name, codec=codec, **options))

    @overload
    async def get_queue(self, name: str, *, codec: None = None) -> Queue[bytes]: ...
    @overload
    async def get_queue(self, name: str, *, codec: Codec[T]) -> Queue[T]: ...
    async def get_queue(self, name: str, *, codec: Any = None) -> Queue[Any]:
        """Finds a queue by its name."""
        return Queue(await asyncio.to_thread(self._store.get_queue, name, codec=codec))

    async def delete_queue(self, name: str) -> None:
        """Deletes a queue with its messages."""
        await asyncio.to_thread(self._store.delete_queue, name)

    async def list_queues(self, prefix: str = "") -> list[str]:
        """The names of all queues that start with `prefix`, in byte order."""
        return await asyncio.to_thread(self._store.list_queues, prefix)

    async def list_queues_page(
        self, prefix: str = "", *, limit: int = 1000, token: str | None = None
    ) -> NamePage:
        """One page of `list_queues`."""
        page = self._store.list_queues_page
        return await asyncio.to_thread(page, prefix, limit=limit, token=token)

    async def start_move_task(
        self, source: str, destination: str | None = None, *, rate: int | None = None
    ) -> str:
        """Moves the messages of a dead-letter queue back, in the background."""
        start = self._store.start_move_task
        return await asyncio.to_thread(start, source, destination, rate=rate)

    async def cancel_move_task(self, handle: str) -> int:
        """Stops a running move task. Returns how many messages it had moved."""
        return await asyncio.to_thread(self._store.cancel_move_task, handle)

    async def list_move_tasks(self, source: str, *, limit: int = 10) -> list[MoveTask]:
        """The move tasks of a source queue, newest first."""
        return await asyncio.to_thread(self._store.list_move_tasks, source, limit=limit)

    async def now_ms(self) -> int:
        """The store's time, milliseconds since the epoch."""
        return await asyncio.to_thread(self._store.now_ms)

    async def advance(self, seconds: float) -> int:
        """Moves a manual clock on, and returns the new time in milliseconds."""
        return await asyncio.to_thread(self._store.advance, seconds)

    async def check(self) -> CheckReport:
        """Verifies the store's files against each other, while they are in use.

        It reads all that is stored, and all other calls on the store wait meanwhile: those of other
        processes fail with `Busy` where that takes longer than their lock timeout.
        """
        return await asyncio.to_thread(self._store.check)

    async def backup(self, to: str | PathLike[str]) -> None:
        """Writes a consistent copy to an absent or empty directory."""
        await asyncio.to_thread(self._store.backup, to)

    async def statistics(self) -> Statistics:
        """Numbers about the store's work since it was opened in this process."""
        return await asyncio.to_thread(self._store.statistics)

    async def recovery(self) -> Recovery | None:
        """What opening had to repair; None if nothing."""
        return await asyncio.to_thread(self._store.recovery)

    async def close(self) -> None:
        """Closes the store: waits end with `Closed`, and so do later calls."""
        await asyncio.to_thread(self._store.close)


def open(location: str | PathLike[str], **options: Unpack[OpenOptions]) -> Opening[Store]:
    """Opens a store, with the options of `forebay.open`: `async with open(...) as store`, or
    `store = await open(...)`.
    """

    async def start() -> Store:
        return Store(await asyncio.to_thread(_native.open, location, **options))

    return Opening(start)
