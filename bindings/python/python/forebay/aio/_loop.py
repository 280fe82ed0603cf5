"""How answers of the library's threads come into an event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from .._native import Mailbox


class _Current(threading.local):
    """The loop that this thread ran last, and its mailbox."""

    loop: asyncio.AbstractEventLoop | None = None
    mailbox: Mailbox


_current = _Current()


def pending() -> tuple[Mailbox, asyncio.Future[Any]]:
    """The mailbox of the running loop, and a future for an answer to come."""
    loop = asyncio.get_running_loop()
    if _current.loop is not loop:
        mailbox = Mailbox()
        # The loop keeps the mailbox, and lets go of it when it is closed.
        loop.add_reader(mailbox.fileno(), _deliver, mailbox)
        _current.loop, _current.mailbox = loop, mailbox
    return _current.mailbox, loop.create_future()


def _deliver(mailbox: Mailbox) -> None:
    for future, failed, answer in mailbox.take():
        if failed:
            future.set_exception(answer)
        else:
            future.set_result(answer)
