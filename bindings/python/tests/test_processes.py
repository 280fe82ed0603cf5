"""Signals, forks, other processes, and the end of the interpreter."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import forebay
import pytest
from forebay import errors


def python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a program in an interpreter of its own; one that hangs fails."""
    command = [sys.executable, "-c", textwrap.dedent(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_ctrl_c_ends_a_wait_at_once(queue: forebay.Queue[bytes]) -> None:
    pid = os.getpid()
    timer = threading.Timer(0.3, os.kill, (pid, signal.SIGINT))
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        queue.receive(wait=20)
    assert time.monotonic() - start < 15, "it did not wait for the end of the wait"
    timer.join()
    queue.send(b"x")
    assert [message.receive_count for message in queue.receive()] == [1]


def test_a_handler_that_does_not_raise_lets_the_wait_go_on(queue: forebay.Queue[bytes]) -> None:
    def handle(number: int, frame: object) -> None:
        queue.send(b"by the handler")

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert [message.body for message in queue.receive(wait=20)] == [b"by the handler"]
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_waits_let_other_threads_run(queue: forebay.Queue[bytes]) -> None:
    seen: list[bytes] = []

    def consume() -> None:
        seen.extend(message.body for message in queue.receive(wait=20))

    threads = [threading.Thread(target=consume) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(8):
        queue.send(b"%d" % number)
    for thread in threads:
        thread.join(30)
    assert sorted(seen) == [b"%d" % number for number in range(8)]


def test_a_forked_child_is_told_what_to_do(tmp_path: Path) -> None:
    program = """
        import os, sys, forebay
        store = forebay.open(sys.argv[1])
        queue = store.create_queue("orders")
        child = os.fork()
        if child == 0:
            try:
                queue.send(b"x")
            except forebay.errors.Forked as error:
                print(error, flush=True)
            del queue, store
            with forebay.open(sys.argv[1]) as again:
                again.get_queue("orders").send(b"from the child")
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        [message] = queue.receive()
        print(message.body, flush=True)
    """
    done = python(program, str(tmp_path / "queues"))
    assert done.returncode == 0, done.stderr
    assert "open it again in the child" in done.stdout
    assert done.stdout.endswith("b'from the child'\n")


def test_the_end_of_a_forked_child_does_not_touch_the_parent(tmp_path: Path) -> None:
    program = """
        import os, sys, threading, forebay
        store = forebay.open(sys.argv[1])
        queue = store.create_queue("orders")
        waiting = threading.Thread(target=queue.receive, kwargs={"wait": 2})
        waiting.start()
        child = os.fork()
        if child == 0:
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        queue.send(b"x")
        waiting.join()
        print(queue.counts())
    """
    done = python(program, str(tmp_path / "queues"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "<Counts 0 visible, 1 in flight, 0 delayed>\n"


def echo(location: str) -> None:
    """Runs in another process: answers one message."""
    with forebay.open(location) as store:
        [message] = store.get_queue("questions").receive(wait=20)
        store.get_queue("answers").send(b"re: " + message.body)
        message.delete()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_multiprocessing(store: forebay.Store, method: Any) -> None:
    questions, answers = store.create_queue("questions"), store.create_queue("answers")
    context = multiprocessing.get_context(method)
    process = context.Process(target=echo, args=(store.location,))
    process.start()
    questions.send(method)
    [answer] = answers.receive(wait=20)
    assert answer.body == f"re: {method}".encode()
    process.join(30)
    assert process.exitcode == 0


def test_a_handle_cannot_be_pickled_and_says_so(
    store: forebay.Store, queue: forebay.Queue[bytes]
) -> None:
    import pickle

    for handle in (store, queue):
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(handle)


def test_the_interpreter_ends_with_open_waits(tmp_path: Path) -> None:
    program = """
        import asyncio, sys, threading, time, forebay
        from forebay import aio
        store = forebay.open(sys.argv[1])
        queue = store.create_queue("orders")
        for _ in range(8):
            threading.Thread(target=queue.receive, kwargs={"wait": 20}, daemon=True).start()
        loop = asyncio.new_event_loop()
        waits = [loop.create_task(aio.Queue(queue).receive(wait=20)) for _ in range(8)]
        loop.call_later(0.3, loop.stop)
        loop.run_forever()
        for wait in waits:
            wait._log_destroy_pending = False
        messages = queue.messages(batch=3)
        print("end", flush=True)
    """
    start = time.monotonic()
    done = python(program, str(tmp_path / "queues"))
    assert (done.returncode, done.stdout) == (0, "end\n"), done.stderr
    assert time.monotonic() - start < 15, "it did not wait for the ends of the waits"


def test_open_handles_are_collected(tmp_path: Path) -> None:
    store = forebay.open(tmp_path / "queues")
    queue = store.create_queue("orders")
    queue.send_batch([b"a", b"b"])
    message, other = queue.receive(max=2, visibility_timeout=600)
    other.change_visibility(0)
    messages = queue.messages(batch=2, visibility_timeout=600)
    next(messages)
    traces: list[weakref.ReferenceType[Any]] = [weakref.ref(store), weakref.ref(queue)]
    del store, queue, other, messages
    gc.collect()
    assert traces[0]() is None
    # A message keeps its queue, and with it the store, open.
    assert message.queue.name == "orders"
    message.delete()
    del message
    gc.collect()
    assert traces[1]() is None
    # Nothing holds the directory any more; the message of the iterator is still in flight.
    with forebay.open(tmp_path / "queues", create=False) as again:
        assert again.get_queue("orders").counts().in_flight == 1


def test_memory_stores_leave_no_files(tmp_path: Path) -> None:
    program = "import forebay; store = forebay.open('mem:'); store.create_queue('q').send(b'x')"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "TMPDIR": str(tmp_path)}, timeout=60
    )
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_killed_producer_leaves_what_was_acknowledged(tmp_path: Path) -> None:
    program = """
        import sys, forebay
        queue = forebay.open(sys.argv[1]).create_queue("orders")
        for number in range(1_000_000):
            queue.send(b"%d" % number)
            print(number, flush=True)
    """
    location = str(tmp_path / "queues")
    command = [sys.executable, "-c", textwrap.dedent(program), location]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(50):
            child.stdout.readline()
        child.kill()
        acknowledged = 50 + len(child.stdout.readlines())
    with forebay.open(location) as store:
        stored = store.get_queue("orders").counts().visible
        assert acknowledged <= stored <= acknowledged + 1
        assert store.check().problems == []


def test_errors_of_the_operating_system_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.Error, match="file"):
        forebay.open(tmp_path / "file" / "queues")
