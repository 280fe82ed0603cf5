"""The line protocol of the scenario runner: tests/scenarios/README.md describes it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from urllib.parse import quote_from_bytes, unquote_to_bytes

CAPABILITIES = [
    "manual_clock",
    "durable",
    "tickets",
    "peek",
    "no_limits",
    "scale",
]


class Misuse(Exception):
    """The request does not fit the protocol: a fault of the scenario or the runner."""


class Request:
    """A request: a verb and its fields."""

    def __init__(self, line: str) -> None:
        self.verb, *words = line.rstrip("\n").split(" ")
        pairs = (word.partition("=") for word in words)
        self.fields = {key: unquote_to_bytes(value) for key, _, value in pairs}

    def has(self, key: str) -> bool:
        return key in self.fields

    def raw(self, key: str) -> bytes:
        """The bytes of a field that must be there."""
        if key not in self.fields:
            raise Misuse(f"{self.verb} needs {key}")
        return self.fields[key]

    def text(self, key: str) -> str | None:
        return self.fields[key].decode() if key in self.fields else None

    def must(self, key: str) -> str:
        """The text of a field that must be there."""
        return self.raw(key).decode()

    def number(self, key: str) -> int | None:
        return int(self.fields[key]) if key in self.fields else None

    def flag(self, key: str) -> bool:
        return self.fields.get(key, b"0") == b"1"

    def count(self, key: str) -> int:
        return self.number(f"{key}.count") or 0

    def texts(self, key: str) -> list[str]:
        return [self.must(f"{key}.{place}") for place in range(1, self.count(key) + 1)]

    def map(self, key: str) -> dict[str, str]:
        places = range(1, self.count(key) + 1)
        return {self.must(f"{key}.{n}.name"): self.must(f"{key}.{n}.value") for n in places}

    def entries(self) -> list[str]:
        """The prefix of each record of the list `entries`."""
        return [f"entries.{place}." for place in range(1, self.count("entries") + 1)]


class Answer:
    """An answer in the making. What is None is not there."""

    def __init__(self) -> None:
        self.words = ["ok"]

    def put(self, key: str, value: bytes | str | int | None) -> None:
        if value is None:
            return
        if isinstance(value, int):
            value = str(int(value))
        if isinstance(value, str):
            value = value.encode()
        self.words.append(f"{key}={_quote(value)}")

    def put_map(self, key: str, entries: Iterable[tuple[str, str]]) -> None:
        count = 0
        for count, (name, value) in enumerate(entries, 1):
            self.put(f"{key}.{count}.name", name)
            self.put(f"{key}.{count}.value", value)
        self.put(f"{key}.count", count)

    def __str__(self) -> str:
        return " ".join(self.words)


def hello(*more: str) -> Answer:
    """Says what a driver can do."""
    answer = Answer()
    capabilities = [*CAPABILITIES, *more]
    for place, name in enumerate(capabilities, 1):
        answer.put(f"capabilities.{place}", name)
    answer.put("capabilities.count", len(capabilities))
    return answer


def failure(number: int, name: str, text: str) -> str:
    """The answer to a call that the library refused."""
    return f"error {number} {name} {_quote(text.encode())}"


def serve(respond: Callable[[Request], str]) -> None:
    """Answers requests until the input ends."""
    for line in sys.stdin:
        try:
            answer = respond(Request(line))
        except Misuse as misuse:
            answer = failure(100, "Forebay.InvalidArgument", f"driver: {misuse}")
        print(answer, flush=True)


def _quote(value: bytes) -> str:
    return quote_from_bytes(value, safe="-._~:/")
