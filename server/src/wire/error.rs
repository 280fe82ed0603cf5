//! Refusals as the wire names them: one table from the library's errors, and constructors for
//! those that only a server gives (A4, U4).

use forebay::{Error, ErrorKind};
use std::fmt;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    shape: &'static str,
    code: &'static str,
    status: u16,
    text: String,
    /// The sentence of the Query protocol where it has its own.
    query_text: Option<&'static str>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}

/// Shape of the JSON protocol, code of the Query protocol, HTTP status.
type Row = (&'static str, &'static str, u16);

/// The row of each error of the library. What SQS does not know is its own failure (500), or one
/// that clients try again (503).
fn row(kind: ErrorKind) -> Row {
    let code = kind.name();
    match kind {
        ErrorKind::QueueDoesNotExist => ("QueueDoesNotExist", code, 400),
        ErrorKind::QueueNameExists => ("QueueNameExists", code, 400),
        ErrorKind::QueueDeletedRecently => ("QueueDeletedRecently", code, 400),
        ErrorKind::InvalidAttributeName => ("InvalidAttributeName", code, 400),
        ErrorKind::InvalidAttributeValue => ("InvalidAttributeValue", code, 400),
        ErrorKind::InvalidParameterValue => ("InvalidParameterValueException", code, 400),
        ErrorKind::MissingParameter => ("MissingRequiredParameterException", code, 400),
        ErrorKind::InvalidMessageContents => ("InvalidMessageContents", code, 400),
        ErrorKind::ReceiptHandleIsInvalid => ("ReceiptHandleIsInvalid", code, 404),
        ErrorKind::MessageNotInflight => ("MessageNotInflight", code, 400),
        ErrorKind::BatchEntryIdsNotDistinct => ("BatchEntryIdsNotDistinct", code, 400),
        ErrorKind::EmptyBatchRequest => ("EmptyBatchRequest", code, 400),
        ErrorKind::TooManyEntriesInBatchRequest => ("TooManyEntriesInBatchRequest", code, 400),
        ErrorKind::InvalidBatchEntryId => ("InvalidBatchEntryId", code, 400),
        ErrorKind::BatchRequestTooLong => ("BatchRequestTooLong", code, 400),
        ErrorKind::PurgeQueueInProgress => ("PurgeQueueInProgress", code, 403),
        ErrorKind::OverLimit => ("OverLimit", code, 403),
        ErrorKind::UnsupportedOperation => ("UnsupportedOperation", code, 400),
        ErrorKind::ResourceNotFound => ("ResourceNotFoundException", code, 404),
        ErrorKind::Busy
        | ErrorKind::DiskFull
        | ErrorKind::Closed
        | ErrorKind::Cancelled
        | ErrorKind::Unavailable => ("ServiceUnavailable", "ServiceUnavailable", 503),
        _ => ("InternalFailure", "InternalFailure", 500),
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (shape, code, status) = row(error.kind());
        let missing = error.kind() == ErrorKind::QueueDoesNotExist;
        Self {
            shape,
            code,
            status,
            text: error.text().into(),
            query_text: missing
                .then_some("The specified queue does not exist for this wsdl version."),
        }
    }
}

impl Refusal {
    /// A refusal of the server itself.
    pub fn new(
        shape: &'static str,
        code: &'static str,
        status: u16,
        text: impl Into<String>,
    ) -> Self {
        Self {
            shape,
            code,
            status,
            text: text.into(),
            query_text: None,
        }
    }

    /// Shape of the JSON protocol, after `#`.
    pub fn shape(&self) -> &'static str {
        self.shape
    }

    /// Code of the Query protocol.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The sentence of the JSON protocol.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The sentence of the Query protocol.
    pub fn query_text(&self) -> &str {
        self.query_text.unwrap_or(&self.text)
    }

    /// True if the request is at fault, not the server.
    pub fn is_sender_fault(&self) -> bool {
        self.status < 500
    }

    /// The request was lost on its way through the server.
    pub fn internal() -> Self {
        let name = "InternalFailure";
        Self::new(name, name, 500, "The request could not be carried out.")
    }

    /// A0.7: no such action, or not at this address.
    pub fn invalid_action(action: &str) -> Self {
        let text = format!("The action {action} is not valid for this endpoint.");
        Self::new("InvalidAction", "InvalidAction", 400, text)
    }

    /// A0.5: the body is not what the action's model says.
    pub fn serialization(text: impl Into<String>) -> Self {
        let name = "SerializationException";
        Self::new(name, name, 400, text)
    }

    /// A4: a required parameter is missing.
    pub fn missing(parameter: &str) -> Self {
        Error::missing(parameter).into()
    }

    /// A5.6: what should be a queue URL names no queue.
    pub fn invalid_address(url: &str) -> Self {
        let text = format!("The address {url} is not valid for this endpoint.");
        Self::new("InvalidAddress", "InvalidAddress", 404, text)
    }

    /// The body is longer than any valid request.
    pub fn too_large(limit: usize) -> Self {
        let name = "RequestEntityTooLarge";
        let text = format!("The request body is longer than {limit} bytes.");
        Self::new(name, name, 413, text)
    }

    /// Bodies of other requests have all the room that there is.
    pub fn no_room() -> Self {
        let name = "ServiceUnavailable";
        let text = "Too many long request bodies are under way. Try again later.";
        Self::new(name, name, 503, text)
    }

    /// A head that does not say for whom the request is.
    pub fn bad_host(reason: &str) -> Self {
        let name = "InvalidHttpRequest";
        let text = format!("The HTTP request is invalid. Reason: {reason}");
        Self::new(name, name, 400, text)
    }

    /// A body that did not come in time.
    pub fn too_slow(seconds: u64) -> Self {
        let text = format!("The request body did not come within {seconds} seconds.");
        Self::new("RequestTimeout", "RequestTimeout", 408, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_sqs_has_its_own_shape_and_code() {
        let mut shapes = std::collections::BTreeSet::new();
        for kind in ErrorKind::ALL {
            let refusal = Refusal::from(Error::new(kind, "text"));
            if kind.number() < 100 {
                assert_eq!(refusal.code(), kind.name());
                assert!(refusal.is_sender_fault(), "{kind:?}");
                assert!(shapes.insert(refusal.shape()), "{kind:?}");
            } else {
                assert!(!refusal.is_sender_fault(), "{kind:?}");
            }
        }
    }

    #[test]
    fn a_missing_queue_has_another_text_in_query() {
        let refusal = Refusal::from(Error::new(ErrorKind::QueueDoesNotExist, "json"));
        assert_eq!(refusal.text(), "json");
        assert!(refusal.query_text().ends_with("for this wsdl version."));
    }
}
