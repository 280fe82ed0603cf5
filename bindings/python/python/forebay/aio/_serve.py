"""A server in this process, started and stopped without blocking the event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator
from os import PathLike
from types import TracebackType
from typing import Any, Self, Unpack, cast

from .. import _native, _serve
from .._options import ServeOptions
from ._store import Store


class Endpoint(_serve.Address):
    """A running server, and as a text its URL. Each method does what its namesake of
    `forebay.Endpoint` does.
    """

    __slots__ = ()

    @property
    def store(self) -> Store:
        """What is served, as the library has it."""
        return Store(self._server.store)

    async def advance(self, seconds: float) -> int:
        """Moves the clock of a server for tests on, and returns the new time in milliseconds."""
        answer = await self.control("POST", "clock/advance", ms=round(seconds * 1000))
        return cast(int, answer["now_ms"])

    async def reset(self) -> None:
        """Deletes all queues of a server for tests, and forgets faults and disorder."""
        await self.control("POST", "reset")

    async def control(self, method: str, page: str, **values: Any) -> Any:
        """Any request of the test mode that docs/SERVER.md lists."""
        body = json.dumps(values).encode() if values else b""
        return json.loads(await asyncio.to_thread(self._server.control, method, page, body))

    async def close(self) -> None:
        """Answers every waiting receive, lets running requests end, and stops."""
        await asyncio.to_thread(self._server.stop)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


class _Starting:
    """A server on its way: to be awaited, or entered."""

    __slots__ = ("_arguments", "_endpoint")

    def __init__(self, *arguments: Any) -> None:
        self._arguments = arguments

    async def _start(self) -> Endpoint:
        self._endpoint = Endpoint(await asyncio.to_thread(_serve.start, *self._arguments))
        return self._endpoint

    def __await__(self) -> Generator[Any, None, Endpoint]:
        return self._start().__await__()

    async def __aenter__(self) -> Endpoint:
        return await self._start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._endpoint.close()


def serve(
    store: Store | _native.Store | str | PathLike[str] = "mem:",
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    insecure: bool = False,
    **options: Unpack[ServeOptions],
) -> _Starting:
    """Starts an SQS server as `forebay.serve` does: `async with serve(...) as endpoint`, or
    `endpoint = await serve(...)`.
    """
    served = store._store if isinstance(store, Store) else store
    return _Starting(served, host, port, insecure, options)
