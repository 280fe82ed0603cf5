"""Forebay for asyncio: the same names, awaited.

    from forebay import aio

    async with aio.open("./queues") as store:
        orders = await store.create_queue("orders", visibility_timeout=30)
        await orders.send(b"any bytes")
        async for message in orders.messages():
            async with message:
                print(message.body)

The library's own threads wake the event loop: a wait takes no thread, however many there are.
Cancelling a task that waits for messages never loses one: nothing was taken then, or it is made
visible again at once, or as soon as whoever holds the store lets go of it. A call that was
cancelled otherwise, such as a send, may have happened.
"""

from ._message import Batch, Message
from ._messages import Messages
from ._queue import Queue
from ._serve import Endpoint, serve
from ._store import Store, open

__all__ = ["Batch", "Endpoint", "Message", "Messages", "Queue", "Store", "open", "serve"]
