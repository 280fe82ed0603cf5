"""What can go wrong: one class for each kind of error, all of them `Error`.

A class says what SQS calls it (`code`), its stable number (`number`), and whether the same call
may succeed later without any change by the caller (`retryable`). The text of an exception names
the value that was wrong and the range that is right.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final


class Error(Exception):
    """An error of Forebay."""

    number: ClassVar[int] = 0
    code: ClassVar[str] = "Forebay.Error"
    retryable: ClassVar[bool] = False


class QueueDoesNotExist(Error, LookupError):
    """No queue of that name in this account and region."""

    number = 1
    code = "AWS.SimpleQueueService.NonExistentQueue"


class QueueNameExists(Error):
    """The queue exists with a different value of a named attribute."""

    number = 2
    code = "QueueAlreadyExists"


class QueueDeletedRecently(Error):
    """The name was deleted less than 60 s ago."""

    number = 3
    code = "AWS.SimpleQueueService.QueueDeletedRecently"
    retryable = True


class InvalidAttributeName(Error, ValueError):
    """Unknown attribute, or one that this kind of queue does not have."""

    number = 4
    code = "InvalidAttributeName"


class InvalidAttributeValue(Error, ValueError):
    """Known attribute, value out of range."""

    number = 5
    code = "InvalidAttributeValue"


class InvalidParameterValue(Error, ValueError):
    """A parameter is out of range or does not fit the queue."""

    number = 6
    code = "InvalidParameterValue"


class MissingParameter(Error, ValueError):
    """A required parameter is missing."""

    number = 7
    code = "MissingParameter"


class InvalidMessageContents(Error, ValueError):
    """The body has characters that SQS does not carry."""

    number = 8
    code = "InvalidMessageContents"


class ReceiptHandleIsInvalid(Error, ValueError):
    """The receipt handle was not made by this queue."""

    number = 9
    code = "ReceiptHandleIsInvalid"


class MessageNotInflight(Error):
    """The message is not in flight."""

    number = 10
    code = "AWS.SimpleQueueService.MessageNotInflight"


class BatchEntryIdsNotDistinct(Error, ValueError):
    """Two entries of one batch share an id."""

    number = 11
    code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"


class EmptyBatchRequest(Error, ValueError):
    """A batch without entries."""

    number = 12
    code = "AWS.SimpleQueueService.EmptyBatchRequest"


class TooManyEntriesInBatchRequest(Error, ValueError):
    """More batch entries than allowed."""

    number = 13
    code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"


class InvalidBatchEntryId(Error, ValueError):
    """A batch entry id has other characters than allowed, or too many."""

    number = 14
    code = "AWS.SimpleQueueService.InvalidBatchEntryId"


class BatchRequestTooLong(Error, ValueError):
    """All bodies of a batch together are too long."""

    number = 15
    code = "AWS.SimpleQueueService.BatchRequestTooLong"


class PurgeQueueInProgress(Error):
    """The queue was purged less than 60 s ago."""

    number = 16
    code = "AWS.SimpleQueueService.PurgeQueueInProgress"
    retryable = True


class OverLimit(Error):
    """Too many messages in flight, or another quota."""

    number = 17
    code = "OverLimit"
    retryable = True


class UnsupportedOperation(Error):
    """The operation does not apply now."""

    number = 18
    code = "AWS.SimpleQueueService.UnsupportedOperation"


class ResourceNotFound(Error, LookupError):
    """A queue or task named by its ARN or handle does not exist."""

    number = 19
    code = "ResourceNotFoundException"


class InvalidArgument(Error, ValueError):
    """An argument that no caller should pass."""

    number = 100
    code = "Forebay.InvalidArgument"


class Closed(Error):
    """The store was closed."""

    number = 101
    code = "Forebay.Closed"


class Forked(Error):
    """The store was opened before a fork; open it anew in the child."""

    number = 102
    code = "Forebay.Forked"


class Poisoned(Error):
    """An earlier write or sync failed; close the store and open it anew."""

    number = 103
    code = "Forebay.Poisoned"


class Busy(Error):
    """Another process holds the store's lock for too long; the text names it."""

    number = 104
    code = "Forebay.Busy"
    retryable = True


class DiskFull(Error):
    """No space left for new messages; receiving and deleting go on."""

    number = 105
    code = "Forebay.DiskFull"
    retryable = True


class Io(Error):
    """The operating system refused an operation."""

    number = 106
    code = "Forebay.Io"


class Corrupt(Error):
    """The store's files contradict themselves; the text says where."""

    number = 107
    code = "Forebay.Corrupt"


class ForeignDirectory(Error):
    """The directory holds something that is not a Forebay store."""

    number = 108
    code = "Forebay.ForeignDirectory"


class UnsupportedFormat(Error):
    """The store was written in a format that this version does not read."""

    number = 109
    code = "Forebay.UnsupportedFormat"


class NetworkFileSystem(Error):
    """The directory is on a network file system, where locks and maps are not safe."""

    number = 110
    code = "Forebay.NetworkFileSystem"


class Cancelled(Error):
    """The wait was cancelled; no message was taken."""

    number = 111
    code = "Forebay.Cancelled"


class Internal(Error):
    """A fault of the library itself."""

    number = 112
    code = "Forebay.Internal"


class Panic(Error):
    """A panic was caught at the language boundary."""

    number = 113
    code = "Forebay.Panic"


class Unavailable(Error):
    """The database cannot be reached, or a fail-over to another one is under way."""

    number = 114
    code = "Forebay.Unavailable"
    retryable = True


BY_NUMBER: Final[dict[int, type[Error]]] = {kind.number: kind for kind in Error.__subclasses__()}
"""The class of each number."""


class BatchFailure(Error):
    """Some entries of a batch failed; the others are done.

    `results` has one entry for each of the batch, in its order: what it would have given, or the
    `Error` that it failed with. `errors` has only these, by the entry's place.
    """

    code = "Forebay.BatchFailure"

    def __init__(self, results: list[Any]) -> None:
        super().__init__(results)
        self.results = results
        self.errors: dict[int, Error] = {
            place: result for place, result in enumerate(results) if isinstance(result, Error)
        }

    def __str__(self) -> str:
        first, error = next(iter(self.errors.items()))
        failed = f"{len(self.errors)} of {len(self.results)} entries failed"
        return f"{failed}, entry {first} with {type(error).__name__}: {error}"
