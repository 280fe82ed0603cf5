//! The table: a block for each step and size of batch, a line for each server.

use super::{Cell, Entrant, Medians};
use crate::stats::median;
use crate::workloads::Failure;
use forebay_server::load::Step;
use std::fmt::Write as _;

/// Columns of a block.
const CONNECTIONS: [usize; 3] = [1, 16, 128];
/// Blocks of a step.
const BATCHES: [usize; 2] = [1, 10];

/// All of it. Ours is first in the list, and compared with every other.
pub fn print(entrants: &[Entrant]) -> Result<String, Failure> {
    let mut text = String::new();
    for step in Step::ALL {
        for batch in BATCHES {
            block(&mut text, step, batch, entrants);
        }
    }
    if let Some((ours, others)) = entrants.split_first() {
        let name = &ours.name;
        add(
            &mut text,
            format_args!("\n{name} is so many times as fast (lowest, median, highest)\n"),
        );
        for other in others {
            add(
                &mut text,
                format_args!("  {:<30}{}\n", other.name, ratios(ours, other)),
            );
        }
    }
    add(
        &mut text,
        format_args!("\nan acknowledgement has survived; peak of resident memory; command\n"),
    );
    for entrant in entrants {
        let memory = entrant.server.peak_bytes()? >> 20;
        let (name, class, command) = (&entrant.name, &entrant.class, &entrant.server.command);
        add(
            &mut text,
            format_args!("  {name:<30}{class}; {memory} MiB; {command}\n"),
        );
        if let Some(failure) = &entrant.failure {
            add(&mut text, format_args!("  {:<30}failed: {failure}\n", ""));
        }
    }
    Ok(text)
}

fn block(text: &mut String, step: Step, batch: usize, entrants: &[Entrant]) {
    let title = format!("{}, {batch} a request", step.name());
    add(
        text,
        format_args!(
            "\n{title:<30}{:>27}   {:>51}\n",
            "messages/s", "p50 / p99, ms"
        ),
    );
    add(text, format_args!("{:<30}", "connections"));
    for count in CONNECTIONS {
        add(text, format_args!("{count:>9}"));
    }
    add(text, format_args!("   "));
    for count in CONNECTIONS {
        add(text, format_args!("{count:>17}"));
    }
    text.push('\n');
    for entrant in entrants {
        let measured = CONNECTIONS.map(|count| entrant.medians((step, batch, count)));
        add(text, format_args!("{:<30}", entrant.name));
        for medians in &measured {
            add(text, format_args!("{:>9}", rate(medians.as_ref())));
        }
        add(text, format_args!("   "));
        for medians in &measured {
            add(text, format_args!("{:>17}", times(medians.as_ref())));
        }
        text.push('\n');
    }
}

fn rate(medians: Option<&Medians>) -> String {
    medians.map_or("failed".into(), |it| format!("{:.0}", it.rate))
}

fn times(medians: Option<&Medians>) -> String {
    let ms = |us: f64| us / 1_000.0;
    medians.map_or(String::new(), |it| {
        format!("{:.2}/{:.2}", ms(it.p50_us), ms(it.p99_us))
    })
}

/// Over all that was measured of both.
fn ratios(ours: &Entrant, other: &Entrant) -> String {
    let ratio = |cell: &Cell| {
        let (own, others) = (ours.medians(*cell)?, other.medians(*cell)?);
        Some(own.rate / others.rate)
    };
    let mut ratios: Vec<f64> = ours.seen.keys().filter_map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    match ratios.as_slice() {
        [] => "nothing to compare".into(),
        [lowest, ..] => format!(
            "{lowest:.1}  {:.1}  {:.1}",
            median(&ratios),
            ratios.last().unwrap_or(lowest)
        ),
    }
}

fn add(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = text.write_fmt(content);
}
