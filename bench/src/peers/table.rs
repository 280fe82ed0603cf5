//! A class's table, and versions and settings below it.

use super::rounds::Row;
use std::fmt::Write as _;

/// What the classes mean.
fn meaning(class: &str) -> &'static str {
    match class {
        "full" => "on stable storage before the call returns",
        _ => "survives the death of the process, not loss of power",
    }
}

/// The rows, as they are sorted.
pub fn print(class: &str, rows: Vec<Row>) -> String {
    let mut text = format!("\nclass {class}: {}\n", meaning(class));
    add(
        &mut text,
        format_args!(
            "{:<24}{:>14}{:>16}{:>14}\n",
            "", "one process", "two processes", "syncs/cycle"
        ),
    );
    for row in &rows {
        let rate = |rate: Option<f64>| rate.map_or("failed".into(), |rate| format!("{rate:.0}/s"));
        add(
            &mut text,
            format_args!(
                "{:<24}{:>14}{:>16}{:>14.1}\n",
                row.name,
                rate(row.one),
                rate(row.two),
                row.syncs
            ),
        );
    }
    text.push('\n');
    for row in &rows {
        add(&mut text, format_args!("  {:<24}{}\n", row.name, row.about));
        if let Some(failure) = &row.failure {
            add(&mut text, format_args!("  {:<24}failed: {failure}\n", ""));
        }
    }
    text
}

fn add(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = text.write_fmt(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_shown_and_not_left_out() {
        let row = Row {
            name: "a".into(),
            about: "1.0; WAL".into(),
            one: Some(1234.4),
            two: None,
            syncs: 3.0,
            failure: Some("no answer".into()),
        };
        let text = print("full", vec![row]);
        for part in ["1234/s", "failed", "3.0", "1.0; WAL", "no answer"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
