//! Lists in pages (S11.10).

use crate::error::{Error, Result};
use crate::rules::names;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt::Display;

/// Says that the rest of a decoded token is a name; another text in base64 is not a token.
const TOKEN_PREFIX: &str = "after:";

/// S11.10: the opaque token of the page that starts after `last`.
pub fn encode_token(last: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{TOKEN_PREFIX}{last}"))
}

/// S11.10: reads a token of [`encode_token`]; anything else is InvalidParameterValue.
pub fn decode_token(token: &str) -> Result<String> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix(TOKEN_PREFIX).map(String::from))
        .filter(|name| names::check_queue_name(name).is_ok())
        .ok_or_else(|| {
            Error::bad_value(
                token,
                "NextToken",
                "It was not returned by an earlier page.",
            )
        })
}

/// S11.10, S10.10: a page has 1 to `max` items.
pub fn check_limit(count: impl TryInto<usize> + Display + Copy, max: usize) -> Result<()> {
    if count
        .try_into()
        .is_ok_and(|count| (1..=max).contains(&count))
    {
        return Ok(());
    }
    let reason = format!("Must be between 1 and {max}, if provided.");
    Err(Error::bad_value(count, "MaxResults", &reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn s11_10_tokens() {
        for name in ["a", "queue.fifo"] {
            assert_eq!(decode_token(&encode_token(name)).as_deref(), Ok(name));
        }
        let forged = ["", "a b", "a\0", &"a".repeat(600)].map(encode_token);
        let garbage = ["", "!", "YWJj", "\u{e4}"].map(String::from);
        for bad in garbage.iter().chain(&forged) {
            let error = decode_token(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameterValue);
        }
    }

    #[test]
    fn s11_10_page_size() {
        assert_eq!(check_limit(1, 1000), Ok(()));
        assert_eq!(check_limit(1000, 1000), Ok(()));
        assert!(check_limit(0, 1000).is_err());
        assert!(check_limit(1001, 1000).is_err());
    }
}
