//! Message move tasks (S10, D11).

use super::state::{Entry, State};
use crate::command::{MoveStatus, MoveTask, Outcome};
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits;
use crate::rules::{move_tasks, redrive};

impl State {
    pub fn start_move_task(
        &mut self,
        source: QueueKey,
        destination: Option<QueueKey>,
        rate: Option<u32>,
        task: u64,
    ) -> Result<Outcome> {
        let missing = move_tasks::resource_missing;
        if !self.queues.contains_key(&source) {
            return Err(missing("SourceArn"));
        }
        if self.dead_letter_sources(&source).next().is_none() {
            return Err(move_tasks::not_a_dead_letter_queue());
        }
        let fifo = self.queue(&source)?.attributes.fifo;
        if let Some(destination) = &destination {
            let found = self
                .queues
                .get(destination)
                .ok_or_else(|| missing("DestinationArn"))?;
            let destination_fifo = found.attributes.fifo;
            move_tasks::check_destination((&source, fifo), (destination, destination_fifo))?;
        }
        rate.map_or(Ok(()), move_tasks::check_rate)?;
        let active = || {
            self.tasks
                .iter()
                .map(|(task, _)| task)
                .filter(|t| move_tasks::is_active(t))
        };
        if active().any(|task| task.source == source) {
            return Err(move_tasks::already_running());
        }
        if active()
            .filter(|task| task.source.account == source.account)
            .count()
            >= limits::MOVE_TASKS_MAX
        {
            return Err(move_tasks::too_many_tasks());
        }
        let queue = self.due_queue(&source)?;
        let (to_move, uid) = (queue.counts().visible, queue.uid);
        let started = MoveTask {
            task,
            source,
            destination,
            rate,
            status: MoveStatus::Running,
            moved: 0,
            to_move,
            started_ms: self.now_ms,
        };
        self.tasks.push((started.clone(), uid));
        self.tasks
            .sort_by_key(|(task, _)| (task.started_ms, task.task));
        self.generation += 1;
        Ok(Outcome::Task(started))
    }

    /// S10.7: it ends at its next step.
    pub fn cancel_move_task(&mut self, source: &QueueKey, number: u64) -> Result<Outcome> {
        let (task, _) = self
            .tasks
            .iter_mut()
            .find(|(task, _)| task.source == *source && task.task == number)
            .ok_or_else(move_tasks::unknown_task)?;
        if task.status != MoveStatus::Running {
            return Err(move_tasks::not_running());
        }
        task.status = MoveStatus::Cancelling;
        Ok(Outcome::Task(task.clone()))
    }

    /// S10.10: newest first.
    pub fn list_move_tasks(&self, source: &QueueKey, limit: usize) -> Result<Outcome> {
        if !self.queues.contains_key(source) {
            return Err(move_tasks::resource_missing("SourceArn"));
        }
        let own = self.tasks.iter().rev().map(|(task, _)| task);
        let own = own.filter(|task| task.source == *source);
        Ok(Outcome::Tasks(own.take(limit).cloned().collect()))
    }

    /// One step of every task; answers when the next is due.
    pub fn work(&mut self) -> Option<u64> {
        for index in 0..self.tasks.len() {
            let (mut task, source_uid) = self.tasks[index].clone();
            if move_tasks::is_active(&task) {
                task.status = self.step(&mut task, source_uid);
                self.tasks[index].0 = task;
                self.generation += 1;
            }
        }
        self.forget_old_tasks();
        let running = self
            .tasks
            .iter()
            .map(|(task, _)| task)
            .filter(|task| move_tasks::is_active(task));
        running
            .map(|task| move_tasks::next_ms(task, self.now_ms))
            .min()
    }

    fn step(&mut self, task: &mut MoveTask, source_uid: u64) -> MoveStatus {
        if task.status == MoveStatus::Cancelling {
            return MoveStatus::Cancelled;
        }
        let failed = |reason: &str| MoveStatus::Failed(reason.into());
        let present = self
            .queues
            .get(&task.source)
            .is_some_and(|queue| queue.uid == source_uid);
        if !present {
            return failed(move_tasks::REASON_QUEUE_MISSING);
        }
        if move_tasks::timed_out(task, self.now_ms) {
            return failed(move_tasks::REASON_TIMEOUT);
        }
        let (now_ms, bug) = (self.now_ms, self.bug);
        let Ok(source) = self.due_queue(&task.source) else {
            return failed(move_tasks::REASON_QUEUE_MISSING);
        };
        let candidates = source.receivable(now_ms, bug);
        let allowed = move_tasks::allowance(task, now_ms);
        for &sequence in candidates.iter().take(allowed) {
            if let Err(reason) = self.move_one(task, sequence) {
                return failed(reason);
            }
        }
        let Ok(source) = self.queue(&task.source) else {
            return failed(move_tasks::REASON_QUEUE_MISSING);
        };
        let nothing_left = source.receivable(now_ms, bug).is_empty();
        if task.moved >= task.to_move || nothing_left {
            return MoveStatus::Completed;
        }
        MoveStatus::Running
    }

    /// S10.3, S10.12: the message becomes a new one of the destination.
    fn move_one(
        &mut self,
        task: &mut MoveTask,
        sequence: u64,
    ) -> std::result::Result<(), &'static str> {
        let (now_ms, bug) = (self.now_ms, self.bug);
        let queue_missing = move_tasks::REASON_QUEUE_MISSING;
        let source = self.queue(&task.source).map_err(|_| queue_missing)?;
        let origin = source
            .messages
            .get(&sequence)
            .and_then(|entry| entry.message.dead_letter_source.as_ref())
            .and_then(|arn| QueueKey::from_arn(arn, "DeadLetterQueueSourceArn").ok());
        let destination = task
            .destination
            .clone()
            .or(origin)
            .ok_or(move_tasks::REASON_NO_ORIGIN)?;
        self.due_queue(&destination).map_err(|_| queue_missing)?;
        let source = self.queue(&task.source).map_err(|_| queue_missing)?;
        let Some(Entry { mut message, .. }) = source.remove(sequence, bug) else {
            return Ok(());
        };
        message.id = redrive::moved_id(task.task, task.moved);
        message.sent_ms = now_ms;
        message.receive_count = 0;
        message.first_receive_ms = None;
        message.dead_letter_source = None;
        let destination = self.queue(&destination).map_err(|_| queue_missing)?;
        let delay_ms = u64::from(destination.attributes.delay_s) * 1000;
        destination.store_new(message, delay_ms, now_ms, bug);
        task.moved += 1;
        Ok(())
    }

    /// S10.10: of the finished tasks of a source only the newest stay.
    fn forget_old_tasks(&mut self) {
        let mut kept: std::collections::BTreeMap<QueueKey, usize> = Default::default();
        let mut newest_first = std::mem::take(&mut self.tasks);
        newest_first.reverse();
        newest_first.retain(|(task, _)| {
            let count = kept.entry(task.source.clone()).or_default();
            *count += usize::from(!move_tasks::is_active(task));
            move_tasks::is_active(task) || *count <= limits::MOVE_TASKS_LISTED_MAX
        });
        newest_first.reverse();
        self.tasks = newest_first;
    }
}
