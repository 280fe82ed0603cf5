"""Keyword arguments that several functions take, by their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from ._native import _Attributes


class OpenOptions(TypedDict, total=False):
    """What `forebay.open` takes besides the location."""

    durability: Literal["full", "strict", "os"] | None
    clock: Literal["system", "manual"] | None
    clock_start_ms: int
    account: str | None
    region: str | None
    sqs_limits: bool | None
    sixty_second_rules: bool | None
    create: bool | None
    allow_network_file_system: bool | None
    lock_timeout: float | None
    segment_bytes: int | None
    reserve_bytes: int | None


class QueueOptions(TypedDict, total=False):
    """What `Store.create_queue` takes besides the name and the codec."""

    fifo: bool | None
    content_deduplication: bool | None
    visibility_timeout: int | None
    delay: int | None
    retention: int | None
    receive_wait: int | None
    message_bytes_max: int | None
    dead_letter: str | None
    max_receives: int | None
    attributes: dict[str, str] | None
    tags: dict[str, str] | None


class SendOptions(TypedDict, total=False):
    """What a message may have besides its body."""

    delay: int | None
    attributes: _Attributes | None
    group: str | None
    dedup: str | None
    trace_header: str | None
    sender: str | None
