//! Message move tasks (S10). A task is a record; each message it moves is written together with
//! the task's progress, so it goes on after a restart at any point.

use super::super::index::entries::MessageEntry;
use super::super::record::{Record, StorageId, TaskRecord, content, is_fifo};
use super::candidates::Candidates;
use super::messages::Moved;
use super::{Progress, Tx};
use crate::command::{MoveStatus, MoveTask, Outcome};
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits;
use crate::rules::{move_tasks, redrive};

/// Content bytes that one step moves at the most.
const STEP_BYTES_MAX: usize = 16 << 20;

impl Tx {
    pub(super) fn start_task(
        &mut self,
        source: &QueueKey,
        destination: Option<&QueueKey>,
        rate: Option<u32>,
        task: u64,
    ) -> Result<Progress> {
        let sid = self.task_queue(source, "SourceArn")?;
        if self
            .index
            .dead_letter_sources(source, None, 1)?
            .0
            .is_empty()
        {
            return Err(move_tasks::not_a_dead_letter_queue());
        }
        if let Some(destination) = destination {
            let to = self.task_queue(destination, "DestinationArn")?;
            move_tasks::check_destination((source, is_fifo(sid)), (destination, is_fifo(to)))?;
        }
        rate.map_or(Ok(()), move_tasks::check_rate)?;
        self.check_active(source)?;
        let config = self.index.config(sid)?;
        if self.due_step(sid, &config)? {
            return Ok(Progress::Again);
        }
        let task = MoveTask {
            task,
            source: source.clone(),
            destination: destination.cloned(),
            rate,
            status: MoveStatus::Running,
            moved: 0,
            to_move: self.index.head(sid)?.map_or(0, |head| head.visible),
            started_ms: self.now_ms,
        };
        let record = TaskRecord {
            task: task.clone(),
            source_uid: config.record.uid,
        };
        self.durable_step(&[Record::Task(record)])?;
        self.touch(source);
        Ok(Progress::Answer(Outcome::Task(task)))
    }

    fn task_queue(&mut self, queue: &QueueKey, parameter: &str) -> Result<StorageId> {
        self.index
            .storage_of(queue)?
            .ok_or_else(|| move_tasks::resource_missing(parameter))
    }

    /// S10.4, S10.14.
    fn check_active(&mut self, source: &QueueKey) -> Result<()> {
        let tasks = self.index.tasks()?;
        let active = || {
            tasks
                .iter()
                .map(|one| &one.task)
                .filter(|task| move_tasks::is_active(task))
        };
        if active().any(|task| task.source == *source) {
            return Err(move_tasks::already_running());
        }
        let of_account = active().filter(|task| task.source.account == source.account);
        if of_account.count() >= limits::MOVE_TASKS_MAX {
            return Err(move_tasks::too_many_tasks());
        }
        Ok(())
    }

    pub(super) fn cancel_task(&mut self, source: &QueueKey, task: u64) -> Result<Outcome> {
        let found = self.index.task(task)?.map(|(record, _)| record);
        let mut record = found
            .filter(|record| record.task.source == *source)
            .ok_or_else(move_tasks::unknown_task)?;
        if record.task.status != MoveStatus::Running {
            return Err(move_tasks::not_running());
        }
        record.task.status = MoveStatus::Cancelling;
        let task = record.task.clone();
        self.durable_step(&[Record::Task(record)])?;
        Ok(Outcome::Task(task))
    }

    pub(super) fn list_tasks(&mut self, source: &QueueKey, limit: usize) -> Result<Outcome> {
        self.task_queue(source, "SourceArn")?;
        let mut tasks: Vec<MoveTask> = self
            .index
            .tasks()?
            .into_iter()
            .map(|record| record.task)
            .collect();
        tasks.retain(|task| task.source == *source);
        tasks.reverse();
        tasks.truncate(limit);
        Ok(Outcome::Tasks(tasks))
    }

    /// One step of every active task.
    pub(super) fn work(&mut self) -> Result<Progress> {
        let mut next_ms: Option<u64> = None;
        if self.manual_clock && self.now_ms > self.index.meta.now_ms {
            // A manual clock that was advanced does not go back after a power cut.
            self.durable_step(&[Record::Clock {
                now_ms: self.now_ms,
            }])?;
        }
        if self.index.meta.tasks_running == 0 {
            return Ok(Progress::Answer(Outcome::Worked { next_ms }));
        }
        let tasks = self.index.tasks()?;
        // First, or a task might take its source for empty.
        for record in tasks.iter().filter(|one| move_tasks::is_active(&one.task)) {
            if let Some(source) = self.index.storage_of(&record.task.source)? {
                let config = self.index.config(source)?;
                if self.due_step(source, &config)? {
                    return Ok(Progress::Again);
                }
            }
        }
        for mut record in tasks {
            if !move_tasks::is_active(&record.task) {
                continue;
            }
            let status = self.step_task(&mut record)?;
            if status != record.task.status {
                record.task.status = status;
                self.step(&[Record::Task(record.clone())])?;
            }
            if move_tasks::is_active(&record.task) {
                let due_ms = move_tasks::next_ms(&record.task, self.now_ms);
                next_ms = Some(next_ms.map_or(due_ms, |next_ms| next_ms.min(due_ms)));
            } else {
                self.forget_old_tasks(&record.task.source)?;
            }
        }
        Ok(Progress::Answer(Outcome::Worked { next_ms }))
    }

    /// S10.10: of the finished tasks of a source the ten newest are remembered. Forgetting has no
    /// record: replay may remember a task once more, until the next one ends.
    fn forget_old_tasks(&mut self, source: &QueueKey) -> Result<()> {
        let mut ended = self.index.tasks()?;
        ended
            .retain(|record| record.task.source == *source && !move_tasks::is_active(&record.task));
        let excess = ended.len().saturating_sub(limits::MOVE_TASKS_LISTED_MAX);
        for record in &ended[..excess] {
            self.index.forget_task(record.task.task)?;
        }
        Ok(())
    }

    /// Answers how the task stands after this step.
    fn step_task(&mut self, record: &mut TaskRecord) -> Result<MoveStatus> {
        let failed = |reason: &str| Ok(MoveStatus::Failed(reason.to_owned()));
        if record.task.status == MoveStatus::Cancelling {
            return Ok(MoveStatus::Cancelled);
        }
        let Some(source) = self.index.storage_of(&record.task.source)? else {
            return failed(move_tasks::REASON_QUEUE_MISSING);
        };
        let config = self.index.config(source)?;
        if config.record.uid != record.source_uid {
            return failed(move_tasks::REASON_QUEUE_MISSING);
        }
        if move_tasks::timed_out(&record.task, self.now_ms) {
            return failed(move_tasks::REASON_TIMEOUT);
        }
        let mut candidates = Candidates::new(&mut self.index, source, self.now_ms)?;
        let allowed = self.short_step(move_tasks::allowance(&record.task, self.now_ms));
        let bytes_max = self.short_bytes(STEP_BYTES_MAX);
        let mut chosen = Vec::with_capacity(allowed);
        let mut bytes = 0;
        while chosen.len() < allowed && bytes < bytes_max {
            let Some((sequence, entry)) = candidates.next(&mut self.index)? else {
                break;
            };
            bytes += entry.length as usize;
            chosen.push((sequence, entry));
        }
        for (sequence, entry) in chosen {
            if let Some(reason) = self.move_one(record, source, sequence, &entry)? {
                return failed(reason);
            }
        }
        self.touch(&config.record.key);
        let mut left = Candidates::new(&mut self.index, source, self.now_ms)?;
        if record.task.moved >= record.task.to_move || left.next(&mut self.index)?.is_none() {
            return Ok(MoveStatus::Completed);
        }
        Ok(MoveStatus::Running)
    }

    /// Moves one message; answers why the task fails, if it does.
    fn move_one(
        &mut self,
        record: &mut TaskRecord,
        source: StorageId,
        sequence: u64,
        entry: &MessageEntry,
    ) -> Result<Option<&'static str>> {
        let destination = match &record.task.destination {
            Some(destination) => destination.clone(),
            None => {
                let block = self.content(entry.at, entry.length)?;
                let arn = content::decode(&block)?.dead_letter_source;
                match arn.map(|arn| QueueKey::from_arn(&arn, "DeadLetterQueueSourceArn")) {
                    Some(Ok(origin)) => origin,
                    _ => return Ok(Some(move_tasks::REASON_NO_ORIGIN)),
                }
            }
        };
        let Some(to) = self.index.storage_of(&destination)? else {
            return Ok(Some(move_tasks::REASON_QUEUE_MISSING));
        };
        let config = self.index.config(to)?;
        self.due_step(to, &config)?;
        let id = redrive::moved_id(record.task.task, record.task.moved);
        let moved = Moved::redriven(sequence, entry, id, self.now_ms);
        record.task.moved += 1;
        self.move_messages(source, to, &[moved], Some(record))?;
        self.touch(&destination);
        Ok(None)
    }
}
