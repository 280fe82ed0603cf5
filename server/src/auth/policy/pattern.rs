//! Patterns with `*` and `?`, and ARNs that are matched part by part.

/// A pattern, in which a star that is meant and one that stands for anything are not the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// This character.
    One(char),
    /// `?`: any character.
    Any,
    /// `*`: any characters, or none.
    Many,
}

impl Pattern {
    /// Adds text in which `*` stands for any characters and `?` for one.
    pub fn push(&mut self, text: &str) {
        self.parts
            .extend(text.chars().map(|character| match character {
                '*' => Part::Many,
                '?' => Part::Any,
                other => Part::One(other),
            }));
    }

    /// Adds text that is meant as it is.
    pub fn push_literal(&mut self, text: &str) {
        self.parts.extend(text.chars().map(Part::One));
    }

    /// The characters, for comparisons that know no patterns.
    pub fn text(&self) -> String {
        let character = |part: &Part| match part {
            Part::One(character) => *character,
            Part::Any => '?',
            Part::Many => '*',
        };
        self.parts.iter().map(character).collect()
    }

    /// True if all of `text` fits.
    pub fn fits(&self, text: &str) -> bool {
        fits(&self.parts, text)
    }

    /// U8.6: both are ARNs, and each of the six parts fits.
    pub fn fits_arn(&self, text: &str) -> bool {
        if self.parts == [Part::Many] {
            return true;
        }
        let own: Vec<&[Part]> = self
            .parts
            .splitn(6, |part| *part == Part::One(':'))
            .collect();
        let text: Vec<&str> = text.splitn(6, ':').collect();
        let mut pairs = own.iter().zip(&text);
        own.len() == 6 && text.len() == 6 && pairs.all(|(own, text)| fits(own, text))
    }
}

fn fits(pattern: &[Part], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // The last star, and how much of the text it took: where to go on after a failure.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Part::Many) => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some(Part::Any) => {
                p += 1;
                t += 1;
                continue;
            }
            Some(Part::One(character)) if *character == text[t] => {
                p += 1;
                t += 1;
                continue;
            }
            _ => {}
        }
        let Some((at, taken)) = star else {
            return false;
        };
        star = Some((at, taken + 1));
        p = at + 1;
        t = taken + 1;
    }
    pattern[p..].iter().all(|rest| *rest == Part::Many)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        let mut pattern = Pattern::default();
        pattern.push(text);
        pattern
    }

    #[test]
    fn patterns() {
        for (own, text) in [
            ("", ""),
            ("*", ""),
            ("*", "abc"),
            ("a*c", "abbc"),
            ("a?c", "abc"),
            ("*b*b*", "abab"),
            ("a**", "a"),
        ] {
            assert!(pattern(own).fits(text), "{own} {text}");
            assert_eq!(pattern(own).text(), own);
        }
        for (own, text) in [("", "a"), ("a", ""), ("?", ""), ("a*c", "abb"), ("A", "a")] {
            assert!(!pattern(own).fits(text), "{own} {text}");
        }
        // Exponential in a naive matcher.
        assert!(!pattern(&format!("{}c", "a*".repeat(200))).fits(&"a".repeat(5_000)));
    }

    #[test]
    fn what_is_meant_as_it_is_stands_for_nothing_else() {
        let mut own = pattern("a*");
        own.push_literal("*?:");
        assert!(own.fits("a*?:") && own.fits("abc*?:"));
        assert!(!own.fits("abcd:") && !own.fits("a*x:"));
        assert_eq!(own.text(), "a**?:");
    }

    #[test]
    fn arns_match_part_by_part() {
        let topic = "arn:aws:sns:us-east-1:123456789012:topic:x";
        assert!(pattern("arn:aws:sns:*:123456789012:*").fits_arn(topic));
        assert!(pattern("*").fits_arn(topic));
        assert!(!pattern("arn:aws:*").fits_arn(topic));
        assert!(!pattern("arn:*:123456789012:*:*:*").fits_arn(topic));
        assert!(!pattern("arn:aws:sns:*:*:*").fits_arn("topic"));
    }
}
