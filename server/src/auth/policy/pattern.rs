//! Patterns with `*` and `?`, and ARNs that are matched part by part.

/// True if `text` fits `pattern`, where `*` stands for any characters and `?` for one.
pub fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // The last star, and how much of the text it took: where to go on after a failure.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

/// U8.6: both are ARNs, and each of the six parts fits.
pub fn arn_fits(pattern: &str, text: &str) -> bool {
    let split = |arn: &str| -> Vec<String> { arn.splitn(6, ':').map(String::from).collect() };
    let (pattern, text) = (split(pattern), split(text));
    if pattern == ["*"] {
        return true;
    }
    let pairs = pattern.iter().zip(&text);
    pattern.len() == 6 && text.len() == 6 && pairs.into_iter().all(|(p, t)| fits(p, t))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "abc"),
            ("a*c", "abbc"),
            ("a?c", "abc"),
            ("*b*b*", "abab"),
            ("a**", "a"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", ""), ("?", ""), ("a*c", "abb"), ("A", "a")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        // Exponential in a naive matcher.
        assert!(!fits(&format!("{}c", "a*".repeat(200)), &"a".repeat(5_000)));
    }

    #[test]
    fn arns_match_part_by_part() {
        let topic = "arn:aws:sns:us-east-1:123456789012:topic:x";
        assert!(arn_fits("arn:aws:sns:*:123456789012:*", topic));
        assert!(arn_fits("*", topic));
        assert!(!arn_fits("arn:aws:*", topic));
        assert!(!arn_fits("arn:*:123456789012:*:*:*", topic));
        assert!(!arn_fits("arn:aws:sns:*:*:*", "topic"));
    }
}
