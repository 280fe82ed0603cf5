//! All pairs, and how they are printed.

use crate::checks::ALL;
use crate::pair::{Outcome, Pair};
use crate::side::Side;
use forebay_scenarios::drivers::{Entry, Paths, Start};
use std::fmt::Write as _;

/// One pair's checks, or why there were none.
type Cell = Result<Vec<(&'static str, Outcome)>, String>;

/// The result: a row a writer, a column a reader.
pub struct Matrix {
    names: Vec<&'static str>,
    cells: Vec<Vec<Cell>>,
}

impl Matrix {
    /// Runs every pair.
    pub fn measure(chosen: &[&'static Entry], paths: &Paths) -> Self {
        let starts: Vec<Result<Start, String>> = chosen
            .iter()
            .map(|entry| (entry.prepare)(paths).map_err(|error| format!("{}: {error}", entry.name)))
            .collect();
        let names: Vec<_> = chosen.iter().map(|entry| entry.name).collect();
        let cells = names
            .iter()
            .zip(&starts)
            .map(|(writer, write)| {
                names
                    .iter()
                    .zip(&starts)
                    .map(|(reader, read)| run_pair((writer, write), (reader, read)))
                    .collect()
            })
            .collect();
        Self { names, cells }
    }

    /// Passed, failed and skipped checks.
    pub fn totals(&self) -> (usize, usize, usize) {
        let mut totals = (0, 0, 0);
        for cell in self.cells.iter().flatten() {
            match cell {
                Ok(outcomes) => outcomes.iter().for_each(|(_, outcome)| match outcome {
                    Outcome::Passed => totals.0 += 1,
                    Outcome::Failed(_) => totals.1 += 1,
                    Outcome::Skipped(_) => totals.2 += 1,
                }),
                Err(_) => totals.1 += 1,
            }
        }
        totals
    }

    /// The matrix, what failed or was skipped, and the totals as the last line.
    pub fn print(&self) -> String {
        let mut text = format!("{:<14}", "written by");
        let mut reasons = String::new();
        for name in &self.names {
            add(&mut text, format_args!("{name:>10}"));
        }
        text.push_str("   <- read by\n");
        for (writer, cells) in self.names.iter().zip(&self.cells) {
            add(&mut text, format_args!("{writer:<14}"));
            for (reader, cell) in self.names.iter().zip(cells) {
                add(&mut text, format_args!("{:>10}", word(cell)));
                explain(&mut reasons, writer, reader, cell);
            }
            text.push('\n');
        }
        let checks: Vec<&str> = ALL.iter().map(|check| check.name).collect();
        add(&mut text, format_args!("checks: {}\n", checks.join(", ")));
        let (passed, failed, skipped) = self.totals();
        let sum = format!("{passed} passed, {failed} failed, {skipped} skipped\n");
        text + &reasons + &sum
    }
}

fn run_pair(
    (writer, write): (&'static str, &Result<Start, String>),
    (reader, read): (&'static str, &Result<Start, String>),
) -> Cell {
    let mut writer = Side::start(writer, write.as_ref()?)?;
    let mut reader = Side::start(reader, read.as_ref()?)?;
    let mut pair = Pair {
        writer: &mut writer,
        reader: &mut reader,
    };
    Ok(pair.run())
}

/// `8/8`, or what is wrong.
fn word(cell: &Cell) -> String {
    let Ok(outcomes) = cell else {
        return "FAILED".into();
    };
    let passed = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Passed))
        .count();
    format!("{passed}/{}", ALL.len())
}

fn explain(text: &mut String, writer: &str, reader: &str, cell: &Cell) {
    match cell {
        Err(error) => add(text, format_args!("FAILED {writer} -> {reader}: {error}\n")),
        Ok(outcomes) => {
            for (check, outcome) in outcomes {
                let (word, reason) = match outcome {
                    Outcome::Passed => continue,
                    Outcome::Failed(reason) => ("FAILED", reason),
                    Outcome::Skipped(reason) => ("skipped", reason),
                };
                let pair = format!("{writer} -> {reader}");
                add(text, format_args!("{word} {pair}: {check}: {reason}\n"));
            }
        }
    }
}

fn add(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = text.write_fmt(content);
}
