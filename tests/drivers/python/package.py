"""The driver `python`: scenarios through the Python package.

    python3 package.py SOURCES NATIVE

SOURCES is the folder of the package's Python files, NATIVE its native library, which cargo puts
somewhere else.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING

import wire
from wire import Answer, Misuse, Request

if not TYPE_CHECKING:
    sources, native = sys.argv[1:]
    sys.path.insert(0, sources)
    spec = spec_from_file_location("forebay._native", native)
    sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])

import forebay
from messages import put_attributes, put_message
from waits import Waits


class Driver(Waits):
    """Holds what lives between two requests."""

    def hello(self, request: Request) -> Answer:
        return wire.hello("explicit_zero")

    def open(self, request: Request) -> Answer:
        self.close(request)
        start_ms = request.number("clock_start_ms")
        self.opened = forebay.open(
            request.must("location"),
            sqs_limits=request.flag("sqs_limits"),
            sixty_second_rules=request.flag("sixty_second_rules"),
            clock=None if start_ms is None else "manual",
            clock_start_ms=start_ms or 0,
            account=request.text("account"),
            region=request.text("region"),
        )
        return Answer()

    def close(self, request: Request) -> Answer:
        self.forget_waits()
        if self.opened:
            self.opened.close()
        self.opened = None
        self.queues.clear()
        return Answer()

    def now(self, request: Request) -> Answer:
        answer = Answer()
        answer.put("now_ms", self.store.now_ms())
        return answer

    def advance(self, request: Request) -> Answer:
        answer = Answer()
        answer.put("now_ms", self.store.advance((request.number("ms") or 0) / 1000))
        return answer

    def create_queue(self, request: Request) -> Answer:
        queue = self.store.create_queue(
            request.must("name"),
            dead_letter=request.text("dead_letter"),
            max_receives=request.number("max_receives"),
            attributes=request.map("attributes"),
            tags=request.map("tags"),
        )
        return self.found(queue)

    def get_queue(self, request: Request) -> Answer:
        return self.found(self.store.get_queue(request.must("name")))

    def found(self, queue: forebay.Queue[bytes]) -> Answer:
        self.queues[queue.name] = queue
        answer = Answer()
        answer.put("name", queue.name)
        answer.put("arn", queue.arn)
        answer.put("fifo", queue.is_fifo)
        return answer

    def delete_queue(self, request: Request) -> Answer:
        self.store.delete_queue(request.must("name"))
        return Answer()

    def list_queues(self, request: Request) -> Answer:
        page = self.store.list_queues_page(
            request.text("prefix") or "",
            limit=self.page_size(request),
            token=request.text("token"),
        )
        return self.names(page)

    def dead_letter_sources(self, request: Request) -> Answer:
        page = self.queue(request).dead_letter_sources_page(
            limit=self.page_size(request), token=request.text("token")
        )
        return self.names(page)

    def page_size(self, request: Request) -> int:
        size = request.number("max")
        return 1000 if size is None else size

    def names(self, page: forebay.NamePage) -> Answer:
        answer = Answer()
        for place, name in enumerate(page.names, 1):
            answer.put(f"queues.{place}.name", name)
        answer.put("queues.count", len(page.names))
        answer.put("token", page.next_token)
        return answer

    def get_attributes(self, request: Request) -> Answer:
        names = request.texts("names")
        attributes = self.queue(request).get_attributes(*names) if names else {}
        return self.map("attributes", attributes)

    def set_attributes(self, request: Request) -> Answer:
        self.queue(request).set_attributes(request.map("attributes"))
        return Answer()

    def tag(self, request: Request) -> Answer:
        self.queue(request).tag(request.map("tags"))
        return Answer()

    def untag(self, request: Request) -> Answer:
        self.queue(request).untag(*request.texts("keys"))
        return Answer()

    def list_tags(self, request: Request) -> Answer:
        return self.map("tags", self.queue(request).tags())

    def map(self, key: str, entries: dict[str, str]) -> Answer:
        answer = Answer()
        answer.put_map(key, entries.items())
        return answer

    def purge(self, request: Request) -> Answer:
        self.queue(request).purge()
        return Answer()

    def peek(self, request: Request) -> Answer:
        limit = request.number("max")
        found = self.queue(request).peek(
            *request.texts("states"),  # type: ignore[arg-type]
            group=request.text("group"),
            after=request.number("after") or 0,
            limit=10 if limit is None else limit,
        )
        answer = Answer()
        for place, peeked in enumerate(found, 1):
            prefix = f"messages.{place}."
            put_message(answer, prefix, peeked)
            answer.put(f"{prefix}state", peeked.state)
            answer.put(f"{prefix}sequence", peeked.sequence)
            put_attributes(answer, prefix, peeked.select_attributes("All"))
        answer.put("messages.count", len(found))
        return answer

    def start_move_task(self, request: Request) -> Answer:
        answer = Answer()
        handle = self.store.start_move_task(
            request.must("source"), request.text("destination"), rate=request.number("rate")
        )
        answer.put("handle", handle)
        return answer

    def cancel_move_task(self, request: Request) -> Answer:
        answer = Answer()
        answer.put("moved", self.store.cancel_move_task(request.must("handle")))
        return answer

    def list_move_tasks(self, request: Request) -> Answer:
        limit = request.number("max")
        tasks = self.store.list_move_tasks(
            request.must("source"), limit=1 if limit is None else limit
        )
        answer = Answer()
        for place, task in enumerate(tasks, 1):
            prefix = f"tasks.{place}."
            for name in ("status", "source", "destination", "rate", "moved", "to_move", "handle"):
                answer.put(prefix + name, getattr(task, name))
            answer.put(f"{prefix}started_ms", task.started_ms)
            answer.put(f"{prefix}reason", task.failure_reason)
        answer.put("tasks.count", len(tasks))
        return answer


def respond(driver: Driver, request: Request) -> str:
    # `await` is a word of Python.
    verb = getattr(driver, request.verb.replace("await", "await_"), None)
    if verb is None:
        return "unsupported"
    try:
        return str(verb(request))
    except forebay.Error as error:
        return wire.failure(error.number, error.code, str(error))
    except (TypeError, OverflowError) as error:
        raise Misuse(str(error)) from error


if __name__ == "__main__":
    driver = Driver()
    wire.serve(lambda request: respond(driver, request))
    driver.close(Request("close"))
    driver.end()
