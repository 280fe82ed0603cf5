//! The characters that SQS carries (S5.7).

/// S5.7: UTF-8 of U+0009, U+000A, U+000D, U+0020 to U+D7FF, U+E000 to U+FFFD and U+10000 to
/// U+10FFFF only.
pub fn is_sqs_text(bytes: impl AsRef<[u8]>) -> bool {
    std::str::from_utf8(bytes.as_ref()).is_ok_and(|text| text.chars().all(is_sqs_char))
}

fn is_sqs_char(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_7_characters() {
        for good in [
            "",
            "\t\n\r ",
            "\u{7f}",
            "\u{d7ff}\u{e000}\u{fffd}",
            "\u{10000}\u{10ffff}",
        ] {
            assert!(is_sqs_text(good), "{good:?}");
        }
        for bad in ["\0", "a\u{1}", "\u{b}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
            assert!(!is_sqs_text(bad), "{bad:?}");
        }
        assert!(!is_sqs_text(b"\xff"), "not UTF-8");
    }
}
