"""Callers whose values change, lie or come back in: what is stored is what was meant."""

from __future__ import annotations

import enum
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import forebay
import pytest
from forebay import codecs

Queue = forebay.Queue[bytes]


def eventually(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end, "not within 30 s"
        time.sleep(0.01)


def test_a_signal_beside_the_answer_gives_it_back(store: forebay.Store) -> None:
    queue = store.create_queue("orders", visibility_timeout=6_000)

    def interrupt() -> None:
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)
        queue.send(b"x")

    for _ in range(5):
        thread = threading.Thread(target=interrupt)
        with pytest.raises(KeyboardInterrupt):
            thread.start()
            queue.receive(wait=20)
            time.sleep(20)
        thread.join()
        eventually(lambda: queue.counts().visible == 1)
        queue.receive()[0].delete()


@pytest.mark.parametrize("one", ["abc", b"abc", bytearray(b"abc"), {"id": 1}])
def test_one_body_is_no_batch(store: forebay.Store, queue: Queue, one: Any) -> None:
    values = store.get_queue("orders", codec=codecs.Json())
    for call in (queue.send_batch, values.send_batch, queue.delete_batch):
        with pytest.raises(TypeError, match="entries of a batch"):
            call(one)
    assert queue.peek() == []


def test_a_batch_may_reuse_one_buffer(queue: Queue) -> None:
    buffer, attributes = bytearray(1), {}

    def bodies() -> Iterator[bytearray | forebay.SendRequest[bytearray]]:
        for number in range(4):
            buffer[0] = attributes["n"] = number
            yield forebay.SendRequest(buffer, attributes=attributes) if number % 2 else buffer

    queue.send_batch(bodies())
    assert [peeked.body for peeked in queue.peek()] == [b"\0", b"\1", b"\2", b"\3"]
    assert [peeked.attributes for peeked in queue.peek()] == [{}, {"n": 1}, {}, {"n": 3}]


def test_a_batch_that_raises_half_way_sends_nothing(queue: Queue) -> None:
    def bodies() -> Iterator[bytes]:
        yield b"1"
        queue.send(b"from within")
        raise KeyError

    with pytest.raises(KeyError):
        queue.send_batch(bodies())
    assert [peeked.body for peeked in queue.peek()] == [b"from within"]


def test_requests_keep_the_attributes_they_were_made_with(queue: Queue) -> None:
    attributes: dict[str, int] = {}
    requests = []
    for number in range(3):
        attributes["n"] = number
        requests.append(forebay.SendRequest(b"x", attributes=attributes))
    once = forebay.SendRequest(b"x", attributes=iter([("n", 3)]))
    queue.send_batch([*requests, once, once])
    assert [peeked.attributes["n"] for peeked in queue.peek()] == [0, 1, 2, 3, 3]


class Level(int, enum.Enum):
    HIGH = 3


class Percent(float):
    def __str__(self) -> str:
        return f"{self * 100}"

    __repr__ = __str__


class Flipping(dict[str, int]):
    """Has other values each time it is read."""

    def items(self) -> Any:
        self["a"] += 1
        return list(super().items())


def test_numbers_are_sent_as_their_values(queue: Queue) -> None:
    queue.send(b"x", attributes={"level": Level.HIGH, "share": Percent(0.5)})
    assert queue.peek()[0].attributes == {"level": 3, "share": 0.5}
    queue.purge()
    sent = queue.send(b"x", attributes=Flipping(a=0))
    [message] = queue.receive()
    assert (message.attributes, sent.md5_of_attributes()) == (
        {"a": 1},
        message.md5_of_attributes("All"),
    )


def test_names_of_attributes_are_only_names(queue: Queue) -> None:
    given: dict[str, str | int | float | bytes] = {"__class__": "x", "__dict__": 1, "items": b"y"}
    queue.send(b"x", attributes=given)
    assert queue.peek()[0].attributes == given


def test_buffers_say_what_is_wrong_with_them(queue: Queue) -> None:
    view = memoryview(b"x")
    view.release()
    with pytest.raises(ValueError, match="released"):
        queue.send(view)
    with pytest.raises(ValueError, match="released"):
        queue.send(b"x", attributes={"a": view})
    with pytest.raises(TypeError, match="buffer of bytes, not <class 'memoryview'>"):
        queue.send(memoryview(b"xxxx").cast("I"))


def test_a_codec_may_ask_for_the_body_it_decodes(store: forebay.Store) -> None:
    class Asking:
        def encode(self, value: bytes) -> bytes:
            return value

        def decode(self, body: bytes) -> bytes:
            asked.append(body)
            return message.body if len(asked) == 1 else body

    asked: list[bytes] = []
    queue = store.create_queue("orders", codec=Asking())
    queue.send(b"x")
    [message] = queue.receive()
    thread = threading.Thread(target=lambda: message.body, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert message.body is message.body


class Value:
    message: object


class Values:
    """A codec of objects."""

    queue: object

    def encode(self, value: Value) -> bytes:
        return b"x"

    def decode(self, body: bytes) -> Value:
        return Value()


def test_cycles_through_codecs_and_bodies_are_collected(store: forebay.Store) -> None:
    codec = Values()
    queue = store.create_queue("orders", codec=codec)
    codec.queue = queue, queue.messages(), queue.peek
    queue.send(Value())
    [message] = queue.receive()
    message.body.message = message
    request = forebay.SendRequest(value := Value())
    value.message = request
    gone = [weakref.ref(it) for it in (codec, message.body, value)]
    del codec, queue, message, request, value
    gc.collect()
    assert [it() for it in gone] == [None, None, None]


def test_objects_that_share_a_message_are_not_collected_early(store: forebay.Store) -> None:
    queue = store.create_queue("orders", codec=Values())
    queue.send_batch([Value()] * 100)
    pairs = [(it, forebay.Message(it), it.body) for it in queue.receive(max=100)]
    del queue
    for _ in range(3):
        gc.collect()
    for one, other, body in pairs:
        assert one.body is other.body is body
        assert one.queue.name == "orders"


def test_json_is_json(store: forebay.Store) -> None:
    queue = store.create_queue("orders", codec=codecs.Json())
    for value in (float("nan"), [float("inf")]):
        with pytest.raises(ValueError, match="JSON"):
            queue.send(value)
    assert queue.peek() == []


POLLING = """
import forebay, os, signal, threading

queue = forebay.open("mem:").create_queue("orders")
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
next(queue.messages(wait=0))
"""


def test_an_iterator_that_never_waits_can_be_interrupted() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", POLLING], capture_output=True, text=True, timeout=60
    )
    assert ended.stderr.endswith("KeyboardInterrupt\n")
