//! Message move tasks (S10): how a dead-letter queue gives its messages back.

use super::shared::{answer, read};
use super::{Call, Calls, Store};
use crate::command::{Command, MoveStatus, MoveTask, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::limits;
use crate::rules::{move_tasks, paging, redrive};

/// A message move task as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveTaskEntry {
    task: MoveTask,
}

impl MoveTaskEntry {
    /// Names the task for [`Store::cancel_move_task`]. Only a running task has one (S10.10).
    pub fn handle(&self) -> Option<String> {
        let running = self.task.status == MoveStatus::Running;
        running.then(|| redrive::encode_task(&self.task.source, self.task.task))
    }

    /// The queue that gives messages away.
    pub fn source(&self) -> &QueueKey {
        &self.task.source
    }

    /// The queue that gets them; `None`: each goes back to where it came from.
    pub fn destination(&self) -> Option<&QueueKey> {
        self.task.destination.as_ref()
    }

    /// Messages a second, if the task has a limit.
    pub fn rate(&self) -> Option<u32> {
        self.task.rate
    }

    /// Where it stands, with the reason of a failure.
    pub fn status(&self) -> &MoveStatus {
        &self.task.status
    }

    /// Messages moved so far.
    pub fn moved(&self) -> u64 {
        self.task.moved
    }

    /// Messages to move, as counted at the start (S10.11).
    pub fn to_move(&self) -> u64 {
        self.task.to_move
    }

    /// When it started, milliseconds since the epoch.
    pub fn started_ms(&self) -> u64 {
        self.task.started_ms
    }
}

impl Store {
    /// Moves the visible messages of the dead-letter queue `source` to `destination`, or back to
    /// the queues they came from (S10.1 to S10.6), in the background, across restarts of the
    /// program. Queues are named by name or ARN. At most `rate` messages a second, 1 to 500;
    /// `None`: as fast as it goes. Returns the task's handle.
    pub fn start_move_task(
        &self,
        source: &str,
        destination: Option<&str>,
        rate: Option<u32>,
    ) -> Result<String> {
        self.calls()
            .start_move_task(source, destination, rate)?
            .run()
    }

    /// Stops a running task; what it moved stays moved (S10.7). Returns how many messages it had
    /// moved so far. Errors: `InvalidParameterValue` for a text that is no handle,
    /// `ResourceNotFound` for an unknown task, `UnsupportedOperation` for one that has ended.
    pub fn cancel_move_task(&self, handle: &str) -> Result<u64> {
        self.calls().cancel_move_task(handle)?.run()
    }

    /// The tasks of a source queue, by name or ARN, newest first (S10.10). `limit` is 1 to 10.
    pub fn list_move_tasks(&self, source: &str, limit: usize) -> Result<Vec<MoveTaskEntry>> {
        self.calls().list_move_tasks(source, limit)?.run()
    }

    /// Lets running move tasks do what is due now. With real time the store does so by itself.
    pub(super) fn work(&self) -> Result<()> {
        /// Steps of one call; a task as fast as it goes moves 100 messages a step.
        const STEPS_MAX: usize = 1_000_000;
        for _ in 0..STEPS_MAX {
            let next_ms = answer!(self.shared(), Command::Work, Outcome::Worked { next_ms } =>
                next_ms)?;
            let now_ms = self.now_ms()?;
            if next_ms.is_none_or(|next_ms| next_ms > now_ms) {
                return Ok(());
            }
        }
        Err(Error::new(
            ErrorKind::Internal,
            format!("move tasks did not come to rest within {STEPS_MAX} steps"),
        ))
    }
}

impl Calls<'_, Store> {
    /// [`Store::start_move_task`].
    pub fn start_move_task(
        &self,
        source: &str,
        destination: Option<&str>,
        rate: Option<u32>,
    ) -> Result<Call<String>> {
        let source = self.handle.resolve(source, "SourceArn")?;
        let destination = destination
            .map(|target| self.handle.resolve(target, "DestinationArn"))
            .transpose()?;
        rate.map_or(Ok(()), move_tasks::check_rate)?;
        let shared = self.handle.shared();
        let command = Command::StartMoveTask {
            source,
            destination,
            rate,
            task: shared.ids.task(),
        };
        let handle = |task: &MoveTask| redrive::encode_task(&task.source, task.task);
        shared.call(command, read!(Outcome::Task(task) => Ok(handle(&task))))
    }

    /// [`Store::cancel_move_task`].
    pub fn cancel_move_task(&self, handle: &str) -> Result<Call<u64>> {
        let (source, task) = redrive::decode_task(handle)?;
        let command = Command::CancelMoveTask { source, task };
        let read = read!(Outcome::Task(task) => Ok(task.moved));
        self.handle.shared().call(command, read)
    }

    /// [`Store::list_move_tasks`].
    pub fn list_move_tasks(&self, source: &str, limit: usize) -> Result<Call<Vec<MoveTaskEntry>>> {
        paging::check_limit(limit, limits::MOVE_TASKS_LISTED_MAX)?;
        let source = self.handle.resolve(source, "SourceArn")?;
        let command = Command::ListMoveTasks { source, limit };
        let entries = |tasks: Vec<MoveTask>| {
            let tasks = tasks.into_iter();
            tasks.map(|task| MoveTaskEntry { task }).collect()
        };
        let read = read!(Outcome::Tasks(tasks) => Ok(entries(tasks)));
        self.handle.shared().call(command, read)
    }
}
