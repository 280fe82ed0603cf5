"""A peer for `cargo xtask bench --peers`; ../README.md has the protocol."""

import importlib
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

BODY = "x" * 256


class Subject(Protocol):
    """A queue library behind one face."""

    def about(self) -> str:
        """Its version and settings."""

    def send(self, body: str) -> None:
        """Stores a message."""

    def take(self, wait: bool) -> Any:
        """A message, or None; with `wait` the library's own wait where it has one."""

    def done(self, taken: Any) -> None:
        """Acknowledges a message."""


def cycle(subject: Subject, milliseconds: int) -> int:
    until = time.perf_counter() + milliseconds / 1000
    count = 0
    while time.perf_counter() < until:
        subject.send(BODY)
        subject.done(subject.take(False))
        count += 1
    return count


def produce(subject: Subject, count: int) -> int:
    for _ in range(count):
        subject.send(BODY)
    return count


def consume(subject: Subject, count: int) -> int:
    done = 0
    while done < count:
        taken = subject.take(True)
        if taken is None:
            time.sleep(0.0005)
            continue
        subject.done(taken)
        done += 1
    return done


COMMANDS: dict[str, Callable[[Subject, int], int]] = {
    "cycle": cycle,
    "produce": produce,
    "consume": consume,
}


def main() -> None:
    name, durability, folder = sys.argv[1:]
    subject: Subject = importlib.import_module(f"subjects.{name}").open(folder, durability)
    print("ready", subject.about(), flush=True)
    for line in sys.stdin:
        command, number = line.split()
        start = time.perf_counter_ns()
        count = COMMANDS[command](subject, int(number))
        print("done", count, time.perf_counter_ns() - start, flush=True)


if __name__ == "__main__":
    main()
