//! What a message is made of: id, body, attributes, and the facts a receive tells about it.

use bytes::Bytes;
use std::fmt;

/// A message id: a UUID, given when the message is accepted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub [u8; 16]);

impl MessageId {
    /// Characters of its text.
    pub const CHARS: usize = 36;

    /// Its text, all ASCII: without a formatter, since a batch has many.
    pub fn text(&self) -> [u8; Self::CHARS] {
        let mut text = [b'-'; Self::CHARS];
        let mut at = 0;
        for (index, byte) in self.0.iter().enumerate() {
            at += usize::from(matches!(index, 4 | 6 | 8 | 10));
            text[at..at + 2].copy_from_slice(&hex_digits(*byte));
            at += 2;
        }
        text
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // ASCII is always text.
        f.write_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

/// A byte in lower-case hex.
pub(crate) fn hex_digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)])
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Value of a message attribute (S5.13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// Value of the types `String` and `Number`, and of their labels.
    Text(String),
    /// Value of the type `Binary` and of its labels, raw.
    Binary(Bytes),
}

/// A message attribute: name, data type with label, value (S5.9 to S5.16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Case-sensitive name.
    pub name: String,
    /// `String`, `Number` or `Binary`, optionally `.label`.
    pub data_type: String,
    /// The value; its form fits the data type.
    pub value: AttributeValue,
}

impl Attribute {
    /// An attribute of type `String`.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            data_type: "String".into(),
            value: AttributeValue::Text(value.into()),
        }
    }

    /// Bytes that count toward the message's size (S5.2).
    pub fn size(&self) -> usize {
        let value = match &self.value {
            AttributeValue::Text(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        };
        self.name.len() + self.data_type.len() + value
    }
}

/// Names one receive of one message of one queue. On the outside it is the opaque text of
/// [`Receipt::encode`](crate::rules::receipt).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Receipt {
    /// The queue's identity, which a purge keeps and a new queue of the same name does not.
    pub queue_uid: u64,
    /// The message's sequence number in its queue.
    pub sequence: u64,
    /// How many times the message had been received in this queue, this receive included.
    /// [`Receipt::ANY`] deletes the message whether it was received or not.
    pub receive: u32,
    /// When this receive happened, milliseconds since the epoch; S2.10 counts from here.
    pub received_ms: u64,
}

impl Receipt {
    /// In the place of a receive: the message itself, on a standard queue. No receive gives such
    /// a receipt; the versions of SQS before 2008, where a message's id was enough to delete it,
    /// need it. It changes no visibility (S2.15).
    pub const ANY: u32 = 0;
}

/// Where a message stands (S2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MessageState {
    /// Waits for its delay to end.
    Delayed,
    /// Can be received, but for the lock of its FIFO group.
    Visible,
    /// Was received and not deleted, and its visibility timeout runs.
    InFlight,
}

/// A message as a receive or a peek returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// The id given at the send.
    pub id: MessageId,
    /// Position in its queue; the `SequenceNumber` of FIFO queues.
    pub sequence: u64,
    /// The body, byte for byte.
    pub body: Bytes,
    /// Message attributes as sent, in the order sent.
    pub attributes: Vec<Attribute>,
    /// `AWSTraceHeader` (S5.19).
    pub trace_header: Option<String>,
    /// `MessageGroupId`.
    pub group: Option<String>,
    /// `MessageDeduplicationId`, given or computed; FIFO only.
    pub deduplication: Option<String>,
    /// `SenderId`.
    pub sender: String,
    /// `SentTimestamp`, milliseconds since the epoch.
    pub sent_ms: u64,
    /// `ApproximateReceiveCount`, kept across dead-letter moves.
    pub receive_count: u32,
    /// `ApproximateFirstReceiveTimestamp`, milliseconds; `None` before the first receive.
    pub first_receive_ms: Option<u64>,
    /// `DeadLetterQueueSourceArn` of a message in a dead-letter queue.
    pub dead_letter_source: Option<String>,
}

impl StoredMessage {
    /// Bytes that count toward the message's size (S5.2).
    pub fn size(&self) -> usize {
        self.body.len() + self.attributes.iter().map(Attribute::size).sum::<usize>()
    }
}

/// A message with the receipt of the receive that returned it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The message, this receive counted.
    pub message: StoredMessage,
    /// Names this receive.
    pub receipt: Receipt,
    /// When its visibility timeout ends, milliseconds since the epoch.
    pub visible_ms: u64,
}

/// A message as [`Command::Peek`](crate::command::Command) shows it; nothing about it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peeked {
    /// The message.
    pub message: StoredMessage,
    /// Where it stands.
    pub state: MessageState,
    /// When a delayed message or one in flight becomes visible, milliseconds since the epoch.
    pub visible_ms: Option<u64>,
}
