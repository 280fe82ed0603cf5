//! Queue names (S11.1), the kind they imply (S1.2), and whose they are: account and region.

use crate::error::{Error, Result};
use crate::limits;

const FIFO_SUFFIX: &str = ".fifo";

/// True for a name that ends in `.fifo` (S1.2).
pub fn is_fifo(name: &str) -> bool {
    name.ends_with(FIFO_SUFFIX)
}

/// S11.1: 1 to 80 of `[A-Za-z0-9_-]`; a FIFO name ends in `.fifo`, which counts.
pub fn check_queue_name(name: &str) -> Result<()> {
    let stem = name.strip_suffix(FIFO_SUFFIX).unwrap_or(name);
    let fits = name.len() <= limits::QUEUE_NAME_CHARS_MAX && !stem.is_empty();
    if fits && stem.bytes().all(is_name_byte) {
        return Ok(());
    }
    let reason = if is_fifo(name) {
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or \
         underscores, must end with .fifo suffix and be 1 to 80 in length."
    } else {
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    };
    Err(Error::bad_value(name, "QueueName", reason))
}

/// Whether a queue's name may begin with `prefix`: no queue is found under another.
pub fn can_begin_queue_name(prefix: &str) -> bool {
    let fits = prefix.len() <= limits::QUEUE_NAME_CHARS_MAX;
    fits && prefix
        .bytes()
        .all(|byte| is_name_byte(byte) || byte == b'.')
}

/// Whose a queue can be: of such an account, in such a region.
pub fn check_owner(account: &str, region: &str) -> Result<()> {
    check_account(account)?;
    check_region(region)
}

/// True for 12 digits.
pub fn is_account(text: &str) -> bool {
    text.len() == limits::ACCOUNT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An account id is 12 digits.
pub fn check_account(account: &str) -> Result<()> {
    if is_account(account) {
        return Ok(());
    }
    let reason = format!("It must be {} digits.", limits::ACCOUNT_DIGITS);
    Err(Error::bad_value(format!("{account:?}"), "account", &reason))
}

/// A region is any name of 1 to 64 of `[A-Za-z0-9._/-]`: AWS adds regions, and a private one may be
/// called anything.
pub fn check_region(region: &str) -> Result<()> {
    let fits = (1..=limits::REGION_CHARS_MAX).contains(&region.len());
    if fits
        && region
            .bytes()
            .all(|byte| is_name_byte(byte) || matches!(byte, b'.' | b'/'))
    {
        return Ok(());
    }
    let reason = format!(
        "It must have 1 to {} letters, digits, dots, hyphens, underscores or slashes.",
        limits::REGION_CHARS_MAX
    );
    Err(Error::bad_value(format!("{region:?}"), "region", &reason))
}

/// True for the bytes of queue names, batch entry ids and permission labels.
pub fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn s11_1_names() {
        let longest = "a".repeat(80);
        let longest_fifo = format!("{}.fifo", "a".repeat(75));
        for good in ["a", "A-b_9", "x.fifo", &longest, &longest_fifo] {
            assert_eq!(check_queue_name(good), Ok(()), "{good}");
        }
        let long = "a".repeat(81);
        let long_fifo = format!("{}.fifo", "a".repeat(76));
        for bad in [
            "",
            ".fifo",
            "a b",
            "a.b",
            "a.fifo.fifo",
            "\u{e4}",
            &long,
            &long_fifo,
        ] {
            let error = check_queue_name(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameterValue, "{bad}");
        }
    }

    #[test]
    fn accounts_and_regions() {
        assert_eq!(check_account("012345678901"), Ok(()));
        for bad in ["", "1", "0123456789012", "01234567890a", "0123456789\0"] {
            let error = check_account(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameterValue, "{bad}");
            assert!(error.text().contains("12 digits"), "{error}");
        }
        let longest = "r".repeat(64);
        for good in ["us-east-1", "r", "my_region.2", "2006/r", &longest] {
            assert_eq!(check_region(good), Ok(()), "{good}");
        }
        let long = "r".repeat(65);
        for bad in ["", "a b", "a:b", "a\0", "\u{e4}", &long] {
            let error = check_region(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameterValue, "{bad}");
        }
    }

    #[test]
    fn s11_9_prefixes() {
        let longest = "a".repeat(80);
        for good in ["", "a", "a.f", &longest] {
            assert!(can_begin_queue_name(good), "{good}");
        }
        let long = "a".repeat(81);
        for bad in ["a\0", "a b", "\u{e4}", &long] {
            assert!(!can_begin_queue_name(bad), "{bad}");
        }
    }

    #[test]
    fn s1_2_kind_by_name() {
        assert!(is_fifo("a.fifo"));
        assert!(!is_fifo("a.FIFO"));
        assert!(!is_fifo("afifo"));
    }
}
