"""A server in this process, for tests and for programs that have other work."""

from __future__ import annotations

import json
from os import PathLike, fspath
from types import TracebackType
from typing import Any, Self, Unpack, cast

from . import _native
from ._native import Store
from ._options import ServeOptions


class Address(str):
    """What every kind of endpoint is: its URL, which clients take as `endpoint_url`."""

    __slots__ = ("_server",)

    _server: _native.Server

    def __new__(cls, server: _native.Server) -> Self:
        self = super().__new__(cls, server.url)
        self._server = server
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        # Another process gets the URL: the server is here.
        return str, (self.url,)

    @property
    def url(self) -> str:
        """Where clients find it, such as `http://127.0.0.1:41763`."""
        return self._server.url

    @property
    def host(self) -> str:
        """The address it listens at."""
        return self._server.host

    @property
    def port(self) -> int:
        """The port it listens at."""
        return self._server.port


class Endpoint(Address):
    """A running server, and as a text its URL. Close it, or use it as a context manager."""

    __slots__ = ()

    @property
    def store(self) -> Store:
        """What is served, as the library has it: without the limits of the wire."""
        return self._server.store

    def advance(self, seconds: float) -> int:
        """Moves the clock of a server for tests on, and returns the new time in milliseconds.

        Timeouts, delays and waits that end by then have ended.
        """
        answer = self.control("POST", "clock/advance", ms=round(seconds * 1000))
        return cast(int, answer["now_ms"])

    def reset(self) -> None:
        """Deletes all queues of a server for tests, and forgets faults and disorder."""
        self.control("POST", "reset")

    def control(self, method: str, page: str, **values: Any) -> Any:
        """Any request of the test mode that docs/SERVER.md lists:

        endpoint.control("POST", "faults", action="SendMessage", effect="throttle")
        """
        body = json.dumps(values).encode() if values else b""
        return json.loads(self._server.control(method, page, body))

    def close(self) -> None:
        """Answers every waiting receive, lets running requests end, and stops.

        A store that `serve` opened closes as well. A second close does nothing.
        """
        self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def start(
    store: Store | str | PathLike[str],
    host: str,
    port: int,
    insecure: bool,
    options: ServeOptions,
) -> _native.Server:
    """Starts a server; the options become what the configuration file has."""
    given: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    test = given.pop("test", False)
    if test is not False:
        given["test"] = {} if test is True else test
    if "durability" in given:
        given["store"] = {"durability": given.pop("durability")}
    return _native.serve(store, host, port, json.dumps(given, default=fspath), insecure)


def serve(
    store: Store | str | PathLike[str] = "mem:",
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    insecure: bool = False,
    **options: Unpack[ServeOptions],
) -> Endpoint:
    """Starts an SQS server on threads of its own; it answers when this returns.

        with forebay.serve(test=True) as endpoint:
            sqs = boto3.client("sqs", endpoint_url=endpoint)

    store: a directory, "mem:", or an open store, which the program goes on to use and which
    stays open. port: 0 takes a free one. insecure=True: accept anyone on an address that others
    can reach. test=True: the clock can be moved (`Endpoint.advance`), there are `reset` and
    faults, and the pauses of 60 s are off; test={"frozen": True} lets the clock stand still. An
    open store needs a manual clock for that, and keeps its time. The other options have the names
    of the configuration file, docs/SERVER.md; without credentials anyone may call.

    The server writes no logs and leaves signals alone. In a forked child it is not there.
    """
    return Endpoint(start(store, host, port, insecure, options))
