//! The result table: scenarios down, drivers across.

use crate::run::Verdict;
use crate::scenario::Scenario;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Results of all drivers.
pub struct Table<'a> {
    /// The rows.
    pub scenarios: &'a [Scenario],
    /// The columns: a driver's name, and its verdict for every scenario.
    pub columns: Vec<(&'static str, Vec<Verdict>)>,
}

impl Table<'_> {
    /// The table, the reasons below it, and the totals as the last line. With `quiet` no rows.
    pub fn print(&self, quiet: bool) -> String {
        let mut text = String::new();
        if !quiet {
            self.print_rows(&mut text);
        }
        self.print_reasons(&mut text);
        let (passed, failed, skipped) = self.totals();
        line(
            &mut text,
            format_args!("{passed} passed, {failed} failed, {skipped} skipped"),
        );
        text
    }

    /// Passed, failed and skipped over all columns.
    pub fn totals(&self) -> (usize, usize, usize) {
        let mut totals = (0, 0, 0);
        for (_, verdicts) in &self.columns {
            for verdict in verdicts {
                match verdict {
                    Verdict::Passed => totals.0 += 1,
                    Verdict::Failed(_) => totals.1 += 1,
                    Verdict::Skipped(_) => totals.2 += 1,
                }
            }
        }
        totals
    }

    fn print_rows(&self, text: &mut String) {
        let width = self
            .scenarios
            .iter()
            .map(|one| one.path.len())
            .max()
            .unwrap_or(0);
        let mut head = format!("{:width$}", "scenario");
        for (name, _) in &self.columns {
            head += &format!("  {name:>6}");
        }
        line(text, format_args!("{head}"));
        for (index, scenario) in self.scenarios.iter().enumerate() {
            let mut row = format!("{:width$}", scenario.path);
            for (name, verdicts) in &self.columns {
                let word = match verdicts[index] {
                    Verdict::Passed => "ok",
                    Verdict::Failed(_) => "FAILED",
                    Verdict::Skipped(_) => "skip",
                };
                row += &format!("  {word:>0$}", name.len().max(6));
            }
            line(text, format_args!("{row}"));
        }
    }

    /// Skips by their reason, then each failure.
    fn print_reasons(&self, text: &mut String) {
        for (name, verdicts) in &self.columns {
            let mut skips: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (scenario, verdict) in self.scenarios.iter().zip(verdicts) {
                match verdict {
                    Verdict::Passed => {}
                    Verdict::Skipped(reason) => {
                        skips.entry(reason).or_default().push(&scenario.name);
                    }
                    Verdict::Failed(error) => {
                        line(
                            text,
                            format_args!("FAILED {name}: {}: {error}", scenario.path),
                        );
                    }
                }
            }
            for (reason, scenarios) in skips {
                let count = scenarios.len();
                line(
                    text,
                    format_args!("skipped {name} {reason}: {count}: {scenarios:?}"),
                );
            }
        }
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{content}");
}
