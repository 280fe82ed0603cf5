"""Work on the messages of a queue until it is told to stop.

    def handle(message):
        work(message.body)

    forebay.Worker(orders, handle, concurrency=8).run()

A handler that returns deletes its message. While it works nobody else gets the message: the
worker extends its visibility timeout. A handler may be a function, which runs in a thread, or a
coroutine function, which runs as a task.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import re
import signal
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from . import aio
from ._native import Attribute, Message, Queue, release
from .errors import BatchFailure, Closed, Error, InvalidParameterValue

T = TypeVar("T")

Handler = Callable[[Message[T]], None]
AsyncHandler = Callable[[aio.Message[T]], Coroutine[Any, Any, None]]

log = logging.getLogger("forebay.worker")

REASON_ATTRIBUTE = "forebay.RejectReason"
"""Message attribute of a dead letter that tells why its handler rejected it."""

REASON_CHARS_MAX = 4096
"""So much of a reason is kept."""

ATTRIBUTES_MAX = 10
"""Message attributes of one message, as SQS allows."""

ENTRIES_MAX = 10
"""Entries of a batch that every store takes, also one with `sqs_limits`."""

_NO_TEXT = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What SQS carries in no text."""


class Retry(Exception):
    """Raised by a handler: the message is to be received again, after `delay` seconds."""

    def __init__(self, delay: int = 0) -> None:
        super().__init__(delay)
        self.delay = delay


class Reject(Exception):
    """Raised by a handler: no retry will help.

    The message goes to the dead-letter queue of its queue, with the reason in the attribute
    `forebay.RejectReason`, and on a FIFO queue with a deduplication id of its own; without a
    dead-letter queue it is deleted.
    """

    def __init__(self, reason: str = "rejected") -> None:
        super().__init__(reason)
        self.reason = reason


def backoff(receive_count: int) -> int:
    """How long a message rests after its handler failed: 1 s, 2 s, 4 s, up to 5 minutes."""
    return min(1 << min(receive_count - 1, 9), 300)


class _NoThreads(BaseException):
    """The program is ending, and no handler can begin any more."""


class _End(BaseException):
    """A handler raised what ends the program, such as SystemExit: a task must not carry it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class _Lease(Generic[T]):
    """A message that this worker holds, until a time on the clock of its loop."""

    def __init__(self, message: aio.Message[T], until: float) -> None:
        self.message = message
        self.until = until
        self.lost = threading.Event()
        self.task: asyncio.Task[BaseException | None] | None = None

    @property
    def held(self) -> bool:
        """Whether something is still to be done with the message here."""
        return not self.lost.is_set() and not self.message.settled

    def lose(self) -> None:
        """Somebody else may have the message now: its handler must not go on."""
        self.lost.set()
        log.warning("lost %r: its visibility timeout passed, or it was deleted", self.message)
        if self.task:
            self.task.cancel()


_lease: ContextVar[_Lease[Any]] = ContextVar("forebay.lease")


def lease_lost() -> bool:
    """True inside a handler whose message may have gone to somebody else.

    A handler that runs in a thread should look now and then, and give up; one that is a task is
    cancelled.
    """
    lease = _lease.get(None)
    return lease is not None and lease.lost.is_set()


class Worker(Generic[T]):
    """Calls `handler` for the messages of `queue`, up to `concurrency` at the same time.

    What the handler does decides about its message:

    - it returns: the message is deleted;
    - it raises `Retry(delay)`: the message comes back after `delay` seconds;
    - it raises `Reject(reason)`: the message goes to the dead-letter queue;
    - it raises anything else: this is logged, and the message comes back after
      `backoff(receive_count)` seconds;
    - it raises SystemExit, KeyboardInterrupt or the like: the worker ends with it, and the message
      goes back at once.

    `batch` messages are received at a time, each time waiting up to `wait` seconds;
    `visibility_timeout` seconds without an extension make them come back, by default what the
    queue says.
    """

    def __init__(
        self,
        queue: Queue[T] | aio.Queue[T],
        handler: Handler[T] | AsyncHandler[T],
        *,
        concurrency: int = 1,
        batch: int = 1,
        wait: int = 20,
        visibility_timeout: int | None = None,
        backoff: Callable[[int], int] = backoff,
    ) -> None:
        if concurrency < 1:
            raise ValueError(f"concurrency is {concurrency}; it must be at least 1")
        self._queue = queue if isinstance(queue, aio.Queue) else aio.Queue(queue)
        self._handler = handler
        self._awaits = _is_async(handler)
        self._concurrency = concurrency
        self._batch = batch
        self._wait = wait
        self._timeout = visibility_timeout
        self._backoff = backoff
        self._leases: set[_Lease[T]] = set()
        self._idle: set[asyncio.Task[None]] = set()
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Works until `stop` is called or the store is closed.

        In the main thread, SIGINT and SIGTERM stop it as well; a second one ends it at once.
        """
        asyncio.run(self._run())

    async def _run(self) -> None:
        serving = asyncio.current_task()
        loop = asyncio.get_running_loop()
        handled = threading.current_thread() is threading.main_thread()

        def stop() -> None:
            if self._stopping.is_set() and serving:
                serving.cancel()
            self.stop()

        signals = (signal.SIGINT, signal.SIGTERM) if handled else ()
        before = {number: signal.getsignal(number) for number in signals}
        for number in signals:
            loop.add_signal_handler(number, stop)
        try:
            await self.serve()
        finally:
            for number, handler in before.items():
                loop.remove_signal_handler(number)
                # None was not set from Python, and cannot be.
                if handler is not None:
                    signal.signal(number, handler)

    def stop(self) -> None:
        """Asks the worker to stop, from any thread.

        It receives nothing more and gives back what it has not begun; handlers that run now may
        finish. `run` and `serve` return then.
        """
        self._stopping.set()
        # The thread that works forgets its loop at any moment.
        loop = self._loop
        if loop:
            # A loop that has ended has nothing to stop.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._stop_waiting)

    def _stop_waiting(self) -> None:
        for task in self._idle:
            task.cancel()

    async def serve(self) -> None:
        """What `run` does, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        timeout = self._timeout
        if timeout is None:
            attributes = await self._queue.get_attributes("VisibilityTimeout")
            timeout = int(attributes["VisibilityTimeout"])
        if timeout < 1:
            raise ValueError("with a visibility timeout of 0 others would get each message too")
        pool = ThreadPoolExecutor(self._concurrency, "forebay-worker")
        extending = asyncio.create_task(self._extend_all(timeout))
        try:
            async with asyncio.TaskGroup() as slots:
                for _ in range(self._concurrency):
                    slots.create_task(self._work(timeout, pool))
        except BaseExceptionGroup as group:
            # The others were cancelled because of it.
            first = group.exceptions[0]
            raise (first.error if isinstance(first, _End) else first) from None
        finally:
            extending.cancel()
            pool.shutdown(wait=False)
            self._loop = None

    async def _work(self, timeout: int, pool: ThreadPoolExecutor) -> None:
        """One of the slots that work side by side."""
        while not self._stopping.is_set():
            try:
                received = await self._receive(timeout)
            except Closed:
                return
            until = asyncio.get_running_loop().time() + timeout
            ahead = deque(_Lease(message, until) for message in received)
            self._leases.update(ahead)
            try:
                while ahead and not self._stopping.is_set():
                    done = await self._handle(ahead.popleft(), pool)
                    if not done and self._queue.is_fifo:
                        # What follows in its group must not overtake it.
                        break
            finally:
                self._leases.difference_update(ahead)
                release(lease.message for lease in ahead if lease.held)

    async def _receive(self, timeout: int) -> list[aio.Message[T]]:
        """The next messages; none once it is to stop."""
        task = cast(asyncio.Task[None], asyncio.current_task())
        self._idle.add(task)
        try:
            return await self._queue.receive(self._batch, self._wait, visibility_timeout=timeout)
        except asyncio.CancelledError:
            if not self._stopping.is_set():
                raise
            task.uncancel()
        except Error as error:
            if not error.retryable:
                raise
            log.warning("cannot receive now: %s", error)
            await asyncio.sleep(1)
        finally:
            self._idle.discard(task)
        return []

    async def _handle(self, lease: _Lease[T], pool: ThreadPoolExecutor) -> bool:
        """Calls the handler and settles its message. False: it comes back."""
        message = lease.message
        try:
            if not lease.held:
                return False
            done = await self._outcome(lease, pool)
            if done and lease.held:
                await message.delete()
            return done and not lease.lost.is_set()
        except Closed:
            log.warning("the store was closed before %r was done", message)
        except Exception:
            log.exception("could not settle %r; it comes back", message)
        except BaseException as error:
            release([message] if lease.held else [])
            # Its handler may still run in a thread.
            lease.lost.set()
            if not isinstance(error, _NoThreads):
                raise
            log.warning("the program is ending: gave back %r", message)
            self.stop()
        finally:
            self._leases.discard(lease)
        return False

    async def _outcome(self, lease: _Lease[T], pool: ThreadPoolExecutor) -> bool:
        """Runs the handler, and does what it wants but the deletion, for which this is True."""
        message = lease.message
        try:
            await self._call(lease, pool)
            return True
        except Retry as retry:
            delay = retry.delay
        except Reject as reject:
            if lease.held:
                await self._bury(message, reject.reason)
            return True
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError):
                if _is_cancelled():
                    raise
                if lease.lost.is_set():
                    return False
            delay = self._pause(message)
            log.exception("the handler of %r failed; it comes back in %s s", message, delay)
        if lease.held:
            self._leases.discard(lease)
            await _hide(message, delay)
        return False

    def _pause(self, message: aio.Message[T]) -> int:
        try:
            return self._backoff(message.receive_count)
        except Exception:
            log.exception("backoff(%d) failed", message.receive_count)
            return backoff(message.receive_count)

    async def _call(self, lease: _Lease[T], pool: ThreadPoolExecutor) -> None:
        _lease.set(lease)
        if self._awaits:
            handler = cast(AsyncHandler[T], self._handler)
            lease.task = asyncio.create_task(_attempt_async(handler, lease.message))
            error = await lease.task
        else:
            work = cast(Handler[T], self._handler)
            loop = asyncio.get_running_loop()
            run = copy_context().run
            try:
                running = loop.run_in_executor(pool, run, _attempt, work, Message(lease.message))
            except RuntimeError as refused:
                raise _NoThreads from refused
            error = await running
        try:
            if isinstance(error, (Exception, asyncio.CancelledError)):
                raise error
            if error is not None:
                raise _End(error)
        finally:
            del error

    async def _bury(self, message: aio.Message[T], reason: str) -> None:
        """Sends a copy to the dead-letter queue, so that the message can be deleted."""
        dead = await self._queue.dead_letter_queue()
        if dead is None:
            log.error("deleting %r, which has no dead-letter queue: %s", message, reason)
            return
        attributes = dict(message.select_attributes("All"))
        explained = attributes.copy()
        if len(attributes) < ATTRIBUTES_MAX:
            text = _NO_TEXT.sub("?", str(reason)[:REASON_CHARS_MAX])
            explained[REASON_ATTRIBUTE] = Attribute(text or "rejected")
        try:
            await _copy(message, dead, explained)
        except InvalidParameterValue:
            log.exception("no room for the reason why %r is rejected: %s", message, reason)
            await _copy(message, dead, attributes)

    async def _extend_all(self, timeout: int) -> None:
        """Keeps what is held hidden: three times within each visibility timeout."""
        while True:
            await asyncio.sleep(timeout / 3)
            try:
                await self._extend(timeout)
            except Closed:
                return
            except Error:
                log.exception("could not extend visibility timeouts; trying again")

    async def _extend(self, timeout: int) -> None:
        now = asyncio.get_running_loop().time()
        for lease in [lease for lease in self._leases if lease.held and lease.until <= now]:
            lease.lose()
        held = [lease for lease in self._leases if lease.held]
        parts = [held[at : at + ENTRIES_MAX] for at in range(0, len(held), ENTRIES_MAX)]
        await asyncio.gather(*(self._extend_part(part, timeout, now) for part in parts))

    async def _extend_part(self, held: list[_Lease[T]], timeout: int, now: float) -> None:
        results: list[Error | None] = [None] * len(held)
        try:
            await self._queue.change_visibility_batch([(it.message, timeout) for it in held])
        except BatchFailure as failure:
            results = failure.results
        for lease, error in zip(held, results, strict=True):
            if error is None:
                lease.until = now + timeout
            elif lease in self._leases and lease.held:
                lease.lose()

    def __enter__(self) -> Self:
        """Runs in a thread of its own until the block ends.

        What ends it before, such as an error or SystemExit, is raised at the block's end.
        """
        self._thread = threading.Thread(
            target=self._serve_here, name="forebay-worker", daemon=True
        )
        self._thread.start()
        return self

    def _serve_here(self) -> None:
        try:
            asyncio.run(self.serve())
        except BaseException as error:
            log.exception("the worker has ended")
            self._failure = error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._thread:
            self._thread.join()
        failure, self._failure = self._failure, None
        # The block's own exception matters more.
        if failure is not None and error is None:
            raise failure

    async def __aenter__(self) -> Self:
        """Runs as a task until the block ends."""
        self._serving = asyncio.create_task(self.serve())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        try:
            await self._serving
        except Exception:
            log.exception("the worker has ended")
            # The block's own exception matters more.
            if error is None:
                raise


def _attempt(work: Callable[[Message[T]], object], message: Message[T]) -> BaseException | None:
    """Calls a handler. What it raises is returned: a future does not take every exception."""
    try:
        result = work(message)
        if inspect.iscoroutine(result):
            result.close()
        if inspect.isawaitable(result) or inspect.isgenerator(result) or inspect.isasyncgen(result):
            raise TypeError(
                f"{work!r} did nothing: it returned {result!r}, which nobody runs; "
                "a handler is a function, or a coroutine function itself"
            )
    except BaseException as error:
        return error
    return None


async def _attempt_async(
    work: AsyncHandler[T], message: aio.Message[T]
) -> BaseException | None:
    try:
        await work(message)
    except BaseException as error:
        return error
    return None


async def _hide(message: aio.Message[Any], delay: int) -> None:
    try:
        await message.change_visibility(delay)
    except (TypeError, ValueError):
        pause = backoff(message.receive_count)
        log.exception("%r comes back in %d s: %r is no delay", message, pause, delay)
        await message.change_visibility(pause)


async def _copy(
    message: aio.Message[Any], dead: aio.Queue[bytes], attributes: dict[str, Attribute]
) -> None:
    await dead.send(
        message.raw,
        attributes=attributes,
        group=message.group,
        # Under its own, a queue that it was in less than five minutes ago would drop it.
        dedup=f"rejected-{message.id}" if message.dedup else None,
        trace_header=message.trace_header,
        sender=message.sender,
    )


def _is_async(handler: Callable[..., Any]) -> bool:
    called = type(handler).__call__
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(called)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
