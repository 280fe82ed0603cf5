//! One row of the table: a shape, a body size and a durability class, measured in rounds that
//! alternate between the store and the floor.

use super::members::{Members, Side};
use super::shape::{Sample, Shape, run_single, run_threads};
use super::subject::{Failure, Library, Subject};
use crate::floor::{Floor, Region, SharedFloor};
use crate::stats::{Latencies, median};
use bytes::Bytes;
use forebay::OpenOptions;
use forebay::store::Durability;
use std::path::Path;
use std::time::Duration;

/// Size of the floor's file: a log that recycles its segments stays about as small.
pub const RING_BYTES: u64 = 128 << 20;

/// What a row measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// `threads1/256B/full`.
    pub name: String,
    pub shape: Shape,
    pub bytes: usize,
    pub durability: Durability,
}

/// A row's result. Rates are cycles a second: one message sent, received and deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    /// Of the store, the median of all rounds.
    pub rate: f64,
    /// Of the floor, likewise.
    pub floor: f64,
    /// Median of the rounds' own ratios.
    pub ratio: f64,
    /// Syncs a second of the store and of the floor.
    pub syncs: f64,
    pub floor_syncs: f64,
    /// Latency of the store's send calls.
    pub p50_us: f64,
    pub p99_us: f64,
}

/// The word of a durability class in a row's name.
pub fn durability_name(durability: Durability) -> &'static str {
    match durability {
        Durability::Full => "full",
        Durability::Strict => "strict",
        Durability::Os => "os",
    }
}

/// The inverse of [`durability_name`].
pub fn durability_from_name(name: &str) -> Result<Durability, Failure> {
    let all = [Durability::Full, Durability::Strict, Durability::Os];
    all.into_iter()
        .find(|durability| durability_name(*durability) == name)
        .ok_or_else(|| format!("unknown durability {name:?}").into())
}

/// Every row, in the order of the table.
pub fn all() -> Vec<Cell> {
    let mut cells = Vec::new();
    for durability in [Durability::Full, Durability::Os] {
        for (shape_name, shape) in Shape::ALL {
            for (size_name, bytes) in [("256B", 256), ("1KiB", 1 << 10), ("64KiB", 64 << 10)] {
                cells.push(Cell {
                    name: format!("{shape_name}/{size_name}/{}", durability_name(durability)),
                    shape,
                    bytes,
                    durability,
                });
            }
        }
    }
    cells
}

impl Cell {
    /// Measures the row. `ring` is the floor's pre-written file; the store is made under `dir`.
    pub fn measure(
        &self,
        dir: &Path,
        ring: &Path,
        rounds: usize,
        time: Duration,
    ) -> Result<Row, Failure> {
        let private = tempfile::tempdir_in(dir)?;
        let location = private.path().join("store");
        let mut pairs = Vec::new();
        let body = Bytes::from(vec![b'x'; self.bytes]);
        let store = OpenOptions::new()
            .durability(self.durability)
            .sixty_second_rules(false)
            .open(&location)?;
        let library = Library::new(store, "bench")?;
        if let Shape::Processes(count) = self.shape {
            SharedFloor::prepare(ring)?;
            let mut members = Members::start(count, self, &location, ring)?;
            for _ in 0..rounds {
                let floor = members.run(Side::Floor, time)?;
                pairs.push((members.run(Side::Store, time)?, floor));
            }
        } else {
            let floor = Floor::new(Region::open(ring)?, self.durability == Durability::Full);
            for _ in 0..rounds {
                let below = self.run(&floor, &body, time)?;
                pairs.push((self.run(&library, &body, time)?, below));
            }
        }
        Ok(self.row(pairs))
    }

    fn run<S: Subject>(
        &self,
        subject: &S,
        body: &Bytes,
        time: Duration,
    ) -> Result<Sample, Failure> {
        let sample = match self.shape {
            Shape::Single { batch } => run_single(subject, batch, body, time)?,
            Shape::Threads(threads) | Shape::Processes(threads) => {
                run_threads(subject, threads, body, time)?
            }
        };
        subject.clear()?;
        Ok(sample)
    }

    fn row(&self, pairs: Vec<(Sample, Sample)>) -> Row {
        let of = |value: fn(&(Sample, Sample)) -> f64| {
            median(&pairs.iter().map(value).collect::<Vec<_>>())
        };
        let (rate, floor) = (of(|pair| pair.0.rate), of(|pair| pair.1.rate));
        let ratio = of(|pair| pair.0.rate / pair.1.rate);
        let (syncs, floor_syncs) = (of(|pair| pair.0.syncs), of(|pair| pair.1.syncs));
        let mut sends = Latencies::default();
        for (store, _) in pairs {
            sends.append(store.sends);
        }
        Row {
            name: self.name.clone(),
            rate,
            floor,
            ratio,
            syncs,
            floor_syncs,
            p50_us: sends.percentile_us(0.5),
            p99_us: sends.percentile_us(0.99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rate: f64) -> Sample {
        Sample {
            rate,
            ..Sample::default()
        }
    }

    #[test]
    fn the_ratio_is_that_of_single_rounds() {
        let cell = all().remove(0);
        // The second round met a slow disk: both sides suffered, the ratio did not.
        let rounds = [(90.0, 100.0), (9.0, 10.0), (180.0, 100.0)];
        let pairs = rounds.map(|(store, floor)| (sample(store), sample(floor)));
        let row = cell.row(pairs.to_vec());
        assert_eq!(row.name, "threads1/256B/full");
        assert_eq!((row.rate, row.floor, row.ratio), (90.0, 100.0, 0.9));
    }

    #[test]
    fn names_are_distinct() {
        let names: std::collections::BTreeSet<_> =
            all().into_iter().map(|cell| cell.name).collect();
        assert_eq!(names.len(), 30);
    }
}
