//! A process under load: what `forebay-crash worker` runs until it is killed.

use crate::load::{Load, Queues};
use crate::notes::{Event, Notebook};
use crate::{Failure, open_options};
use std::path::PathBuf;

/// What a worker is told on its command line.
#[derive(Debug, Clone)]
pub struct Worker {
    pub store: PathBuf,
    pub notes: PathBuf,
    /// A number that no other process of these notes has or had.
    pub who: u32,
    pub seed: u64,
    /// Ends by itself after this many operations.
    pub operations: u64,
}

impl Worker {
    /// The command line of this worker, after the program's name.
    pub fn arguments(&self) -> Vec<String> {
        vec![
            "worker".into(),
            self.store.display().to_string(),
            self.notes.display().to_string(),
            self.who.to_string(),
            self.seed.to_string(),
            self.operations.to_string(),
        ]
    }

    /// Reads what [`Worker::arguments`] wrote, without its first word.
    pub fn parse(words: &[String]) -> Result<Self, Failure> {
        let [store, notes, who, seed, operations] = words else {
            return Err("a worker is started by the crash test itself".into());
        };
        Ok(Self {
            store: store.into(),
            notes: notes.into(),
            who: who.parse()?,
            seed: seed.parse()?,
            operations: operations.parse()?,
        })
    }

    /// Works. A failed call is noted, and ends the worker.
    pub fn run(&self) -> Result<(), Failure> {
        let mut notebook = Notebook::open(&self.notes, self.who)?;
        if let Err(error) = self.work() {
            notebook.note(&Event::Wrong(error.to_string()))?;
            return Err(error);
        }
        Ok(())
    }

    fn work(&self) -> Result<(), Failure> {
        let store = open_options().open(&self.store)?;
        let queues = Queues::create(&store)?;
        let mut notebook = Notebook::open(&self.notes, self.who)?;
        notebook.note(&Event::Opened)?;
        let mut load = Load::new(queues, self.who, self.seed, notebook);
        for _ in 0..self.operations {
            load.step()?;
        }
        Ok(())
    }
}
