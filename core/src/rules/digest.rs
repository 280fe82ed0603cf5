//! Digests: the MD5 fields that clients verify (A3) and the content hash (S7.10).

use crate::message::{Attribute, AttributeValue, hex_digits};
use md5::Md5;
use sha2::{Digest, Sha256};

const TRANSPORT_TEXT: u8 = 1;
const TRANSPORT_BINARY: u8 = 2;

/// `MD5OfMessageBody`: MD5 of `bytes`, lower-case hex.
pub fn md5_hex(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

/// `MD5OfMessageAttributes` over `attributes`, sorted here; `None` when there are none (S5.18).
pub fn attributes_md5<'a>(attributes: impl Iterator<Item = &'a Attribute>) -> Option<String> {
    let mut sorted: Vec<&Attribute> = attributes.collect();
    if sorted.is_empty() {
        return None;
    }
    sorted.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    let mut md5 = Md5::new();
    for attribute in sorted {
        add_sized(&mut md5, attribute.name.as_bytes());
        add_sized(&mut md5, attribute.data_type.as_bytes());
        let (transport, value) = match &attribute.value {
            AttributeValue::Text(text) => (TRANSPORT_TEXT, text.as_bytes()),
            AttributeValue::Binary(bytes) => (TRANSPORT_BINARY, bytes.as_ref()),
        };
        md5.update([transport]);
        add_sized(&mut md5, value);
    }
    Some(hex(&md5.finalize()))
}

/// S7.10: the deduplication id of a body sent without one, SHA-256 in hex.
pub fn content_id(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}

fn add_sized(md5: &mut Md5, bytes: &[u8]) {
    // Every part is shorter than a message, which is far below 4 GiB.
    md5.update((bytes.len() as u32).to_be_bytes());
    md5.update(bytes);
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| hex_digits(*byte));
    digits.map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn attribute(name: &str, data_type: &str, value: &str) -> Attribute {
        Attribute {
            data_type: data_type.into(),
            ..Attribute::text(name, value)
        }
    }

    fn md5_of(attributes: &[Attribute]) -> Option<String> {
        attributes_md5(attributes.iter())
    }

    #[test]
    fn a3_7_vectors() {
        assert_eq!(md5_hex(b"test"), "098f6bcd4621d373cade4e832627b4f6");
        let cases = [
            (
                vec![attribute("Foo", "String", "Bar")],
                "ae7155c6026991b6d54b11589678bf9c",
            ),
            (
                vec![attribute("timestamp", "Number", "1493147359900")],
                "235c5c510d26fb653d073faed50ae77c",
            ),
            (
                vec![Attribute {
                    name: "attr1".into(),
                    data_type: "Binary".into(),
                    value: AttributeValue::Binary(Bytes::from_static(
                        b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01",
                    )),
                }],
                "8cbe4db156db8a94db8b801b7addb984",
            ),
            (
                vec![attribute(
                    "AWSTraceHeader",
                    "String",
                    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
                )],
                "5ae4d5d7636402d80f4eb6d213245a88",
            ),
            (
                vec![
                    attribute("Help.Me", "String", "Me"),
                    attribute("Hello", "String", "There"),
                ],
                "83fee93c1bcd8b9a5a923ffacdc636c7",
            ),
        ];
        for (attributes, expected) in cases {
            assert_eq!(md5_of(&attributes).as_deref(), Some(expected));
        }
    }

    #[test]
    fn s5_18_no_attributes_no_digest() {
        assert_eq!(md5_of(&[]), None);
    }

    #[test]
    fn a3_2_the_label_of_the_type_counts() {
        let plain = md5_of(&[attribute("a", "String", "v")]);
        assert_ne!(plain, md5_of(&[attribute("a", "String.x", "v")]));
    }

    #[test]
    fn s7_10_content_id_is_sha256() {
        let expected = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert_eq!(content_id(b"test"), expected);
    }
}
