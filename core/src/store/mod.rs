//! What holds the queues. One trait, several stores; each is compared with [`model`] on random
//! histories.

pub mod embedded;
#[cfg(any(test, feature = "model"))]
pub mod model;
#[cfg(feature = "postgres")]
pub mod postgres;

use crate::command::{Command, Outcome};
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

/// Called once with the answer to a submitted command, on a thread of the store.
pub type Done = Box<dyn FnOnce(Result<Outcome>) + Send>;

/// A store: atomic, durable transitions of queues.
pub trait Storage: Send + Sync + 'static {
    /// Carries out a command and returns when its answer may be given (S17.4): what must be on
    /// disk is on disk.
    fn execute(&self, command: Command) -> Result<Outcome>;

    /// As [`Storage::execute`] where its answer needs no wait, neither for a lock that somebody
    /// holds nor for the disk: breaks with the answer. Elsewhere nothing is done, and the command
    /// continues its way.
    fn execute_now(&self, command: Command) -> ControlFlow<Result<Outcome>, Command> {
        ControlFlow::Continue(command)
    }

    /// As [`Storage::execute`] of one after the other. Where a command is a journey, they travel
    /// together, nothing comes between those of one queue, and this does not wait for their
    /// answers. Each `done` is called on this thread or one of the store, and must return at once.
    fn hand_in(&self, commands: Vec<(Command, Done)>) {
        for (command, done) in commands {
            done(self.execute(command));
        }
    }

    /// How many receives of a queue, and of how many queues, are worth one
    /// [`Storage::hand_in`]: 1 where they do not travel together.
    fn receives_at_once(&self) -> usize {
        1
    }

    /// As [`Storage::execute`] without blocking; `done` is called on a thread of the store.
    fn submit(&self, command: Command, done: Done);

    /// The store's time, milliseconds since the epoch; never goes back.
    fn now_ms(&self) -> u64;

    /// Moves a manual clock on and returns the new time. A store on real time refuses.
    fn advance_ms(&self, by_ms: u64) -> Result<u64>;

    /// Changes whenever a message of any queue may have become receivable, in any process, or a
    /// nearest deadline may have come earlier (a delayed send, a change of visibility or of
    /// attributes), when a queue is deleted, when a manual clock moves, and by
    /// [`Storage::interrupt`]. Waits rely on nothing else.
    fn generation(&self) -> u64;

    /// As [`Storage::generation`], for one queue. May also change for other queues.
    fn queue_generation(&self, queue: &QueueKey) -> u64;

    /// Sleeps until [`Storage::generation`] differs from `seen`, `timeout` passes, or
    /// [`Storage::interrupt`] is called.
    fn wait_change(&self, seen: u64, timeout: Duration);

    /// Ends every running [`Storage::wait_change`] of this process, and every later one whose
    /// `seen` was read before this call: it counts as a change of [`Storage::generation`].
    fn interrupt(&self);

    /// What had to be repaired when this process opened the store, and what it found damaged
    /// since; `None` if nothing was.
    fn recovery(&self) -> Option<Recovery> {
        None
    }

    /// The schema of its tables, of a store in a PostgreSQL database.
    #[cfg(feature = "postgres")]
    fn schema(&self) -> Option<&str> {
        None
    }

    /// Verifies the store's files against each other.
    fn check(&self) -> Result<CheckReport>;

    /// Writes a consistent copy to an absent or empty directory while the store is in use.
    fn backup(&self, to: &Path) -> Result<()>;

    /// Numbers about the store's work since it was opened in this process.
    fn statistics(&self) -> Statistics;
}

/// What [`Storage::check`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// Queues seen.
    pub queues: u64,
    /// Messages seen, each read and its checksum verified.
    pub messages: u64,
    /// Log bytes read.
    pub log_bytes: u64,
    /// One sentence a fault; empty when all is well.
    pub problems: Vec<String>,
}

/// What opening a store had to do after a power cut, or after files were lost or damaged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Why the index was built anew from the log.
    pub reason: String,
    /// Log bytes read.
    pub log_bytes: u64,
    /// Log records carried into the index.
    pub records: u64,
    /// Where the log was cut off and why, if it did not end cleanly. What was acknowledged as
    /// durable lies before.
    pub cut: Option<String>,
    /// One sentence for each stretch of the log that was once on disk and is damaged now.
    pub damage: Vec<String>,
}

/// Counters of a store in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Commands carried out.
    pub commands: u64,
    /// Transactions they were combined into.
    pub transactions: u64,
    /// Waits for the disk.
    pub syncs: u64,
    /// Bytes appended to the log, reclamation included.
    pub log_bytes: u64,
    /// Of these, bytes that reclamation copied forward.
    pub moved_bytes: u64,
    /// Bytes that the log's segments take on disk.
    pub disk_bytes: u64,
}

/// What an acknowledged answer has survived (design promise P1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Sends, deletes and administration survive power loss; leases (receives and changes of
    /// visibility) survive process crashes, and losing one only brings a message back early.
    #[default]
    Full,
    /// As `Full`, leases and moves between queues included.
    Strict,
    /// Everything survives crashes of processes, nothing is promised about power loss.
    Os,
}

/// Where a store's time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockMode {
    /// Real time; steps of the wall clock do not move it.
    #[default]
    System,
    /// Stands still until [`Storage::advance_ms`]; shared by all processes of a directory.
    Manual {
        /// Time of a new store, milliseconds since the epoch.
        start_ms: u64,
    },
}

/// How the embedded store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// What an answer has survived.
    pub durability: Durability,
    /// Where time comes from.
    pub clock: ClockMode,
    /// Make the directory if it is absent or empty.
    pub create: bool,
    /// Open on a network file system in spite of the danger.
    pub allow_network_file_system: bool,
    /// How long to wait for a lock that another process holds before answering Busy.
    pub lock_timeout: Duration,
    /// Size of a log segment in bytes, for a new store; a power of two, 4 MiB to 1 GiB.
    pub segment_bytes: u64,
    /// Free space kept in the index for receiving and deleting on a full disk, bytes; 0 keeps
    /// nothing there nor in the log, and such a disk cannot be drained.
    pub reserve_bytes: u64,
    /// Limits that tests lower.
    pub limits: StoreLimits,
}

/// Limits that tests lower, so that short histories reach them. The defaults are the library's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreLimits {
    /// Messages in flight of one queue (S6.6).
    pub in_flight: u64,
    /// Bytes of all messages that one receive returns.
    pub receive_bytes: usize,
    /// Messages that one receive moves to a dead-letter queue.
    pub receive_moves: usize,
    /// Smallest segment of a new store, bytes.
    pub segment_bytes_min: u64,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            in_flight: limits::IN_FLIGHT_MAX,
            receive_bytes: limits::RECEIVE_BYTES_MAX,
            receive_moves: limits::RECEIVE_MOVES_MAX,
            segment_bytes_min: limits::SEGMENT_BYTES_MIN,
        }
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Full,
            clock: ClockMode::System,
            create: true,
            allow_network_file_system: false,
            lock_timeout: Duration::from_secs(30),
            segment_bytes: 16 << 20,
            reserve_bytes: 8 << 20,
            limits: StoreLimits::default(),
        }
    }
}
