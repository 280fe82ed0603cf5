"""forebay.aio where loops come and go, and where coroutines end at any point."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterator
from pathlib import Path

import forebay
import pytest
from forebay import aio
from forebay.aio._loop import _current


@pytest.fixture
def queue(store: forebay.Store) -> aio.Queue[bytes]:
    """A queue that gives nothing back by itself while a test runs."""
    return aio.Queue(store.create_queue("orders", visibility_timeout=6_000))


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that nobody tidies up."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()
    gc.collect()


def eventually(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end, "not within 30 s"
        time.sleep(0.01)


def test_loops_that_take_turns_need_one_mailbox_each(queue: aio.Queue[bytes]) -> None:
    loops = [asyncio.new_event_loop() for _ in range(2)]

    def turn() -> int:
        for loop in loops:
            loop.run_until_complete(queue.send(b"x"))
        return len(os.listdir("/proc/self/fd"))

    try:
        before = turn()
        # The store's own threads open files as well.
        assert max(turn() for _ in range(20)) < before + 10
    finally:
        for loop in loops:
            loop.close()


def test_loops_that_are_gone_leave_nothing_open(queue: aio.Queue[bytes]) -> None:
    def turn() -> int:
        asyncio.run(queue.send(b"x"))
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    before = turn()
    # The store's own threads open files as well.
    assert max(turn() for _ in range(20)) < before + 10


def test_a_wait_ends_with_its_loop(
    queue: aio.Queue[bytes], loop: asyncio.AbstractEventLoop
) -> None:
    waits: list[asyncio.Future[aio.Batch[bytes]]] = []

    async def begin() -> None:
        waits.extend(asyncio.ensure_future(queue.receive(wait=20)) for _ in range(10))
        await asyncio.sleep(0)

    loop.run_until_complete(begin())
    loop.close()
    queue._queue.send(b"x")
    # It may have been taken at that very moment, and is back then.
    assert [message.body for message in queue._queue.receive(wait=20)] == [b"x"]


def test_an_answer_goes_back_that_comes_after_its_loop(
    queue: aio.Queue[bytes], loop: asyncio.AbstractEventLoop
) -> None:
    async def begin() -> None:
        waits.append(asyncio.ensure_future(queue.receive(wait=20)))
        await asyncio.sleep(0)
        queue._queue.send(b"x")
        while queue._queue.counts().in_flight == 0:
            pass

    waits: list[asyncio.Future[aio.Batch[bytes]]] = []
    loop.run_until_complete(begin())
    loop.close()
    # It may have come as far as the future that the task waits for.
    waits.clear()
    gc.collect()
    eventually(lambda: queue._queue.counts().visible == 1)


@pytest.mark.parametrize("answered", [False, True])
def test_a_receive_that_is_closed_takes_nothing(queue: aio.Queue[bytes], answered: bool) -> None:
    async def main() -> None:
        receive = queue.receive(wait=20)
        receive.send(None)
        if answered:
            await queue.send(b"x")
            while queue._queue.counts().in_flight == 0:
                await asyncio.sleep(0)
            await asyncio.sleep(0.05)
        receive.close()
        if not answered:
            await queue.send(b"x")
        assert [message.body for message in await queue.receive(wait=20)] == [b"x"]

    asyncio.run(main())


def test_cancelled_at_any_step_nothing_stays_hidden(queue: aio.Queue[bytes]) -> None:
    async def work() -> None:
        async with await queue.receive(wait=20) as batch:
            await asyncio.sleep(0)
            async with batch[0]:
                await asyncio.sleep(0)

    async def main() -> None:
        for steps in range(16):
            for pause in (0, 0.001):
                await queue.send(b"x")
                task = asyncio.create_task(work())
                for _ in range(steps):
                    await asyncio.sleep(pause)
                task.cancel()
                await asyncio.wait([task])
                while (await queue.counts()).in_flight:
                    await asyncio.sleep(0)
                for message in await queue.receive(max=10):
                    await message.delete()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_what_was_cancelled_is_back_before_the_store_is_closed(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues") as store:
            queue = await store.create_queue("orders", visibility_timeout=6_000)
            waits = [asyncio.create_task(queue.receive(wait=20)) for _ in range(5)]
            await asyncio.sleep(0)
            queue._queue.send_batch([b"x"] * 5)
            while queue._queue.counts().in_flight < 5:
                pass
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
        with forebay.open(tmp_path / "queues") as again:
            with again.get_queue("orders").receive(max=5) as batch:
                assert len(batch) == 5

    for _ in range(5):
        asyncio.run(main())


#: Locks the store in the directory that it is given, as its protocol has it, until it is told to
#: end or half a minute has passed.
HOLD = """
import fcntl, select, sys
with open(sys.argv[1] + "/lock", "r+") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX, 1, 0)
    print("held", flush=True)
    select.select([sys.stdin], [], [], 30)
print("let go", flush=True)
"""


def test_a_cancel_does_not_wait_for_who_holds_the_store(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues", lock_timeout=600) as store:
            queue = await store.create_queue("orders", visibility_timeout=6_000)
            await queue.send_batch([b"x"] * 3)
            holder = await asyncio.create_subprocess_exec(
                sys.executable, "-c", HOLD, str(tmp_path / "queues"), stdin=PIPE, stdout=PIPE
            )
            assert holder.stdout is not None and holder.stdin is not None
            assert await holder.stdout.readline() == b"held\n"
            waits = [asyncio.create_task(queue.receive(wait=20)) for _ in range(3)]
            # They look into the queue now, or as soon as the one before has.
            await asyncio.sleep(0.2)
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
            assert all(wait.cancelled() for wait in waits)
            released = asyncio.ensure_future(holder.stdout.readline())
            await asyncio.sleep(0)
            assert not released.done(), "the cancel waited for the lock"
            holder.stdin.close()
            assert await released == b"let go\n"
            await holder.wait()
            seen = 0
            while seen < 3:
                async with await queue.receive(max=3, wait=20) as batch:
                    assert batch, "a message stayed hidden"
                    seen += len(batch)

    asyncio.run(main())


def test_two_loops_cancel_the_waits_of_one_queue(queue: aio.Queue[bytes]) -> None:
    seen: list[bytes] = []

    async def main() -> None:
        while len(seen) < 200:
            waits = [asyncio.create_task(queue.receive(wait=20)) for _ in range(10)]
            await asyncio.sleep(0.001)
            for wait in waits:
                wait.cancel()
            for batch in await asyncio.gather(*waits, return_exceptions=True):
                if not isinstance(batch, BaseException):
                    async with batch:
                        seen.extend(message.body for message in batch)

    threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(200):
        queue._queue.send(b"%d" % number)
    for thread in threads:
        thread.join(60)
    assert sorted(map(int, seen)) == list(range(200))


def test_a_forked_child_takes_no_answers_of_its_parent(queue: aio.Queue[bytes]) -> None:
    async def main() -> None:
        for _ in range(10):
            waits = [asyncio.create_task(queue.receive(wait=20)) for _ in range(3)]
            await asyncio.sleep(0)
            queue._queue.send_batch([b"x"] * 3)
            while queue._queue.counts().in_flight < 3:
                pass
            if (child := os.fork()) == 0:
                # As if it let go of the loop that it inherited.
                _current.mailbox.close()
                waits.clear()
                gc.collect()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            for batch in await asyncio.wait_for(asyncio.gather(*waits), 60):
                async with batch:
                    assert len(batch) == 1

    asyncio.run(main())
