//! What a message must be to be accepted: the checks that need no queue ([`check`]) and those
//! that do ([`admit`]).

use crate::command::{SendEntry, Strictness};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::message::Attribute;
use crate::queue::QueueAttributes;
use crate::rules::{batch, digest, message_attributes, text};

const WRONG_KIND: &str = "The request include parameter that is not valid for this queue type.";

/// What a queue makes of an accepted entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Delay before first visibility, milliseconds. Zero on FIFO queues, whose delay may change
    /// while the message waits (S3.3).
    pub delay_ms: u64,
    /// The id that deduplicates: given, or the content's (S7.9). FIFO only.
    pub deduplication: Option<String>,
}

/// S5.2: bytes of an entry: its body and its message attributes.
pub fn size(entry: &SendEntry) -> usize {
    entry.body.len() + entry.attributes.iter().map(Attribute::size).sum::<usize>()
}

/// Checks what needs no queue, in the order of A4.2: number of entries (S13.1) and total size
/// (S5.5) of a batch, which fail the whole call; then each entry's body (S5.4, S5.7), attributes
/// (S5.9 to S5.15) and trace header (S5.19).
pub fn check(entries: &[SendEntry], strict: Strictness, batch: bool) -> Result<Vec<Result<()>>> {
    if batch {
        let (entries_max, bytes_max) = if strict.sqs_limits {
            (limits::SQS_BATCH_ENTRIES_MAX, limits::SQS_BATCH_BYTES_MAX)
        } else {
            (limits::BATCH_ENTRIES_MAX, limits::BATCH_BYTES_MAX)
        };
        batch::check_count(entries.len(), entries_max, "SendMessageBatchRequestEntry")?;
        batch::check_bytes(entries.iter().map(size).sum(), bytes_max)?;
    }
    Ok(entries
        .iter()
        .map(|entry| check_entry(entry, strict))
        .collect())
}

/// Checks what depends on the queue and works out what follows from it. A FIFO entry without
/// group (S7.1) or deduplication id (S7.9) fails the whole call (S13.4); then each entry's ids
/// (S7.1, S7.9, S8.1, S8.3), delay (S3.1, S3.2) and size (S5.3, S5.6).
pub fn admit(
    attributes: &QueueAttributes,
    entries: &[SendEntry],
    batch: bool,
) -> Result<Vec<Result<Admitted>>> {
    if attributes.fifo {
        for entry in entries {
            check_fifo_ids_given(attributes, entry, batch)?;
        }
    }
    let admit = |entry| admit_entry(attributes, entry, batch);
    Ok(entries.iter().map(admit).collect())
}

/// S7.1, S7.9, S7.19: an id is 1 to 128 letters, digits and ASCII punctuation.
pub fn check_id(id: &str, parameter: &str) -> Result<()> {
    let fits = (1..=limits::ID_CHARS_MAX).contains(&id.len());
    if fits && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = format!(
        "{parameter} can only include alphanumeric and punctuation characters. 1 to {} in length.",
        limits::ID_CHARS_MAX
    );
    Err(Error::bad_value(id, parameter, &reason))
}

/// S3.1: a message's delay is 0 to 900 s.
pub fn check_delay(seconds: impl Into<i64>) -> Result<()> {
    let seconds = seconds.into();
    if (0..=i64::from(limits::DELAY_S_MAX)).contains(&seconds) {
        return Ok(());
    }
    let reason = format!("DelaySeconds must be >= 0 and <= {}.", limits::DELAY_S_MAX);
    Err(Error::bad_value(seconds, "DelaySeconds", &reason))
}

/// S7.20: a `ReceiveRequestAttemptId` is for FIFO queues only.
pub fn check_attempt(attempt: &str, fifo: bool) -> Result<()> {
    if !fifo {
        return Err(Error::bad_value(
            attempt,
            "ReceiveRequestAttemptId",
            WRONG_KIND,
        ));
    }
    check_id(attempt, "ReceiveRequestAttemptId")
}

fn check_entry(entry: &SendEntry, strict: Strictness) -> Result<()> {
    if entry.body.is_empty() {
        return Err(Error::missing("MessageBody"));
    }
    if strict.sqs_limits && !text::is_sqs_text(&entry.body) {
        return Err(Error::new(
            ErrorKind::InvalidMessageContents,
            "Invalid characters found. Valid unicode characters are \
             #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
        ));
    }
    message_attributes::check(&entry.attributes)?;
    check_sender(&entry.sender)?;
    match &entry.trace_header {
        Some(header) => check_system_text(header, "AWSTraceHeader", limits::TRACE_HEADER_BYTES_MAX),
        None => Ok(()),
    }
}

/// S5.20: a sender is text of 1 to 256 bytes.
pub fn check_sender(sender: &str) -> Result<()> {
    check_system_text(sender, "SenderId", limits::SENDER_BYTES_MAX)
}

/// S5.19, S5.20: what a message carries beside its content counts for no size, and so has a
/// limit of its own.
fn check_system_text(value: &str, name: &str, bytes_max: usize) -> Result<()> {
    if (1..=bytes_max).contains(&value.len()) && text::is_sqs_text(value) {
        return Ok(());
    }
    let reason = format!(
        "{name} must be text of 1 to {bytes_max} bytes; it has {}.",
        value.len()
    );
    let value = format!("{value:?}");
    Err(Error::bad_value(value, "MessageSystemAttributes", &reason))
}

fn check_fifo_ids_given(
    attributes: &QueueAttributes,
    entry: &SendEntry,
    batch: bool,
) -> Result<()> {
    if entry.group.is_none() {
        let missing = Error::missing("MessageGroupId");
        // SQS answers the batch call under another code with the same text.
        return Err(match batch {
            true => Error::new(ErrorKind::InvalidParameterValue, missing.text()),
            false => missing,
        });
    }
    if entry.deduplication.is_none() && !attributes.content_deduplication {
        return Err(Error::new(
            ErrorKind::InvalidParameterValue,
            "The queue should either have ContentBasedDeduplication enabled or \
             MessageDeduplicationId provided explicitly",
        ));
    }
    Ok(())
}

fn admit_entry(attributes: &QueueAttributes, entry: &SendEntry, batch: bool) -> Result<Admitted> {
    if let Some(group) = &entry.group {
        check_id(group, "MessageGroupId")?;
    }
    if let Some(id) = &entry.deduplication {
        if !attributes.fifo {
            return Err(Error::bad_value(id, "MessageDeduplicationId", WRONG_KIND));
        }
        check_id(id, "MessageDeduplicationId")?;
    }
    let delay_ms = admit_delay(attributes, entry.delay_s)?;
    if size(entry) > attributes.message_bytes_max as usize {
        let what = if batch {
            "cannot be validated"
        } else {
            "are invalid"
        };
        return Err(Error::new(
            ErrorKind::InvalidParameterValue,
            format!(
                "One or more parameters {what}. Reason: Message must be shorter than {} bytes.",
                attributes.message_bytes_max
            ),
        ));
    }
    let deduplication = attributes.fifo.then(|| match &entry.deduplication {
        Some(given) => given.clone(),
        None => digest::content_id(&entry.body),
    });
    Ok(Admitted {
        delay_ms,
        deduplication,
    })
}

/// S3.1, S3.2.
fn admit_delay(attributes: &QueueAttributes, given: Option<u32>) -> Result<u64> {
    match given {
        Some(seconds) if attributes.fifo && seconds > 0 => {
            Err(Error::bad_value(seconds, "DelaySeconds", WRONG_KIND))
        }
        _ if attributes.fifo => Ok(0),
        None => Ok(u64::from(attributes.delay_s) * 1000),
        Some(seconds) => {
            check_delay(seconds)?;
            Ok(u64::from(seconds) * 1000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageId;
    use bytes::Bytes;

    const STRICT: Strictness = Strictness {
        sqs_limits: true,
        sixty_second_rules: true,
    };
    const FREE: Strictness = Strictness {
        sqs_limits: false,
        sixty_second_rules: false,
    };

    fn entry(body: impl Into<Bytes>) -> SendEntry {
        SendEntry {
            id: MessageId([0; 16]),
            body: body.into(),
            attributes: Vec::new(),
            trace_header: None,
            group: None,
            deduplication: None,
            delay_s: None,
            sender: "1".into(),
        }
    }

    fn fifo_entry(group: &str, id: &str) -> SendEntry {
        SendEntry {
            group: Some(group.into()),
            deduplication: Some(id.into()),
            ..entry("x")
        }
    }

    fn check_one(entry: SendEntry, strict: Strictness) -> Result<()> {
        check(&[entry], strict, false).unwrap().remove(0)
    }

    fn admit_one(attributes: &QueueAttributes, entry: SendEntry) -> Result<Admitted> {
        admit(attributes, &[entry], false)?.remove(0)
    }

    fn kind<T>(result: Result<T>) -> ErrorKind {
        result.err().unwrap().kind()
    }

    #[test]
    fn s5_4_empty_body() {
        assert_eq!(
            kind(check_one(entry(""), FREE)),
            ErrorKind::MissingParameter
        );
    }

    #[test]
    fn s5_7_and_s18_9_characters_fail_one_entry() {
        let mut entries = vec![entry("fine"); 10];
        entries[3] = entry("\x01");
        let results = check(&entries, STRICT, true).unwrap();
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 9);
        assert_eq!(kind(results[3].clone()), ErrorKind::InvalidMessageContents);
        assert_eq!(
            check_one(entry(&b"\xff\x00"[..]), FREE),
            Ok(()),
            "library bodies"
        );
    }

    #[test]
    fn s13_1_and_s5_5_fail_the_whole_batch() {
        assert_eq!(kind(check(&[], STRICT, true)), ErrorKind::EmptyBatchRequest);
        let eleven = vec![entry("x"); 11];
        let error = kind(check(&eleven, STRICT, true));
        assert_eq!(error, ErrorKind::TooManyEntriesInBatchRequest);
        assert!(check(&eleven, FREE, true).is_ok());
        let half = Bytes::from(vec![b'x'; 524_288]);
        assert!(check(&[entry(half.clone()), entry(half.clone())], STRICT, true).is_ok());
        let long = kind(check(
            &[entry(half.clone()), entry(half), entry("x")],
            STRICT,
            true,
        ));
        assert_eq!(long, ErrorKind::BatchRequestTooLong);
    }

    #[test]
    fn s5_20_sender() {
        let longest = "s".repeat(256);
        for good in ["1", "AROAEXAMPLE:session \u{e4}", &longest] {
            assert_eq!(check_sender(good), Ok(()), "{good}");
        }
        let long = "s".repeat(257);
        for bad in ["", "a\0", &long] {
            let error = check_sender(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameterValue);
        }
    }

    #[test]
    fn s5_19_trace_header() {
        let with = |header: &str| SendEntry {
            trace_header: Some(header.into()),
            ..entry("x")
        };
        assert_eq!(
            check_one(with("Root=1-5759e988-bd862e3fe1be46a994272793"), STRICT),
            Ok(())
        );
        let longest = "r".repeat(1_024);
        assert_eq!(check_one(with(&longest), STRICT), Ok(()));
        for bad in ["", "a\0", &format!("{longest}r")] {
            assert!(check_one(with(bad), STRICT).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn s5_3_and_s18_8_size_includes_attributes() {
        let queue = QueueAttributes {
            message_bytes_max: 1024,
            ..QueueAttributes::new(false)
        };
        let with_body = |bytes: usize| SendEntry {
            attributes: vec![Attribute::text("name", "value")],
            ..entry(vec![b'x'; bytes])
        };
        let body_max = 1024 - "name".len() - "String".len() - "value".len();
        assert!(admit_one(&queue, with_body(body_max)).is_ok());
        let error = admit_one(&queue, with_body(body_max + 1)).unwrap_err();
        assert_eq!(
            error.text(),
            "One or more parameters are invalid. \
             Reason: Message must be shorter than 1024 bytes."
        );
    }

    #[test]
    fn s5_6_size_fails_one_batch_entry() {
        let queue = QueueAttributes {
            message_bytes_max: 1024,
            ..QueueAttributes::new(false)
        };
        let results = admit(&queue, &[entry("x"), entry(vec![b'x'; 1025])], true).unwrap();
        assert!(results[0].is_ok());
        let text = results[1].clone().unwrap_err();
        assert!(
            text.text()
                .starts_with("One or more parameters cannot be validated.")
        );
    }

    #[test]
    fn s3_1_delay_of_message_or_queue() {
        let queue = QueueAttributes {
            delay_s: 7,
            ..QueueAttributes::new(false)
        };
        let delay = |delay_s| {
            let entry = SendEntry {
                delay_s,
                ..entry("x")
            };
            admit_one(&queue, entry).map(|admitted| admitted.delay_ms)
        };
        assert_eq!(delay(None), Ok(7_000));
        assert_eq!(delay(Some(0)), Ok(0));
        assert_eq!(delay(Some(900)), Ok(900_000));
        assert_eq!(kind(delay(Some(901))), ErrorKind::InvalidParameterValue);
    }

    #[test]
    fn s3_2_fifo_takes_the_queue_delay_only() {
        let queue = QueueAttributes {
            delay_s: 7,
            ..QueueAttributes::new(true)
        };
        let delay = |delay_s| {
            let entry = SendEntry {
                delay_s,
                ..fifo_entry("g", "d")
            };
            admit_one(&queue, entry).map(|admitted| admitted.delay_ms)
        };
        assert_eq!(delay(None), Ok(0));
        assert_eq!(delay(Some(0)), Ok(0));
        assert!(delay(Some(2)).unwrap_err().text().ends_with(WRONG_KIND));
    }

    #[test]
    fn s7_1_group_is_required_on_fifo() {
        let queue = QueueAttributes::new(true);
        let without = SendEntry {
            group: None,
            ..fifo_entry("g", "d")
        };
        let single = admit_one(&queue, without.clone());
        assert_eq!(kind(single), ErrorKind::MissingParameter);
        let whole_batch = admit(&queue, &[fifo_entry("g", "d"), without], true);
        assert_eq!(kind(whole_batch), ErrorKind::InvalidParameterValue);
    }

    #[test]
    fn s7_1_s7_9_and_s8_1_characters_of_ids() {
        let fifo = QueueAttributes::new(true);
        let longest = "!".repeat(128);
        assert!(admit_one(&fifo, fifo_entry(&longest, "a-Z0~")).is_ok());
        let long = "a".repeat(129);
        for bad in ["", "a b", "\u{e4}", "\t", &long] {
            assert!(admit_one(&fifo, fifo_entry(bad, "d")).is_err());
            assert!(admit_one(&fifo, fifo_entry("g", bad)).is_err());
            let tenant = SendEntry {
                group: Some(bad.into()),
                ..entry("x")
            };
            assert!(admit_one(&QueueAttributes::new(false), tenant).is_err());
        }
    }

    #[test]
    fn s7_9_and_s7_10_effective_deduplication_id() {
        let explicit = QueueAttributes::new(true);
        let by_content = QueueAttributes {
            content_deduplication: true,
            ..explicit.clone()
        };
        let without = SendEntry {
            deduplication: None,
            ..fifo_entry("g", "d")
        };
        assert_eq!(
            kind(admit_one(&explicit, without.clone())),
            ErrorKind::InvalidParameterValue
        );
        let id = |entry| admit_one(&by_content, entry).unwrap().deduplication;
        assert_eq!(id(without), Some(digest::content_id(b"x")));
        assert_eq!(id(fifo_entry("g", "given")), Some("given".into()));
    }

    #[test]
    fn s8_3_no_deduplication_on_standard_queues() {
        let error = admit_one(&QueueAttributes::new(false), fifo_entry("g", "d")).unwrap_err();
        assert!(error.text().ends_with(WRONG_KIND));
    }

    #[test]
    fn s7_20_attempts_are_for_fifo() {
        assert_eq!(check_attempt("a", true), Ok(()));
        assert!(check_attempt("", true).is_err());
        assert!(
            check_attempt("a", false)
                .unwrap_err()
                .text()
                .ends_with(WRONG_KIND)
        );
    }
}
