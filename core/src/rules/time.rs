//! Visibility timeouts and waits (S2, S4).

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::message::Receipt;
use crate::rules::receipt;

/// A manual clock ends with the year 9999, so that no deadline is beyond what times can be.
pub fn check_manual_clock(now_ms: u64) -> Result<()> {
    match now_ms <= limits::MANUAL_CLOCK_MS_MAX {
        true => Ok(()),
        false => Err(too_late(now_ms)),
    }
}

/// Says that a manual clock cannot be moved to `now_ms`.
pub fn too_late(now_ms: u64) -> Error {
    let text = format!(
        "a manual clock cannot be at {now_ms} ms; the latest time is {} ms, the end of the year \
         9999",
        limits::MANUAL_CLOCK_MS_MAX
    );
    Error::new(ErrorKind::InvalidArgument, text)
}

/// The time of a manual clock that is moved on.
pub fn advance(now_ms: u64, by_ms: u64) -> Result<u64> {
    let advanced_ms = now_ms.saturating_add(by_ms);
    check_manual_clock(advanced_ms)?;
    Ok(advanced_ms)
}

/// S2.2, S2.7: a visibility timeout is 0 to 43,200 s.
pub fn check_visibility(seconds: impl Into<i64>) -> Result<()> {
    check_range(
        seconds.into(),
        "VisibilityTimeout",
        limits::VISIBILITY_S_MAX,
    )
}

/// S4.1: a receive waits 0 to 20 s.
pub fn check_wait(seconds: impl Into<i64>) -> Result<()> {
    check_range(seconds.into(), "WaitTimeSeconds", limits::WAIT_S_MAX)
}

/// S2.10: a message stays invisible for at most 43,200 s, counted from the receive that gave
/// `receipt`. Zero hides nothing and is always allowed.
pub fn check_visibility_total(receipt: &Receipt, now_ms: u64, seconds: u32) -> Result<()> {
    let end_ms = now_ms.saturating_add(u64::from(seconds) * 1000);
    let limit_ms = receipt
        .received_ms
        .saturating_add(u64::from(limits::VISIBILITY_S_MAX) * 1000);
    if seconds == 0 || end_ms <= limit_ms {
        return Ok(());
    }
    Err(Error::bad_value(
        seconds,
        "VisibilityTimeout",
        &format!(
            "Total VisibilityTimeout for the message is beyond the limit [{} seconds]",
            limits::VISIBILITY_S_MAX
        ),
    ))
}

/// S2.15: the visibility of a deleted message cannot change.
pub fn visibility_gone(receipt: &Receipt) -> Error {
    Error::bad_value(
        receipt::encode(receipt),
        "ReceiptHandle",
        "Message does not exist or is not available for visibility timeout change.",
    )
}

/// S2.21: a FIFO queue refuses a handle whose deadline passed.
pub fn receipt_expired(receipt: &Receipt) -> Error {
    Error::bad_value(
        receipt::encode(receipt),
        "ReceiptHandle",
        "The receipt handle has expired.",
    )
}

fn check_range(seconds: i64, parameter: &str, max: u32) -> Result<()> {
    if (0..=i64::from(max)).contains(&seconds) {
        return Ok(());
    }
    let reason = format!("Must be >= 0 and <= {max}, if provided.");
    Err(Error::bad_value(seconds, parameter, &reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s2_2_and_s4_1_ranges() {
        assert_eq!(check_visibility(0), Ok(()));
        assert_eq!(check_visibility(43_200), Ok(()));
        assert_eq!(
            check_visibility(43_201).unwrap_err().text(),
            "Value 43201 for parameter VisibilityTimeout is invalid. \
             Reason: Must be >= 0 and <= 43200, if provided."
        );
        assert_eq!(check_wait(20), Ok(()));
        assert_eq!(
            check_wait(21).unwrap_err().text(),
            "Value 21 for parameter WaitTimeSeconds is invalid. \
             Reason: Must be >= 0 and <= 20, if provided."
        );
    }

    #[test]
    fn s2_10_twelve_hours_from_the_receive() {
        let receipt = Receipt {
            queue_uid: 1,
            sequence: 1,
            receive: 1,
            received_ms: 5_000,
        };
        assert_eq!(check_visibility_total(&receipt, 5_000, 43_200), Ok(()));
        assert_eq!(check_visibility_total(&receipt, 15_000, 43_190), Ok(()));
        assert!(check_visibility_total(&receipt, 15_000, 43_191).is_err());
        assert!(check_visibility_total(&receipt, 15_001, 43_190).is_err());
        assert_eq!(check_visibility_total(&receipt, u64::MAX, 0), Ok(()));
    }

    #[test]
    fn s2_15_and_s2_21_name_the_handle() {
        let receipt = Receipt {
            queue_uid: 1,
            sequence: 2,
            receive: 3,
            received_ms: 4,
        };
        let handle = receipt::encode(&receipt);
        assert!(visibility_gone(&receipt).text().contains(&handle));
        assert!(
            receipt_expired(&receipt)
                .text()
                .ends_with("The receipt handle has expired.")
        );
    }
}
