"""What the Python package adds to the core: `cargo xtask bench --python`.

    python3 python.py FOREBAY_BENCH [--rounds N] [--seconds S]

Rounds of the core (FOREBAY_BENCH, as a peer) and of the package alternate in one run, in
directories beside each other. Nothing is synced, so that the difference is not lost in the disk's.
Rounds are short: on a machine that does other work too, the quickest ones tell the difference.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import forebay
from forebay import aio

BODY = b"x" * 256
BATCH = [BODY] * 10
WAITS = 1_000


class Core:
    """The core, in a process of its own that answers `COMMAND MILLISECONDS`."""

    def __init__(self, program: str, folder: str) -> None:
        self.process = subprocess.Popen(
            [program, "member", "peer", "os", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.read()

    def read(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def microseconds(self, command: str, seconds: float) -> float:
        """Time of one cycle."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command} {int(seconds * 1000)}\n")
        self.process.stdin.flush()
        _, count, nanoseconds = self.read()
        return int(nanoseconds) / int(count) / 1000

    def close(self) -> None:
        self.process.communicate()


def single(queue: forebay.Queue[bytes]) -> None:
    queue.send(BODY)
    for message in queue.receive():
        message.delete()


def batch(queue: forebay.Queue[bytes]) -> None:
    queue.send_batch(BATCH)
    queue.delete_batch(queue.receive(10))


def microseconds(
    cycle: Callable[[forebay.Queue[bytes]], None], queue: forebay.Queue[bytes], seconds: float
) -> float:
    """Time of one cycle."""
    count = 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in range(20):
            cycle(queue)
        count += 20
    return (time.perf_counter() - start) / count * 1e6


def compare(program: str, rounds: int, seconds: float) -> None:
    print(f"{'one thread, 256 B, durability os':<36} {'core':>8} {'Python':>8}     added")
    with tempfile.TemporaryDirectory() as folder:
        core = Core(program, f"{folder}/core")
        with forebay.open(f"{folder}/python", durability="os") as store:
            queue = store.create_queue("bench")
            for name, command, cycle in (
                ("send, receive, delete", "cycle", single),
                ("the same in batches of 10, a batch", "batch", batch),
            ):
                core.microseconds(command, seconds / 2)
                microseconds(cycle, queue, seconds / 2)
                pairs = [
                    (core.microseconds(command, seconds), microseconds(cycle, queue, seconds))
                    for _ in range(rounds)
                ]
                for kind, of in (("quickest round", min), ("median", statistics.median)):
                    before, after = (of(times) for times in zip(*pairs, strict=True))
                    added = after - before
                    print(
                        f"{name:<36} {before:>5.1f} us {after:>5.1f} us  {added:>+5.1f} us "
                        f"({added / before:+.0%}), {kind}"
                    )
        core.close()


def memory_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


async def waiting() -> None:
    """Many receives that wait at the same time."""
    async with aio.open("mem:") as store:
        queue = await store.create_queue("bench")
        await queue.send(BODY)
        await queue.receive(wait=1, visibility_timeout=0)
        await (await queue.receive(wait=1))[0].delete()
        before = threads(), memory_kib()
        tasks = [asyncio.create_task(queue.receive(wait=20)) for _ in range(WAITS)]
        await asyncio.sleep(0.2)
        added = threads() - before[0], memory_kib() - before[1]
        start = time.perf_counter()
        await queue.send_batch([BODY] * WAITS)
        await asyncio.gather(*tasks)
        took = time.perf_counter() - start
    print(
        f"{WAITS} receives waiting in asyncio: {added[0]} threads more, {added[1] / WAITS:.1f} KiB "
        f"each, its task included; all woken by one batch in {took * 1000:.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=0.05)
    arguments = parser.parse_args()
    compare(arguments.program, arguments.rounds, arguments.seconds)
    asyncio.run(waiting())


if __name__ == "__main__":
    main()
