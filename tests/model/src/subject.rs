//! The stores that are compared with the reference.

use crate::history::Reopen;
use forebay::key::QueueKey;
use forebay::store::embedded::{self, Embedded, Surroundings};
use forebay::store::model::{Bug, Model};
use forebay::store::postgres::{Location, Postgres};
use forebay::store::{ClockMode, Durability, Storage, StoreLimits, StoreOptions};
use forebay::{Error, ErrorKind, Result};
use forebay_test_postgres::Cluster;
use std::sync::Arc;
use tempfile::TempDir;

/// Time of a new store, milliseconds since the epoch.
pub const START_MS: u64 = 1_700_000_000_000;

/// Limits that histories of some hundred messages reach. In flight there may be more than makes
/// a tenant noisy.
fn limits() -> StoreLimits {
    StoreLimits {
        in_flight: 40,
        receive_moves: 3,
        segment_bytes_min: SEGMENT_BYTES,
        ..StoreLimits::default()
    }
}

/// A store that a history can reopen.
pub trait Subject {
    /// The store as it is open now.
    fn storage(&self) -> &dyn Storage;

    /// Closes it and opens it again.
    fn reopen(&mut self, how: Reopen) -> Result<()>;

    /// From now on [`Subject::storage`] is what another process would have opened. Both stay open.
    fn switch(&mut self) -> Result<()>;

    /// In which order the groups of a FIFO queue have their turns, if reopening may have changed
    /// that: the log keeps the order within a group, and a rebuild finds the groups as it comes
    /// across them.
    fn new_group_order(&self, _queue: &QueueKey) -> Option<Result<Vec<String>>> {
        None
    }
}

/// The reference itself, or one with a mistake.
pub struct InMemory(Model);

impl InMemory {
    /// The reference.
    pub fn reference() -> Self {
        let clock = ClockMode::Manual { start_ms: START_MS };
        Self(Model::new(clock).with_limits(limits()))
    }

    /// See [`Model::adopt_group_order`].
    pub fn adopt_group_order(&self, queue: &QueueKey, order: &[String]) -> Vec<String> {
        self.0.adopt_group_order(queue, order)
    }

    /// A store that makes a mistake.
    pub fn with_bug(bug: Bug) -> Self {
        let clock = ClockMode::Manual { start_ms: START_MS };
        Self(Model::with_bug(clock, bug).with_limits(limits()))
    }
}

impl Subject for InMemory {
    fn storage(&self) -> &dyn Storage {
        &self.0
    }

    /// Nothing can be reopened that has no files; the history goes on.
    fn reopen(&mut self, _how: Reopen) -> Result<()> {
        Ok(())
    }

    fn switch(&mut self) -> Result<()> {
        Ok(())
    }
}

/// One of two handles of the same store is in use, as by two processes.
struct Handles<S> {
    open: [Option<Arc<S>>; 2],
    used: usize,
}

impl<S: Storage> Handles<S> {
    fn none() -> Self {
        Self {
            open: [None, None],
            used: 0,
        }
    }

    fn storage(&self) -> &dyn Storage {
        match &self.open[self.used] {
            Some(store) => store.as_ref(),
            None => unreachable!("a store that did not open ends its history"),
        }
    }

    /// Opens the one in use, where it is closed.
    fn open(&mut self, open: impl FnOnce() -> Result<Arc<S>>) -> Result<()> {
        if self.open[self.used].is_none() {
            self.open[self.used] = Some(open()?);
        }
        Ok(())
    }
}

/// The smallest segments there are, so that short histories fill and reclaim some.
const SEGMENT_BYTES: u64 = 64 << 10;

/// The embedded store in a directory of its own.
pub struct OnDisk {
    handles: Handles<Embedded>,
    /// Starts of the machine that it is told of.
    boots: u8,
    directory: TempDir,
}

impl OnDisk {
    /// An empty store. It syncs nothing: what power cuts do is tested elsewhere.
    pub fn open() -> Result<Self> {
        let mut subject = Self {
            handles: Handles::none(),
            boots: 1,
            directory: temporary_directory()?,
        };
        subject.open_used()?;
        Ok(subject)
    }

    fn open_used(&mut self) -> Result<()> {
        let options = StoreOptions {
            durability: Durability::Os,
            clock: ClockMode::Manual { start_ms: START_MS },
            segment_bytes: SEGMENT_BYTES,
            limits: limits(),
            ..StoreOptions::default()
        };
        let surroundings = Surroundings {
            boot: Some([self.boots; 16]),
            ..Surroundings::default()
        };
        let path = self.directory.path();
        self.handles
            .open(|| embedded::open_on(path, &options, &surroundings))
    }
}

fn temporary_directory() -> Result<TempDir> {
    TempDir::with_prefix("forebay-model-")
        .map_err(|error| Error::io("make a temporary directory", &error))
}

impl Subject for OnDisk {
    fn storage(&self) -> &dyn Storage {
        self.handles.storage()
    }

    fn reopen(&mut self, how: Reopen) -> Result<()> {
        match how {
            Reopen::Plain => self.handles.open[self.handles.used] = None,
            // After another start of the machine the index is thrown away and rebuilt.
            Reopen::WithoutIndex => {
                self.handles.open = [None, None];
                self.boots = self.boots.wrapping_add(1);
            }
            Reopen::FromBackup => {
                let directory = temporary_directory()?;
                self.storage().backup(directory.path())?;
                self.handles.open = [None, None];
                self.directory = directory;
            }
        }
        self.open_used()
    }

    fn switch(&mut self) -> Result<()> {
        self.handles.used = 1 - self.handles.used;
        self.open_used()
    }

    fn new_group_order(&self, queue: &QueueKey) -> Option<Result<Vec<String>>> {
        let used = self.handles.open[self.handles.used].as_ref();
        used.map(|store| store.group_order(queue))
    }
}

/// The store on PostgreSQL in a schema of its own.
pub struct OnPostgres {
    handles: Handles<Postgres>,
    location: String,
    cluster: &'static Cluster,
    schema: String,
}

impl OnPostgres {
    /// An empty store in a private server.
    pub fn open() -> Result<Self> {
        let cluster = forebay_test_postgres::shared()
            .ok_or_else(|| Error::new(ErrorKind::Io, "PostgreSQL is not installed"))?;
        let schema = Cluster::fresh_schema();
        let mut subject = Self {
            handles: Handles::none(),
            location: cluster.location(&schema),
            cluster,
            schema,
        };
        subject.open_used()?;
        Ok(subject)
    }

    fn open_used(&mut self) -> Result<()> {
        let options = StoreOptions {
            clock: ClockMode::Manual { start_ms: START_MS },
            limits: limits(),
            ..StoreOptions::default()
        };
        let location = Location::parse(&self.location)?;
        self.handles.open(|| Postgres::open(location, &options))
    }
}

impl Subject for OnPostgres {
    fn storage(&self) -> &dyn Storage {
        self.handles.storage()
    }

    fn reopen(&mut self, _how: Reopen) -> Result<()> {
        self.handles.open[self.handles.used] = None;
        self.open_used()
    }

    fn switch(&mut self) -> Result<()> {
        self.handles.used = 1 - self.handles.used;
        self.open_used()
    }
}

impl Drop for OnPostgres {
    fn drop(&mut self) {
        self.handles.open = [None, None];
        // The whole server goes in the end; a schema that stays only takes room until then.
        let _ = self
            .cluster
            .run(&format!("DROP SCHEMA {} CASCADE", self.schema));
    }
}
