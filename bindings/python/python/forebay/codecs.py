"""Codecs: what a queue makes of bodies.

A queue that is opened with a codec takes and gives values instead of bytes:

    orders = store.create_queue("orders", codec=codecs.Json())
    orders.send({"id": 1})

A body is decoded when `message.body` is first asked for; one that cannot be decoded raises there
and leaves the other messages of its batch alone. `message.raw` always has the bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Buffer

T = TypeVar("T")


class Codec(Protocol[T]):
    """Anything with these two methods."""

    def encode(self, value: T, /) -> str | Buffer:
        """The body of a message with this value."""
        ...

    def decode(self, body: bytes, /) -> T:
        """The value of a message with this body."""
        ...


class Text:
    """Bodies are text in UTF-8."""

    def encode(self, value: str, /) -> str:
        return value

    def decode(self, body: bytes, /) -> str:
        return body.decode()


class Json:
    """Bodies are JSON, as compact as it goes. NaN and infinity, which JSON has not, are refused."""

    def encode(self, value: Any, /) -> str:
        return json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )

    def decode(self, body: bytes, /) -> Any:
        return json.loads(body)


class Msgspec(Generic[T]):
    """Bodies are JSON of a type that msgspec knows; they are checked when they are decoded.

    Needs the package msgspec.
    """

    def __init__(self, kind: type[T]) -> None:
        import msgspec

        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(kind)

    def encode(self, value: T, /) -> bytes:
        return self._encoder.encode(value)

    def decode(self, body: bytes, /) -> T:
        return self._decoder.decode(body)


class Pydantic(Generic[T]):
    """Bodies are JSON of a type that pydantic knows; they are checked when they are decoded.

    Needs the package pydantic, version 2.
    """

    def __init__(self, kind: type[T]) -> None:
        import pydantic

        self._adapter = pydantic.TypeAdapter(kind)

    def encode(self, value: T, /) -> bytes:
        return self._adapter.dump_json(value)

    def decode(self, body: bytes, /) -> T:
        return self._adapter.validate_json(body)
