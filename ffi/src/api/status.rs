//! The outcome of a call as a number that every language can carry.

use forebay_core::{Error, ErrorKind};

/// Outcome of a call. Zero is success. The numbers never change their meaning, and a later
/// library may add some: treat an unknown number as a failure. 1 to 99 are errors of SQS, 100
/// and above belong to the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Status {
    /// It is done.
    Ok = 0,
    /// No queue of that name in this account and region.
    QueueDoesNotExist = 1,
    /// The queue exists with a different value of a named attribute (S11.2).
    QueueNameExists = 2,
    /// The name was deleted less than 60 s ago (S11.5).
    QueueDeletedRecently = 3,
    /// Unknown attribute, or one that this kind of queue does not have.
    InvalidAttributeName = 4,
    /// Known attribute, value out of range.
    InvalidAttributeValue = 5,
    /// A parameter is out of range or does not fit the queue.
    InvalidParameterValue = 6,
    /// A required parameter is missing.
    MissingParameter = 7,
    /// The body has characters that SQS does not carry (S5.7).
    InvalidMessageContents = 8,
    /// The receipt handle was not made by this queue.
    ReceiptHandleIsInvalid = 9,
    /// The message is not in flight.
    MessageNotInflight = 10,
    /// Two entries of one batch share an id.
    BatchEntryIdsNotDistinct = 11,
    /// A batch without entries.
    EmptyBatchRequest = 12,
    /// More batch entries than allowed.
    TooManyEntriesInBatchRequest = 13,
    /// A batch entry id has other characters than allowed, or too many.
    InvalidBatchEntryId = 14,
    /// All bodies of a batch together are too long.
    BatchRequestTooLong = 15,
    /// The queue was purged less than 60 s ago (S11.8).
    PurgeQueueInProgress = 16,
    /// Too many messages in flight, or another quota.
    OverLimit = 17,
    /// The operation does not apply now.
    UnsupportedOperation = 18,
    /// A queue or task named by its ARN or handle does not exist.
    ResourceNotFound = 19,
    /// An argument that no caller should pass: null, not UTF-8, wrong handle.
    InvalidArgument = 100,
    /// The store or queue handle was closed.
    Closed = 101,
    /// The handle was opened before a `fork`; open the store anew in the child.
    Forked = 102,
    /// An earlier write or sync of this handle failed; reopen the store.
    Poisoned = 103,
    /// Another process holds the store's lock for too long; the text names it.
    Busy = 104,
    /// No space left for new messages; receiving and deleting go on, but not on PostgreSQL.
    DiskFull = 105,
    /// The operating system refused an operation.
    Io = 106,
    /// The store's files contradict themselves; the text says where.
    Corrupt = 107,
    /// The directory holds something that is not a Forebay store.
    ForeignDirectory = 108,
    /// The store was written in a format that this version does not read.
    UnsupportedFormat = 109,
    /// The directory is on a network file system, where locks and maps are not safe.
    NetworkFileSystem = 110,
    /// The wait was cancelled; no message was taken.
    Cancelled = 111,
    /// A fault of the library itself.
    Internal = 112,
    /// A panic was caught at the language boundary.
    Panic = 113,
    /// The database cannot be reached, or a fail-over to another one is under way.
    Unavailable = 114,
}

impl Status {
    /// Every failure, in the order of its number.
    ///
    /// cbindgen:ignore
    pub const FAILURES: [Status; 34] = [
        Self::QueueDoesNotExist,
        Self::QueueNameExists,
        Self::QueueDeletedRecently,
        Self::InvalidAttributeName,
        Self::InvalidAttributeValue,
        Self::InvalidParameterValue,
        Self::MissingParameter,
        Self::InvalidMessageContents,
        Self::ReceiptHandleIsInvalid,
        Self::MessageNotInflight,
        Self::BatchEntryIdsNotDistinct,
        Self::EmptyBatchRequest,
        Self::TooManyEntriesInBatchRequest,
        Self::InvalidBatchEntryId,
        Self::BatchRequestTooLong,
        Self::PurgeQueueInProgress,
        Self::OverLimit,
        Self::UnsupportedOperation,
        Self::ResourceNotFound,
        Self::InvalidArgument,
        Self::Closed,
        Self::Forked,
        Self::Poisoned,
        Self::Busy,
        Self::DiskFull,
        Self::Io,
        Self::Corrupt,
        Self::ForeignDirectory,
        Self::UnsupportedFormat,
        Self::NetworkFileSystem,
        Self::Cancelled,
        Self::Internal,
        Self::Panic,
        Self::Unavailable,
    ];

    /// The stable number.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The status of that number, if this version knows it.
    pub fn from_number(number: i32) -> Option<Self> {
        std::iter::once(Self::Ok)
            .chain(Self::FAILURES)
            .find(|status| status.number() == number)
    }

    /// The core's error kind; `None` for success.
    pub const fn kind(self) -> Option<ErrorKind> {
        Some(match self {
            Self::Ok => return None,
            Self::QueueDoesNotExist => ErrorKind::QueueDoesNotExist,
            Self::QueueNameExists => ErrorKind::QueueNameExists,
            Self::QueueDeletedRecently => ErrorKind::QueueDeletedRecently,
            Self::InvalidAttributeName => ErrorKind::InvalidAttributeName,
            Self::InvalidAttributeValue => ErrorKind::InvalidAttributeValue,
            Self::InvalidParameterValue => ErrorKind::InvalidParameterValue,
            Self::MissingParameter => ErrorKind::MissingParameter,
            Self::InvalidMessageContents => ErrorKind::InvalidMessageContents,
            Self::ReceiptHandleIsInvalid => ErrorKind::ReceiptHandleIsInvalid,
            Self::MessageNotInflight => ErrorKind::MessageNotInflight,
            Self::BatchEntryIdsNotDistinct => ErrorKind::BatchEntryIdsNotDistinct,
            Self::EmptyBatchRequest => ErrorKind::EmptyBatchRequest,
            Self::TooManyEntriesInBatchRequest => ErrorKind::TooManyEntriesInBatchRequest,
            Self::InvalidBatchEntryId => ErrorKind::InvalidBatchEntryId,
            Self::BatchRequestTooLong => ErrorKind::BatchRequestTooLong,
            Self::PurgeQueueInProgress => ErrorKind::PurgeQueueInProgress,
            Self::OverLimit => ErrorKind::OverLimit,
            Self::UnsupportedOperation => ErrorKind::UnsupportedOperation,
            Self::ResourceNotFound => ErrorKind::ResourceNotFound,
            Self::InvalidArgument => ErrorKind::InvalidArgument,
            Self::Closed => ErrorKind::Closed,
            Self::Forked => ErrorKind::Forked,
            Self::Poisoned => ErrorKind::Poisoned,
            Self::Busy => ErrorKind::Busy,
            Self::DiskFull => ErrorKind::DiskFull,
            Self::Io => ErrorKind::Io,
            Self::Corrupt => ErrorKind::Corrupt,
            Self::ForeignDirectory => ErrorKind::ForeignDirectory,
            Self::UnsupportedFormat => ErrorKind::UnsupportedFormat,
            Self::NetworkFileSystem => ErrorKind::NetworkFileSystem,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Internal => ErrorKind::Internal,
            Self::Panic => ErrorKind::Panic,
            Self::Unavailable => ErrorKind::Unavailable,
        })
    }

    /// `OK`, or the SQS error code, or the library's own such as `Forebay.DiskFull`.
    pub const fn name(self) -> &'static str {
        match self.kind() {
            None => "OK",
            Some(kind) => kind.name(),
        }
    }

    /// True where the same call may succeed later without any change by the caller.
    pub const fn retryable(self) -> bool {
        match self.kind() {
            None => false,
            Some(kind) => kind.retryable(),
        }
    }
}

impl From<ErrorKind> for Status {
    fn from(kind: ErrorKind) -> Self {
        // `ErrorKind` may grow, so the compiler cannot demand a complete match here; the test
        // below demands that each kind has the status of its own number.
        Self::from_number(kind.number()).unwrap_or(Self::Internal)
    }
}

impl From<&Error> for Status {
    fn from(error: &Error) -> Self {
        Self::from(error.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_kind_has_the_status_of_its_number() {
        assert_eq!(ErrorKind::ALL.len(), Status::FAILURES.len());
        for kind in ErrorKind::ALL {
            let status = Status::from(kind);
            assert_eq!(status.number(), kind.number());
            assert_eq!(status.kind(), Some(kind));
            assert_eq!(status.name(), kind.name());
        }
        assert_eq!(Status::Ok.number(), 0);
        assert_eq!(Status::Ok.name(), "OK");
        assert_eq!(Status::from_number(99), None);
    }
}
