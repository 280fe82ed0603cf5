//! A received message as bytes: what JavaScript holds of it. One batch crosses as one piece of
//! memory, and `lib/message.ts` reads what it is asked for; rules about a message are asked of the
//! core, which gets it back by [`read`].
//!
//! All numbers are little-endian, times are doubles. A record is
//!
//! | at | bytes | |
//! |---|---|---|
//! | 0 | 4 | length of the record |
//! | 4 | 4 | length of the body |
//! | 8 | 28 | receipt: queue, sequence, receive, time ([`RECEIPT_BYTES`]) |
//! | 36 | 16 | id |
//! | 52 | 8 | sent |
//! | 60 | 8 | first received; NaN: never |
//! | 68 | 8 | visible again |
//! | 76 | 4 | receive count |
//! | 80 | | body |
//!
//! and behind it sender, group, deduplication id, sequence number, trace header and dead-letter
//! source, each a text; then the number of attributes, and for each name, data type, 1 if its
//! value is binary, and the value. A text is its length and its bytes; [`NONE`] is the length of
//! one that is absent.

use crate::numbers::number;
use crate::packed::{NONE, Reader};
use forebay_ffi::api::{
    Attribute, AttributeValue, Message, MessageId, Receipt, Result, StoredMessage,
};

/// Bytes before the body.
const HEAD_BYTES: usize = 80;

/// Bytes of a receipt.
pub const RECEIPT_BYTES: usize = 28;

/// How long the record of `message` is.
pub fn length(message: &Message) -> usize {
    let attributes: usize = message.attributes().iter().map(attribute_length).sum();
    let texts: usize = texts(message)
        .map(|text| 4 + text.map_or(0, str::len))
        .sum();
    let sequence_number = 4 + message.sequence_number().map_or(0, |text| text.len());
    HEAD_BYTES + message.body().len() + texts + sequence_number + 4 + attributes
}

fn attribute_length(attribute: &Attribute) -> usize {
    // Three lengths and what the value is; the size of an attribute is that of its parts.
    3 * 4 + 1 + attribute.size()
}

/// The texts but for the sequence number, which is not stored as one.
fn texts(message: &Message) -> impl Iterator<Item = Option<&str>> {
    [
        Some(message.sender()),
        message.group(),
        message.deduplication(),
        message.trace_header(),
        message.dead_letter_source(),
    ]
    .into_iter()
}

/// Writes the record of `message`; `bytes` is as long as [`length`] says.
pub fn write(message: &Message, bytes: &mut [u8]) {
    let length = bytes.len();
    let mut writer = Writer { bytes, at: 0 };
    writer.u32(length);
    writer.u32(message.body().len());
    let receipt = message.raw_receipt();
    writer.put(&receipt.queue_uid.to_le_bytes());
    writer.put(&receipt.sequence.to_le_bytes());
    writer.put(&receipt.receive.to_le_bytes());
    writer.put(&receipt.received_ms.to_le_bytes());
    writer.put(&message.id().0);
    writer.time(Some(message.sent_ms()));
    writer.time(message.first_receive_ms());
    writer.time(Some(message.visible_ms()));
    writer.put(&message.receive_count().to_le_bytes());
    writer.put(message.body());
    writer.text(Some(message.sender()));
    writer.text(message.group());
    writer.text(message.deduplication());
    writer.text(message.sequence_number().as_deref());
    writer.text(message.trace_header());
    writer.text(message.dead_letter_source());
    writer.u32(message.attributes().len());
    for attribute in message.attributes() {
        writer.text(Some(&attribute.name));
        writer.text(Some(&attribute.data_type));
        let (is_binary, value) = match &attribute.value {
            AttributeValue::Text(text) => (0, text.as_bytes()),
            AttributeValue::Binary(bytes) => (1, bytes.as_ref()),
        };
        writer.put(&[is_binary]);
        writer.u32(value.len());
        writer.put(value);
    }
}

/// Fills a piece of memory from its start.
struct Writer<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn put(&mut self, part: &[u8]) {
        self.bytes[self.at..self.at + part.len()].copy_from_slice(part);
        self.at += part.len();
    }

    fn u32(&mut self, value: usize) {
        // No message comes near 4 GiB.
        self.put(&(value as u32).to_le_bytes());
    }

    fn time(&mut self, ms: Option<u64>) {
        self.put(&ms.map_or(f64::NAN, number).to_le_bytes());
    }

    fn text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => {
                self.u32(text.len());
                self.put(text.as_bytes());
            }
            None => self.put(&NONE.to_le_bytes()),
        }
    }
}

/// What a record says, for the core's rules.
pub struct Record {
    pub message: StoredMessage,
    pub fifo: bool,
}

/// Reads the record at `at`.
pub fn read(bytes: &[u8], at: u32) -> Result<Record> {
    let mut reader = Reader::at(bytes, at)?;
    reader.u32()?;
    let body_bytes = reader.u32()? as usize;
    let receipt = reader.receipt()?;
    let id = MessageId(reader.array()?);
    let sent_ms = reader.f64()? as u64;
    let first_receive_ms = Some(reader.f64()?).filter(|time| !time.is_nan());
    reader.f64()?;
    let receive_count = reader.u32()?;
    let body = reader.take(body_bytes)?.to_vec().into();
    let sender = reader.text()?.unwrap_or_default();
    let group = reader.text()?;
    let deduplication = reader.text()?;
    let sequence_number = reader.text()?;
    let trace_header = reader.text()?;
    let dead_letter_source = reader.text()?;
    let message = StoredMessage {
        id,
        sequence: receipt.sequence,
        body,
        attributes: reader.attributes()?,
        trace_header,
        group,
        deduplication,
        sender,
        sent_ms,
        receive_count,
        first_receive_ms: first_receive_ms.map(|time| time as u64),
        dead_letter_source,
    };
    let fifo = sequence_number.is_some();
    Ok(Record { message, fifo })
}

/// The attributes of the record at `at`, and nothing else of it.
pub fn attributes(bytes: &[u8], at: u32) -> Result<Vec<Attribute>> {
    let mut reader = Reader::at(bytes, at)?;
    body_of(&mut reader)?;
    for _ in 0..6 {
        reader.skip_text()?;
    }
    reader.attributes()
}

/// The body of the record at `at`.
pub fn body(bytes: &[u8], at: u32) -> Result<&[u8]> {
    body_of(&mut Reader::at(bytes, at)?)
}

fn body_of<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8]> {
    reader.u32()?;
    let length = reader.u32()? as usize;
    reader.take(HEAD_BYTES - 8)?;
    reader.take(length)
}

/// The receipt of the record at `at`.
pub fn receipt(bytes: &[u8], at: u32) -> Result<Receipt> {
    let mut reader = Reader::at(bytes, at)?;
    reader.take(8)?;
    reader.receipt()
}
