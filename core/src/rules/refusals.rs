//! Refusals that only a store can find out, worded once for every store (A4, A4.1).

use crate::error::{Error, ErrorKind};

/// A4: no such queue.
pub fn queue_missing() -> Error {
    Error::new(
        ErrorKind::QueueDoesNotExist,
        "The specified queue does not exist.",
    )
}

/// S11.5: the name was deleted less than 60 s ago.
pub fn queue_deleted_recently() -> Error {
    Error::new(
        ErrorKind::QueueDeletedRecently,
        "You must wait 60 seconds after deleting a queue before you can create another with the \
         same name.",
    )
}

/// S11.6: only an empty queue was to be deleted.
pub fn queue_not_empty(messages: u64) -> Error {
    Error::new(
        ErrorKind::UnsupportedOperation,
        format!("The queue still has {messages} messages and was to be deleted only if empty."),
    )
}

/// S11.8: the queue was purged less than 60 s ago.
pub fn purge_in_progress(name: &str) -> Error {
    Error::new(
        ErrorKind::PurgeQueueInProgress,
        format!("Only one PurgeQueue operation on {name} is allowed every 60 seconds."),
    )
}

/// S6.6: a short receive on a standard queue with the most messages in flight that it may have.
pub fn too_many_in_flight(max: u64) -> Error {
    Error::new(
        ErrorKind::OverLimit,
        format!(
            "Too many messages in flight: {max}, which is the most a queue may have. Delete \
             messages or wait for their visibility timeouts."
        ),
    )
}
