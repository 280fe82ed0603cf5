//! Queue names (S11.1) and the kind they imply (S1.2).

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
    fn s1_2_kind_by_name() {
        assert!(is_fifo("a.fifo"));
        assert!(!is_fifo("a.FIFO"));
        assert!(!is_fifo("afifo"));
    }
}
