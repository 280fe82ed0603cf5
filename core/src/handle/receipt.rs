//! What a sender gets.

use crate::command::{SendEntry, Sent};
use crate::message::{Attribute, MessageId};
use crate::rules::{digest, message_attributes};
use bytes::Bytes;

/// Acknowledges a send. The digests that SQS answers are computed when asked for: they cost more
/// than the rest of a send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendReceipt {
    sent: Sent,
    fifo: bool,
    body: Bytes,
    attributes: Vec<Attribute>,
    trace_header: Option<String>,
}

/// What a receipt keeps of an entry while the store has it.
pub(super) struct Kept {
    body: Bytes,
    attributes: Vec<Attribute>,
    trace_header: Option<String>,
}

impl Kept {
    pub fn of(entry: &SendEntry) -> Self {
        Self {
            body: entry.body.clone(),
            attributes: entry.attributes.clone(),
            trace_header: entry.trace_header.clone(),
        }
    }

    pub fn receipt(self, sent: Sent, fifo: bool) -> SendReceipt {
        SendReceipt {
            sent,
            fifo,
            body: self.body,
            attributes: self.attributes,
            trace_header: self.trace_header,
        }
    }
}

impl SendReceipt {
    /// The message's id; that of the first message if this one was a duplicate (S7.11).
    pub fn message_id(&self) -> MessageId {
        self.sent.id
    }

    /// Its position in its queue, on both kinds of queue.
    pub fn sequence(&self) -> u64 {
        self.sent.sequence
    }

    /// `SequenceNumber`, 20 digits, rising within the queue (S7.18). FIFO queues only.
    pub fn sequence_number(&self) -> Option<String> {
        let sequence = self.sent.sequence;
        self.fifo
            .then(|| message_attributes::sequence_text(sequence))
    }

    /// True if the message was not stored because one with its deduplication id was (S7.11).
    pub fn is_duplicate(&self) -> bool {
        self.sent.duplicate
    }

    /// `MD5OfMessageBody`, lower-case hex.
    pub fn md5_of_body(&self) -> String {
        digest::md5_hex(&self.body)
    }

    /// `MD5OfMessageAttributes`; `None` without attributes.
    pub fn md5_of_attributes(&self) -> Option<String> {
        digest::attributes_md5(self.attributes.iter())
    }

    /// `MD5OfMessageSystemAttributes`; `None` without a trace header.
    pub fn md5_of_system_attributes(&self) -> Option<String> {
        let header = self.trace_header.as_ref()?;
        let attribute = Attribute::text("AWSTraceHeader", header);
        digest::attributes_md5([&attribute].into_iter())
    }
}
