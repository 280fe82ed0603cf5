"""A peer for `cargo xtask bench --postgres`; ../README.md has the protocol."""

import asyncio
import importlib
import sys
import time
from typing import Protocol


class Subject(Protocol):
    """A queue library behind one face."""

    async def open(self, location: str) -> str:
        """Makes its tables; its version and settings."""

    async def work(self, clients: int, batch: int, body: str, seconds: float) -> int:
        """Cycles for this long; how many messages were done with."""


async def main() -> None:
    name, location = sys.argv[1:]
    subject: Subject = importlib.import_module(f"subjects.{name}").Queue()
    print("ready", await subject.open(location), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        clients, batch, size, milliseconds = map(int, line.split()[1:])
        start = time.perf_counter_ns()
        count = await subject.work(clients, batch, "x" * size, milliseconds / 1000)
        print("done", count, time.perf_counter_ns() - start, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
