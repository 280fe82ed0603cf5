//! A message in the hands of a receiver.

use super::Queue;
use super::requests::{DeleteRequest, VisibilityRequest};
use crate::error::Result;
use crate::message::{Attribute, MessageId, Receipt, Received, StoredMessage};
use crate::rules::{digest, message_attributes, receipt};
use bytes::Bytes;

/// A received message. It is hidden from others until [`Message::visible_ms`]; delete it when its
/// work is done. Dropping it does nothing: it then comes back by itself.
#[derive(Debug, Clone)]
pub struct Message {
    queue: Queue,
    received: Received,
}

impl Message {
    pub(super) fn new(queue: Queue, received: Received) -> Self {
        Self { queue, received }
    }

    /// The queue it was received from.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Everything stored of it.
    pub fn stored(&self) -> &StoredMessage {
        &self.received.message
    }

    /// The body, byte for byte as sent.
    pub fn body(&self) -> &Bytes {
        &self.received.message.body
    }

    /// The id given at the send.
    pub fn id(&self) -> MessageId {
        self.received.message.id
    }

    /// The receipt handle of this receive: opaque text for [`Queue::delete`] and
    /// [`Queue::change_visibility`], also from another process.
    pub fn receipt(&self) -> String {
        receipt::encode(&self.received.receipt)
    }

    /// What [`Message::receipt`] is the text of.
    pub fn raw_receipt(&self) -> Receipt {
        self.received.receipt
    }

    /// How often it was received, this time included, in all queues it was in (S5.20).
    pub fn receive_count(&self) -> u32 {
        self.received.message.receive_count
    }

    /// When it was sent, milliseconds since the epoch.
    pub fn sent_ms(&self) -> u64 {
        self.received.message.sent_ms
    }

    /// When it was first received, milliseconds since the epoch.
    pub fn first_receive_ms(&self) -> Option<u64> {
        self.received.message.first_receive_ms
    }

    /// When others can receive it unless it is deleted or its visibility is changed, milliseconds
    /// since the epoch.
    pub fn visible_ms(&self) -> u64 {
        self.received.visible_ms
    }

    /// `MessageGroupId`.
    pub fn group(&self) -> Option<&str> {
        self.received.message.group.as_deref()
    }

    /// `MessageDeduplicationId`, given or computed; FIFO queues only.
    pub fn deduplication(&self) -> Option<&str> {
        self.received.message.deduplication.as_deref()
    }

    /// `SequenceNumber`, 20 digits; FIFO queues only (S7.18).
    pub fn sequence_number(&self) -> Option<String> {
        let sequence = self.received.message.sequence;
        let fifo = self.queue.is_fifo();
        fifo.then(|| message_attributes::sequence_text(sequence))
    }

    /// `SenderId`.
    pub fn sender(&self) -> &str {
        &self.received.message.sender
    }

    /// `AWSTraceHeader`.
    pub fn trace_header(&self) -> Option<&str> {
        self.received.message.trace_header.as_deref()
    }

    /// ARN of the queue from which it came to this dead-letter queue.
    pub fn dead_letter_source(&self) -> Option<&str> {
        self.received.message.dead_letter_source.as_deref()
    }

    /// All message attributes, in the order sent.
    pub fn attributes(&self) -> &[Attribute] {
        &self.received.message.attributes
    }

    /// One message attribute by its name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes()
            .iter()
            .find(|attribute| attribute.name == name)
    }

    /// The message attributes that `names` select as `MessageAttributeNames` does: names, `All`,
    /// `.*`, `*`, or a prefix with `.*` (S5.17).
    pub fn select_attributes(&self, names: &[&str]) -> Vec<&Attribute> {
        message_attributes::select(names, self.attributes())
    }

    /// The system attributes (S5.20) that `names` ask for and that exist; `All` asks for all.
    pub fn system_attributes(&self, names: &[&str]) -> Vec<(&'static str, String)> {
        message_attributes::system(self.stored(), self.queue.is_fifo(), names)
    }

    /// `MD5OfBody`, lower-case hex, computed now.
    pub fn md5_of_body(&self) -> String {
        digest::md5_hex(self.body())
    }

    /// `MD5OfMessageAttributes` over the attributes that `names` select, computed now; `None`
    /// when none are (S5.18).
    pub fn md5_of_attributes(&self, names: &[&str]) -> Option<String> {
        digest::attributes_md5(self.select_attributes(names).into_iter())
    }

    /// Deletes it for good. On a FIFO queue this fails once its visibility timeout has passed
    /// (S2.21).
    pub fn delete(&self) -> Result<()> {
        self.queue.delete(DeleteRequest::from(self))
    }

    /// Hides it for `timeout_s` seconds from now, 0 to 43,200; 0 gives it back at once. In all it
    /// stays hidden for at most 43,200 s from this receive (S2.10).
    pub fn change_visibility(&self, timeout_s: u32) -> Result<()> {
        self.queue
            .change_visibility(VisibilityRequest::from((self, timeout_s)))
    }
}
