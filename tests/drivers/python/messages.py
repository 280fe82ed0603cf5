"""Verbs of the driver `python` about messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import forebay
from wire import Answer, Misuse, Request


class Messages:
    """The open store, its queues and its waits."""

    def __init__(self) -> None:
        self.opened: forebay.Store | None = None
        self.queues: dict[str, forebay.Queue[bytes]] = {}

    @property
    def store(self) -> forebay.Store:
        if self.opened is None:
            raise Misuse("no store is open")
        return self.opened

    def queue(self, request: Request) -> forebay.Queue[bytes]:
        """The queue that a request names: the object at hand, else a new one."""
        name = request.must("queue")
        if name not in self.queues:
            self.queues[name] = self.store.get_queue(name)
        return self.queues[name]

    def send(self, request: Request) -> Answer:
        answer = Answer()
        body, extras = read_message(request, "")
        put_sent(answer, "", self.queue(request).send(body, **extras))
        return answer

    def send_batch(self, request: Request) -> Answer:
        messages = (read_message(request, prefix) for prefix in request.entries())
        entries = [forebay.SendRequest(body, **extras) for body, extras in messages]
        queue = self.queue(request)
        ids = read_ids(request)
        return batch(len(entries), lambda: queue.send_batch(entries, ids=ids), put_sent)

    def receive(self, request: Request) -> Answer:
        messages = self.queue(request).receive(**read_options(request))
        names = ["All"]
        if request.has("attribute_names.count"):
            names = request.texts("attribute_names")
        return received(messages, names, request.texts("system_names"))

    def delete(self, request: Request) -> Answer:
        self.queue(request).delete(request.must("receipt"))
        return Answer()

    def delete_batch(self, request: Request) -> Answer:
        receipts = [request.must(f"{prefix}receipt") for prefix in request.entries()]
        queue = self.queue(request)
        ids = read_ids(request)
        return batch(len(receipts), lambda: queue.delete_batch(receipts, ids=ids))

    def change_visibility(self, request: Request) -> Answer:
        seconds = int(request.must("seconds"))
        self.queue(request).change_visibility(request.must("receipt"), seconds)
        return Answer()

    def change_visibility_batch(self, request: Request) -> Answer:
        changes = [
            (request.must(f"{prefix}receipt"), int(request.must(f"{prefix}seconds")))
            for prefix in request.entries()
        ]
        queue = self.queue(request)
        ids = read_ids(request)
        return batch(len(changes), lambda: queue.change_visibility_batch(changes, ids=ids))


def read_ids(request: Request) -> list[str] | None:
    ids = [request.text(f"{prefix}id") for prefix in request.entries()]
    return None if all(one is None for one in ids) else [one or "" for one in ids]


def read_options(request: Request) -> dict[str, Any]:
    options = {
        "max": request.number("max"),
        "wait": request.number("wait"),
        "visibility_timeout": request.number("visibility"),
        "attempt": request.text("attempt"),
    }
    return {name: value for name, value in options.items() if value is not None}


def read_message(request: Request, prefix: str) -> tuple[bytes, dict[str, Any]]:
    extras = {
        "delay": request.number(f"{prefix}delay"),
        "group": request.text(f"{prefix}group"),
        "dedup": request.text(f"{prefix}dedup"),
        "trace_header": request.text(f"{prefix}trace_header"),
        "sender": request.text(f"{prefix}sender"),
        "attributes": [
            read_attribute(request, f"{prefix}attributes.{place}.")
            for place in range(1, request.count(f"{prefix}attributes") + 1)
        ],
    }
    return request.raw(f"{prefix}body"), extras


def read_attribute(request: Request, prefix: str) -> tuple[str, forebay.Attribute]:
    value = request.raw(f"{prefix}value")
    return request.must(f"{prefix}name"), forebay.Attribute(value, request.must(f"{prefix}type"))


def batch(
    count: int,
    call: Callable[[], Sequence[Any] | None],
    put: Callable[[Answer, str, Any], None] | None = None,
) -> Answer:
    """The answer to a batch call: the code of each entry, and what `put` adds to it."""
    try:
        results = call() or [None] * count
    except forebay.BatchFailure as failure:
        results = failure.results
    answer = Answer()
    for place, result in enumerate(results, 1):
        prefix = f"entries.{place}."
        if isinstance(result, forebay.Error):
            answer.put(f"{prefix}code", result.code)
            answer.put(f"{prefix}text", str(result))
            continue
        answer.put(f"{prefix}code", "OK")
        if put:
            put(answer, prefix, result)
    answer.put("entries.count", len(results))
    return answer


def put_sent(answer: Answer, prefix: str, receipt: forebay.SendReceipt) -> None:
    answer.put(f"{prefix}id", receipt.id)
    answer.put(f"{prefix}duplicate", receipt.duplicate)
    answer.put(f"{prefix}sequence", receipt.sequence_number)
    answer.put(f"{prefix}md5_body", receipt.md5_of_body())
    answer.put(f"{prefix}md5_attributes", receipt.md5_of_attributes())
    answer.put(f"{prefix}md5_system", receipt.md5_of_system_attributes())


def received(
    messages: Iterable[forebay.Received[bytes]], names: list[str], system: list[str]
) -> Answer:
    answer = Answer()
    count = 0
    for count, message in enumerate(messages, 1):
        prefix = f"messages.{count}."
        put_message(answer, prefix, message)
        answer.put(f"{prefix}receipt", message.receipt)
        answer.put(f"{prefix}sequence", message.sequence_number)
        put_attributes(answer, prefix, message.select_attributes(*names))
        answer.put(f"{prefix}md5_attributes", message.md5_of_attributes(*names))
        answer.put_map(f"{prefix}system", message.system_attributes(*system).items())
    answer.put("messages.count", count)
    return answer


def put_message(
    answer: Answer, prefix: str, message: forebay.Received[bytes] | forebay.Peeked[bytes]
) -> None:
    """What a receive and a peek tell alike."""
    answer.put(f"{prefix}id", message.id)
    answer.put(f"{prefix}body", message.body)
    answer.put(f"{prefix}receive_count", message.receive_count)
    answer.put(f"{prefix}sent_ms", message.sent_ms)
    answer.put(f"{prefix}first_receive_ms", message.first_receive_ms)
    answer.put(f"{prefix}visible_ms", message.visible_ms)
    answer.put(f"{prefix}sender", message.sender)
    answer.put(f"{prefix}group", message.group)
    answer.put(f"{prefix}dedup", message.dedup)
    answer.put(f"{prefix}trace_header", message.trace_header)
    answer.put(f"{prefix}dead_letter_source", message.dead_letter_source)
    answer.put(f"{prefix}md5_body", message.md5_of_body())


def put_attributes(
    answer: Answer, prefix: str, attributes: list[tuple[str, forebay.Attribute]]
) -> None:
    for place, (name, attribute) in enumerate(attributes, 1):
        answer.put(f"{prefix}attributes.{place}.name", name)
        answer.put(f"{prefix}attributes.{place}.type", attribute.data_type)
        answer.put(f"{prefix}attributes.{place}.value", attribute.value)
    answer.put(f"{prefix}attributes.count", len(attributes))
