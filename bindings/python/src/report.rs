//! What a store tells about itself.

use forebay_ffi::api;
use pyo3::prelude::*;

/// What `Store.check` found.
#[pyclass(module = "forebay", frozen, get_all)]
pub struct CheckReport {
    /// Queues seen.
    queues: u64,
    /// Messages seen, each read and its checksum verified.
    messages: u64,
    /// Log bytes read.
    log_bytes: u64,
    /// One sentence a fault; empty when all is well.
    problems: Vec<String>,
}

impl From<api::CheckReport> for CheckReport {
    fn from(report: api::CheckReport) -> Self {
        Self {
            queues: report.queues,
            messages: report.messages,
            log_bytes: report.log_bytes,
            problems: report.problems,
        }
    }
}

#[pymethods]
impl CheckReport {
    fn __repr__(&self) -> String {
        let Self {
            queues, messages, ..
        } = self;
        let problems = self.problems.len();
        format!("<CheckReport {queues} queues, {messages} messages, {problems} problems>")
    }
}

/// Numbers about a store's work since it was opened in this process.
#[pyclass(module = "forebay", frozen, get_all)]
pub struct Statistics {
    /// Commands carried out.
    commands: u64,
    /// Transactions they were combined into.
    transactions: u64,
    /// Waits for the disk.
    syncs: u64,
    /// Bytes appended to the log, reclamation included.
    log_bytes: u64,
    /// Of these, bytes that reclamation copied forward.
    moved_bytes: u64,
    /// Bytes that the log's segments take on disk.
    disk_bytes: u64,
}

impl From<api::Statistics> for Statistics {
    fn from(statistics: api::Statistics) -> Self {
        Self {
            commands: statistics.commands,
            transactions: statistics.transactions,
            syncs: statistics.syncs,
            log_bytes: statistics.log_bytes,
            moved_bytes: statistics.moved_bytes,
            disk_bytes: statistics.disk_bytes,
        }
    }
}

#[pymethods]
impl Statistics {
    fn __repr__(&self) -> String {
        format!(
            "<Statistics {} commands, {} transactions, {} syncs>",
            self.commands, self.transactions, self.syncs
        )
    }
}

/// What opening a store had to repair after a power cut, or after files were lost or damaged.
#[pyclass(module = "forebay", frozen, get_all)]
pub struct Recovery {
    /// Why the index was built anew from the log.
    reason: String,
    /// Log bytes read.
    log_bytes: u64,
    /// Log records carried into the index.
    records: u64,
    /// Where the log was cut off and why; None if it ended cleanly.
    cut: Option<String>,
    /// One sentence for each stretch of the log that is damaged.
    damage: Vec<String>,
}

impl From<api::Recovery> for Recovery {
    fn from(recovery: api::Recovery) -> Self {
        Self {
            reason: recovery.reason,
            log_bytes: recovery.log_bytes,
            records: recovery.records,
            cut: recovery.cut,
            damage: recovery.damage,
        }
    }
}

#[pymethods]
impl Recovery {
    fn __repr__(&self) -> String {
        format!("<Recovery {:?}, {} records>", self.reason, self.records)
    }
}

/// How many messages of a queue are in which state; exact.
#[pyclass(module = "forebay", frozen, eq, get_all)]
#[derive(PartialEq, Eq)]
pub struct Counts {
    /// Messages that can be received.
    visible: u64,
    /// Messages that were received and not deleted.
    in_flight: u64,
    /// Messages whose delay has not ended.
    delayed: u64,
}

impl From<api::Counts> for Counts {
    fn from(counts: api::Counts) -> Self {
        Self {
            visible: counts.visible,
            in_flight: counts.in_flight,
            delayed: counts.delayed,
        }
    }
}

#[pymethods]
impl Counts {
    fn __repr__(&self) -> String {
        format!(
            "<Counts {} visible, {} in flight, {} delayed>",
            self.visible, self.in_flight, self.delayed
        )
    }
}

/// One page of queue names in byte order.
#[pyclass(module = "forebay", frozen, get_all)]
pub struct NamePage {
    /// The names.
    names: Vec<String>,
    /// Gives the next page; None on the last one.
    next_token: Option<String>,
}

impl From<api::NamePage> for NamePage {
    fn from(page: api::NamePage) -> Self {
        Self {
            names: page.names,
            next_token: page.next_token,
        }
    }
}

#[pymethods]
impl NamePage {
    fn __repr__(&self) -> String {
        format!("<NamePage {} names>", self.names.len())
    }
}
