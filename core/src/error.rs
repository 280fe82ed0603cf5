//! The one error type of the library.
//!
//! Every failure has a stable number ([`ErrorKind`]), the SQS code where SQS has one, a hint
//! whether trying again can help, and a sentence that names the bad value and the good range.

use std::fmt;

/// Result of every fallible call.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, as a number that never changes its meaning.
///
/// 1 to 99 are errors of SQS; 100 and above belong to the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(i32)]
pub enum ErrorKind {
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
    /// No space left for new messages; receiving and deleting go on.
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

impl ErrorKind {
    /// Every kind, in the order of its number.
    pub const ALL: [ErrorKind; 34] = [
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

    /// The name: the SQS error code where there is one (as in `x-amzn-query-error`), else ours.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueueDoesNotExist => "AWS.SimpleQueueService.NonExistentQueue",
            Self::QueueNameExists => "QueueAlreadyExists",
            Self::QueueDeletedRecently => "AWS.SimpleQueueService.QueueDeletedRecently",
            Self::InvalidAttributeName => "InvalidAttributeName",
            Self::InvalidAttributeValue => "InvalidAttributeValue",
            Self::InvalidParameterValue => "InvalidParameterValue",
            Self::MissingParameter => "MissingParameter",
            Self::InvalidMessageContents => "InvalidMessageContents",
            Self::ReceiptHandleIsInvalid => "ReceiptHandleIsInvalid",
            Self::MessageNotInflight => "AWS.SimpleQueueService.MessageNotInflight",
            Self::BatchEntryIdsNotDistinct => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            Self::EmptyBatchRequest => "AWS.SimpleQueueService.EmptyBatchRequest",
            Self::TooManyEntriesInBatchRequest => {
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"
            }
            Self::InvalidBatchEntryId => "AWS.SimpleQueueService.InvalidBatchEntryId",
            Self::BatchRequestTooLong => "AWS.SimpleQueueService.BatchRequestTooLong",
            Self::PurgeQueueInProgress => "AWS.SimpleQueueService.PurgeQueueInProgress",
            Self::OverLimit => "OverLimit",
            Self::UnsupportedOperation => "AWS.SimpleQueueService.UnsupportedOperation",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::InvalidArgument => "Forebay.InvalidArgument",
            Self::Closed => "Forebay.Closed",
            Self::Forked => "Forebay.Forked",
            Self::Poisoned => "Forebay.Poisoned",
            Self::Busy => "Forebay.Busy",
            Self::DiskFull => "Forebay.DiskFull",
            Self::Io => "Forebay.Io",
            Self::Corrupt => "Forebay.Corrupt",
            Self::ForeignDirectory => "Forebay.ForeignDirectory",
            Self::UnsupportedFormat => "Forebay.UnsupportedFormat",
            Self::NetworkFileSystem => "Forebay.NetworkFileSystem",
            Self::Cancelled => "Forebay.Cancelled",
            Self::Internal => "Forebay.Internal",
            Self::Panic => "Forebay.Panic",
            Self::Unavailable => "Forebay.Unavailable",
        }
    }

    /// True where the same call may succeed later without any change by the caller.
    pub const fn retryable(self) -> bool {
        matches!(
            self,
            Self::QueueDeletedRecently
                | Self::PurgeQueueInProgress
                | Self::OverLimit
                | Self::Busy
                | Self::DiskFull
                | Self::Unavailable
        )
    }
}

/// A failure: its [`ErrorKind`] and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    text: String,
}

/// Bytes of an error's text that are kept of a longer one, half of them from its end.
const TEXT_BYTES_MAX: usize = 2_048;

fn shortened(text: String) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text;
    }
    let mut head = TEXT_BYTES_MAX / 2;
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    let mut tail = text.len() - TEXT_BYTES_MAX / 2;
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    let left_out = tail - head;
    format!(
        "{} [{left_out} bytes left out] {}",
        &text[..head],
        &text[tail..]
    )
}

impl Error {
    /// Makes an error of `kind` with a sentence that names the bad value and the good range. The
    /// middle of a very long one is left out: a value may be megabytes, and the sentence goes into
    /// logs and answers.
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: shortened(text.into()),
        }
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence. For people only: compare [`Error::kind`] in programs.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Shorthand for [`ErrorKind::retryable`].
    pub fn retryable(&self) -> bool {
        self.kind.retryable()
    }

    /// `InvalidParameterValue` in SQS's usual wording.
    pub fn bad_value(value: impl fmt::Display, parameter: &str, reason: &str) -> Self {
        Self::new(
            ErrorKind::InvalidParameterValue,
            format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"),
        )
    }

    /// `MissingParameter` in SQS's usual wording.
    pub fn missing(parameter: &str) -> Self {
        Self::new(
            ErrorKind::MissingParameter,
            format!("The request must contain the parameter {parameter}."),
        )
    }

    /// An operating-system failure while doing `what`.
    pub fn io(what: &str, error: &std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                ErrorKind::DiskFull
            }
            _ => ErrorKind::Io,
        };
        Self::new(kind, format!("{what}: {error}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.text)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_lose_their_middle() {
        let short = "\u{e4}".repeat(TEXT_BYTES_MAX / 2);
        assert_eq!(Error::new(ErrorKind::Io, &*short).text(), short);
        let long = format!("start {} end", "\u{20ac}".repeat(1_000_000));
        let error = Error::new(ErrorKind::Io, long);
        let text = error.text();
        assert!(text.starts_with("start \u{20ac}") && text.ends_with("\u{20ac} end"));
        assert!(text.contains("bytes left out"), "{text}");
        assert!(text.len() < TEXT_BYTES_MAX + 40);
    }

    #[test]
    fn numbers_and_names_are_distinct_and_ascending() {
        for pair in ErrorKind::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number());
        }
        let names: std::collections::BTreeSet<_> =
            ErrorKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), ErrorKind::ALL.len());
    }
}
