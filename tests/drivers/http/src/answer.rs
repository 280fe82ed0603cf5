//! Answers of this driver.

use forebay::ErrorKind;
use forebay_scenario_driver::wire::Line;

/// Why a request has no answer.
#[derive(Debug)]
pub enum Failure {
    /// The server refused it: code and text.
    Refused(String, String),
    /// The request does not fit the protocol, or the connection broke.
    Misuse(String),
}

/// Answer to a request.
pub type Answer = Result<Line, Failure>;

impl From<String> for Failure {
    fn from(error: String) -> Self {
        Self::Misuse(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Misuse(error.to_string())
    }
}

impl Failure {
    /// The line of the answer. Codes of the wire are the names of the library's errors.
    pub fn print(&self) -> String {
        match self {
            Self::Refused(code, text) => Line::error(0, code, text),
            Self::Misuse(error) => misuse(error),
        }
    }
}

/// An answer that no scenario expects.
pub fn misuse(error: &str) -> String {
    let kind = ErrorKind::InvalidArgument;
    Line::error(kind.number(), kind.name(), &format!("driver: {error}"))
}

/// `ok`.
pub fn ok() -> Line {
    Line::new("ok")
}
