"""Sending, receiving, and being done with messages."""

from __future__ import annotations

from array import array
from decimal import Decimal

import forebay
import pytest
from forebay import errors


def bodies(queue: forebay.Queue[bytes]) -> list[bytes]:
    return [message.body for message in queue.peek(limit=100)]


@pytest.mark.parametrize(
    "body", [b"any\0bytes", bytearray(b"any\0bytes"), memoryview(b"any\0bytes"), "any\0bytes"]
)
def test_bodies_are_anything_with_bytes(
    queue: forebay.Queue[bytes], body: bytes | bytearray | memoryview | str
) -> None:
    receipt = queue.send(body)
    [message] = queue.receive()
    assert message.body == message.raw == b"any\0bytes"
    assert message.body is message.body
    assert message.md5_of_body() == receipt.md5_of_body()
    assert message.id == receipt.id


def test_other_buffers_are_sent_as_they_are_now(queue: forebay.Queue[bytes]) -> None:
    buffer = bytearray(b"abcdef")
    queue.send(memoryview(buffer)[::2])
    queue.send(array("B", [1, 2, 3]))
    buffer[:] = b"xxxxxx"
    buffer.append(0)
    assert bodies(queue) == [b"ace", b"\1\2\3"]


def test_a_message_tells_all_about_itself(store: forebay.Store) -> None:
    queue = store.create_queue("orders.fifo", fifo=True)
    sent = queue.send(b"x", group="g", dedup="d", trace_header="Root=1", sender="me")
    assert (sent.sequence, sent.duplicate, len(sent.sequence_number or "")) == (1, False, 20)
    assert sent.md5_of_system_attributes() is not None
    assert queue.send(b"x", group="g", dedup="d").duplicate
    [message] = queue.receive(visibility_timeout=60)
    assert (message.group, message.dedup, message.trace_header) == ("g", "d", "Root=1")
    assert (message.sender, message.sequence_number) == ("me", sent.sequence_number)
    assert message.receive_count == 1
    assert message.first_receive_ms is not None
    assert message.visible_ms == message.first_receive_ms + 60_000
    assert message.dead_letter_source is None
    assert message.system_attributes("SenderId") == {"SenderId": "me"}
    assert set(message.system_attributes("All")) > {"SenderId", "SequenceNumber"}


def test_attributes_are_plain_values(queue: forebay.Queue[bytes]) -> None:
    given: dict[str, str | int | float | bytes] = {
        "kind": "new",
        "count": 3,
        "share": 0.5,
        "raw": b"\0\1",
    }
    sent = queue.send(b"x", attributes=given)
    queue.send(b"y", attributes=[("price", forebay.Attribute("1.50", "Number.euro"))])
    [first, second] = queue.receive(max=2)
    assert first.attributes == given
    assert first.md5_of_attributes("All") == sent.md5_of_attributes() is not None
    assert first.select_attributes("r.*") == [("raw", forebay.Attribute(b"\0\1"))]
    [(_, price)] = second.select_attributes("price")
    assert (price.data_type, price.value) == ("Number.euro", "1.50")
    assert second.attributes == {"price": 1.5}
    assert len({price, forebay.Attribute("1.50", "Number.euro")}) == 1


@pytest.mark.parametrize("bad", [True, None, Decimal(1)])
def test_attributes_of_other_types_are_refused(queue: forebay.Queue[bytes], bad: object) -> None:
    with pytest.raises(TypeError, match="forebay.Attribute"):
        queue.send(b"x", attributes={"a": bad})  # type: ignore[arg-type]


def test_a_batch_is_sent_in_order(queue: forebay.Queue[bytes]) -> None:
    receipts = queue.send_batch(
        ["plain", forebay.SendRequest(b"more", delay=900, attributes={"a": "b"})], ids=["1", "2"]
    )
    assert [receipt.sequence for receipt in receipts] == [1, 2]
    assert queue.counts() == queue.counts()
    assert (queue.counts().visible, queue.counts().delayed) == (1, 1)
    [delayed] = queue.peek("delayed")
    assert (delayed.body, delayed.attributes, delayed.state) == (b"more", {"a": "b"}, "delayed")
    with pytest.raises(errors.BatchEntryIdsNotDistinct):
        queue.send_batch([b"x", b"y"], ids=["1", "1"])
    with pytest.raises(ValueError, match="1 ids for 2 entries"):
        queue.send_batch([b"x", b"y"], ids=["1"])
    with pytest.raises(errors.EmptyBatchRequest):
        queue.send_batch([])


def test_a_message_is_deleted_where_its_block_ends_well(queue: forebay.Queue[bytes]) -> None:
    queue.send(b"x")
    with queue.receive()[0] as message:
        assert not message.settled
    assert message.settled
    assert bodies(queue) == []


def test_a_message_returns_at_once_where_its_block_raises(queue: forebay.Queue[bytes]) -> None:
    queue.send(b"x")
    with pytest.raises(KeyError), queue.receive()[0]:
        raise KeyError
    [message] = queue.receive()
    assert message.receive_count == 2


def test_what_a_block_did_itself_stands(queue: forebay.Queue[bytes]) -> None:
    queue.send_batch([b"deleted", b"given back"])
    first, second = queue.receive(max=2)
    with pytest.raises(KeyError), first:
        first.delete()
        raise KeyError
    with second:
        second.change_visibility(0)
    assert bodies(queue) == [b"given back"]
    assert queue.counts().visible == 1


def test_a_batch_is_deleted_where_its_block_ends_well(queue: forebay.Queue[bytes]) -> None:
    queue.send_batch([b"a", b"b", b"c"])
    with queue.receive(max=3) as batch:
        assert [message.body for message in batch] == [b"a", b"b", b"c"]
        batch[1].change_visibility(0)
    assert bodies(queue) == [b"b"]
    with queue.receive(max=3, wait=0, visibility_timeout=30) as batch, pytest.raises(KeyError):
        with batch:
            raise KeyError
    assert queue.counts().in_flight == 0
    with queue.receive(max=1, visibility_timeout=0) as empty:
        pass
    assert isinstance(empty, forebay.Batch)


def test_deletes_and_changes_by_message_and_by_receipt(queue: forebay.Queue[bytes]) -> None:
    queue.send_batch([b"%d" % number for number in range(6)])
    held = queue.receive(max=6)
    queue.delete(held[0])
    queue.delete(held[1].receipt)
    queue.delete_batch([held[2], held[3].receipt], ids=["a", "b"])
    queue.change_visibility(held[4].receipt, 0)
    queue.change_visibility_batch([(held[4], 60), (held[5], 0)])
    assert [message.settled for message in held] == [True, False, True, False, False, True]
    assert [message.body for message in queue.receive(max=6)] == [b"5"]
    with pytest.raises(forebay.BatchFailure) as failed:
        queue.delete_batch([held[5], "nonsense"])
    assert [type(result) for result in failed.value.results] == [
        type(None),
        errors.ReceiptHandleIsInvalid,
    ]
    with pytest.raises(errors.InvalidParameterValue, match="43201"):
        held[4].change_visibility(43_201)


def test_a_batch_settles_the_messages_of_several_queues(store: forebay.Store) -> None:
    queues = [store.create_queue(name, visibility_timeout=600) for name in "abc"]
    for queue in queues:
        queue.send_batch([b"x", b"y"])
    with pytest.raises(KeyError), queues[0].receive(max=2) as batch:
        batch.extend(queues[1].receive(max=2))
        raise KeyError
    assert [queue.counts().visible for queue in queues] == [2, 2, 2]
    with pytest.raises(errors.QueueDoesNotExist), queues[2].receive(max=2) as batch:
        batch.extend(queues[0].receive(max=2))
        batch.extend(queues[1].receive(max=2))
        store.delete_queue("c")
    assert [queue.counts().in_flight for queue in queues[:2]] == [0, 0]
    assert [queue.counts().visible for queue in queues[:2]] == [0, 0]


def test_iterating_gives_back_what_was_not_seen(queue: forebay.Queue[bytes]) -> None:
    queue.send_batch([b"a", b"b", b"c"])
    for message in queue.messages(batch=3):
        with message:
            assert message.body == b"a"
        break
    assert queue.counts().visible == 2
    messages = queue.messages(batch=3, visibility_timeout=600)
    assert next(messages).body == b"b"
    messages.close()
    assert queue.counts().visible == 1


def test_iterating_ends_with_the_store(store: forebay.Store, queue: forebay.Queue[bytes]) -> None:
    queue.send(b"last")
    seen = []
    for message in queue.messages():
        seen.append(message.body)
        store.close()
    assert seen == [b"last"]


def test_attributes_and_tags_of_a_queue(store: forebay.Store) -> None:
    queue = store.create_queue(
        "orders", visibility_timeout=7, attributes={"DelaySeconds": "3"}, tags={"team": "a"}
    )
    assert queue.get_attributes("VisibilityTimeout") == {"VisibilityTimeout": "7"}
    assert queue.get_attributes()["DelaySeconds"] == "3"
    queue.set_attributes({"VisibilityTimeout": "8"})
    assert queue.get_attributes("VisibilityTimeout") == {"VisibilityTimeout": "8"}
    queue.tag({"stage": "test"})
    queue.untag("team")
    assert queue.tags() == {"stage": "test"}
    queue.send(b"x", delay=0)
    queue.purge()
    assert bodies(queue) == []
    with pytest.raises(errors.QueueNameExists):
        store.create_queue("orders", visibility_timeout=9)


def test_peek_selects(queue: forebay.Queue[bytes]) -> None:
    queue.send_batch([forebay.SendRequest(b"%d" % n, group=f"g{n % 2}") for n in range(6)])
    queue.receive(max=2)
    assert [m.body for m in queue.peek("in_flight")] == [b"0", b"1"]
    assert [m.body for m in queue.peek("visible", group="g1")] == [b"3", b"5"]
    assert [m.sequence for m in queue.peek(after=4)] == [5, 6]
    assert len(queue.peek(limit=1)) == 1
    with pytest.raises(ValueError, match="lost"):
        queue.peek("lost")  # type: ignore[arg-type]
