"""Stores: how they open, end, and what they tell."""

from __future__ import annotations

from pathlib import Path

import forebay
import pytest
from forebay import errors


def test_a_directory_keeps_messages(tmp_path: Path) -> None:
    with forebay.open(tmp_path / "queues") as store:
        store.create_queue("orders").send(b"kept")
    with forebay.open(str(tmp_path / "queues"), create=False) as store:
        assert store.location == str(tmp_path / "queues")
        assert store.list_queues() == ["orders"]
        [message] = store.get_queue("orders").receive()
        assert message.body == b"kept"


def test_a_memory_store_is_its_own() -> None:
    with forebay.open("mem:") as one, forebay.open("mem:") as other:
        one.create_queue("orders")
        assert other.list_queues() == []


def test_create_false_demands_a_store(tmp_path: Path) -> None:
    with pytest.raises(forebay.Error):
        forebay.open(tmp_path / "absent", create=False)
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("bad", [{"durability": "none"}, {"clock": "wall"}, {"lock_timeout": -1}])
def test_options_out_of_range_are_named(bad: dict[str, object]) -> None:
    [name] = bad
    with pytest.raises(ValueError, match=name):
        forebay.open("mem:", **bad)  # type: ignore[arg-type]


def test_a_location_of_unknown_form_is_named() -> None:
    with pytest.raises(errors.InvalidArgument, match="https://"):
        forebay.open("https://u@h/d")


def test_calls_after_close_raise_closed(store: forebay.Store) -> None:
    queue = store.create_queue("orders")
    store.close()
    store.close()
    for call in (store.list_queues, queue.receive, queue.tags, lambda: queue.send(b"x")):
        with pytest.raises(errors.Closed):
            call()


def test_the_manual_clock(tmp_path: Path) -> None:
    with forebay.open(tmp_path / "queues", clock="manual", clock_start_ms=5_000) as store:
        assert store.now_ms() == 5_000
        queue = store.create_queue("orders", visibility_timeout=30)
        queue.send(b"again")
        assert [message.body for message in queue.receive()] == [b"again"]
        assert queue.receive() == []
        assert store.advance(29.999) == 34_999
        assert queue.receive() == []
        assert store.advance(0.001) == 35_000
        [message] = queue.receive()
        assert message.receive_count == 2
        with pytest.raises(ValueError, match="-1 s; it must be 0 or more"):
            store.advance(-1)


def test_the_system_clock_cannot_be_advanced(store: forebay.Store) -> None:
    with pytest.raises(errors.UnsupportedOperation):
        store.advance(1)


def test_scopes_are_apart(store: forebay.Store) -> None:
    other = store.scope("123456789012", "eu-north-1")
    assert (other.account, other.region) == ("123456789012", "eu-north-1")
    assert (store.account, store.region) == ("000000000000", "us-east-1")
    queue = other.create_queue("orders")
    assert queue.arn == "arn:aws:sqs:eu-north-1:123456789012:orders"
    assert store.list_queues() == []


def test_lists_of_queues_come_in_pages(store: forebay.Store) -> None:
    for name in ("a1", "a2", "a3", "b1"):
        store.create_queue(name)
    assert store.list_queues("a") == ["a1", "a2", "a3"]
    page = store.list_queues_page("a", limit=2)
    assert page.names == ["a1", "a2"]
    page = store.list_queues_page("a", limit=2, token=page.next_token)
    assert (page.names, page.next_token) == (["a3"], None)


def test_deleted_queues_are_gone(tmp_path: Path) -> None:
    with forebay.open(tmp_path / "queues", sixty_second_rules=False) as store:
        queue = store.create_queue("orders")
        store.delete_queue("orders")
        with pytest.raises(errors.QueueDoesNotExist):
            queue.send(b"lost")
        store.create_queue("orders")
        queue.send(b"kept")


def test_move_tasks_give_dead_letters_back(tmp_path: Path) -> None:
    with forebay.open(tmp_path / "queues", clock="manual") as store:
        dead = store.create_queue("dead")
        orders = store.create_queue("orders", dead_letter="dead", max_receives=1)
        assert dead.dead_letter_sources() == ["orders"]
        assert dead.dead_letter_sources_page(limit=1).names == ["orders"]
        orders.send(b"hard")
        orders.receive(visibility_timeout=0)
        assert orders.receive() == []
        assert dead.counts().visible == 1
        handle = store.start_move_task("dead")
        store.advance(1)
        [task] = store.list_move_tasks("dead")
        assert (task.status, task.moved, task.to_move) == ("COMPLETED", 1, 1)
        assert (task.source, task.destination, task.rate) == (dead.arn, None, None)
        assert (task.handle, task.failure_reason) == (None, None)
        assert orders.counts().visible == 1
        with pytest.raises(errors.UnsupportedOperation):
            store.cancel_move_task(handle)


def test_check_backup_and_statistics(store: forebay.Store, tmp_path: Path) -> None:
    queue = store.create_queue("orders")
    queue.send_batch([b"one", b"two"])
    report = store.check()
    assert (report.queues, report.messages, report.problems) == (1, 2, [])
    assert store.recovery() is None
    assert store.statistics().commands >= 2
    store.backup(tmp_path / "copy")
    with forebay.open(tmp_path / "copy", create=False) as copy:
        bodies = [message.body for message in copy.get_queue("orders").receive(max=10)]
        assert bodies == [b"one", b"two"]


def test_objects_say_what_they_are(store: forebay.Store, queue: forebay.Queue[bytes]) -> None:
    receipt = queue.send(b"x")
    assert repr(store) == f'<Store "{store.location}">'
    assert repr(queue) == f"<Queue {queue.arn}>"
    assert repr(receipt) == f"<SendReceipt {receipt.id}>"
    assert repr(queue.peek()[0]) == f"<Peeked {receipt.id} visible>"
    assert repr(queue.receive()[0]) == f'<Message {receipt.id} of "orders", received 1 times>'
    assert repr(queue.counts()) == "<Counts 0 visible, 1 in flight, 0 delayed>"
