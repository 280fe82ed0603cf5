//! The wire protocols: bytes of a request become an [`Action`], an [`Answer`] or [`Refusal`]
//! becomes bytes. AWS JSON 1.0 and Query with XML (2012-11-05) meet in these types.

pub mod action;
pub mod answer;
mod bounded;
pub mod error;
pub mod json;
pub mod query;
pub mod url;

pub use action::Action;
pub use answer::Answer;
pub use error::Refusal;

use hyper::StatusCode;

/// How a request speaks, and so how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.0.
    Json,
    /// Form parameters in, XML out.
    Query,
}

/// A printed answer, without the headers that every answer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// HTTP status.
    pub status: StatusCode,
    /// `Content-Type`; `None` for an empty body.
    pub content_type: Option<&'static str>,
    /// `x-amzn-query-error` of refusals.
    pub query_error: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Protocol {
    /// Prints an answer to the action called `action`.
    pub fn print(self, action: &str, answer: &Answer, request_id: &str) -> Printed {
        match self {
            Self::Json => json::print(answer),
            Self::Query => query::print(action, answer, request_id),
        }
    }

    /// Prints a refusal.
    pub fn refuse(self, refusal: &Refusal, request_id: &str) -> Printed {
        let (content_type, body) = match self {
            Self::Json => (json::CONTENT_TYPE, json::refusal(refusal)),
            Self::Query => (query::CONTENT_TYPE, query::refusal(refusal, request_id)),
        };
        let side = if refusal.is_sender_fault() {
            "Sender"
        } else {
            "Receiver"
        };
        Printed {
            status: StatusCode::from_u16(refusal.status())
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            content_type: Some(content_type),
            query_error: Some(format!("{};{side}", refusal.code())),
            body,
        }
    }
}
