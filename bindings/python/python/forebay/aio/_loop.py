"""How answers of the library's threads come into an event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any
from weakref import WeakKeyDictionary

from .._native import Mailbox


class _Current(threading.local):
    """The loop that this thread ran last, and its mailbox."""

    loop: asyncio.AbstractEventLoop | None = None
    mailbox: Mailbox


_current = _Current()
_mailboxes: WeakKeyDictionary[asyncio.AbstractEventLoop, Mailbox] = WeakKeyDictionary()
_lock = threading.Lock()


def pending() -> tuple[Mailbox, asyncio.Future[Any]]:
    """The mailbox of the running loop, and a future for an answer to come."""
    loop = asyncio.get_running_loop()
    if _current.loop is not loop:
        mailbox = _mailbox_of(loop)
        _current.loop, _current.mailbox = loop, mailbox
    return _current.mailbox, loop.create_future()


def _mailbox_of(loop: asyncio.AbstractEventLoop) -> Mailbox:
    with _lock:
        mailbox = _mailboxes.get(loop)
        if mailbox is None:
            mailbox = Mailbox()
            loop.add_reader(mailbox.fileno(), _Delivery(mailbox))
            _mailboxes[loop] = mailbox
    return mailbox


class _Delivery:
    """Takes answers out of a mailbox into their futures.

    Only the loop has it, and lets go of it when it is closed: nobody takes answers any more then.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def __call__(self) -> None:
        for future, failed, answer in self._mailbox.take():
            if failed:
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def __del__(self) -> None:
        self._mailbox.close()
