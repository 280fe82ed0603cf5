//! The part of a message that never changes, as it lies in the log: what was sent. The index
//! points at it, reclamation copies it byte for byte, and its own checksum is verified whenever
//! a message is read.

use super::codec::{Reader, Write};
use crate::command::SendEntry;
use crate::error::{Error, ErrorKind, Result};
use crate::message::{Attribute, AttributeValue, MessageId, StoredMessage};
use bytes::Bytes;

/// Bytes before the variable part: checksum, id, body length.
const BODY_LENGTH_AT: usize = 4 + 16;

/// The facts about a message that a content block holds beside what [`SendEntry`] has.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContentExtra<'a> {
    /// The effective deduplication id (S7.9, S7.10).
    pub deduplication: Option<&'a str>,
    /// ARN of the queue it was dead-lettered from.
    pub dead_letter_source: Option<&'a str>,
}

/// Appends the content block of a message to `out`.
pub fn encode(out: &mut Vec<u8>, entry: &SendEntry, extra: ContentExtra<'_>) {
    let start = out.len();
    out.u32(0);
    out.extend_from_slice(&entry.id.0);
    out.bytes(&entry.body);
    out.text(&entry.sender);
    let flags = u8::from(entry.group.is_some())
        | u8::from(extra.deduplication.is_some()) << 1
        | u8::from(entry.trace_header.is_some()) << 2
        | u8::from(extra.dead_letter_source.is_some()) << 3
        | u8::from(!entry.attributes.is_empty()) << 4;
    out.u8(flags);
    for text in [
        entry.group.as_deref(),
        extra.deduplication,
        entry.trace_header.as_deref(),
        extra.dead_letter_source,
    ]
    .into_iter()
    .flatten()
    {
        out.text(text);
    }
    if !entry.attributes.is_empty() {
        out.u32(entry.attributes.len() as u32);
        for attribute in &entry.attributes {
            encode_attribute(out, attribute);
        }
    }
    let crc = crc32c::crc32c(&out[start + 4..]);
    out[start..start + 4].copy_from_slice(&crc.to_le_bytes());
}

fn encode_attribute(out: &mut Vec<u8>, attribute: &Attribute) {
    out.text(&attribute.name);
    out.text(&attribute.data_type);
    match &attribute.value {
        AttributeValue::Text(text) => {
            out.u8(0);
            out.text(text);
        }
        AttributeValue::Binary(bytes) => {
            out.u8(1);
            out.bytes(bytes);
        }
    }
}

/// Rough upper bound of the encoded size, to reserve room.
pub fn size_hint(entry: &SendEntry) -> usize {
    let attributes: usize = entry.attributes.iter().map(|one| one.size() + 16).sum();
    let texts = [&entry.group, &entry.deduplication, &entry.trace_header];
    let texts: usize = texts
        .iter()
        .map(|text| text.as_ref().map_or(0, |text| text.len() + 4))
        .sum();
    BODY_LENGTH_AT + 256 + entry.body.len() + entry.sender.len() + attributes + texts
}

/// Verifies the checksum of a content block.
pub fn verify(content: &[u8]) -> bool {
    content.len() > BODY_LENGTH_AT + 4
        && crc32c::crc32c(&content[4..]).to_le_bytes() == content[..4]
}

/// Reads a content block; the body shares `content`'s memory. The counts are zero.
pub fn decode(content: &Bytes) -> Result<StoredMessage> {
    if !verify(content) {
        return Err(Error::new(
            ErrorKind::Corrupt,
            "a message fails its checksum",
        ));
    }
    let mut reader = Reader::new(&content[4..]);
    let id = MessageId(reader.id()?);
    let body = reader.bytes()?;
    let start = BODY_LENGTH_AT + 4;
    let body = content.slice(start..start + body.len());
    let sender = reader.text()?.to_owned();
    let flags = reader.u8()?;
    let mut text = |bit: u8| -> Result<Option<String>> {
        Ok(if flags & (1 << bit) != 0 {
            Some(reader.text()?.to_owned())
        } else {
            None
        })
    };
    let (group, deduplication) = (text(0)?, text(1)?);
    let (trace_header, dead_letter_source) = (text(2)?, text(3)?);
    let mut attributes = Vec::new();
    if flags & (1 << 4) != 0 {
        for _ in 0..reader.u32()? {
            attributes.push(decode_attribute(&mut reader)?);
        }
    }
    Ok(StoredMessage {
        id,
        sequence: 0,
        body,
        attributes,
        trace_header,
        group,
        deduplication,
        sender,
        sent_ms: 0,
        receive_count: 0,
        first_receive_ms: None,
        dead_letter_source,
    })
}

fn decode_attribute(reader: &mut Reader<'_>) -> Result<Attribute> {
    let name = reader.text()?.to_owned();
    let data_type = reader.text()?.to_owned();
    let value = if reader.u8()? == 0 {
        AttributeValue::Text(reader.text()?.to_owned())
    } else {
        AttributeValue::Binary(Bytes::copy_from_slice(reader.bytes()?))
    };
    Ok(Attribute {
        name,
        data_type,
        value,
    })
}

/// The message id of a content block.
pub fn id(content: &[u8]) -> Result<[u8; 16]> {
    let mut reader = Reader::new(content);
    reader.take(4)?;
    reader.id()
}

/// The group of a content block, without reading the rest.
pub fn group(content: &[u8]) -> Result<Option<&str>> {
    let mut reader = Reader::new(content);
    reader.take(BODY_LENGTH_AT)?;
    reader.bytes()?;
    reader.bytes()?;
    Ok(if reader.u8()? & 1 != 0 {
        Some(reader.text()?)
    } else {
        None
    })
}

/// The message as it would have to be sent again, to move it to another queue.
pub fn to_entry(message: StoredMessage) -> SendEntry {
    SendEntry {
        id: message.id,
        body: message.body,
        attributes: message.attributes,
        trace_header: message.trace_header,
        group: message.group,
        deduplication: message.deduplication,
        delay_s: None,
        sender: message.sender,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_round_trip_and_every_flipped_bit_is_seen() {
        let entry = SendEntry {
            id: MessageId([3; 16]),
            body: Bytes::from_static(b"body"),
            attributes: vec![
                Attribute::text("a", "b"),
                Attribute {
                    name: "bin".into(),
                    data_type: "Binary.x".into(),
                    value: AttributeValue::Binary(Bytes::from_static(&[0, 255])),
                },
            ],
            trace_header: Some("Root=1".into()),
            group: Some("g".into()),
            deduplication: None,
            delay_s: None,
            sender: "000000000000".into(),
        };
        let extra = ContentExtra {
            deduplication: Some("d"),
            dead_letter_source: Some("arn"),
        };
        let mut out = Vec::new();
        encode(&mut out, &entry, extra);
        assert!(out.len() <= size_hint(&entry));
        assert_eq!(group(&out).unwrap(), Some("g"));
        let message = decode(&Bytes::from(out.clone())).unwrap();
        assert_eq!(message.deduplication.as_deref(), Some("d"));
        assert_eq!(message.dead_letter_source.as_deref(), Some("arn"));
        let back = to_entry(message);
        assert_eq!(
            back,
            SendEntry {
                deduplication: Some("d".into()),
                ..entry
            }
        );
        for bit in 0..out.len() * 8 {
            let mut bad = out.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&Bytes::from(bad)).is_err(), "bit {bit}");
        }
    }
}
