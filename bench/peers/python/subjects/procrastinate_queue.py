"""procrastinate: jobs are deferred by so many clients at once, then its worker runs them all."""

import asyncio
import logging
import time
from importlib.metadata import version

import procrastinate

CLIENTS_MAX = 64


class Queue:
    async def open(self, location: str) -> str:
        logging.disable(logging.CRITICAL)
        connector = procrastinate.PsycopgConnector(conninfo=location, max_size=CLIENTS_MAX + 4)
        self.app = procrastinate.App(connector=connector)

        @self.app.task(name="nothing", queue="bench")
        async def nothing(body: str) -> None:
            self.done += 1

        self.task = nothing
        await self.app.open_async()
        await self.app.schema_manager.apply_schema_async()
        return f"{version('procrastinate')}; its own worker, finished jobs deleted"

    async def work(self, clients: int, batch: int, body: str, seconds: float) -> int:
        self.done = 0
        until = time.perf_counter() + seconds / 3

        async def client() -> None:
            while time.perf_counter() < until:
                if batch == 1:
                    await self.task.defer_async(body=body)
                else:
                    await self.task.batch_defer_async(*[{"body": body}] * batch)

        await asyncio.gather(*(client() for _ in range(clients)))
        # Its worker takes jobs one by one, so many at the same time.
        await self.app.run_worker_async(
            concurrency=clients,
            wait=False,
            delete_jobs="always",
            listen_notify=False,
            install_signal_handlers=False,
        )
        return self.done
