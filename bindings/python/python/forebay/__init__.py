"""The message queue of Amazon SQS as a library: durable, and without a broker.

    import forebay

    with forebay.open("./queues") as store:
        orders = store.create_queue("orders", visibility_timeout=30)
        orders.send(b"any bytes")
        for message in orders.receive(max=10, wait=20):
            with message:
                print(message.body)

`forebay.aio` has the same for asyncio, `Worker` calls a function for each message,
`forebay.codecs` makes queues of values, `forebay.errors` has the exceptions, and `serve` gives a
store to every program that speaks SQS.
"""

from . import aio, codecs, errors
from ._batch import Batch
from ._native import (
    Attribute,
    CheckReport,
    Counts,
    Message,
    Messages,
    MoveTask,
    NamePage,
    Peeked,
    Queue,
    Received,
    Recovery,
    SendReceipt,
    SendRequest,
    Statistics,
    Store,
    __version__,
    open,
)
from ._serve import Endpoint, serve
from .errors import BatchFailure, Error
from .worker import Reject, Retry, Worker, lease_lost

__all__ = [
    "Attribute",
    "Batch",
    "BatchFailure",
    "CheckReport",
    "Counts",
    "Endpoint",
    "Error",
    "Message",
    "Messages",
    "MoveTask",
    "NamePage",
    "Peeked",
    "Queue",
    "Received",
    "Recovery",
    "Reject",
    "Retry",
    "SendReceipt",
    "SendRequest",
    "Statistics",
    "Store",
    "Worker",
    "__version__",
    "aio",
    "codecs",
    "errors",
    "lease_lost",
    "open",
    "serve",
]
