//! Refusals as each version names them: one table of codes and statuses (L7, L9).

use super::version::{Generation, Version};
use crate::wire::Refusal;

/// What was wrong. What a version calls it is [`Code::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The caller lacks the permission.
    AccessDenied,
    /// The signature is not that of the request.
    WrongSignature,
    /// Nobody signed.
    NoCredentials,
    /// The access key is unknown.
    UnknownKey,
    /// The time of a signature has passed, or lies too far away.
    RequestExpired,
    /// The time of a SOAP request has passed.
    InvalidSecurity,
    /// The server's own failure.
    InternalError,
    /// Try again later.
    ServiceUnavailable,
    /// No such action in this version.
    InvalidAction,
    /// The request does not name one of the versions.
    NoSuchVersion,
    /// The address is not that of a queue.
    InvalidUri,
    /// A header is malformed.
    InvalidHttpRequest,
    /// The body is malformed.
    InvalidRequest,
    /// A required parameter is missing.
    MissingParameter,
    /// A parameter has a wrong value.
    InvalidParameterValue,
    /// Two parameters exclude each other.
    InvalidParameterCombination,
    /// No such queue.
    NonExistentQueue,
    /// The queue still has messages.
    NonEmptyQueue,
    /// A queue of the name was deleted a moment ago.
    QueueDeletedRecently,
    /// A queue of the name exists with other attributes.
    QueueNameExists,
    /// No message of that id.
    MessageNotFound,
    /// More messages, or fewer, than a receive may ask for.
    ReadCountOutOfRange,
    /// No such attribute.
    InvalidAttributeName,
    /// An attribute has a wrong value.
    InvalidAttributeValue,
    /// The body has characters outside XML's.
    InvalidMessageContents,
    /// The body is too long.
    MessageTooLong,
    /// Not a receipt handle.
    ReceiptHandleIsInvalid,
    /// Too much of something.
    OverLimit,
    /// A batch is malformed; versions that have batches.
    Batch(&'static str),
}

/// Name and HTTP status in one generation.
type Row = (&'static str, u16);

impl Code {
    /// Every code but those of batches.
    pub const ALL: [Self; 28] = [
        Self::AccessDenied,
        Self::WrongSignature,
        Self::NoCredentials,
        Self::UnknownKey,
        Self::RequestExpired,
        Self::InvalidSecurity,
        Self::InternalError,
        Self::ServiceUnavailable,
        Self::InvalidAction,
        Self::NoSuchVersion,
        Self::InvalidUri,
        Self::InvalidHttpRequest,
        Self::InvalidRequest,
        Self::MissingParameter,
        Self::InvalidParameterValue,
        Self::InvalidParameterCombination,
        Self::NonExistentQueue,
        Self::NonEmptyQueue,
        Self::QueueDeletedRecently,
        Self::QueueNameExists,
        Self::MessageNotFound,
        Self::ReadCountOutOfRange,
        Self::InvalidAttributeName,
        Self::InvalidAttributeValue,
        Self::InvalidMessageContents,
        Self::MessageTooLong,
        Self::ReceiptHandleIsInvalid,
        Self::OverLimit,
    ];

    /// The first generation (L7), and the second (L9).
    fn rows(self) -> (Row, Row) {
        let same = |row: Row| (row, row);
        match self {
            Self::AccessDenied => (("AccessFailure", 401), ("AccessDenied", 403)),
            Self::WrongSignature => (("AuthFailure", 401), ("SignatureDoesNotMatch", 403)),
            Self::NoCredentials => (("AuthFailure", 401), ("MissingCredentials", 401)),
            Self::UnknownKey => (("AuthFailure", 401), ("InvalidAccessKeyId", 401)),
            Self::RequestExpired => same(("RequestExpired", 400)),
            // The first generation answered this fault, which only SOAP has, with 200 (L7).
            Self::InvalidSecurity => (("InvalidSecurity", 200), ("InvalidSecurity", 403)),
            Self::InternalError => same(("InternalError", 500)),
            Self::ServiceUnavailable => same(("ServiceUnavailable", 503)),
            Self::InvalidAction => same(("InvalidAction", 400)),
            Self::NoSuchVersion => same(("NoSuchVersion", 400)),
            Self::InvalidUri => (("InvalidURI", 400), ("InvalidAddress", 404)),
            Self::InvalidHttpRequest => same(("InvalidHttpRequest", 400)),
            Self::InvalidRequest => (("InvalidHttpRequest", 400), ("InvalidRequest", 400)),
            Self::MissingParameter => same(("MissingParameter", 400)),
            Self::InvalidParameterValue => same(("InvalidParameterValue", 400)),
            Self::InvalidParameterCombination => same(("InvalidParameterCombination", 400)),
            Self::NonExistentQueue => same(("AWS.SimpleQueueService.NonExistentQueue", 400)),
            Self::NonEmptyQueue => same(("AWS.SimpleQueueService.NonEmptyQueue", 400)),
            Self::QueueDeletedRecently => {
                same(("AWS.SimpleQueueService.QueueDeletedRecently", 400))
            }
            Self::QueueNameExists => same(("QueueAlreadyExists", 400)),
            Self::MessageNotFound => same(("MessageNotFound", 404)),
            Self::ReadCountOutOfRange => same(("ReadCountOutOfRange", 400)),
            Self::InvalidAttributeName => same(("InvalidAttributeName", 400)),
            Self::InvalidAttributeValue => (
                ("InvalidParameterValue", 400),
                ("InvalidAttributeValue", 400),
            ),
            Self::InvalidMessageContents => same(("InvalidMessageContents", 400)),
            // Recorded from 2009: what the guide calls MessageTooLong was this.
            Self::MessageTooLong => (("MessageTooLong", 400), ("InvalidParameterValue", 400)),
            Self::ReceiptHandleIsInvalid => same(("ReceiptHandleIsInvalid", 400)),
            Self::OverLimit => (("ServiceUnavailable", 503), ("OverLimit", 403)),
            Self::Batch(name) => same((name, 400)),
        }
    }

    fn row(self, version: Version) -> Row {
        // The page of 2006 has the bare name.
        if version == Version::V2006 && self == Self::NonEmptyQueue {
            return ("NonEmptyQueue", 400);
        }
        let (first, second) = self.rows();
        match version.generation() {
            Generation::First => first,
            Generation::Second => second,
        }
    }

    /// What `version` calls it.
    pub fn name(self, version: Version) -> &'static str {
        self.row(version).0
    }

    /// HTTP status in `version`, of Query and REST.
    pub fn status(self, version: Version) -> u16 {
        self.row(version).1
    }

    /// True if the request is at fault, not the server.
    pub fn is_sender_fault(self) -> bool {
        !matches!(self, Self::InternalError | Self::ServiceUnavailable)
    }
}

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What was wrong.
    pub code: Code,
    /// The sentence.
    pub text: String,
}

impl Fault {
    /// A refusal with this sentence.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code, text }
    }

    /// A required parameter is missing.
    pub fn missing(parameter: &str) -> Self {
        let text = format!("The request must contain the parameter {parameter}.");
        Self::new(Code::MissingParameter, text)
    }

    /// A parameter has a wrong value.
    pub fn bad_value(value: &str, parameter: &str, reason: &str) -> Self {
        let text = format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}");
        Self::new(Code::InvalidParameterValue, text)
    }

    /// No such action in `version`.
    pub fn invalid_action(action: &str, version: Version) -> Self {
        let date = version.date();
        let text = format!("The action {action} is not valid for version {date}.");
        Self::new(Code::InvalidAction, text)
    }

    /// No such queue.
    pub fn no_queue() -> Self {
        let text = "The specified queue does not exist for this wsdl version.";
        Self::new(Code::NonExistentQueue, text)
    }

    /// No message of that id.
    pub fn no_message(id: &str) -> Self {
        let text = format!("There is no message {id} in the queue.");
        Self::new(Code::MessageNotFound, text)
    }
}

/// Codes of today's protocols that old ones had under another name or not at all.
impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.code() {
            "AccessDenied" => Code::AccessDenied,
            "SignatureDoesNotMatch" | "IncompleteSignature" => Code::WrongSignature,
            "MissingAuthenticationToken" => Code::NoCredentials,
            "InvalidClientTokenId" | "ExpiredToken" => Code::UnknownKey,
            "RequestExpired" => Code::RequestExpired,
            "InvalidSecurity" => Code::InvalidSecurity,
            "InvalidAction" => Code::InvalidAction,
            "InvalidAddress" => Code::InvalidUri,
            "MissingParameter" => Code::MissingParameter,
            "InvalidParameterValue" => Code::InvalidParameterValue,
            "InvalidParameterCombination" => Code::InvalidParameterCombination,
            "AWS.SimpleQueueService.NonExistentQueue" => return Self::no_queue(),
            "AWS.SimpleQueueService.QueueDeletedRecently" => Code::QueueDeletedRecently,
            "QueueAlreadyExists" => Code::QueueNameExists,
            "InvalidAttributeName" => Code::InvalidAttributeName,
            "InvalidAttributeValue" => Code::InvalidAttributeValue,
            "InvalidMessageContents" => Code::InvalidMessageContents,
            "ReceiptHandleIsInvalid" => Code::ReceiptHandleIsInvalid,
            "OverLimit" => Code::OverLimit,
            batch @ ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct"
            | "AWS.SimpleQueueService.EmptyBatchRequest"
            | "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"
            | "AWS.SimpleQueueService.InvalidBatchEntryId"
            | "AWS.SimpleQueueService.BatchRequestTooLong") => Code::Batch(batch),
            _ if refusal.status() == 503 => Code::ServiceUnavailable,
            _ if refusal.is_sender_fault() => Code::InvalidRequest,
            _ => Code::InternalError,
        };
        Self::new(code, refusal.query_text())
    }
}

impl From<forebay::Error> for Fault {
    fn from(error: forebay::Error) -> Self {
        Refusal::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(version: Version) -> Vec<(&'static str, u16)> {
        let row = |code: Code| (code.name(version), code.status(version));
        Code::ALL.into_iter().map(row).collect()
    }

    #[test]
    fn l7_codes_of_the_first_generation() {
        for version in [Version::V2006, Version::V2007] {
            let rows = rows(version);
            for row in [
                ("AccessFailure", 401),
                ("AuthFailure", 401),
                ("InternalError", 500),
                ("AWS.SimpleQueueService.NonExistentQueue", 400),
                ("AWS.SimpleQueueService.QueueDeletedRecently", 400),
                ("InvalidAction", 400),
                ("InvalidParameterValue", 400),
                ("InvalidURI", 400),
                ("MissingParameter", 400),
                ("NoSuchVersion", 400),
                ("RequestExpired", 400),
                ("InvalidParameterCombination", 400),
                ("InvalidHttpRequest", 400),
                ("MessageNotFound", 404),
                ("ReadCountOutOfRange", 400),
                ("ServiceUnavailable", 503),
                ("InvalidSecurity", 200),
            ] {
                assert!(rows.contains(&row), "{row:?}");
            }
        }
        let not_empty = Code::NonEmptyQueue;
        assert_eq!(not_empty.name(Version::V2006), "NonEmptyQueue");
        let name = "AWS.SimpleQueueService.NonEmptyQueue";
        assert_eq!(not_empty.name(Version::V2007), name);
    }

    #[test]
    fn l9_codes_of_the_second_generation() {
        for version in [Version::V2008, Version::V2009, Version::V2011] {
            let rows = rows(version);
            for row in [
                ("AWS.SimpleQueueService.NonExistentQueue", 400),
                ("AWS.SimpleQueueService.QueueDeletedRecently", 400),
                ("QueueAlreadyExists", 400),
                ("InvalidAttributeName", 400),
                ("InvalidAttributeValue", 400),
                ("InvalidMessageContents", 400),
                ("InvalidParameterValue", 400),
                ("ReceiptHandleIsInvalid", 400),
                ("SignatureDoesNotMatch", 403),
                ("InternalError", 500),
                ("AccessDenied", 403),
                ("InvalidAccessKeyId", 401),
                ("InvalidAction", 400),
                ("InvalidAddress", 404),
                ("InvalidHttpRequest", 400),
                ("InvalidParameterCombination", 400),
                ("InvalidRequest", 400),
                ("InvalidSecurity", 403),
                ("MissingCredentials", 401),
                ("MissingParameter", 400),
                ("NoSuchVersion", 400),
                ("RequestExpired", 400),
                ("ServiceUnavailable", 503),
            ] {
                assert!(rows.contains(&row), "{row:?}");
            }
        }
    }

    #[test]
    fn every_error_of_the_library_has_a_code() {
        for kind in forebay::ErrorKind::ALL {
            let fault = Fault::from(forebay::Error::new(kind, "text"));
            let is_ours = kind.number() >= 100;
            assert_eq!(fault.code.is_sender_fault(), !is_ours, "{kind:?}");
        }
    }
}
