//! From values of the API to fields of an answer.

use crate::wire::Line;
use forebay::message::{Attribute, AttributeValue};
use forebay::{Error, ErrorKind};

/// Why a request has no answer.
pub enum Failure {
    /// The library refused it.
    Refused(Error),
    /// The request does not fit the protocol: a fault of the scenario or the runner.
    Misuse(String),
}

/// Answer to a request.
pub type Answer = Result<Line, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<String> for Failure {
    fn from(error: String) -> Self {
        Self::Misuse(error)
    }
}

impl Failure {
    /// The line of the answer.
    pub fn print(&self) -> String {
        match self {
            Self::Refused(error) => {
                let kind = error.kind();
                Line::error(kind.number(), kind.name(), error.text())
            }
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

/// Adds a field if there is a value.
pub fn put_some(line: &mut Line, key: impl Into<String>, value: Option<impl AsRef<[u8]>>) {
    if let Some(value) = value {
        line.put(key, value);
    }
}

/// Adds the list `attributes` below `prefix`.
pub fn put_attributes<'a>(
    line: &mut Line,
    prefix: &str,
    attributes: impl IntoIterator<Item = &'a Attribute>,
) {
    let mut count = 0;
    for attribute in attributes {
        count += 1;
        let key = format!("{prefix}attributes.{count}");
        line.put(format!("{key}.name"), &attribute.name);
        line.put(format!("{key}.type"), &attribute.data_type);
        let value: &[u8] = match &attribute.value {
            AttributeValue::Text(text) => text.as_bytes(),
            AttributeValue::Binary(bytes) => bytes,
        };
        line.put(format!("{key}.value"), value);
    }
    line.put(format!("{prefix}attributes.count"), count.to_string());
}

/// Adds the list `entries` of a batch's results: the code, and the text or what `put` adds.
pub fn put_entries<T>(
    line: &mut Line,
    results: Vec<forebay::Result<T>>,
    put: impl Fn(&mut Line, &str, T),
) {
    line.put("entries.count", results.len().to_string());
    for (index, result) in results.into_iter().enumerate() {
        let prefix = format!("entries.{}.", index + 1);
        match result {
            Ok(value) => {
                line.put(format!("{prefix}code"), "OK");
                put(line, &prefix, value);
            }
            Err(error) => {
                line.put(format!("{prefix}code"), error.kind().name());
                line.put(format!("{prefix}text"), error.text());
            }
        }
    }
}
