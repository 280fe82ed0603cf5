//! Cost and memory at each step of a sweep.

use super::holdings::{Filled, Holding};
use crate::args::Args;
use crate::memory::{Resident, resident};
use crate::stats::median;
use crate::workloads::Failure;
use forebay::OpenOptions;
use forebay::store::Durability;
use std::time::{Duration, Instant};

/// A step's cost is the median of this many slices.
const SLICES: usize = 5;

struct Step {
    count: u64,
    us: f64,
    memory: Resident,
    disk_bytes: u64,
}

/// Runs one sweep and returns its result as JSON.
pub fn run(holding: Holding, args: &Args) -> Result<String, Failure> {
    let private = tempfile::tempdir_in(&args.dir)?;
    let store = OpenOptions::new()
        .durability(Durability::Os)
        .sixty_second_rules(false)
        .open(private.path().join("store"))?;
    let mut filled = Filled::new(holding, store)?;
    println!(
        "{:>17} {:>9} {:>7} {:>12} {:>12} {:>10}",
        holding.title(),
        "us/cycle",
        "ratio",
        "anon MiB",
        "file MiB",
        "log MiB"
    );
    let mut steps: Vec<Step> = Vec::new();
    for count in counts(holding, args.max) {
        filled.fill(count)?;
        let step = Step {
            count,
            us: cost_us(&mut filled, args.time)?,
            memory: resident()?,
            disk_bytes: filled.store().statistics()?.disk_bytes,
        };
        let first = steps.first().unwrap_or(&step).us;
        println!(
            "{:>17} {:>9.2} {:>7.2} {:>12.1} {:>12.1} {:>10.0}",
            step.count,
            step.us,
            step.us / first,
            mib(step.memory.anonymous),
            mib(step.memory.file),
            mib(step.disk_bytes)
        );
        steps.push(step);
    }
    Ok(json(&steps))
}

fn counts(holding: Holding, max: Option<u64>) -> Vec<u64> {
    let (first, last) = holding.range();
    let last = max.unwrap_or(last);
    let mut counts = vec![first];
    let mut next = if first == 0 { 1_000 } else { first * 10 };
    while next <= last {
        counts.push(next);
        next *= 10;
    }
    counts
}

fn cost_us(filled: &mut Filled, time: Duration) -> Result<f64, Failure> {
    let mut slices = Vec::new();
    for _ in 0..SLICES {
        let started = Instant::now();
        let mut cycles = 0u32;
        while started.elapsed() < time {
            filled.cycle()?;
            cycles += 1;
        }
        slices.push(started.elapsed().as_secs_f64() * 1e6 / f64::from(cycles));
    }
    Ok(median(&slices))
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn json(steps: &[Step]) -> String {
    let steps: Vec<String> = steps
        .iter()
        .map(|step| {
            format!(
                "{{\"count\":{},\"us\":{:.3},\"rss_anon\":{},\"rss_file\":{},\"disk_bytes\":{}}}",
                step.count, step.us, step.memory.anonymous, step.memory.file, step.disk_bytes
            )
        })
        .collect();
    format!("[{}]", steps.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_tenfold_to_the_last() {
        assert_eq!(counts(Holding::Backlog, None).len(), 5);
        assert_eq!(counts(Holding::Backlog, Some(10_000)), [1_000, 10_000]);
        assert_eq!(counts(Holding::InFlight, Some(1_000)), [0, 1_000]);
        assert_eq!(counts(Holding::Queues, Some(1)), [1]);
    }
}
