//! Queue tags (S14).

use crate::error::{Error, Result};
use crate::limits;
use crate::rules::text;
use std::collections::BTreeMap;

/// S14.1, S14.3: every key 1 to 128 characters and not `aws:*`, every value at most 256, at
/// most 50 tags.
pub fn check(tags: &BTreeMap<String, String>) -> Result<()> {
    for (key, value) in tags {
        check_tag(key, value)?;
    }
    if tags.len() > limits::TAGS_MAX {
        let reason = format!("A queue has at most {} tags.", limits::TAGS_MAX);
        return Err(Error::bad_value(tags.len(), "Tags", &reason));
    }
    Ok(())
}

/// S14.1: `current` with `given` written over it.
pub fn add(
    current: &BTreeMap<String, String>,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    if given.is_empty() {
        return Err(Error::missing("Tags"));
    }
    let mut all = current.clone();
    all.extend(
        given
            .iter()
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    check(&all)?;
    Ok(all)
}

fn check_tag(key: &str, value: &str) -> Result<()> {
    for (text, parameter) in [(key, "TagKey"), (value, "TagValue")] {
        if !text::is_sqs_text(text) {
            let reason = "It has control characters, which tags cannot carry.";
            return Err(Error::bad_value(format!("{text:?}"), parameter, reason));
        }
    }
    if !(1..=limits::TAG_KEY_CHARS_MAX).contains(&key.chars().count()) {
        let reason = format!("Must have 1 to {} characters.", limits::TAG_KEY_CHARS_MAX);
        return Err(Error::bad_value(key, "TagKey", &reason));
    }
    let reserved = key
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    if reserved {
        let reason = "Keys that start with 'aws:' are reserved.";
        return Err(Error::bad_value(key, "TagKey", reason));
    }
    if value.chars().count() > limits::TAG_VALUE_CHARS_MAX {
        let reason = format!(
            "Must have at most {} characters.",
            limits::TAG_VALUE_CHARS_MAX
        );
        return Err(Error::bad_value(value, "TagValue", &reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = |(key, value): &(&str, &str)| (key.to_string(), value.to_string());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn s14_1_sizes_and_empty_value() {
        let key = "\u{e4}".repeat(128);
        let value = "\u{e4}".repeat(256);
        assert_eq!(check(&tags(&[(&key, &value), ("k", "")])), Ok(()));
        for (key, value) in [
            ("", "v"),
            (&*format!("{key}a"), "v"),
            ("k", &format!("{value}a")),
        ] {
            let error = check(&tags(&[(key, value)])).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameterValue);
        }
    }

    #[test]
    fn s14_1_same_key_overwrites_and_case_differs() {
        let both = add(
            &tags(&[("a", "1"), ("b", "1")]),
            &tags(&[("a", "2"), ("A", "3")]),
        );
        assert_eq!(both, Ok(tags(&[("a", "2"), ("b", "1"), ("A", "3")])));
    }

    #[test]
    fn s14_1_characters() {
        for (key, value) in [("k\0", "v"), ("k", "v\0"), ("k", "\u{1}")] {
            assert!(check(&tags(&[(key, value)])).is_err(), "{key:?} {value:?}");
        }
        assert_eq!(check(&tags(&[("Team \u{e4}", "a/b=c\n")])), Ok(()));
    }

    #[test]
    fn s14_1_fifty_tags() {
        let fifty: BTreeMap<_, _> = (0..50).map(|n| (n.to_string(), String::new())).collect();
        assert_eq!(check(&fifty), Ok(()));
        assert!(add(&fifty, &tags(&[("more", "")])).is_err());
        assert!(add(&fifty, &tags(&[("0", "again")])).is_ok());
    }

    #[test]
    fn s14_3_reserved_prefix() {
        assert!(check(&tags(&[("AWS:x", "v")])).is_err());
        assert_eq!(check(&tags(&[("aws", "v")])), Ok(()));
    }

    #[test]
    fn no_tags_is_a_missing_parameter() {
        let error = add(&tags(&[]), &tags(&[])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingParameter);
    }
}
