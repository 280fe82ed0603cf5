"""Numbers out of range: the typed error names the value and the range, in every call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import forebay
import pytest
from forebay import aio, errors

BAD = [-1, -(10**30), 10**30, 2**32]
"""None of them fits the library's own numbers."""

Call = Callable[[forebay.Queue[bytes], Any], object]
ON_A_QUEUE: dict[str, tuple[Call, str]] = {
    "wait": (lambda queue, bad: queue.receive(wait=bad), ">= 0 and <= 20"),
    "max": (lambda queue, bad: queue.receive(max=bad), "between 1 and 10000"),
    "visibility": (lambda queue, bad: queue.receive(visibility_timeout=bad), "<= 43200"),
    "delay": (lambda queue, bad: queue.send(b"x", delay=bad), ">= 0 and <= 900"),
    "batch": (
        lambda queue, bad: queue.send_batch([forebay.SendRequest(b"x", delay=bad)]),
        ">= 0 and <= 900",
    ),
    "messages": (lambda queue, bad: queue.messages(wait=bad), ">= 0 and <= 20"),
    "change": (lambda queue, bad: queue.change_visibility("r", bad), "<= 43200"),
    "changes": (lambda queue, bad: queue.change_visibility_batch([("r", bad)]), "<= 43200"),
}
ON_A_STORE: dict[str, tuple[Callable[[forebay.Store, Any], object], str]] = {
    "visibility": (lambda store, bad: store.create_queue("q", visibility_timeout=bad), "43200"),
    "delay": (lambda store, bad: store.create_queue("q", delay=bad), "900"),
    "retention": (lambda store, bad: store.create_queue("q", retention=bad), "1209600"),
    "receive_wait": (lambda store, bad: store.create_queue("q", receive_wait=bad), "20"),
    "bytes": (lambda store, bad: store.create_queue("q", message_bytes_max=bad), "1048576"),
    "max_receives": (
        lambda store, bad: store.create_queue("q", dead_letter="d", max_receives=bad),
        "from 1 to 1000",
    ),
    "rate": (lambda store, bad: store.start_move_task("d", rate=bad), "between 1 and 500"),
}


def check(call: Callable[[], object], bad: object, good: str) -> None:
    with pytest.raises(forebay.Error) as refused:
        call()
    assert isinstance(
        refused.value, (errors.InvalidParameterValue, errors.InvalidAttributeValue)
    )
    assert isinstance(refused.value, ValueError)
    assert str(bad) in str(refused.value) and good in str(refused.value)


@pytest.mark.parametrize("name", ON_A_QUEUE)
def test_calls_of_a_queue(queue: forebay.Queue[bytes], name: str) -> None:
    call, good = ON_A_QUEUE[name]
    for bad in BAD:
        check(lambda: call(queue, bad), bad, good)
    assert queue.counts().visible == 0


@pytest.mark.parametrize("name", ON_A_STORE)
def test_calls_of_a_store(store: forebay.Store, name: str) -> None:
    call, good = ON_A_STORE[name]
    for bad in BAD:
        check(lambda: call(store, bad), bad, good)
    assert store.list_queues() == []


def test_a_received_message_cannot_be_hidden_so(queue: forebay.Queue[bytes]) -> None:
    queue.send(b"x")
    message = queue.receive()[0]
    check(lambda: message.change_visibility(-1), -1, "<= 43200")
    message.delete()


def test_the_same_without_blocking() -> None:
    async def main() -> None:
        async with aio.open("mem:") as store:
            queue = await store.create_queue("orders")
            with pytest.raises(errors.InvalidParameterValue, match="-1 .*<= 20"):
                await queue.receive(wait=-1)
            with pytest.raises(errors.InvalidParameterValue, match="-1 .*<= 900"):
                await queue.send(b"x", delay=-1)
            with pytest.raises(errors.InvalidParameterValue, match="-1 .*<= 43200"):
                await queue.change_visibility("r", -1)

    asyncio.run(main())


@pytest.mark.parametrize("bad", [1.5, float("nan"), "1", timedelta(seconds=1)])
def test_what_is_no_int_is_a_type_error(queue: forebay.Queue[bytes], bad: Any) -> None:
    for call in (lambda: queue.receive(wait=bad), lambda: queue.send(b"x", delay=bad)):
        with pytest.raises(TypeError):
            call()


def test_pages_and_bounds(store: forebay.Store, queue: forebay.Queue[bytes]) -> None:
    for bad in (-1, 10**30):
        with pytest.raises(errors.InvalidParameterValue, match=f"{bad} .*between 1 and 1000"):
            store.list_queues_page(limit=bad)
        with pytest.raises(errors.InvalidArgument, match=f"after is {bad}; it must be 0 to"):
            queue.peek(after=bad)
        with pytest.raises(errors.InvalidArgument, match=f"segment_bytes is {bad}; it must be"):
            forebay.open("mem:", segment_bytes=bad)


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_times_that_are_no_seconds_to_wait(bad: float) -> None:
    with pytest.raises(ValueError, match="lock_timeout is .* 0 or more"):
        forebay.open("mem:", lock_timeout=bad)
    with forebay.open("mem:", clock="manual") as store:
        with pytest.raises(ValueError, match="cannot advance by .* 0 or more"):
            store.advance(bad)
