//! Batch calls (S13) and the number of messages of one receive (S16).

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::rules::names::is_name_byte;
use std::collections::BTreeSet;

/// S13.1: 1 to `max` entries. `what` is SQS's name of an entry, such as
/// `DeleteMessageBatchRequestEntry`.
pub fn check_count(count: usize, max: usize, what: &str) -> Result<()> {
    if count == 0 {
        return Err(Error::new(
            ErrorKind::EmptyBatchRequest,
            format!("There should be at least one {what} in the request."),
        ));
    }
    if count > max {
        return Err(Error::new(
            ErrorKind::TooManyEntriesInBatchRequest,
            format!("Maximum number of entries per request are {max}. You have sent {count}."),
        ));
    }
    Ok(())
}

/// S13.2: each id 1 to 80 of `[A-Za-z0-9_-]`, all distinct.
pub fn check_ids(ids: &[&str]) -> Result<()> {
    let well_formed = |id: &&str| {
        (1..=limits::BATCH_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(is_name_byte)
    };
    if !ids.iter().all(well_formed) {
        return Err(Error::new(
            ErrorKind::InvalidBatchEntryId,
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
             It can be at most 80 letters long.",
        ));
    }
    let mut seen = BTreeSet::new();
    match ids.iter().find(|id| !seen.insert(**id)) {
        Some(repeated) => Err(Error::new(
            ErrorKind::BatchEntryIdsNotDistinct,
            format!("Id {repeated} repeated."),
        )),
        None => Ok(()),
    }
}

/// S5.5: all entries of a batch together are at most `max` bytes.
pub fn check_bytes(total: usize, max: usize) -> Result<()> {
    if total <= max {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::BatchRequestTooLong,
        format!("Batch requests cannot be longer than {max} bytes. You have sent {total} bytes."),
    ))
}

/// S16: a receive asks for 1 to 10 messages, or to 10,000 where SQS's limits are off.
pub fn check_receive_max(count: impl Into<i64>, sqs_limits: bool) -> Result<()> {
    let max = if sqs_limits {
        limits::SQS_RECEIVE_MAX
    } else {
        limits::BATCH_ENTRIES_MAX as u32
    };
    let count = count.into();
    if (1..=i64::from(max)).contains(&count) {
        return Ok(());
    }
    Err(Error::bad_value(
        count,
        "MaxNumberOfMessages",
        &format!("Must be between 1 and {max}, if provided."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(result: Result<()>) -> ErrorKind {
        result.unwrap_err().kind()
    }

    #[test]
    fn s13_1_count() {
        let what = "SendMessageBatchRequestEntry";
        assert_eq!(check_count(1, 10, what), Ok(()));
        assert_eq!(check_count(10, 10, what), Ok(()));
        let empty = check_count(0, 10, what).unwrap_err();
        assert_eq!(empty.kind(), ErrorKind::EmptyBatchRequest);
        assert!(empty.text().contains(what));
        let many = check_count(11, 10, what).unwrap_err();
        assert_eq!(many.kind(), ErrorKind::TooManyEntriesInBatchRequest);
        assert!(many.text().ends_with("You have sent 11."));
    }

    #[test]
    fn s13_2_ids() {
        let longest = "a".repeat(80);
        assert_eq!(check_ids(&["a", "A", "0-_", &longest]), Ok(()));
        let long = "a".repeat(81);
        for bad in ["", "a b", "a.b", "\u{e4}", &long] {
            assert_eq!(kind(check_ids(&["x", bad])), ErrorKind::InvalidBatchEntryId);
        }
        let repeated = kind(check_ids(&["a", "b", "a"]));
        assert_eq!(repeated, ErrorKind::BatchEntryIdsNotDistinct);
    }

    #[test]
    fn s5_5_bytes() {
        assert_eq!(check_bytes(1_048_576, 1_048_576), Ok(()));
        let long = kind(check_bytes(1_048_577, 1_048_576));
        assert_eq!(long, ErrorKind::BatchRequestTooLong);
    }

    #[test]
    fn s16_messages_of_one_receive() {
        for good in [1, 10] {
            assert_eq!(check_receive_max(good, true), Ok(()));
        }
        for bad in [0, 11] {
            let error = check_receive_max(bad, true).unwrap_err();
            assert!(
                error
                    .text()
                    .ends_with("Must be between 1 and 10, if provided.")
            );
        }
        assert_eq!(check_receive_max(10_000, false), Ok(()));
        assert!(check_receive_max(10_001, false).is_err());
    }
}
