//! Messages as JSON. A body that is UTF-8 is `body`, any other `body_base64`; an attribute is a
//! text, or `{"type", "value"}`, or `{"type", "base64"}`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forebay::message::{Attribute, AttributeValue, StoredMessage};
use forebay::{Bytes, SendRequest};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::BufRead;

/// What is known of a message, without what is absent.
pub fn message(message: &StoredMessage, is_fifo: bool) -> Map<String, Value> {
    let mut record = Map::new();
    record.insert("id".into(), message.id.to_string().into());
    put_body(&mut record, &message.body);
    let attributes: Map<String, Value> = message
        .attributes
        .iter()
        .map(|attribute| (attribute.name.clone(), value_of(attribute)))
        .collect();
    if !attributes.is_empty() {
        record.insert("attributes".into(), attributes.into());
    }
    for (name, value) in [
        ("group", &message.group),
        ("dedup", &message.deduplication),
        ("trace_header", &message.trace_header),
        ("dead_letter_source", &message.dead_letter_source),
    ] {
        if let Some(value) = value {
            record.insert(name.into(), value.clone().into());
        }
    }
    if is_fifo {
        let sequence = format!("{:020}", message.sequence);
        record.insert("sequence_number".into(), sequence.into());
    }
    record.insert("sender".into(), message.sender.clone().into());
    record.insert("sent_ms".into(), message.sent_ms.into());
    record.insert("receive_count".into(), message.receive_count.into());
    record
}

fn put_body(record: &mut Map<String, Value>, body: &[u8]) {
    match std::str::from_utf8(body) {
        Ok(text) => record.insert("body".into(), text.into()),
        Err(_) => record.insert("body_base64".into(), STANDARD.encode(body).into()),
    };
}

fn value_of(attribute: &Attribute) -> Value {
    match &attribute.value {
        AttributeValue::Text(text) if attribute.data_type == "String" => json!(text),
        AttributeValue::Text(text) => json!({"type": attribute.data_type, "value": text}),
        AttributeValue::Binary(bytes) => {
            json!({"type": attribute.data_type, "base64": STANDARD.encode(bytes)})
        }
    }
}

/// A message to send, as a line has it. Members that a received message has besides are ignored.
#[derive(Debug, Deserialize)]
pub struct Line {
    /// The queue, where the command names none.
    pub queue: Option<String>,
    body: Option<String>,
    body_base64: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Given>,
    delay: Option<u32>,
    group: Option<String>,
    dedup: Option<String>,
    trace_header: Option<String>,
    sender: Option<String>,
}

/// An attribute as it is given.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Given {
    Text(String),
    Typed {
        #[serde(rename = "type")]
        data_type: String,
        value: Option<String>,
        base64: Option<String>,
    },
}

/// Calls `take` with each line of standard input that is not empty. The number of a line that
/// cannot be read, or is not taken, stands in the error.
pub fn each_line(mut take: impl FnMut(&str) -> Result<(), String>) -> Result<(), String> {
    for (at, line) in std::io::stdin().lock().lines().enumerate() {
        let say = |text: String| format!("line {} of standard input: {text}", at + 1);
        let line = line.map_err(|error| say(error.to_string()))?;
        if !line.trim().is_empty() {
            take(&line).map_err(say)?;
        }
    }
    Ok(())
}

impl Line {
    /// Reads a line.
    pub fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Leaves out what only FIFO queues take.
    pub fn for_standard(mut self) -> Self {
        self.dedup = None;
        self
    }

    /// Group and deduplication id, where it has the latter.
    pub fn deduplication(&self) -> Option<(&str, &str)> {
        Some((
            self.group.as_deref().unwrap_or_default(),
            self.dedup.as_deref()?,
        ))
    }

    /// Gives it another deduplication id.
    pub fn with_deduplication(mut self, id: String) -> Self {
        self.dedup = Some(id);
        self
    }

    /// The message that it describes.
    pub fn request(self) -> Result<SendRequest, String> {
        let body: Bytes = match (self.body, self.body_base64) {
            (Some(text), None) => text.into(),
            (None, Some(text)) => decode("body_base64", &text)?,
            _ => return Err("a message needs either body or body_base64".into()),
        };
        let mut request = SendRequest::new(body);
        for (name, given) in self.attributes {
            request = request.attribute(given.attribute(name)?);
        }
        if let Some(delay) = self.delay {
            request = request.delay(delay);
        }
        if let Some(group) = self.group {
            request = request.group(group);
        }
        if let Some(id) = self.dedup {
            request = request.deduplication(id);
        }
        if let Some(header) = self.trace_header {
            request = request.trace_header(header);
        }
        if let Some(sender) = self.sender {
            request = request.sender(sender);
        }
        Ok(request)
    }
}

impl Given {
    fn attribute(self, name: String) -> Result<Attribute, String> {
        let (data_type, value) = match self {
            Self::Text(text) => ("String".to_owned(), AttributeValue::Text(text)),
            Self::Typed {
                data_type,
                value: Some(text),
                base64: None,
            } => (data_type, AttributeValue::Text(text)),
            Self::Typed {
                data_type,
                value: None,
                base64: Some(text),
            } => (data_type, AttributeValue::Binary(decode(&name, &text)?)),
            Self::Typed { .. } => {
                return Err(format!("attribute {name} needs either value or base64"));
            }
        };
        Ok(Attribute {
            name,
            data_type,
            value,
        })
    }
}

fn decode(what: &str, text: &str) -> Result<Bytes, String> {
    let bytes = STANDARD.decode(text);
    bytes.map(Bytes::from).map_err(|error| {
        let begin: String = text.chars().take(40).collect();
        format!("{what}, which begins {begin:?}, is not base64: {error}")
    })
}
