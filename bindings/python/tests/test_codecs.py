"""Queues of values."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import forebay
import pytest
from forebay import aio, codecs


def test_json(store: forebay.Store) -> None:
    queue = store.create_queue("orders", codec=codecs.Json())
    value = {"id": 1, "name": "\u00fcber", "parts": [1.5, None, True]}
    queue.send(value)
    [message] = queue.receive()
    assert message.body == value
    assert message.raw == '{"id":1,"name":"\u00fcber","parts":[1.5,null,true]}'.encode()
    assert isinstance(queue.codec, codecs.Json)


def test_text(store: forebay.Store) -> None:
    queue = store.create_queue("orders", codec=codecs.Text())
    queue.send_batch(["one", forebay.SendRequest("two", delay=0)])
    assert [peeked.body for peeked in queue.peek()] == ["one", "two"]


def test_a_broken_body_leaves_the_others_alone(store: forebay.Store) -> None:
    store.create_queue("orders").send_batch([b"{", b"1"])
    queue = store.get_queue("orders", codec=codecs.Json())
    bad, good = queue.receive(max=2)
    with pytest.raises(ValueError, match="Expecting"):
        assert bad.body
    assert (bad.raw, good.body) == (b"{", 1)


@dataclass
class Order:
    id: int
    name: str


def test_msgspec(store: forebay.Store) -> None:
    msgspec = pytest.importorskip("msgspec")
    queue = store.create_queue("orders", codec=codecs.Msgspec(Order))
    queue.send(Order(1, "x"))
    [message] = queue.receive()
    assert (message.body, message.raw) == (Order(1, "x"), b'{"id":1,"name":"x"}')
    store.get_queue("orders").send(b'{"id":"one"}')
    [message] = queue.receive()
    with pytest.raises(msgspec.ValidationError):
        assert message.body


def test_pydantic(store: forebay.Store) -> None:
    pydantic = pytest.importorskip("pydantic")
    queue = store.create_queue("orders", codec=codecs.Pydantic(Order))
    queue.send(Order(1, "x"))
    [message] = queue.receive()
    assert (message.body, message.raw) == (Order(1, "x"), b'{"id":1,"name":"x"}')
    store.get_queue("orders").send(b'{"id":"one"}')
    [message] = queue.receive()
    with pytest.raises(pydantic.ValidationError):
        assert message.body


def test_a_codec_of_your_own_in_asyncio(store: forebay.Store) -> None:
    class Reversed:
        def encode(self, value: bytes, /) -> bytes:
            return value[::-1]

        def decode(self, body: bytes, /) -> bytes:
            return body[::-1]

    async def main() -> None:
        queue = aio.Queue(store.create_queue("orders", codec=Reversed()))
        await queue.send(b"abc")
        async with (await queue.receive(wait=5))[0] as message:
            assert (message.body, message.raw) == (b"abc", b"cba")

    asyncio.run(main())
