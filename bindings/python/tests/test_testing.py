"""The test kit: helpers, and the plugin in a test run of its own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import forebay
import pytest
from client import ask
from forebay.testing import Disorder, await_message, environment, expect_nothing


def test_the_store_of_a_test_has_its_own_time(
    forebay_store: forebay.Store, forebay_queue: forebay.Queue[bytes]
) -> None:
    forebay_queue.send(b"later", delay=60)
    expect_nothing(forebay_queue, within=0)
    forebay_store.advance(60)
    with await_message(forebay_queue, within=0) as message:
        assert message.body == b"later"


def test_a_message_is_awaited(forebay_queue: forebay.Queue[bytes]) -> None:
    sender = threading.Timer(0.1, forebay_queue.send, (b"x",))
    sender.start()
    assert await_message(forebay_queue, within=30).body == b"x"
    sender.join()
    forebay_queue.send(b"delayed", delay=9)
    with pytest.raises(AssertionError, match="0 visible, 1 in flight and 1 delayed"):
        await_message(forebay_queue, within=0.01)


def test_an_unexpected_message_is_shown_and_left_alone(
    forebay_queue: forebay.Queue[bytes],
) -> None:
    start = time.monotonic()
    expect_nothing(forebay_queue, within=0.05)
    assert time.monotonic() - start >= 0.05
    forebay_queue.send(b"surprise")
    with pytest.raises(AssertionError, match="surprise"):
        expect_nothing(forebay_queue)
    assert forebay_queue.counts().visible == 1


def drain(disorder: Disorder[bytes]) -> list[bytes]:
    bodies = []
    for message in disorder.messages():
        bodies.append(message.body)
        message.delete()
    return bodies


def test_disorder_is_the_same_for_the_same_seed(
    forebay_store: forebay.Store, forebay_queue: forebay.Queue[bytes]
) -> None:
    sent = [b"%d" % number for number in range(50)]
    runs = []
    for seed in (1, 1, 2):
        forebay_queue.send_batch(sent)
        runs.append(drain(Disorder(forebay_queue, seed, duplicates=0)))
        assert forebay_queue.peek() == []
    assert runs[0] == runs[1] != runs[2]
    assert all(run != sent and sorted(run) == sorted(sent) for run in runs)


def test_disorder_repeats_messages(
    forebay_store: forebay.Store,
    forebay_queue: forebay.Queue[bytes],
    forebay_disorder: Callable[..., Disorder[Any]],
) -> None:
    forebay_queue.send_batch([b"%d" % number for number in range(50)])
    disorder = forebay_disorder(forebay_queue, duplicates=0.5)
    seen = []
    held = []
    for message in disorder.messages():
        seen.append(message.body)
        held.append(message)
        if message.receive_count > 1:
            message.delete()
    assert len(seen) > 50
    assert len(set(seen)) == 50
    disorder.close()
    with pytest.raises(ValueError, match="keeps its order"):
        Disorder(forebay_store.create_queue("q.fifo", fifo=True), 1)


def test_the_plugin_says_how_to_repeat(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_seeds(forebay_queue, forebay_disorder):
            forebay_queue.send_batch([b"a", b"b", b"c"])
            for message in forebay_disorder(forebay_queue, duplicates=0).messages():
                print(message.body)
                message.delete()
        """
    )
    plugin = ("-p", "forebay.pytest_plugin", "-s", "--forebay-seed=7")
    first, second = pytester.runpytest(*plugin), pytester.runpytest(*plugin)
    first.assert_outcomes(passed=1)
    assert "forebay: --forebay-seed=7" in first.outlines
    bodies = [[line for line in run.outlines if line.startswith("b'")] for run in (first, second)]
    assert bodies[0] == bodies[1]


def test_a_test_has_a_server_of_its_own(forebay_endpoint: forebay.Endpoint) -> None:
    for name, value in environment(forebay_endpoint).items():
        assert os.environ[name] == value
    url = ask(os.environ["AWS_ENDPOINT_URL_SQS"], "CreateQueue", QueueName="orders")["QueueUrl"]
    ask(forebay_endpoint, "SendMessage", QueueUrl=url, MessageBody="later", DelaySeconds=900)
    orders = forebay_endpoint.store.get_queue("orders")
    expect_nothing(orders, within=0)
    forebay_endpoint.advance(900)
    assert await_message(orders).body == b"later"


def test_the_environment_is_put_back(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.delenv("AWS_ENDPOINT_URL_SQS", raising=False)
    pytester.makepyfile(
        """
        import os, socket

        ports = []

        def test_one(forebay_endpoint):
            assert "AWS_PROFILE" not in os.environ
            ports.append(forebay_endpoint.port)

        def test_two():
            assert os.environ["AWS_PROFILE"] == "work"
            assert "AWS_ENDPOINT_URL_SQS" not in os.environ
            with socket.socket() as other:
                assert other.connect_ex(("127.0.0.1", ports[0])) != 0
        """
    )
    pytester.runpytest("-p", "forebay.pytest_plugin").assert_outcomes(passed=2)
