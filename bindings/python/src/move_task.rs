//! Message move tasks: how a dead-letter queue gives its messages back.

use forebay_ffi::api::{MoveStatus, MoveTaskEntry, QueueKey};
use pyo3::prelude::*;

/// A message move task as it was when it was listed.
#[pyclass(module = "forebay", frozen, get_all)]
pub struct MoveTask {
    /// Names it for `Store.cancel_move_task`; None once it has ended.
    handle: Option<String>,
    /// ARN of the queue that gives messages away.
    source: String,
    /// ARN of the queue that gets them; None: each goes back to where it came from.
    destination: Option<String>,
    /// Messages a second, if the task has a limit.
    rate: Option<u32>,
    /// "RUNNING", "COMPLETED", "CANCELLING", "CANCELLED" or "FAILED".
    status: &'static str,
    /// Name of the error that a failed task stopped for.
    failure_reason: Option<String>,
    /// Messages moved so far.
    moved: u64,
    /// Messages to move, as counted at the start.
    to_move: u64,
    /// When it started, milliseconds since the epoch.
    started_ms: u64,
}

impl From<MoveTaskEntry> for MoveTask {
    fn from(task: MoveTaskEntry) -> Self {
        let (status, failure_reason) = match task.status() {
            MoveStatus::Running => ("RUNNING", None),
            MoveStatus::Completed => ("COMPLETED", None),
            MoveStatus::Cancelling => ("CANCELLING", None),
            MoveStatus::Cancelled => ("CANCELLED", None),
            MoveStatus::Failed(reason) => ("FAILED", Some(reason.clone())),
        };
        Self {
            handle: task.handle(),
            source: task.source().arn(),
            destination: task.destination().map(QueueKey::arn),
            rate: task.rate(),
            status,
            failure_reason,
            moved: task.moved(),
            to_move: task.to_move(),
            started_ms: task.started_ms(),
        }
    }
}

#[pymethods]
impl MoveTask {
    fn __repr__(&self) -> String {
        format!(
            "<MoveTask {}, {} of {} moved>",
            self.status, self.moved, self.to_move
        )
    }
}
