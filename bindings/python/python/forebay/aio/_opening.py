"""What is opened and closed without blocking the event loop."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar


class Closing:
    """Something open, which a block closes when it ends."""

    __slots__ = ()

    @abstractmethod
    async def close(self) -> None:
        """Closes it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


T = TypeVar("T", bound=Closing)


class Opening(Generic[T]):
    """Something on its way: to be awaited, or entered."""

    __slots__ = ("_open", "_opened")

    def __init__(self, open: Callable[[], Awaitable[T]]) -> None:
        self._open = open

    def __await__(self) -> Generator[Any, None, T]:
        return self._open().__await__()

    async def __aenter__(self) -> T:
        self._opened = await self._open()
        return self._opened

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._opened.close()
