"""Exceptions: one class a kind of error."""

from __future__ import annotations

import copy
import pickle

import forebay
import pytest
from forebay import _native, errors


def test_every_error_of_the_library_has_its_class() -> None:
    ours = [(kind.number, kind.code, kind.retryable) for kind in errors.BY_NUMBER.values()]
    assert ours == _native.error_table()
    for kind in errors.BY_NUMBER.values():
        assert issubclass(kind, forebay.Error)
        assert kind.__doc__


def test_an_error_can_be_caught_by_what_it_is(store: forebay.Store) -> None:
    with pytest.raises(LookupError) as missing:
        store.get_queue("absent")
    assert isinstance(missing.value, errors.QueueDoesNotExist)
    assert missing.value.code == "AWS.SimpleQueueService.NonExistentQueue"
    with pytest.raises(ValueError, match="delay|Delay"):
        store.create_queue("orders", delay=901)


def test_errors_survive_a_pickle() -> None:
    error = errors.Busy("process 7 holds the lock")
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is errors.Busy
        assert (str(other), other.retryable) == ("process 7 holds the lock", True)


def test_a_batch_tells_all_its_results(queue: forebay.Queue[bytes]) -> None:
    with pytest.raises(forebay.BatchFailure) as failed:
        queue.send_batch([b"good", b"", b"good"])
    error = failed.value
    assert [type(result) for result in error.results] == [
        forebay.SendReceipt,
        errors.MissingParameter,
        forebay.SendReceipt,
    ]
    assert list(error.errors) == [1]
    assert str(error).startswith("1 of 3 entries failed, entry 1 with MissingParameter: ")
    assert queue.counts().visible == 2


def test_what_no_caller_should_pass_is_a_type_error(queue: forebay.Queue[bytes]) -> None:
    for bad in (1, None, [b"x"]):
        with pytest.raises(TypeError, match="expected bytes, str or a buffer"):
            queue.send(bad)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="message or a receipt handle"):
        queue.delete(1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="come together"):
        forebay.open("mem:").create_queue("q", dead_letter="d")
