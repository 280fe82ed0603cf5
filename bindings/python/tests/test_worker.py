"""forebay.Worker: handlers in threads and in tasks."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import forebay
import pytest
from forebay import Reject, Retry, Worker, aio, worker


def eventually(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end, "not within 30 s"
        time.sleep(0.01)


def empty(queue: forebay.Queue[bytes]) -> bool:
    return queue.peek() == []


def test_functions_work_side_by_side_in_threads(queue: forebay.Queue[bytes]) -> None:
    meeting = threading.Barrier(4, timeout=30)
    seen: list[bytes] = []

    def handle(message: forebay.Message[bytes]) -> None:
        meeting.wait()
        seen.append(message.body)

    queue.send_batch([b"%d" % number for number in range(8)])
    with Worker(queue, handle, concurrency=4):
        eventually(lambda: empty(queue))
    assert sorted(seen) == [b"%d" % number for number in range(8)]


def test_coroutines_work_side_by_side_in_tasks(queue: forebay.Queue[bytes]) -> None:
    seen: list[bytes] = []

    async def main() -> None:
        meeting = asyncio.Barrier(4)

        async def handle(message: aio.Message[bytes]) -> None:
            await asyncio.wait_for(meeting.wait(), 30)
            seen.append(message.body)

        async with Worker(aio.Queue(queue), handle, concurrency=4):
            while not empty(queue):
                await asyncio.sleep(0.01)

    queue.send_batch([b"%d" % number for number in range(8)])
    asyncio.run(main())
    assert sorted(seen) == [b"%d" % number for number in range(8)]


def test_failures_come_back_after_a_pause(
    queue: forebay.Queue[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    counts: list[int] = []

    def handle(message: forebay.Message[bytes]) -> None:
        counts.append(message.receive_count)
        if message.receive_count == 1:
            raise KeyError("first")
        if message.receive_count == 2:
            raise Retry

    queue.send(b"x")
    pauses: list[int] = []

    def pause(receive_count: int) -> int:
        pauses.append(receive_count)
        return 0

    with Worker(queue, handle, backoff=pause):
        eventually(lambda: empty(queue))
    assert (counts, pauses) == ([1, 2, 3], [1])
    [record] = caplog.records
    assert record.exc_info is not None


def test_retry_names_the_pause(queue: forebay.Queue[bytes]) -> None:
    def handle(message: forebay.Message[bytes]) -> None:
        raise Retry(600)

    queue.send(b"x")
    with Worker(queue, handle):
        eventually(lambda: (queue.peek()[0].visible_ms or 0) > time.time() * 1000 + 500_000)


def test_the_pause_after_failures_doubles() -> None:
    assert [worker.backoff(count) for count in (1, 2, 3, 9, 10, 1000)] == [1, 2, 4, 256, 300, 300]


def test_rejected_messages_go_to_the_dead_letter_queue(store: forebay.Store) -> None:
    dead = store.create_queue("dead")
    queue = store.create_queue("orders", dead_letter="dead", max_receives=5)

    def handle(message: forebay.Message[bytes]) -> None:
        raise Reject("no such customer")

    queue.send(b"x", attributes={"kind": "new"})
    with Worker(queue, handle):
        eventually(lambda: empty(queue))
    [letter] = dead.receive()
    assert letter.body == b"x"
    assert letter.attributes == {"kind": "new", "forebay.RejectReason": "no such customer"}
    found = queue.dead_letter_queue()
    assert found is not None
    assert found.name == "dead"
    assert dead.dead_letter_queue() is None


def test_a_message_that_is_rejected_again_is_kept_again(store: forebay.Store) -> None:
    # Within five minutes: the dead-letter queue remembers the deduplication id of the first time.
    dead = store.create_queue("dead.fifo", fifo=True)
    queue = store.create_queue("orders.fifo", fifo=True, dead_letter="dead.fifo", max_receives=5)

    def handle(message: forebay.Message[bytes]) -> None:
        raise Reject("not yet")

    queue.send(b"x", group="g", dedup="d")
    for _ in range(2):
        with Worker(queue, handle):
            eventually(lambda: empty(queue))
        [letter] = dead.peek()
        assert (letter.body, letter.group) == (b"x", "g")
        store.start_move_task("dead.fifo", "orders.fifo")
        eventually(lambda: empty(dead))


def test_rejected_messages_without_a_dead_letter_queue_are_deleted(
    queue: forebay.Queue[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(message: aio.Message[bytes]) -> None:
        raise Reject("why not")

    queue.send(b"x")
    with Worker(queue, handle):
        eventually(lambda: empty(queue))
    assert "why not" in caplog.text


def test_long_work_keeps_its_message(store: forebay.Store) -> None:
    queue = store.create_queue("orders", visibility_timeout=1)
    receives: list[int] = []

    def handle(message: forebay.Message[bytes]) -> None:
        receives.append(message.receive_count)
        time.sleep(2.5)

    queue.send(b"x")
    with Worker(queue, handle, concurrency=2):
        eventually(lambda: empty(queue))
    assert receives == [1]


def test_a_lost_message_cancels_its_task(store: forebay.Store) -> None:
    queue = store.create_queue("orders", visibility_timeout=1)
    cancelled = threading.Event()

    async def handle(message: aio.Message[bytes]) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            assert forebay.lease_lost()
            cancelled.set()
            raise

    queue.send(b"x")
    with Worker(queue, handle):
        eventually(lambda: queue.counts().in_flight == 1)
        queue.purge()
        assert cancelled.wait(30)


def test_a_lost_message_tells_its_thread(store: forebay.Store) -> None:
    queue = store.create_queue("orders", visibility_timeout=1)
    told = threading.Event()
    assert not forebay.lease_lost()

    def handle(message: forebay.Message[bytes]) -> None:
        eventually(forebay.lease_lost)
        told.set()

    queue.send(b"x")
    with Worker(queue, handle):
        eventually(lambda: queue.counts().in_flight == 1)
        queue.purge()
        assert told.wait(30)


def test_stopping_gives_back_what_was_not_begun(store: forebay.Store) -> None:
    queue = store.create_queue("orders", visibility_timeout=600)
    begun, go = threading.Event(), threading.Event()

    def handle(message: forebay.Message[bytes]) -> None:
        begun.set()
        go.wait(30)

    queue.send_batch([b"0", b"1", b"2"])
    with Worker(queue, handle, batch=3) as working:
        assert begun.wait(30)
        assert queue.counts().in_flight == 3
        working.stop()
        go.set()
    eventually(lambda: queue.counts().visible == 2)
    assert queue.counts().in_flight == 0


def test_idle_workers_stop_at_once(queue: forebay.Queue[bytes]) -> None:
    start = time.monotonic()
    with Worker(queue, lambda message: None, concurrency=50):
        time.sleep(0.1)
    assert time.monotonic() - start < 15, "it did not wait for the ends of its waits"


def test_stopping_while_it_ends_does_no_harm(queue: forebay.Queue[bytes]) -> None:
    """Its loop may be gone between any two steps of `stop` in another thread."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(300):
            with Worker(queue, lambda message: None) as working:
                while working._thread and working._thread.is_alive():
                    working.stop()
    finally:
        sys.setswitchinterval(interval)


def test_a_closed_store_ends_the_worker(
    store: forebay.Store, queue: forebay.Queue[bytes]
) -> None:
    running = threading.Thread(target=Worker(queue, lambda message: None, concurrency=3).run)
    running.start()
    time.sleep(0.1)
    store.close()
    running.join(30)
    assert not running.is_alive()


def test_a_missing_queue_is_an_error(store: forebay.Store, queue: forebay.Queue[bytes]) -> None:
    store.delete_queue("orders")
    with pytest.raises(forebay.errors.QueueDoesNotExist):
        Worker(queue, lambda message: None, visibility_timeout=5, concurrency=2).run()
    with pytest.raises(ValueError, match="concurrency is 0"):
        Worker(queue, lambda message: None, concurrency=0)
    with pytest.raises(ValueError, match="visibility timeout of 0"):
        Worker(queue, lambda message: None, visibility_timeout=0).run()


def test_groups_keep_their_order_through_failures(store: forebay.Store) -> None:
    queue = store.create_queue("orders.fifo", fifo=True, content_deduplication=True)
    seen: list[bytes] = []

    def handle(message: forebay.Message[bytes]) -> None:
        if message.body == b"2" and message.receive_count < 3:
            raise Retry
        seen.append(message.body)

    queue.send_batch([forebay.SendRequest(b"%d" % n, group="g") for n in range(6)])
    with Worker(queue, handle, batch=4, concurrency=2):
        eventually(lambda: empty(queue))
    assert seen == [b"%d" % number for number in range(6)]


PROGRAM = """
import sys, time, forebay

def handle(message):
    print("begun", flush=True)
    time.sleep(float(message.body))

with forebay.open(sys.argv[1]) as store:
    forebay.Worker(store.get_queue("orders"), handle, batch=2).run()
    print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_gracefully(
    store: forebay.Store, tmp_path: Path, number: signal.Signals
) -> None:
    queue = store.create_queue("orders", visibility_timeout=600)
    queue.send_batch([b"0.5", b"0"])
    command = [sys.executable, "-c", PROGRAM, store.location]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        child.send_signal(number)
        assert child.stdout.read() == "stopped\n"
    assert child.returncode == 0
    eventually(lambda: queue.counts().visible == 1)
    assert queue.counts().in_flight == 0


def test_a_killed_worker_loses_nothing(store: forebay.Store) -> None:
    queue = store.create_queue("orders", visibility_timeout=1)
    queue.send(b"60")
    command = [sys.executable, "-c", PROGRAM, store.location]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        os.kill(child.pid, signal.SIGKILL)
    [message] = queue.receive(wait=20)
    assert (message.body, message.receive_count) == (b"60", 2)
