//! Looks for a history on which a subject differs, and makes it small.

use crate::generate;
use crate::history::{History, Shape};
use crate::run::{Difference, compare};
use crate::subject::Subject;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Opens a fresh subject.
pub type Open<'a> = &'a (dyn Fn() -> forebay::Result<Box<dyn Subject>> + Sync);

/// A seed whose history shows a difference.
#[derive(Debug)]
pub struct Found {
    /// The seed.
    pub seed: u64,
    /// The smallest history that still shows a difference.
    pub history: History,
    /// The difference that it shows.
    pub difference: Difference,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} differs; made small:", self.seed)?;
        for (at, op) in self.history.ops.iter().enumerate() {
            writeln!(f, "  {at}: {op:?}")?;
        }
        write!(f, "{}", self.difference)
    }
}

/// The history of a seed, always the same.
pub fn history(seed: u64, shape: Shape) -> History {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    match generate::history(shape).new_tree(&mut runner) {
        Ok(tree) => tree.current(),
        // Only strategies that filter can fail, and there is none.
        Err(reason) => unreachable!("{reason}"),
    }
}

/// Runs the history of one seed.
pub fn one(seed: u64, shape: Shape, open: Open<'_>) -> Result<(), Box<Found>> {
    let history = history(seed, shape);
    match run(&history, open) {
        Ok(()) => Ok(()),
        Err(difference) => {
            let (history, difference) = shrink(history, *difference, open);
            Err(Box::new(Found {
                seed,
                history,
                difference,
            }))
        }
    }
}

/// Runs the histories of `seeds` on every core; answers with a difference if there is one.
/// `progress` is told each finished history.
pub fn many(
    seeds: std::ops::Range<u64>,
    shape: Shape,
    open: Open<'_>,
    progress: &(dyn Fn() + Sync),
) -> Result<(), Box<Found>> {
    let next = AtomicU64::new(seeds.start);
    let stop = AtomicBool::new(false);
    let worker = || {
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            let result = one(seed, shape, open);
            progress();
            if result.is_err() {
                stop.store(true, Ordering::Relaxed);
                return result;
            }
        }
        Ok(())
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| match worker.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
    })
}

fn run(history: &History, open: Open<'_>) -> Result<(), Box<Difference>> {
    let mut subject = open().map_err(|error| Difference::of_opening(&error))?;
    compare(history, subject.as_mut())
}

/// Cuts a history after its first difference, then leaves out ever smaller pieces of it while a
/// difference remains. Proptest's own shrinking would simplify each value too, at a hundred times
/// the runs; histories without the superfluous operations are readable enough.
fn shrink(
    mut history: History,
    mut difference: Difference,
    open: Open<'_>,
) -> (History, Difference) {
    history.ops.truncate(difference.at + 1);
    let mut piece = history.ops.len().div_ceil(2);
    while piece > 0 {
        let mut from = 0;
        while from < history.ops.len() {
            let mut smaller = history.clone();
            smaller.ops.drain(from..history.ops.len().min(from + piece));
            match run(&smaller, open) {
                Err(found) => (history, difference) = (smaller, *found),
                Ok(()) => from += piece,
            }
        }
        piece /= 2;
    }
    (history, difference)
}
