"""forebay.aio: waits without threads, and cancellation that loses nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import forebay
import pytest
from forebay import aio, errors


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a test in a loop of its own; one that hangs fails."""
    asyncio.run(asyncio.wait_for(main(), 120))


def test_the_ten_lines(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues") as store:
            orders = await store.create_queue("orders", visibility_timeout=30)
            sent = await orders.send(b"any bytes", attributes={"kind": "new"})
            [message] = await orders.receive(max=10, wait=20)
            async with message:
                assert (message.body, message.id) == (b"any bytes", sent.id)
                assert message.attributes == {"kind": "new"}
                assert message.queue is orders
            assert message.settled
            assert await orders.peek() == []

    run(main)


def test_a_send_wakes_a_wait_without_a_thread(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues") as store:
            orders = await store.create_queue("orders")
            await orders.send(b"so that the library's threads are there")
            await orders.receive()
            before = threading.active_count(), threads_of_this_process()
            waits = [asyncio.create_task(orders.receive(wait=20)) for _ in range(1_000)]
            await asyncio.sleep(0.1)
            assert not any(wait.done() for wait in waits)
            now = threading.active_count(), threads_of_this_process()
            assert now[0] == before[0]
            assert now[1] <= before[1] + 1
            await orders.send_batch([b"x"] * 1_000)
            bodies = [[m.body for m in batch] for batch in await asyncio.gather(*waits)]
            assert bodies == [[b"x"]] * 1_000

    run(main)


def threads_of_this_process() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def test_blocks_settle_their_messages(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues") as store:
            orders = await store.create_queue("orders")
            await orders.send_batch([b"a", b"b", b"c"])
            with pytest.raises(KeyError):
                async with (await orders.receive())[0]:
                    raise KeyError
            assert await orders.counts() == (await orders.counts())
            async with await orders.receive(max=3) as batch:
                assert [message.body for message in batch] == [b"a", b"b", b"c"]
                await batch[0].delete()
                await batch[1].change_visibility(0)
            assert [peeked.body for peeked in await orders.peek()] == [b"b"]
            with pytest.raises(KeyError):
                async with await orders.receive() as batch:
                    raise KeyError
            assert (await orders.counts()).visible == 1

    run(main)


def test_iterating_gives_back_what_was_not_seen(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues") as store:
            orders = await store.create_queue("orders")
            await orders.send_batch([b"a", b"b", b"c"])
            messages = orders.messages(batch=3)
            async for message in messages:
                await message.delete()
                break
            await messages.aclose()
            while (await orders.counts()).visible != 2:
                await asyncio.sleep(0.01)

    run(main)


def test_a_cancelled_wait_does_not_end_the_iteration(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues") as store:
            orders = await store.create_queue("orders")
            messages = orders.messages(batch=2)
            for _ in range(3):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(anext(messages), 0.01)
            await orders.send_batch([b"a", b"b"])
            assert [(await anext(messages)).body for _ in range(2)] == [b"a", b"b"]
            await messages.aclose()
            with pytest.raises(StopAsyncIteration):
                await anext(messages)

    run(main)


def test_an_iterator_that_is_let_go_of_or_closed_in_a_wait_keeps_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues") as store:
            orders = await store.create_queue("orders", visibility_timeout=6_000)
            await orders.send_batch([b"a", b"b", b"c"])
            async for message in orders.messages(batch=3):
                await message.delete()
                break
            while (await orders.counts()).visible != 2:
                await asyncio.sleep(0.01)
            await orders.purge()

            messages = orders.messages(batch=3)
            waiting = asyncio.ensure_future(anext(messages))
            await asyncio.sleep(0.05)
            await messages.aclose()
            await orders.send(b"d")
            with pytest.raises(StopAsyncIteration):
                await waiting
            while (await orders.counts()).visible != 1:
                await asyncio.sleep(0.01)

    run(main)


def test_a_batch_settles_the_messages_of_several_queues(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues") as store:
            queues = [await store.create_queue(name, visibility_timeout=600) for name in "abc"]
            for queue in queues:
                await queue.send_batch([b"x", b"y"])
            with pytest.raises(KeyError):
                async with await queues[0].receive(max=2) as batch:
                    batch.extend(await queues[1].receive(max=2))
                    raise KeyError
            assert [(await queue.counts()).visible for queue in queues] == [2, 2, 2]
            with pytest.raises(errors.Error):
                async with await queues[2].receive(max=2) as batch:
                    batch.extend(await queues[0].receive(max=2))
                    batch.extend(await queues[1].receive(max=2))
                    await store.delete_queue("c")
            assert [(await queue.counts()).in_flight for queue in queues[:2]] == [0, 0]
            assert [(await queue.counts()).visible for queue in queues[:2]] == [0, 0]

    run(main)


def test_closing_ends_waits(tmp_path: Path) -> None:
    async def main() -> None:
        store = await aio.open(tmp_path / "queues")
        orders = await store.create_queue("orders")

        async def consume() -> list[bytes]:
            return [message.body async for message in orders.messages()]

        consumer = asyncio.create_task(consume())
        waiter = asyncio.create_task(orders.receive(wait=20))
        await asyncio.sleep(0.05)
        await store.close()
        assert await consumer == []
        with pytest.raises(errors.Closed):
            await waiter
        with pytest.raises(errors.Closed):
            await orders.send(b"x")

    run(main)


def test_errors_come_as_they_are(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues") as store:
            with pytest.raises(errors.QueueDoesNotExist):
                await store.get_queue("absent")
            orders = await store.create_queue("orders")
            with pytest.raises(errors.MissingParameter):
                await orders.send(b"")
            with pytest.raises(errors.InvalidParameterValue):
                await orders.receive(max=0)
            with pytest.raises(forebay.BatchFailure) as failed:
                await orders.send_batch([b"x", b""])
            assert list(failed.value.errors) == [1]
            with pytest.raises(forebay.BatchFailure):
                await orders.delete_batch(["nonsense"])
            with pytest.raises(errors.ReceiptHandleIsInvalid):
                await orders.change_visibility("nonsense", 0)
            with pytest.raises(forebay.BatchFailure):
                await orders.change_visibility_batch([("nonsense", 0)])

    run(main)


def test_every_call_of_store_and_queue(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues", clock="manual") as store:
            dead = await store.create_queue("dead")
            orders = await store.create_queue(
                "orders", dead_letter="dead", max_receives=1, tags={"team": "a"}
            )
            assert await store.list_queues() == ["dead", "orders"]
            assert (await store.list_queues_page("o", limit=1)).names == ["orders"]
            assert await dead.dead_letter_sources() == ["orders"]
            assert (await dead.dead_letter_sources_page()).names == ["orders"]
            await orders.tag({"stage": "test"})
            await orders.untag("team")
            assert await orders.tags() == {"stage": "test"}
            await orders.set_attributes({"VisibilityTimeout": "5"})
            assert await orders.get_attributes("VisibilityTimeout") == {"VisibilityTimeout": "5"}
            await orders.send(b"hard")
            [held] = await orders.receive()
            await orders.change_visibility_batch([(held, 7), (held.receipt, 6)])
            await store.advance(6)
            assert await orders.receive() == []
            handle = await store.start_move_task("dead")
            await store.advance(1)
            with pytest.raises(errors.UnsupportedOperation):
                await store.cancel_move_task(handle)
            [task] = await store.list_move_tasks("dead")
            assert (task.status, await store.now_ms()) == ("COMPLETED", 7_000)
            [again] = await orders.receive()
            await orders.delete_batch([again])
            await orders.purge()
            assert (await store.check()).problems == []
            assert (await store.statistics()).commands > 0
            assert await store.recovery() is None
            await store.backup(tmp_path / "copy")
            other = store.scope("1" * 12, "eu-north-1")
            assert (other.account, other.region) == ("1" * 12, "eu-north-1")
            assert store.location == str(tmp_path / "queues")
            assert (orders.name, orders.is_fifo, orders.codec) == ("orders", False, None)
            await store.delete_queue("orders")

    run(main)


def test_a_timeout_takes_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues") as store:
            orders = await store.create_queue("orders")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(orders.receive(wait=20), 0.05)
            await orders.send(b"x")
            assert [m.receive_count for m in await orders.receive(wait=1)] == [1]

    run(main)


def test_a_cancel_after_the_answer_gives_it_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.open(tmp_path / "queues") as store:
            orders = await store.create_queue("orders")
            wait = asyncio.create_task(orders.receive(wait=20, visibility_timeout=600))
            await asyncio.sleep(0)
            # Sent without giving the loop a turn: the answer waits in the mailbox or the future.
            orders._queue.send(b"x")
            while orders._queue.counts().in_flight == 0:
                pass
            wait.cancel()
            with pytest.raises(asyncio.CancelledError):
                await wait
            [message] = await orders.receive(wait=10)
            assert message.body == b"x"

    run(main)


def test_storm_of_cancelled_waits_loses_nothing(tmp_path: Path) -> None:
    """10,000 waits are cancelled while a producer sends: every message is received by somebody."""
    count = 2_000

    async def main() -> None:
        async with aio.open(tmp_path / "queues", durability="os") as store:
            orders = await store.create_queue("orders", visibility_timeout=600)
            seen: list[bytes] = []

            async def consume() -> None:
                for message in await orders.receive(max=1, wait=20):
                    seen.append(message.body)
                    await message.delete()

            def produce() -> None:
                for number in range(count):
                    orders._queue.send(b"%d" % number)

            producer = threading.Thread(target=produce)
            producer.start()
            cancelled = 0
            while cancelled < 10_000:
                waits = [asyncio.create_task(orders.receive(wait=20)) for _ in range(100)]
                await asyncio.sleep(0.001)
                for wait in waits:
                    wait.cancel()
                for result in await asyncio.gather(*waits, return_exceptions=True):
                    if isinstance(result, asyncio.CancelledError):
                        cancelled += 1
                        continue
                    assert not isinstance(result, BaseException), result
                    for message in result:
                        seen.append(message.body)
                        await message.delete()
            await asyncio.to_thread(producer.join)
            while len(seen) < count:
                await asyncio.wait_for(consume(), 60)
            assert sorted(map(int, seen)) == list(range(count))
            assert await orders.counts() == await orders.counts()
            assert (await orders.counts()).in_flight == 0

    run(main)


def test_a_loop_after_another_in_one_thread(tmp_path: Path) -> None:
    with forebay.open(tmp_path / "queues") as store:
        orders = aio.Queue(store.create_queue("orders"))

        async def main() -> None:
            await orders.send(b"x")
            [message] = await orders.receive(wait=5)
            await message.delete()

        for _ in range(3):
            run(main)


def test_loops_in_threads_share_a_queue(tmp_path: Path) -> None:
    with forebay.open(tmp_path / "queues") as store:
        orders = aio.Queue(store.create_queue("orders"))
        seen: list[bytes] = []

        async def main() -> None:
            for message in await orders.receive(wait=20):
                seen.append(message.body)
                await message.delete()

        threads = [threading.Thread(target=run, args=(main,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(4):
            orders._queue.send(b"%d" % number)
        for thread in threads:
            thread.join()
        assert sorted(seen) == [b"0", b"1", b"2", b"3"]
