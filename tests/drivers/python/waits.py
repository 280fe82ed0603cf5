"""Verbs of the driver `python` about receives that wait: tasks of asyncio."""

from __future__ import annotations

import asyncio

from forebay import aio
from messages import Messages, read_options, received
from wire import Answer, Misuse, Request

# Turns of the loop in which an answer that is there gets to its task: one to see it, one to wake
# the task, and one to spare.
TURNS = 3


class Waits(Messages):
    """Runs its event loop only inside a verb, so that nothing happens between two requests."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.waits: dict[str, asyncio.Task[aio.Batch[bytes]]] = {}

    def turn(self, times: int) -> None:
        async def turns() -> None:
            for _ in range(times):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turns())

    def wait(self, request: Request) -> asyncio.Task[aio.Batch[bytes]]:
        name = request.must("ticket")
        if name not in self.waits:
            raise Misuse(f"no ticket {name}")
        return self.waits[name]

    def receive_start(self, request: Request) -> Answer:
        name = request.must("ticket")
        if name in self.waits:
            raise Misuse(f"the ticket {name} is in use")
        queue = aio.Queue(self.queue(request))
        task = self.loop.create_task(queue.receive(**read_options(request)))
        self.turn(1)
        if task.done():
            # Refused before it began to wait.
            task.result()
        self.waits[name] = task
        return Answer()

    def ticket_state(self, request: Request) -> Answer:
        task = self.wait(request)
        self.turn(TURNS)
        answer = Answer()
        answer.put("done", task.done())
        return answer

    def await_(self, request: Request) -> Answer:
        task = self.wait(request)
        del self.waits[request.must("ticket")]
        return received(self.loop.run_until_complete(task), ["All"], [])

    def cancel(self, request: Request) -> Answer:
        task = self.wait(request)
        del self.waits[request.must("ticket")]
        task.cancel()
        try:
            messages = self.loop.run_until_complete(task)
        except asyncio.CancelledError:
            return Answer()
        raise Misuse(f"{len(messages)} messages came first")

    def forget_waits(self) -> None:
        for task in self.waits.values():
            task.cancel()
        if self.waits:
            self.loop.run_until_complete(asyncio.wait(self.waits.values()))
        self.waits.clear()

    def end(self) -> None:
        self.loop.close()

