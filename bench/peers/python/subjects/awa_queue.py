"""awa: each client inserts a batch and waits until as many jobs were run."""

import asyncio
import time
from dataclasses import dataclass
from importlib.metadata import version

import awa

WORKERS = 64


@dataclass
class Nothing:
    body: str


class Queue:
    async def open(self, location: str) -> str:
        self.client = awa.AsyncClient(location, max_connections=40)
        await self.client.migrate()
        self.done = 0

        @self.client.task(Nothing, queue="bench")
        async def nothing(job: awa.Job) -> None:
            self.done += 1

        await self.client.start([("bench", WORKERS)], poll_interval_ms=20)
        return f"{version('awa-pg')}; its own worker, batches by enqueue_many_copy"

    async def work(self, clients: int, batch: int, body: str, seconds: float) -> int:
        begun = self.done
        sent = begun
        until = time.perf_counter() + seconds

        async def client() -> None:
            nonlocal sent
            while time.perf_counter() < until:
                sent += batch
                if batch == 1:
                    await self.client.insert(Nothing(body), queue="bench")
                else:
                    await self.client.enqueue_many_copy([Nothing(body)] * batch, queue="bench")
                # Not further ahead than one batch a client.
                while sent - self.done > clients * batch and time.perf_counter() < until + 1:
                    await asyncio.sleep(0.0005)

        await asyncio.gather(*(client() for _ in range(clients)))
        deadline = time.perf_counter() + 10
        while self.done < sent and time.perf_counter() < deadline:
            await asyncio.sleep(0.001)
        return self.done - begun
