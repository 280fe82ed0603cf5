//! Cost and memory at each step of a sweep.

use super::holdings::{Filled, Holding};
use crate::args::Args;
use crate::memory::{Resident, resident};
use crate::stats::median;
use crate::workloads::Failure;
use forebay::store::Durability;
use std::time::{Duration, Instant};

/// A step's cost is the median of this many slices.
const SLICES: usize = 5;

struct Step {
    count: u64,
    /// Of a cycle without syncs.
    us: f64,
    /// Of a cycle with `Durability::Full`.
    full_us: f64,
    memory: Resident,
    disk_bytes: u64,
}

/// Runs one sweep and returns its result as JSON.
pub fn run(holding: Holding, args: &Args) -> Result<String, Failure> {
    let private = tempfile::tempdir_in(&args.dir)?;
    let mut filled = Filled::new(holding, &private.path().join("store"))?;
    println!(
        "{:>17} {:>9} {:>7} {:>9} {:>7} {:>10} {:>10} {:>9}",
        holding.title(),
        "us, os",
        "ratio",
        "us, full",
        "ratio",
        "anon MiB",
        "file MiB",
        "log MiB"
    );
    let mut steps: Vec<Step> = Vec::new();
    for count in counts(holding, args.max) {
        filled.fill(count)?;
        let (us, memory) = (cost_us(&mut filled, args.time)?, resident()?);
        // Opened anew only when the memory was looked at: opening reads much of the index.
        filled = filled.reopen(Durability::Full)?;
        settle()?;
        let step = Step {
            count,
            us,
            full_us: cost_us(&mut filled, args.time)?,
            memory,
            disk_bytes: filled.store().statistics()?.disk_bytes,
        };
        filled = filled.reopen(Durability::Os)?;
        print(&step, steps.first().unwrap_or(&step));
        steps.push(step);
    }
    Ok(json(&steps))
}

fn print(step: &Step, first: &Step) {
    println!(
        "{:>17} {:>9.2} {:>7.2} {:>9.1} {:>7.2} {:>10.1} {:>10.1} {:>9.0}",
        step.count,
        step.us,
        step.us / first.us,
        step.full_us,
        step.full_us / first.full_us,
        mib(step.memory.anonymous),
        mib(step.memory.file),
        mib(step.disk_bytes)
    );
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

/// Waits until what filling wrote is on disk, or its write-back would be measured with the syncs.
fn settle() -> Result<(), Failure> {
    let status = std::process::Command::new("sync").status()?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| format!("sync: {status}").into())
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn json(steps: &[Step]) -> String {
    let steps: Vec<String> = steps
        .iter()
        .map(|step| {
            format!(
                "{{\"count\":{},\"us\":{:.3},\"full_us\":{:.3},\"rss_anon\":{},\"rss_file\":{},\
                 \"disk_bytes\":{}}}",
                step.count,
                step.us,
                step.full_us,
                step.memory.anonymous,
                step.memory.file,
                step.disk_bytes
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
