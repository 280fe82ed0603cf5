//! Counting passed, failed and skipped tests, from what test programs print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Tally {
    /// One check that passed or failed as a whole.
    pub fn one(passed: bool) -> Self {
        Self {
            passed: u64::from(passed),
            failed: u64::from(!passed),
            skipped: 0,
        }
    }

    /// Reads a line that closes a test run: ours (`3 passed, 0 failed, 1 skipped`) or that of
    /// the Rust test harness (`test result: ok. 3 passed; 0 failed; 1 ignored; ...`).
    pub fn read(line: &str) -> Option<Self> {
        let line = line.trim();
        let counts = match line.strip_prefix("test result: ") {
            Some(rest) => rest.split_once(". ")?.1,
            None => line,
        };
        let mut tally = Self::default();
        let mut seen = 0;
        for part in counts.split([',', ';']) {
            let (number, what) = part.trim().split_once(' ')?;
            let number: u64 = number.parse().ok()?;
            match what {
                "passed" => tally.passed = number,
                "failed" => tally.failed = number,
                "skipped" | "ignored" => tally.skipped = number,
                _ => break,
            }
            seen += 1;
        }
        (seen >= 2).then_some(tally)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_closing_lines_and_nothing_else() {
        let expected = Tally {
            passed: 3,
            failed: 1,
            skipped: 2,
        };
        let rust = "test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 9 filtered \
                    out; finished in 0.01s";
        assert_eq!(Tally::read(rust), Some(expected));
        assert_eq!(Tally::read(&expected.to_string()), Some(expected));
        for other in [
            "",
            "3 passed",
            "test a::b ... ok",
            "passed, failed",
            "3 files, 2 lines",
        ] {
            assert_eq!(Tally::read(other), None, "{other:?}");
        }
    }
}
