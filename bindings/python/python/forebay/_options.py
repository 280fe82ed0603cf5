"""Keyword arguments that several functions take, by their types."""

from __future__ import annotations

from os import PathLike
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


class TestOptions(TypedDict, total=False):
    """How a server for tests starts."""

    frozen: bool
    start_ms: int
    seed: int


class _RequiredCredential(TypedDict):
    access_key_id: str
    secret_access_key: str
    account: str


class Credential(_RequiredCredential, total=False):
    """An access key, and whom it belongs to."""

    session_token: str
    user: str
    role: str
    principal_id: str
    expires_at: int
    enabled: bool


class _RequiredQueue(TypedDict):
    name: str


class ServedQueue(_RequiredQueue, total=False):
    """A queue that exists when the server is ready."""

    account: str
    region: str
    attributes: dict[str, str | int | bool]
    tags: dict[str, str]
    dead_letter: str
    max_receives: int


class Limits(TypedDict, total=False):
    """Bounds of connections and requests."""

    connections: int
    header_bytes: int
    body_bytes: int
    bodies_bytes: int
    header_timeout_s: int
    body_timeout_s: int
    http2_streams: int
    shutdown_s: int
    threads: int
    metrics_queues: int


class Tls(TypedDict):
    """Files of a server of HTTPS."""

    certificate: str | PathLike[str]
    key: str | PathLike[str]


class ServeOptions(TypedDict, total=False):
    """What `forebay.serve` takes besides the store and the address; see docs/SERVER.md."""

    durability: Literal["full", "strict", "os"] | None
    test: bool | TestOptions
    account: str | None
    region: str | None
    base_url: str | None
    trust_proxy: bool
    accepted_hosts: list[str]
    sixty_second_rules: bool | None
    limits: Limits | None
    credentials: list[Credential]
    queues: list[ServedQueue]
    tls: Tls | None
