//! A received message as bytes: what JavaScript holds of it. One batch crosses as one piece of
//! memory, and `lib/message.ts` reads what it is asked for; rules about a message are asked of the
//! core, which gets it back by [`read`].
//!
//! [`head`] says where the parts before the body are. Behind it come the texts of [`place`], in
//! that order; then the number of attributes, and for each name, data type, 1 if its value is
//! binary, and the value.

use crate::layout::{head, place, text};
use crate::numbers::number;
use crate::packed::Reader;
use forebay_ffi::api::{
    Attribute, AttributeValue, Message, MessageId, Receipt, Result, StoredMessage,
};

/// How long the record of `message` is.
pub fn length(message: &Message) -> usize {
    let attributes: usize = message.attributes().iter().map(attribute_length).sum();
    let sequence_number = message.sequence_number();
    let texts = texts(message, sequence_number.as_deref()).into_iter();
    let texts: usize = texts.map(|text| 4 + text.map_or(0, str::len)).sum();
    head::BODY + message.body().len() + texts + 4 + attributes
}

fn attribute_length(attribute: &Attribute) -> usize {
    // Three lengths and what the value is; the size of an attribute is that of its parts.
    3 * 4 + 1 + attribute.size()
}

/// The texts behind the body, each at its place. The sequence number is not stored as one.
fn texts<'a>(
    message: &'a Message,
    sequence_number: Option<&'a str>,
) -> [Option<&'a str>; place::COUNT] {
    let mut texts = [None; place::COUNT];
    texts[place::SENDER] = Some(message.sender());
    texts[place::GROUP] = message.group();
    texts[place::DEDUP] = message.deduplication();
    texts[place::SEQUENCE_NUMBER] = sequence_number;
    texts[place::TRACE_HEADER] = message.trace_header();
    texts[place::DEAD_LETTER_SOURCE] = message.dead_letter_source();
    texts
}

/// Writes the record of `message`; `bytes` is as long as [`length`] says.
pub fn write(message: &Message, bytes: &mut [u8]) {
    let length = bytes.len();
    let mut writer = Writer { bytes, at: 0 };
    writer.go_to(head::LENGTH).u32(length);
    let body = message.body();
    writer.go_to(head::BODY_LENGTH).u32(body.len());
    let receipt = message.raw_receipt();
    writer
        .go_to(head::RECEIPT)
        .put(&receipt.queue_uid.to_le_bytes())
        .put(&receipt.sequence.to_le_bytes())
        .put(&receipt.receive.to_le_bytes());
    writer
        .go_to(head::RECEIVED)
        .put(&receipt.received_ms.to_le_bytes());
    writer.go_to(head::ID).put(&message.id().0);
    writer.go_to(head::SENT).time(Some(message.sent_ms()));
    let first_receive_ms = message.first_receive_ms();
    writer.go_to(head::FIRST_RECEIVED).time(first_receive_ms);
    writer.go_to(head::VISIBLE).time(Some(message.visible_ms()));
    let count = message.receive_count().to_le_bytes();
    writer.go_to(head::RECEIVE_COUNT).put(&count);
    writer.go_to(head::BODY).put(body);
    for text in texts(message, message.sequence_number().as_deref()) {
        writer.text(text);
    }
    writer.u32(message.attributes().len());
    for attribute in message.attributes() {
        writer.attribute(attribute);
    }
}

/// Fills a piece of memory from its start.
struct Writer<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    /// Writes at `at` next.
    fn go_to(&mut self, at: usize) -> &mut Self {
        self.at = at;
        self
    }

    fn put(&mut self, part: &[u8]) -> &mut Self {
        self.bytes[self.at..self.at + part.len()].copy_from_slice(part);
        self.at += part.len();
        self
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
            None => {
                self.put(&text::NONE.to_le_bytes());
            }
        }
    }

    fn attribute(&mut self, attribute: &Attribute) {
        self.text(Some(&attribute.name));
        self.text(Some(&attribute.data_type));
        let (is_binary, value) = match &attribute.value {
            AttributeValue::Text(text) => (0, text.as_bytes()),
            AttributeValue::Binary(bytes) => (1, bytes.as_ref()),
        };
        self.put(&[is_binary]).u32(value.len());
        self.put(value);
    }
}

/// What a record says, for the core's rules.
pub struct Record {
    pub message: StoredMessage,
    pub fifo: bool,
}

/// Reads the record at `at`.
pub fn read(bytes: &[u8], at: u32) -> Result<Record> {
    let part = |offset: usize| Reader::at(bytes, at as usize + offset);
    let receipt = part(head::RECEIPT)?.receipt()?;
    let first_receive_ms = Some(part(head::FIRST_RECEIVED)?.f64()?);
    let mut reader = part(0)?;
    let body = body_of(&mut reader)?.to_vec().into();
    let mut texts: [Option<String>; place::COUNT] = Default::default();
    for text in &mut texts {
        *text = reader.text()?;
    }
    let fifo = texts[place::SEQUENCE_NUMBER].is_some();
    let message = StoredMessage {
        id: MessageId(part(head::ID)?.array()?),
        sequence: receipt.sequence,
        body,
        attributes: reader.attributes()?,
        trace_header: texts[place::TRACE_HEADER].take(),
        group: texts[place::GROUP].take(),
        deduplication: texts[place::DEDUP].take(),
        sender: texts[place::SENDER].take().unwrap_or_default(),
        sent_ms: part(head::SENT)?.f64()? as u64,
        receive_count: part(head::RECEIVE_COUNT)?.u32()?,
        first_receive_ms: first_receive_ms
            .filter(|time| !time.is_nan())
            .map(|time| time as u64),
        dead_letter_source: texts[place::DEAD_LETTER_SOURCE].take(),
    };
    Ok(Record { message, fifo })
}

/// The attributes of the record at `at`, and nothing else of it.
pub fn attributes(bytes: &[u8], at: u32) -> Result<Vec<Attribute>> {
    let mut reader = Reader::at(bytes, at as usize)?;
    body_of(&mut reader)?;
    for _ in 0..place::COUNT {
        reader.skip_text()?;
    }
    reader.attributes()
}

/// The body of the record at `at`.
pub fn body(bytes: &[u8], at: u32) -> Result<&[u8]> {
    body_of(&mut Reader::at(bytes, at as usize)?)
}

/// The body of the record that begins where `reader` is, which then is behind it.
fn body_of<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8]> {
    reader.take(head::BODY_LENGTH)?;
    let length = reader.u32()? as usize;
    reader.take(head::BODY - head::BODY_LENGTH - 4)?;
    reader.take(length)
}

/// The receipt of the record at `at`.
pub fn receipt(bytes: &[u8], at: u32) -> Result<Receipt> {
    Reader::at(bytes, at as usize + head::RECEIPT)?.receipt()
}
