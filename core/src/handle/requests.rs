//! What is asked about single messages: to send one, to delete one, to change how long one hides.

use super::Message;
use crate::message::{Attribute, Receipt};
use bytes::Bytes;

/// A message to send. Only the body is needed; FIFO queues need [`SendRequest::group`] and, unless
/// the queue deduplicates by content, [`SendRequest::deduplication`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendRequest {
    pub(super) id: Option<String>,
    pub(super) body: Bytes,
    pub(super) attributes: Vec<Attribute>,
    pub(super) trace_header: Option<String>,
    pub(super) group: Option<String>,
    pub(super) deduplication: Option<String>,
    pub(super) delay_s: Option<u32>,
    pub(super) sender: Option<String>,
}

impl SendRequest {
    /// A message with this body: any bytes, at least one, together with the attributes up to the
    /// queue's `MaximumMessageSize` (S5.1, S5.2).
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self {
            id: None,
            body: body.into(),
            attributes: Vec::new(),
            trace_header: None,
            group: None,
            deduplication: None,
            delay_s: None,
            sender: None,
        }
    }

    /// Batch entry id (S13.2): 1 to 80 of `[A-Za-z0-9_-]`, distinct within the batch. If any
    /// entry of a batch has one, all need one.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Held back for this long, 0 to 900 seconds; without it the queue's delay holds. Standard
    /// queues only (S3.1, S3.2).
    pub fn delay(mut self, seconds: u32) -> Self {
        self.delay_s = Some(seconds);
        self
    }

    /// Adds a message attribute; up to 10 (S5.9 to S5.16).
    pub fn attribute(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Adds message attributes.
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// `MessageGroupId`: the order of a FIFO queue holds within a group (S7.1); on a standard
    /// queue a tenant of fair queueing (S8.1). 1 to 128 letters, digits and punctuation.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// `MessageDeduplicationId`, FIFO only: a message with the same one is stored once in five
    /// minutes (S7.11). 1 to 128 letters, digits and punctuation.
    pub fn deduplication(mut self, id: impl Into<String>) -> Self {
        self.deduplication = Some(id.into());
        self
    }

    /// `AWSTraceHeader` (S5.19).
    pub fn trace_header(mut self, header: impl Into<String>) -> Self {
        self.trace_header = Some(header.into());
        self
    }

    /// `SenderId`; without it the account of the handle.
    pub fn sender(mut self, sender: impl Into<String>) -> Self {
        self.sender = Some(sender.into());
        self
    }
}

impl<B: Into<Bytes>> From<B> for SendRequest {
    fn from(body: B) -> Self {
        Self::new(body)
    }
}

/// Where a request got its receipt from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ReceiptSource {
    /// Text that was outside, to be verified.
    Text(String),
    /// A message at hand.
    Message(Receipt),
}

/// One message to delete: a receipt handle (`&str`, `String`) or a [`Message`] turns into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRequest {
    pub(super) id: Option<String>,
    pub(super) receipt: ReceiptSource,
}

impl DeleteRequest {
    /// Deletes the message that this receipt handle names.
    pub fn new(receipt: impl Into<String>) -> Self {
        Self {
            id: None,
            receipt: ReceiptSource::Text(receipt.into()),
        }
    }

    /// Batch entry id, as [`SendRequest::id`].
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl From<&str> for DeleteRequest {
    fn from(receipt: &str) -> Self {
        Self::new(receipt)
    }
}

impl From<String> for DeleteRequest {
    fn from(receipt: String) -> Self {
        Self::new(receipt)
    }
}

impl From<Receipt> for DeleteRequest {
    fn from(receipt: Receipt) -> Self {
        Self {
            id: None,
            receipt: ReceiptSource::Message(receipt),
        }
    }
}

impl From<&Message> for DeleteRequest {
    fn from(message: &Message) -> Self {
        Self::from(message.raw_receipt())
    }
}

/// One message to hide for another time, counted from now (S2.7): 0 to 43,200 seconds, 0 makes it
/// visible at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibilityRequest {
    pub(super) id: Option<String>,
    pub(super) receipt: ReceiptSource,
    pub(super) timeout_s: u32,
}

impl VisibilityRequest {
    /// Hides the message that this receipt handle names for `timeout_s` seconds from now.
    pub fn new(receipt: impl Into<String>, timeout_s: u32) -> Self {
        Self {
            id: None,
            receipt: ReceiptSource::Text(receipt.into()),
            timeout_s,
        }
    }

    /// Batch entry id, as [`SendRequest::id`].
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl From<(&str, u32)> for VisibilityRequest {
    fn from((receipt, timeout_s): (&str, u32)) -> Self {
        Self::new(receipt, timeout_s)
    }
}

impl From<(String, u32)> for VisibilityRequest {
    fn from((receipt, timeout_s): (String, u32)) -> Self {
        Self::new(receipt, timeout_s)
    }
}

impl From<(Receipt, u32)> for VisibilityRequest {
    fn from((receipt, timeout_s): (Receipt, u32)) -> Self {
        Self {
            id: None,
            receipt: ReceiptSource::Message(receipt),
            timeout_s,
        }
    }
}

impl From<(&Message, u32)> for VisibilityRequest {
    fn from((message, timeout_s): (&Message, u32)) -> Self {
        Self::from((message.raw_receipt(), timeout_s))
    }
}
