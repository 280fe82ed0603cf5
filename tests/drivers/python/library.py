"""The driver `ctypes`: scenarios through the C library, from Python and without a compiler.

    python3 library.py HEADER LIBRARY
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import byref, c_bool, c_char_p, c_size_t, c_uint64, c_void_p
from pathlib import Path
from typing import Any

import wire
from header import Header
from wire import Answer, Misuse, Request

HEADER = Header(Path(sys.argv[1]))
LIBRARY = HEADER.load(Path(sys.argv[2]))


class Failed(Exception):
    """A call gave another status than OK."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__((LIBRARY.forebay_last_error() or b"").decode())


def call(name: str, *arguments: Any) -> None:
    """Calls a function that gives a status."""
    if status := getattr(LIBRARY, f"forebay_{name}")(*arguments):
        raise Failed(status)


def struct(name: str, **fields: Any) -> Any:
    """A structure of the header, its size filled in."""
    value = HEADER.structures[f"forebay_{name}"](**fields)
    if value._fields_[0][0] == "size":
        value.size = ctypes.sizeof(value)
    return value


def array(name: str, items: list[Any]) -> Any:
    return (HEADER.structures[f"forebay_{name}"] * len(items))(*items)


def texts(items: list[str]) -> Any:
    return (c_char_p * len(items))(*(item.encode() for item in items))


def pairs(entries: dict[str, str]) -> Any:
    return array("pair", [(name.encode(), value.encode()) for name, value in entries.items()])


def new(name: str, *arguments: Any) -> c_void_p:
    """Calls a function whose last argument gets a handle."""
    handle = c_void_p()
    call(name, *arguments, byref(handle))
    return handle


def digest(name: str, *arguments: Any) -> bytes | None:
    text = ctypes.create_string_buffer(HEADER.constants["FOREBAY_MD5_LENGTH"])
    call(name, *arguments, text)
    return text.value or None


def rows(handle: c_void_p) -> list[tuple[str, str | None]]:
    """The rows of a list, and frees it."""
    found = []
    for index in range(LIBRARY.forebay_list_count(handle)):
        row = struct("pair")
        call("list_get", handle, index, byref(row))
        found.append((row.name.decode(), None if row.value is None else row.value.decode()))
    LIBRARY.forebay_list_free(handle)
    return found


def address(data: bytes | None) -> Any:
    return ctypes.cast(c_char_p(data), c_void_p)


def read_attributes(request: Request, prefix: str) -> Any:
    items = []
    for place in range(1, request.count(f"{prefix}attributes") + 1):
        key = f"{prefix}attributes.{place}."
        value = request.raw(f"{key}value")
        name, kind = request.raw(f"{key}name"), request.raw(f"{key}type")
        items.append((name, kind, address(value), len(value)))
    return array("attribute", items)


def optional(request: Request, key: str) -> bytes | None:
    return request.fields.get(key)


def send_options(request: Request, prefix: str, attributes: Any) -> Any:
    return struct(
        "send_options",
        attributes=ctypes.addressof(attributes),
        attribute_count=len(attributes),
        group=optional(request, f"{prefix}group"),
        deduplication=optional(request, f"{prefix}dedup"),
        trace_header=optional(request, f"{prefix}trace_header"),
        sender=optional(request, f"{prefix}sender"),
        has_delay_s=request.has(f"{prefix}delay"),
        delay_s=request.number(f"{prefix}delay") or 0,
    )


def receive_options(request: Request) -> Any:
    return struct(
        "receive_options",
        max=request.number("max") or 0,
        has_wait_s=request.has("wait"),
        wait_s=request.number("wait") or 0,
        has_visibility_s=request.has("visibility"),
        visibility_s=request.number("visibility") or 0,
        attempt=optional(request, "attempt"),
    )


class Driver:
    """Holds what lives between two requests."""

    def __init__(self) -> None:
        self.store: c_void_p | None = None
        self.queues: dict[str, c_void_p] = {}
        self.tickets: dict[str, tuple[c_void_p, bool]] = {}

    def hello(self, request: Request) -> Answer:
        return wire.hello()

    def open(self, request: Request) -> Answer:
        self.close(request)
        options = struct(
            "open_options",
            account=optional(request, "account"),
            region=optional(request, "region"),
            sqs_limits=request.flag("sqs_limits"),
            no_sixty_second_rules=not request.flag("sixty_second_rules"),
            clock=HEADER.constants["FOREBAY_CLOCK_MANUAL"] if request.has("clock_start_ms") else 0,
            clock_start_ms=request.number("clock_start_ms") or 0,
        )
        self.store = new("open", request.raw("location"), byref(options))
        return Answer()

    def close(self, request: Request) -> Answer:
        for ticket, _ in self.tickets.values():
            LIBRARY.forebay_ticket_free(ticket)
        for queue in self.queues.values():
            LIBRARY.forebay_queue_free(queue)
        self.tickets.clear()
        self.queues.clear()
        if self.store:
            call("store_close", self.store)
        self.store = None
        return Answer()

    def time(self, name: str, *arguments: Any) -> Answer:
        now_ms = c_uint64()
        call(name, self.store, *arguments, byref(now_ms))
        answer = Answer()
        answer.put("now_ms", now_ms.value)
        return answer

    def now(self, request: Request) -> Answer:
        return self.time("store_now")

    def advance(self, request: Request) -> Answer:
        return self.time("store_advance", request.number("ms"))

    def create_queue(self, request: Request) -> Answer:
        attributes, tags = pairs(request.map("attributes")), pairs(request.map("tags"))
        options = struct(
            "queue_options",
            attributes=ctypes.addressof(attributes),
            attribute_count=len(attributes),
            tags=ctypes.addressof(tags),
            tag_count=len(tags),
            dead_letter=optional(request, "dead_letter"),
            max_receives=request.number("max_receives") or 0,
        )
        return self.found(new("create_queue", self.store, request.raw("name"), byref(options)))

    def get_queue(self, request: Request) -> Answer:
        return self.found(new("get_queue", self.store, request.raw("name")))

    def found(self, queue: c_void_p) -> Answer:
        answer = Answer()
        for what in ("name", "arn"):
            text = c_char_p()
            call(f"queue_{what}", queue, byref(text))
            answer.put(what, text.value)
            if what == "name":
                name = (text.value or b"").decode()
        answer.put("fifo", self.is_fifo(queue))
        LIBRARY.forebay_queue_free(self.queues.get(name))
        self.queues[name] = queue
        return answer

    def is_fifo(self, queue: c_void_p) -> bool:
        fifo = c_bool()
        call("queue_is_fifo", queue, byref(fifo))
        return fifo.value

    def queue(self, request: Request) -> c_void_p:
        name = request.must("queue")
        if name not in self.queues:
            self.queues[name] = new("get_queue", self.store, name.encode())
        return self.queues[name]

    def delete_queue(self, request: Request) -> Answer:
        call("delete_queue", self.store, request.raw("name"))
        return Answer()

    def page(self, handle: c_void_p) -> Answer:
        token = c_char_p()
        call("list_next_token", handle, byref(token))
        answer = Answer()
        answer.put("token", token.value)
        names = rows(handle)
        for place, (name, _) in enumerate(names, 1):
            answer.put(f"queues.{place}.name", name)
        answer.put("queues.count", len(names))
        return answer

    def list_queues(self, request: Request) -> Answer:
        prefix, token = optional(request, "prefix"), optional(request, "token")
        limit = request.number("max") or 0
        return self.page(new("list_queues", self.store, prefix, token, limit))

    def dead_letter_sources(self, request: Request) -> Answer:
        token, limit = optional(request, "token"), request.number("max") or 0
        return self.page(new("queue_dead_letter_sources", self.queue(request), token, limit))

    def map(self, key: str, handle: c_void_p) -> Answer:
        answer = Answer()
        answer.put_map(key, ((name, value or "") for name, value in rows(handle)))
        return answer

    def get_attributes(self, request: Request) -> Answer:
        names = texts(request.texts("names"))
        attributes = new("queue_get_attributes", self.queue(request), names, len(names))
        return self.map("attributes", attributes)

    def set_attributes(self, request: Request) -> Answer:
        attributes = pairs(request.map("attributes"))
        call("queue_set_attributes", self.queue(request), attributes, len(attributes))
        return Answer()

    def tag(self, request: Request) -> Answer:
        tags = pairs(request.map("tags"))
        call("queue_tag", self.queue(request), tags, len(tags))
        return Answer()

    def untag(self, request: Request) -> Answer:
        keys = texts(request.texts("keys"))
        call("queue_untag", self.queue(request), keys, len(keys))
        return Answer()

    def list_tags(self, request: Request) -> Answer:
        return self.map("tags", new("queue_tags", self.queue(request)))

    def purge(self, request: Request) -> Answer:
        call("queue_purge", self.queue(request))
        return Answer()

    def put_sent(
        self, answer: Answer, queue: c_void_p, request: Request, prefix: str, sent: Any
    ) -> None:
        answer.put(f"{prefix}id", sent.id)
        answer.put(f"{prefix}duplicate", sent.duplicate)
        if self.is_fifo(queue):
            answer.put(f"{prefix}sequence", f"{sent.sequence:020}")
        body = request.raw(f"{prefix}body")
        answer.put(f"{prefix}md5_body", digest("md5", address(body), len(body)))
        attributes = read_attributes(request, prefix)
        md5 = digest("md5_attributes", attributes, len(attributes))
        answer.put(f"{prefix}md5_attributes", md5)
        if header := optional(request, f"{prefix}trace_header"):
            item = (b"AWSTraceHeader", b"String", address(header), len(header))
            system = array("attribute", [item])
            answer.put(f"{prefix}md5_system", digest("md5_attributes", system, 1))

    def send(self, request: Request) -> Answer:
        queue, body = self.queue(request), request.raw("body")
        attributes = read_attributes(request, "")
        options = send_options(request, "", attributes)
        sent = struct("sent")
        size = ctypes.sizeof(sent)
        call("queue_send", queue, address(body), len(body), byref(options), byref(sent), size)
        answer = Answer()
        self.put_sent(answer, queue, request, "", sent)
        return answer

    def send_batch(self, request: Request) -> Answer:
        queue, entries, kept = self.queue(request), [], []
        for prefix in request.entries():
            attributes = read_attributes(request, prefix)
            options = send_options(request, prefix, attributes)
            kept.append((attributes, options))
            body, own = request.raw(f"{prefix}body"), optional(request, f"{prefix}id")
            entries.append((address(body), len(body), ctypes.addressof(options), own))
        results = new("queue_send_batch", queue, array("send_entry", entries), len(entries))

        def put(answer: Answer, index: int, prefix: str) -> None:
            sent = struct("sent")
            call("results_sent", results, index, byref(sent), ctypes.sizeof(sent))
            self.put_sent(answer, queue, request, prefix, sent)

        return self.results(results, put)

    def results(self, results: c_void_p, put: Any = None) -> Answer:
        answer = Answer()
        count = LIBRARY.forebay_results_count(results)
        for index in range(count):
            prefix = f"entries.{index + 1}."
            status, text = ctypes.c_int32(), c_char_p()
            call("results_get", results, index, byref(status), byref(text))
            answer.put(f"{prefix}code", LIBRARY.forebay_status_name(status))
            if status.value:
                answer.put(f"{prefix}text", text.value)
            elif put:
                put(answer, index, prefix)
        answer.put("entries.count", count)
        LIBRARY.forebay_results_free(results)
        return answer

    def put_message(self, answer: Answer, messages: c_void_p, index: int) -> Any:
        """What a receive and a peek tell alike."""
        message = struct("message")
        call("messages_get", messages, index, byref(message), ctypes.sizeof(message))
        prefix = f"messages.{index + 1}."
        answer.put(f"{prefix}body", ctypes.string_at(message.body, message.body_length))
        for name in ("id", "receive_count", "sent_ms", "sender", "group", "trace_header"):
            answer.put(prefix + name, getattr(message, name))
        answer.put(f"{prefix}dedup", message.deduplication)
        answer.put(f"{prefix}dead_letter_source", message.dead_letter_source)
        answer.put(f"{prefix}first_receive_ms", message.first_receive_ms or None)
        answer.put(f"{prefix}visible_ms", message.visible_ms or None)
        answer.put(f"{prefix}md5_body", digest("messages_md5_body", messages, index))
        return message

    def put_attribute(self, answer: Answer, key: str, attribute: Any) -> None:
        answer.put(f"{key}.name", attribute.name)
        answer.put(f"{key}.type", attribute.type_name)
        answer.put(f"{key}.value", ctypes.string_at(attribute.value, attribute.value_length))

    def received(
        self, messages: c_void_p, fifo: bool, names: list[str], system: list[str]
    ) -> Answer:
        answer = Answer()
        count = LIBRARY.forebay_messages_count(messages)
        for index in range(count):
            prefix = f"messages.{index + 1}."
            message = self.put_message(answer, messages, index)
            answer.put(f"{prefix}receipt", message.receipt)
            if fifo:
                answer.put(f"{prefix}sequence", f"{message.sequence:020}")
            wanted = (messages, index, texts(names), len(names))
            selected = rows(new("messages_select_attributes", *wanted))
            for place, (name, _) in enumerate(selected, 1):
                attribute = struct("attribute")
                named = name.encode()
                call("messages_attribute_named", messages, index, named, byref(attribute))
                self.put_attribute(answer, f"{prefix}attributes.{place}", attribute)
            answer.put(f"{prefix}attributes.count", len(selected))
            answer.put(f"{prefix}md5_attributes", digest("messages_md5_attributes", *wanted))
            asked = (messages, index, texts(system), len(system))
            facts = rows(new("messages_system_attributes", *asked))
            answer.put_map(f"{prefix}system", ((name, value or "") for name, value in facts))
        answer.put("messages.count", count)
        LIBRARY.forebay_messages_free(messages)
        return answer

    def receive(self, request: Request) -> Answer:
        queue = self.queue(request)
        messages = new("queue_receive", queue, byref(receive_options(request)))
        names = ["All"]
        if request.has("attribute_names.count"):
            names = request.texts("attribute_names")
        return self.received(
            messages, self.is_fifo(queue), names, request.texts("system_names")
        )

    def peek(self, request: Request) -> Answer:
        names = ("delayed", "visible", "in_flight")
        states = {name: HEADER.constants[f"FOREBAY_PEEK_{name.upper()}"] for name in names}
        numbers = {HEADER.constants[f"FOREBAY_STATE_{name.upper()}"]: name for name in names}
        options = struct(
            "peek_options",
            group=optional(request, "group"),
            after=request.number("after") or 0,
            limit=request.number("max") or 0,
            states=sum(states[name] for name in request.texts("states")),
        )
        messages = new("queue_peek", self.queue(request), byref(options))
        answer = Answer()
        count = LIBRARY.forebay_messages_count(messages)
        for index in range(count):
            prefix = f"messages.{index + 1}."
            message = self.put_message(answer, messages, index)
            answer.put(f"{prefix}state", numbers[message.state])
            answer.put(f"{prefix}sequence", message.sequence)
            for place in range(message.attribute_count):
                attribute = struct("attribute")
                call("messages_attribute", messages, index, c_size_t(place), byref(attribute))
                self.put_attribute(answer, f"{prefix}attributes.{place + 1}", attribute)
            answer.put(f"{prefix}attributes.count", message.attribute_count)
        answer.put("messages.count", count)
        LIBRARY.forebay_messages_free(messages)
        return answer

    def receive_start(self, request: Request) -> Answer:
        queue, options = self.queue(request), receive_options(request)
        ticket = new("queue_receive_start", queue, byref(options), None, None)
        self.tickets[request.must("ticket")] = ticket, self.is_fifo(queue)
        return Answer()

    def ticket(self, request: Request) -> tuple[c_void_p, bool]:
        name = request.must("ticket")
        if name not in self.tickets:
            raise Misuse(f"no ticket {name}")
        return self.tickets[name]

    def ticket_state(self, request: Request) -> Answer:
        done = c_bool()
        call("ticket_is_done", self.ticket(request)[0], byref(done))
        answer = Answer()
        answer.put("done", done.value)
        return answer

    def await_(self, request: Request) -> Answer:
        ticket, fifo = self.ticket(request)
        call("ticket_wait", ticket, -1, byref(c_bool()))
        return self.received(self.take(request), fifo, ["All"], [])

    def take(self, request: Request) -> c_void_p:
        ticket, _ = self.tickets.pop(request.must("ticket"))
        try:
            return new("ticket_take", ticket)
        finally:
            LIBRARY.forebay_ticket_free(ticket)

    def cancel(self, request: Request) -> Answer:
        call("ticket_cancel", self.ticket(request)[0])
        try:
            messages = self.take(request)
        except Failed as failed:
            if failed.status == HEADER.constants["FOREBAY_STATUS_CANCELLED"]:
                return Answer()
            raise
        LIBRARY.forebay_messages_free(messages)
        raise Misuse("messages came first")

    def delete(self, request: Request) -> Answer:
        call("queue_delete", self.queue(request), request.raw("receipt"))
        return Answer()

    def delete_batch(self, request: Request) -> Answer:
        entries = [
            (request.raw(f"{prefix}receipt"), optional(request, f"{prefix}id"))
            for prefix in request.entries()
        ]
        entries = array("delete_entry", entries)
        return self.results(
            new("queue_delete_batch", self.queue(request), entries, len(entries))
        )

    def change_visibility(self, request: Request) -> Answer:
        receipt, seconds = request.raw("receipt"), request.number("seconds")
        call("queue_change_visibility", self.queue(request), receipt, seconds)
        return Answer()

    def change_visibility_batch(self, request: Request) -> Answer:
        items = []
        for prefix in request.entries():
            seconds = request.number(f"{prefix}seconds")
            items.append(
                (request.raw(f"{prefix}receipt"), optional(request, f"{prefix}id"), seconds)
            )
        entries = array("visibility_entry", items)
        queue = self.queue(request)
        return self.results(
            new("queue_change_visibility_batch", queue, entries, len(entries))
        )

    def start_move_task(self, request: Request) -> Answer:
        source, destination = request.raw("source"), optional(request, "destination")
        rate = request.number("rate") or 0
        [(handle, _)] = rows(new("start_move_task", self.store, source, destination, rate))
        answer = Answer()
        answer.put("handle", handle)
        return answer

    def cancel_move_task(self, request: Request) -> Answer:
        moved = c_uint64()
        call("cancel_move_task", self.store, request.raw("handle"), byref(moved))
        answer = Answer()
        answer.put("moved", moved.value)
        return answer

    def list_move_tasks(self, request: Request) -> Answer:
        limit = request.number("max") or 0
        tasks = new("list_move_tasks", self.store, request.raw("source"), limit or 1)
        names = ("RUNNING", "COMPLETED", "CANCELLING", "CANCELLED", "FAILED")
        states = {HEADER.constants[f"FOREBAY_TASK_STATE_{name}"]: name for name in names}
        answer = Answer()
        count = LIBRARY.forebay_tasks_count(tasks)
        for index in range(count):
            task = struct("task")
            call("tasks_get", tasks, index, byref(task), ctypes.sizeof(task))
            prefix = f"tasks.{index + 1}."
            answer.put(f"{prefix}status", states[task.state])
            for name in ("source", "destination", "handle", "moved", "to_move", "started_ms"):
                answer.put(prefix + name, getattr(task, name))
            answer.put(f"{prefix}rate", task.rate or None)
            answer.put(f"{prefix}reason", task.failure)
        answer.put("tasks.count", count)
        LIBRARY.forebay_tasks_free(tasks)
        return answer


def respond(driver: Driver, request: Request) -> str:
    # `await` is a word of Python.
    verb = getattr(driver, request.verb.replace("await", "await_"), None)
    if verb is None:
        return "unsupported"
    try:
        return str(verb(request))
    except Failed as failed:
        name = LIBRARY.forebay_status_name(failed.status).decode()
        return wire.failure(failed.status, name, str(failed))


if __name__ == "__main__":
    driver = Driver()
    wire.serve(lambda request: respond(driver, request))
    driver.close(Request("close"))
