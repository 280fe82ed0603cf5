//! The rounds: every peer of a class takes its turn in each.

use super::list::Entry;
use super::process::Peer;
use super::syncs::{self, Counter};
use crate::stats::median;
use crate::workloads::Failure;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Fewer messages tell nothing about two processes.
const MESSAGES_MIN: u64 = 20;

/// The peers of a class.
#[derive(Default)]
pub struct Contest {
    entrants: Vec<Entrant>,
}

/// A peer with its processes: `single` alone, the other two together in another folder.
struct Entrant {
    name: String,
    single: Peer,
    producer: Peer,
    consumer: Peer,
    single_syncs: PathBuf,
    cycles: Vec<f64>,
    syncs: Vec<f64>,
    pairs: Vec<f64>,
    failure: Option<String>,
}

/// A peer's row of the table.
pub struct Row {
    pub name: String,
    pub about: String,
    /// Messages a second through one process; none if no round went well.
    pub one: Option<f64>,
    /// And from one process to another.
    pub two: Option<f64>,
    /// Syncs for each cycle of one process.
    pub syncs: f64,
    /// What ended its part.
    pub failure: Option<String>,
}

impl Contest {
    /// How many peers take part.
    pub fn len(&self) -> usize {
        self.entrants.len()
    }

    /// Starts a peer's processes, with queues below `folder`.
    pub fn enter(
        &mut self,
        entry: &Entry,
        folder: &Path,
        counter: &Counter,
    ) -> Result<(), Failure> {
        let (alone, shared) = (folder.join("one"), folder.join("two"));
        std::fs::create_dir_all(&alone)?;
        std::fs::create_dir_all(&shared)?;
        self.entrants.push(Entrant {
            name: entry.name.clone(),
            single: Peer::start(entry, &alone, counter)?,
            producer: Peer::start(entry, &shared, counter)?,
            consumer: Peer::start(entry, &shared, counter)?,
            single_syncs: alone.join("syncs"),
            cycles: Vec::new(),
            syncs: Vec::new(),
            pairs: Vec::new(),
            failure: None,
        });
        Ok(())
    }

    /// A short round that is not counted, then those that are; each begins with another peer.
    pub fn measure(&mut self, rounds: usize, time: Duration) {
        let count = self.entrants.len();
        for entrant in &mut self.entrants {
            entrant.turn(time / 4);
            entrant.forget();
        }
        for round in 0..rounds {
            for index in 0..count {
                self.entrants[(round + index) % count].turn(time);
            }
        }
    }

    /// The rows, fastest first.
    pub fn finish(self) -> Vec<Row> {
        let some = |values: &[f64]| (!values.is_empty()).then(|| median(values));
        let mut rows: Vec<Row> = self
            .entrants
            .into_iter()
            .map(|entrant| Row {
                one: some(&entrant.cycles),
                two: some(&entrant.pairs),
                syncs: median(&entrant.syncs),
                about: entrant.single.about.clone(),
                name: entrant.name,
                failure: entrant.failure,
            })
            .collect();
        let rate = |row: &Row| row.one.unwrap_or_default();
        rows.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
        rows
    }
}

impl Entrant {
    fn turn(&mut self, time: Duration) {
        if self.failure.is_none() {
            self.failure = self.try_turn(time).err().map(|error| error.to_string());
        }
    }

    fn try_turn(&mut self, time: Duration) -> Result<(), Failure> {
        let before = syncs::read(&self.single_syncs)?;
        self.single
            .tell(format_args!("cycle {}", time.as_millis()))?;
        let (count, seconds) = self.single.done()?;
        let synced = syncs::read(&self.single_syncs)? - before;
        let rate = count as f64 / seconds;
        self.cycles.push(rate);
        self.syncs.push(synced as f64 / count.max(1) as f64);
        let messages = ((rate * time.as_secs_f64()) as u64).max(MESSAGES_MIN);
        let start = Instant::now();
        self.consumer.tell(format_args!("consume {messages}"))?;
        self.producer.tell(format_args!("produce {messages}"))?;
        self.producer.done()?;
        self.consumer.done()?;
        self.pairs
            .push(messages as f64 / start.elapsed().as_secs_f64());
        Ok(())
    }

    /// Forgets the round that warmed it up.
    fn forget(&mut self) {
        self.cycles.clear();
        self.syncs.clear();
        self.pairs.clear();
    }
}
