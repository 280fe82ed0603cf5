"""A server in this process, started and stopped without blocking the event loop."""

from __future__ import annotations

import asyncio
import json
from os import PathLike
from typing import Any, Unpack, cast

from .. import _native, _serve
from .._options import ServeOptions
from ._opening import Closing, Opening
from ._store import Store


class Endpoint(_serve.Address, Closing):
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


def serve(
    store: Store | _native.Store | str | PathLike[str] = "mem:",
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    insecure: bool = False,
    **options: Unpack[ServeOptions],
) -> Opening[Endpoint]:
    """Starts an SQS server as `forebay.serve` does: `async with serve(...) as endpoint`, or
    `endpoint = await serve(...)`.
    """
    served = store._store if isinstance(store, Store) else store

    async def start() -> Endpoint:
        start = _serve.start
        return Endpoint(await asyncio.to_thread(start, served, host, port, insecure, options))

    return Opening(start)
