"""forebay.Worker under handlers that do what no handler should: no message is lost or stuck."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import forebay
import pytest
from forebay import Reject, Retry, Worker, aio, worker

Queue = forebay.Queue[bytes]


@pytest.fixture
def queue(store: forebay.Store) -> Queue:
    """A queue that gives nothing back by itself while a test runs."""
    return store.create_queue("orders", visibility_timeout=6_000)


def eventually(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end, "not within 30 s"
        time.sleep(0.01)


@contextmanager
def working(worker: Worker[bytes]) -> Iterator[threading.Thread]:
    """The worker in a thread, which must end; what it raises is ignored."""

    def run() -> None:
        try:
            asyncio.run(worker.serve())
        except BaseException:
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        worker.stop()
        thread.join(30)
    assert not thread.is_alive()


Raiser = Callable[[forebay.Received[bytes]], None]


def in_a_thread(act: Raiser) -> Callable[..., Any]:
    return lambda message: act(message)


def in_a_task(act: Raiser) -> Callable[..., Any]:
    async def handle(message: aio.Message[bytes]) -> None:
        act(message)

    return handle


kinds = pytest.mark.parametrize("kind", [in_a_thread, in_a_task])


@kinds
@pytest.mark.parametrize("kind_of_end", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_ends_the_worker_leaves_no_message_hidden(
    queue: Queue, kind: Callable[[Raiser], Any], kind_of_end: type[BaseException]
) -> None:
    def act(message: forebay.Received[bytes]) -> None:
        raise kind_of_end

    queue.send_batch([b"1", b"2"])
    with working(Worker(queue, kind(act), batch=2)) as thread:
        thread.join(30)
        assert not thread.is_alive()
    eventually(lambda: queue.counts().visible == 2)


@kinds
@pytest.mark.parametrize(
    "wrong",
    [
        StopIteration(),
        asyncio.CancelledError(),
        Retry("soon"),  # type: ignore[arg-type]
        Retry(0.5),  # type: ignore[arg-type]
        Retry(-1),
        Retry(10**30),
    ],
    ids=repr,
)
def test_no_message_ends_or_stops_the_worker(
    queue: Queue, kind: Callable[[Raiser], Any], wrong: BaseException
) -> None:
    def act(message: forebay.Received[bytes]) -> None:
        if message.body == b"wrong" and message.receive_count == 1:
            raise wrong

    queue.send_batch([b"wrong", b"right"])
    with working(Worker(queue, kind(act))):
        eventually(lambda: queue.peek() == [])


@pytest.mark.parametrize(
    "backoff", [lambda count: 1 // 0, lambda count: 0.5, lambda count: None, lambda count: 10**9]
)
def test_a_wrong_backoff_ends_nothing(queue: Queue, backoff: Any) -> None:
    def handle(message: forebay.Message[bytes]) -> None:
        if message.receive_count == 1:
            raise KeyError

    queue.send(b"x")
    with working(Worker(queue, handle, backoff=backoff)):
        eventually(lambda: queue.peek() == [])


@pytest.mark.parametrize(
    "reason", [None, 7, KeyError("x"), "a\0b", "\ud800", "x" * 2_000_000, "", "\ufffe"], ids=type
)
def test_any_reason_rejects(store: forebay.Store, reason: Any) -> None:
    dead = store.create_queue("dead")
    queue = store.create_queue("orders", dead_letter="dead", max_receives=5)
    large = b"x" * (1_048_576 - len("abc" + "Number" + "1"))

    def handle(message: forebay.Message[bytes]) -> None:
        raise Reject(reason)

    queue.send(b"x")
    queue.send(large, attributes={"abc": 1})
    with working(Worker(queue, handle)):
        eventually(lambda: queue.peek() == [])
    small, full = dead.receive(max=2)
    text = small.attributes[worker.REASON_ATTRIBUTE]
    assert isinstance(text, str) and 0 < len(text) <= worker.REASON_CHARS_MAX
    assert (full.body, full.attributes) == (large, {"abc": 1})


def wrapped(message: Any) -> Any:
    async def work() -> None:
        raise AssertionError("never")

    return work()


def generator(message: Any) -> Iterator[None]:
    yield None


async def async_generator(message: Any) -> Any:
    yield None


@pytest.mark.parametrize("handler", [wrapped, generator, async_generator])
def test_work_that_nobody_ran_is_not_done(
    queue: Queue, handler: Any, caplog: pytest.LogCaptureFixture
) -> None:
    queue.send(b"x")
    with working(Worker(queue, handler, backoff=lambda count: 600)):
        eventually(lambda: "did nothing" in caplog.text)
        eventually(lambda: (queue.peek()[0].visible_ms or 0) > 0)
    assert len(queue.peek()) == 1


def test_what_ended_it_is_raised_where_its_block_ends(
    store: forebay.Store, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    def handle(message: forebay.Message[bytes]) -> None:
        sys.exit(3)

    queue.send(b"x")
    with pytest.raises(SystemExit), Worker(queue, handle):
        eventually(lambda: "the worker has ended" in caplog.text)
    store.delete_queue("orders")
    for own in (None, KeyError):
        caplog.clear()
        with pytest.raises(own or forebay.errors.QueueDoesNotExist):
            with Worker(queue, handle, visibility_timeout=5):
                eventually(lambda: "the worker has ended" in caplog.text)
                if own:
                    raise own

    async def main(own: type[Exception] | None) -> None:
        async with Worker(aio.Queue(queue), handle, visibility_timeout=5) as served:
            await asyncio.wait([served._serving])
            if own:
                raise own

    for own in (None, KeyError):
        with pytest.raises(own or forebay.errors.QueueDoesNotExist):
            asyncio.run(main(own))


def test_the_program_has_its_signal_handlers_back(queue: Queue) -> None:
    def handle(message: forebay.Message[bytes]) -> None:
        served.stop()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    own = [signal.getsignal(number) for number in numbers]
    try:
        queue.send(b"x")
        served = Worker(queue, handle)
        served.run()
        assert [signal.getsignal(number) for number in numbers] == own
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_leases_of_many_are_extended_within_the_limits_of_sqs() -> None:
    with forebay.open("mem:", sqs_limits=True) as store:
        queue = store.create_queue("orders", visibility_timeout=1)
        receives: list[int] = []

        async def handle(message: aio.Message[bytes]) -> None:
            receives.append(message.receive_count)
            await asyncio.sleep(2.5)

        for _ in range(12):
            queue.send(b"x")
        with working(Worker(queue, handle, concurrency=12)):
            eventually(lambda: queue.peek() == [])
        assert receives == [1] * 12


ENDING = """
import sys, threading, forebay

store = forebay.open(sys.argv[1])
worker = forebay.Worker(store.get_queue("orders"), lambda message: None, visibility_timeout=600)
threading.Thread(target=worker.run).start()
while not worker._idle:
    pass
"""


def test_a_program_that_ends_fails_no_message(store: forebay.Store, queue: Queue) -> None:
    """Once the main thread has ended no handler can begin: that is no failure of its message."""
    command = [sys.executable, "-c", ENDING, store.location]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        # Python tells nobody that it waits for its threads.
        time.sleep(1)
        queue.send(b"x")
        assert child.stderr is not None
        said = child.stderr.read()
    assert "failed" not in said
    if queue.peek():
        eventually(lambda: queue.counts().visible == 1)
        assert "the program is ending: gave back" in said
