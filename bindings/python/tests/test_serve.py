"""A server in this process."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import forebay
import pytest
from client import Refused, ask
from forebay import aio, errors


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_it_answers_when_the_call_returns() -> None:
    with forebay.serve() as endpoint:
        url = ask(endpoint, "CreateQueue", QueueName="orders")["QueueUrl"]
        assert url == f"{endpoint}/000000000000/orders"
        ask(endpoint, "SendMessage", QueueUrl=url, MessageBody="over the wire")
        [message] = endpoint.store.get_queue("orders").receive()
        assert message.body == b"over the wire"
    with pytest.raises(ConnectionRefusedError):
        ask(endpoint, "ListQueues")
    endpoint.close()
    with pytest.raises(errors.Closed):
        endpoint.store.list_queues()


def test_an_endpoint_is_its_url() -> None:
    with forebay.serve() as endpoint:
        assert isinstance(endpoint, str)
        assert str(endpoint) == endpoint == endpoint.url == f"http://127.0.0.1:{endpoint.port}"
        assert endpoint.host == "127.0.0.1"
        copy = pickle.loads(pickle.dumps(endpoint))
        assert (type(copy), copy) == (str, endpoint.url)


def test_a_store_that_is_open_is_shared_and_stays_open(
    store: forebay.Store, queue: forebay.Queue[bytes]
) -> None:
    queue.send(b"from the library")
    with forebay.serve(store) as endpoint:
        url = ask(endpoint, "GetQueueUrl", QueueName="orders")["QueueUrl"]
        [message] = ask(endpoint, "ReceiveMessage", QueueUrl=url)["Messages"]
        assert message["Body"] == "from the library"
        eleven = [{"Id": str(number), "MessageBody": "x"} for number in range(11)]
        with pytest.raises(Refused, match="TooManyEntriesInBatchRequest"):
            ask(endpoint, "SendMessageBatch", QueueUrl=url, Entries=eleven)
    assert len(queue.send_batch([b"x"] * 11)) == 11
    with forebay.serve(store.location) as endpoint:
        assert ask(endpoint, "ListQueues")["QueueUrls"] == [f"{endpoint}/000000000000/orders"]


def test_closing_answers_the_polls_that_wait() -> None:
    endpoint = forebay.serve(test=True)
    url = ask(endpoint, "CreateQueue", QueueName="orders")["QueueUrl"]
    with ThreadPoolExecutor(8) as pool:
        poll = {"QueueUrl": url, "WaitTimeSeconds": 20}
        polls = [pool.submit(ask, endpoint, "ReceiveMessage", **poll) for _ in range(8)]
        until(lambda: endpoint.control("GET", "waits") == {"waiting": 8})
        endpoint.close()
        assert [poll.result(timeout=60) for poll in polls] == [{}] * 8


def test_a_server_that_nobody_holds_stops() -> None:
    url = str(forebay.serve())

    def refuses() -> bool:
        try:
            ask(url, "ListQueues")
        except OSError:
            return True
        return False

    until(refuses)


def test_time_and_faults_are_the_tests_own() -> None:
    with forebay.serve(test={"frozen": True, "start_ms": 1_000}) as endpoint:
        url = ask(endpoint, "CreateQueue", QueueName="orders")["QueueUrl"]
        ask(endpoint, "SendMessage", QueueUrl=url, MessageBody="x", DelaySeconds=900)
        assert ask(endpoint, "ReceiveMessage", QueueUrl=url) == {}
        assert endpoint.advance(900.5) == 901_500
        assert len(ask(endpoint, "ReceiveMessage", QueueUrl=url)["Messages"]) == 1
        ask(endpoint, "PurgeQueue", QueueUrl=url)
        ask(endpoint, "PurgeQueue", QueueUrl=url)
        endpoint.control("POST", "faults", action="SendMessage", effect="throttle")
        with pytest.raises(Refused, match="Throttled"):
            ask(endpoint, "SendMessage", QueueUrl=url, MessageBody="x")
        ask(endpoint, "SendMessage", QueueUrl=url, MessageBody="x")
        endpoint.reset()
        assert endpoint.store.list_queues() == []
        with pytest.raises(errors.InvalidArgument, match="nonsense"):
            endpoint.control("POST", "faults", action="SendMessage", effect="nonsense")
    with pytest.raises(errors.Closed):
        endpoint.reset()


def test_without_the_test_mode_nothing_of_it_is_there() -> None:
    with forebay.serve() as endpoint:
        with pytest.raises(errors.UnsupportedOperation):
            endpoint.advance(1)
        url = ask(endpoint, "CreateQueue", QueueName="orders")["QueueUrl"]
        ask(endpoint, "PurgeQueue", QueueUrl=url)
        with pytest.raises(Refused, match="PurgeQueueInProgress"):
            ask(endpoint, "PurgeQueue", QueueUrl=url)


def test_options_are_those_of_the_configuration(tmp_path: Path) -> None:
    with forebay.serve(
        tmp_path / "queues",
        durability="os",
        credentials=[
            {"access_key_id": "AKID", "secret_access_key": "s", "account": "111122223333"}
        ],
        queues=[
            {"name": "dead"},
            {
                "name": "orders",
                "attributes": {"VisibilityTimeout": 7},
                "dead_letter": "dead",
                "max_receives": 3,
            },
        ],
        region="eu-central-1",
    ) as endpoint:
        with pytest.raises(Refused, match="403"):
            ask(endpoint, "ListQueues")
        attributes = endpoint.store.get_queue("orders").get_attributes()
        assert attributes["VisibilityTimeout"] == "7"
        assert attributes["QueueArn"] == "arn:aws:sqs:eu-central-1:000000000000:orders"


def test_what_cannot_be_served_says_why(store: forebay.Store, tmp_path: Path) -> None:
    options: dict[str, Any] = {"colour": "red"}
    with pytest.raises(errors.InvalidArgument, match="colour"):
        forebay.serve(**options)
    with pytest.raises(errors.InvalidArgument, match="manual"):
        forebay.serve(store, test=True)
    with pytest.raises(errors.InvalidArgument, match="reached from elsewhere"):
        forebay.serve(host="0.0.0.0")
    with pytest.raises(errors.InvalidArgument, match="durability"):
        forebay.serve(store, durability="os")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign/file").touch()
    with pytest.raises(errors.ForeignDirectory):
        forebay.serve(tmp_path / "foreign")
    with forebay.serve() as endpoint:
        with pytest.raises(errors.Io, match=rf"cannot listen on 127\.0\.0\.1:{endpoint.port}"):
            forebay.serve(port=endpoint.port)


def test_a_forked_child_leaves_the_parents_server_alone() -> None:
    program = """
        import os, sys, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside the server's threads
        import forebay
        from client import ask

        endpoint = forebay.serve(test=True)
        child_reads, parent_writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(parent_writes)
            endpoint.close()
            try:
                endpoint.reset()
            except forebay.errors.Forked as error:
                print(error, flush=True)
            with forebay.serve() as own:
                assert ask(own, "ListQueues") == {}
            os.read(child_reads, 1)
            sys.exit(7)
        assert ask(endpoint, "ListQueues") == {}
        endpoint.close()
        try:
            ask(endpoint, "ListQueues")
        except ConnectionRefusedError:
            print("refused although the child lives")
        os.close(parent_writes)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    lines = sorted(done.stdout.splitlines())
    assert lines == [
        "refused although the child lives",
        "the server was started before a fork; start another one in the child",
    ]


def call_from_another_process(endpoint: str) -> list[str]:
    return list(ask(endpoint, "ListQueues")["QueueUrls"])


def test_other_processes_use_it() -> None:
    with forebay.serve(queues=[{"name": "orders"}]) as endpoint:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            urls = pool.apply(call_from_another_process, (endpoint,))
        assert urls == [f"{endpoint}/000000000000/orders"]


def test_an_interpreter_ends_although_a_server_runs() -> None:
    program = "import forebay; endpoint = forebay.serve(); print(endpoint)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    port = int(done.stdout.rpartition(":")[2])
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.1", port)) != 0


def test_signals_stay_with_python() -> None:
    program = """
        import os, signal, forebay
        with forebay.serve() as endpoint:
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                print("interrupted", flush=True)
            os.kill(os.getpid(), signal.SIGTERM)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (-15, "interrupted\n"), done.stderr


def test_it_starts_and_stops_beside_an_event_loop() -> None:
    async def main() -> None:
        async with aio.serve(test=True) as endpoint:
            create = {"QueueName": "orders"}
            url = (await asyncio.to_thread(ask, endpoint, "CreateQueue", **create))["QueueUrl"]
            orders = await endpoint.store.get_queue("orders")
            await orders.send(b"x", delay=60)
            before = await endpoint.store.now_ms()
            assert await endpoint.advance(60) >= before + 60_000
            received = await asyncio.to_thread(ask, endpoint, "ReceiveMessage", QueueUrl=url)
            assert received["Messages"][0]["Body"] == "x"
            assert (await endpoint.control("GET", "waits")) == {"waiting": 0}
            await endpoint.reset()
            assert await endpoint.store.list_queues() == []
        async with aio.open("mem:") as store:
            endpoint = await aio.serve(store)
            await endpoint.close()
            await endpoint.close()
            assert await store.list_queues() == []

    asyncio.run(main())


def test_many_servers_at_once() -> None:
    servers = [forebay.serve() for _ in range(8)]
    before = threading.active_count()
    assert len(set(servers)) == 8
    for endpoint in servers:
        assert ask(endpoint, "ListQueues") == {}
        endpoint.close()
    assert threading.active_count() == before
