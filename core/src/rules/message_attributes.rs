//! Message attributes: what is accepted (S5.9 to S5.15), what a receive selects (S5.17), and the
//! system attributes (S5.20).

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::message::{Attribute, AttributeValue, StoredMessage};
use crate::rules::text;
use std::collections::BTreeSet;

/// S5.15: significant digits of a `Number`.
const NUMBER_DIGITS_MAX: usize = 38;
/// S5.15: powers of ten between which the first significant digit of a `Number` lies.
const NUMBER_EXPONENTS: std::ops::RangeInclusive<i64> = -128..=126;

/// S5.9 to S5.15. Names may hold letters of any script (S5.11) and two dots in a row (S5.12).
pub fn check(attributes: &[Attribute]) -> Result<()> {
    if attributes.len() > limits::ATTRIBUTES_MAX {
        return refuse(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{}].",
            attributes.len(),
            limits::ATTRIBUTES_MAX
        ));
    }
    let mut names = BTreeSet::new();
    for attribute in attributes {
        check_name(&attribute.name)?;
        if !names.insert(&attribute.name) {
            return refuse(format!(
                "Message (user) attribute '{}' is given twice.",
                attribute.name
            ));
        }
        check_type(attribute)?;
        check_value(attribute)?;
    }
    Ok(())
}

/// S5.17: the attributes that `names` ask for, in stored order.
pub fn select<'a>(names: &[&str], attributes: &'a [Attribute]) -> Vec<&'a Attribute> {
    let asked = |attribute: &&Attribute| {
        names.iter().any(|name| match *name {
            "All" | ".*" | "*" => true,
            name => match name.strip_suffix(".*") {
                Some(prefix) => attribute.name.starts_with(prefix),
                None => attribute.name == name,
            },
        })
    };
    attributes.iter().filter(asked).collect()
}

/// S5.20: the system attributes that `names` ask for and the message has.
pub fn system(message: &StoredMessage, fifo: bool, names: &[&str]) -> Vec<(&'static str, String)> {
    let all = [
        ("SenderId", Some(message.sender.clone())),
        ("SentTimestamp", Some(message.sent_ms.to_string())),
        (
            "ApproximateReceiveCount",
            Some(message.receive_count.to_string()),
        ),
        (
            "ApproximateFirstReceiveTimestamp",
            message.first_receive_ms.map(|time| time.to_string()),
        ),
        (
            "SequenceNumber",
            fifo.then(|| sequence_text(message.sequence)),
        ),
        (
            "MessageDeduplicationId",
            message.deduplication.clone().filter(|_| fifo),
        ),
        ("MessageGroupId", message.group.clone()),
        ("AWSTraceHeader", message.trace_header.clone()),
        (
            "DeadLetterQueueSourceArn",
            message.dead_letter_source.clone(),
        ),
    ];
    let asked = |name: &str| names.contains(&name) || names.contains(&"All");
    all.into_iter()
        .filter(|(name, _)| asked(name))
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// S7.18: a sequence number as 20 digits, which also sort as text.
pub fn sequence_text(sequence: u64) -> String {
    format!("{sequence:020}")
}

fn refuse<T>(text: String) -> Result<T> {
    Err(Error::new(ErrorKind::InvalidParameterValue, text))
}

/// S5.10, S5.11, S5.12.
fn check_name(name: &str) -> Result<()> {
    let allowed = |character: char| character.is_alphanumeric() || "_-.".contains(character);
    let fits = (1..=limits::ATTRIBUTE_NAME_CHARS_MAX).contains(&name.chars().count());
    if !fits || !name.chars().all(allowed) {
        // The blank at the end is SQS's.
        return refuse(
            "Message (user) attributes name can only contain upper and lower score characters, \
             digits, periods, hyphens and underscores. "
                .to_owned(),
        );
    }
    let lower = name.to_ascii_lowercase();
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    if reserved || name.starts_with('.') || name.ends_with('.') {
        return refuse(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These \
             strings are reserved for internal use. Additionally, they cannot start or end with \
             '.'."
                .to_owned(),
        );
    }
    Ok(())
}

/// S5.13.
fn check_type(attribute: &Attribute) -> Result<()> {
    let Attribute {
        name, data_type, ..
    } = attribute;
    let (prefix, label) = match data_type.split_once('.') {
        Some((prefix, label)) => (prefix, Some(label)),
        None => (data_type.as_str(), None),
    };
    let known = matches!(prefix, "String" | "Number" | "Binary");
    if !known || label == Some("") || !text::is_sqs_text(data_type) {
        return refuse(format!(
            "The message attribute '{name}' has an invalid message attribute type {data_type:?}, \
             the set of supported type prefixes is Binary, Number, and String."
        ));
    }
    if data_type.len() >= limits::ATTRIBUTE_TYPE_BYTES_LIMIT {
        return refuse(format!(
            "The type of message attribute '{name}' has {} bytes; it must have fewer than {}.",
            data_type.len(),
            limits::ATTRIBUTE_TYPE_BYTES_LIMIT
        ));
    }
    Ok(())
}

/// S5.14, S5.15.
fn check_value(attribute: &Attribute) -> Result<()> {
    let Attribute {
        name,
        data_type,
        value,
    } = attribute;
    let kind = data_type.split('.').next().unwrap_or_default();
    match (kind, value) {
        ("Binary", AttributeValue::Binary(bytes)) if !bytes.is_empty() => Ok(()),
        ("String" | "Number", AttributeValue::Text(text)) if !text.is_empty() => {
            if !text::is_sqs_text(text) {
                return refuse(format!(
                    "Message (user) attribute '{name}' has characters that are not allowed: \
                     {text:?}. Allowed: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | \
                     #x10000 to #x10FFFF"
                ));
            }
            if kind == "Number" && !is_number(text) {
                return refuse(format!(
                    "Can't cast the value of message (user) attribute '{name}' to a number: \
                     {text:?}. Up to {NUMBER_DIGITS_MAX} digits, 1e-128 to 1e126."
                ));
            }
            Ok(())
        }
        _ => refuse(format!(
            "Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
        )),
    }
}

/// S5.15: `[+-]digits[.digits][e[+-]digits]`, within precision and magnitude.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => match exponent.parse::<i32>() {
            Ok(exponent) => (mantissa, i64::from(exponent)),
            Err(_) => return false,
        },
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return true;
    }
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    let magnitude = whole.len() as i64 - 1 - zeros as i64 + exponent;
    significant.len() <= NUMBER_DIGITS_MAX && NUMBER_EXPONENTS.contains(&magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageId;
    use bytes::Bytes;

    fn attribute(name: &str, data_type: &str, value: &str) -> Attribute {
        Attribute {
            data_type: data_type.into(),
            ..Attribute::text(name, value)
        }
    }

    fn binary(data_type: &str, value: &'static [u8]) -> Attribute {
        Attribute {
            name: "a".into(),
            data_type: data_type.into(),
            value: AttributeValue::Binary(Bytes::from_static(value)),
        }
    }

    fn accepted(attribute: Attribute) -> bool {
        check(&[attribute]).is_ok()
    }

    #[test]
    fn s5_9_ten_attributes() {
        let make = |count: usize| -> Vec<Attribute> {
            (0..count)
                .map(|n| Attribute::text(format!("a{n}"), "v"))
                .collect()
        };
        assert_eq!(check(&make(10)), Ok(()));
        let error = check(&make(11)).unwrap_err();
        assert_eq!(
            error.text(),
            "Number of message attributes [11] exceeds the allowed maximum [10]."
        );
    }

    #[test]
    fn s5_10_to_s5_12_names() {
        let longest = "n".repeat(256);
        for good in [
            "a",
            "A_b-c.9",
            "attr.1\u{f8}\u{df}\u{e4}",
            "a..b",
            "AWSx",
            &longest,
        ] {
            assert!(accepted(Attribute::text(good, "v")), "{good}");
        }
        let long = "n".repeat(257);
        for bad in [
            "", "a b", "a!", "a\u{a7}", "a(", "a?", ".a", "a.", "aws.a", "AmaZon.x", &long,
        ] {
            assert!(!accepted(Attribute::text(bad, "v")), "{bad}");
        }
        let twice = [Attribute::text("a", "1"), Attribute::text("a", "2")];
        assert!(check(&twice).is_err());
        assert_eq!(
            check(&[Attribute::text("a", "1"), Attribute::text("A", "2")]),
            Ok(())
        );
    }

    #[test]
    fn s5_13_types() {
        let longest = format!("String.{}", "x".repeat(248));
        assert_eq!(longest.len(), 255);
        for good in [
            "String",
            "String.label",
            "String.a.b",
            "Number.int",
            &longest,
        ] {
            assert!(accepted(attribute("a", good, "1")), "{good}");
        }
        let long = format!("{longest}x");
        for bad in [
            "",
            "string",
            "Strings",
            "String.",
            "StringList",
            ".String",
            "String.\0",
            "String.\u{1}",
            &long,
        ] {
            assert!(!accepted(attribute("a", bad, "1")), "{bad}");
        }
    }

    #[test]
    fn s5_14_values_fit_the_type() {
        assert!(accepted(binary("Binary.gif", b"\x00\xff")));
        assert!(!accepted(binary("Binary", b"")));
        assert!(!accepted(binary("String", b"x")));
        assert!(!accepted(attribute("a", "Binary", "x")));
        assert!(!accepted(attribute("a", "String", "\u{1}")));
        assert_eq!(
            check(&[attribute("a", "String.x", "")]).unwrap_err().text(),
            "Message (user) attribute 'a' must contain a non-empty value of type 'String'."
        );
    }

    #[test]
    fn s5_15_numbers() {
        let precise = "1".repeat(38);
        for good in [
            "0", "-1", "+1.50", ".5", "5.", "1e126", "1E-128", "0e999", &precise,
        ] {
            assert!(accepted(attribute("a", "Number", good)), "{good}");
        }
        let too_precise = "1".repeat(39);
        let bad = [
            "x",
            "1x",
            ".",
            "-",
            "1e",
            "e1",
            "1.2.3",
            " 1",
            "1e127",
            "1e-129",
            "0x1",
            "NaN",
            &too_precise,
        ];
        for bad in bad {
            assert!(!accepted(attribute("a", "Number", bad)), "{bad}");
        }
    }

    #[test]
    fn s5_17_selection() {
        let attributes = ["Hello", "Help.Me", "General"].map(|name| Attribute::text(name, "v"));
        let selected = |names: &[&str]| -> Vec<String> {
            select(names, &attributes)
                .iter()
                .map(|attribute| attribute.name.clone())
                .collect()
        };
        for all in ["All", ".*", "*"] {
            assert_eq!(selected(&[all]), ["Hello", "Help.Me", "General"]);
        }
        assert_eq!(selected(&["Hel.*"]), ["Hello", "Help.Me"]);
        assert_eq!(selected(&["General", "Hello"]), ["Hello", "General"]);
        assert!(selected(&[]).is_empty());
        assert!(selected(&["hello", "!?", "Hel"]).is_empty());
    }

    fn message() -> StoredMessage {
        StoredMessage {
            id: MessageId([0; 16]),
            sequence: 42,
            body: Bytes::from_static(b"x"),
            attributes: Vec::new(),
            trace_header: None,
            group: Some("g".into()),
            deduplication: Some("d".into()),
            sender: "me".into(),
            sent_ms: 1_700_000_000_123,
            receive_count: 2,
            first_receive_ms: Some(1_700_000_000_456),
            dead_letter_source: None,
        }
    }

    #[test]
    fn s5_20_system_attributes() {
        let all = system(&message(), true, &["All"]);
        let expected = [
            ("SenderId", "me"),
            ("SentTimestamp", "1700000000123"),
            ("ApproximateReceiveCount", "2"),
            ("ApproximateFirstReceiveTimestamp", "1700000000456"),
            ("SequenceNumber", "00000000000000000042"),
            ("MessageDeduplicationId", "d"),
            ("MessageGroupId", "g"),
        ];
        assert_eq!(all, expected.map(|(name, value)| (name, value.to_string())));
    }

    #[test]
    fn s8_2_a_standard_queue_shows_the_group_only() {
        let names: Vec<_> = system(&message(), false, &["All"])
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| name.starts_with("Message") || *name == "SequenceNumber")
            .collect();
        assert_eq!(names, ["MessageGroupId"]);
        assert!(system(&message(), false, &[]).is_empty());
    }
}
