//! Submitted commands, whose callers do not wait: one thread carries them out, as many together as
//! have come, and another brings to the disk what their answers depend on. So a receive waits for
//! no sync of other callers' changes, and the next transaction runs while the disk works.

use super::combiner::{Job, Work, bring_to_disk};
use super::engine::Engine;
use crate::command::Command;
use crate::error::{Error, ErrorKind};
use crate::store::{ClockMode, Done};
use crate::sync::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

/// Submitted commands that run as one batch at the most.
const BATCH_MAX: usize = 256;

/// A command and who is told of its answer.
pub type Submitted = (Command, Done);

/// Commands that were carried out, and whose answers depend on the disk.
pub type Unsynced = (Vec<Job>, Vec<Done>);

/// Work that a command leaves to the keeper.
pub struct Aftermath {
    starts_task: bool,
    leaves_garbage: bool,
}

impl Aftermath {
    /// What `command` leaves.
    pub fn of(command: &Command) -> Self {
        Self {
            starts_task: matches!(command, Command::StartMoveTask { .. }),
            leaves_garbage: matches!(command, Command::Purge { .. } | Command::DeleteQueue { .. }),
        }
    }

    /// Calls the keeper if there is work for it.
    pub fn tell(&self, engine: &Engine) {
        let real_time = engine.options.clock == ClockMode::System;
        if (self.starts_task && real_time) || self.leaves_garbage {
            engine.keeper_signal.notify();
        }
    }
}

/// Carries out submitted commands until nobody can submit any more.
pub fn run(
    engine: &Arc<Engine>,
    receiver: &Receiver<Submitted>,
    unsynced: &Mutex<Option<Sender<Unsynced>>>,
) {
    while let Ok(first) = receiver.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX
            && let Ok(next) = receiver.try_recv()
        {
            batch.push(next);
        }
        let (commands, dones): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let jobs = commands.into_iter().map(Job::new).collect();
        let jobs = engine.combiner.run_unsynced(&**engine, jobs);
        let mut waiting = Unsynced::default();
        for (job, done) in jobs.into_iter().zip(dones) {
            Aftermath::of(&job.command).tell(engine);
            if engine.is_synced(job.sync_lsn) {
                answer(job, done);
            } else {
                waiting.0.push(job);
                waiting.1.push(done);
            }
        }
        if waiting.0.is_empty() {
            continue;
        }
        let sender = unsynced.lock().clone();
        let left = match sender {
            Some(sender) => sender.send(waiting).map_err(|unsent| unsent.0).err(),
            // The store is being closed.
            None => Some(waiting),
        };
        if let Some(waiting) = left {
            answer_synced(engine, waiting);
        }
    }
}

/// Waits for the disk on behalf of submitted commands until [`run`] has ended.
pub fn run_sync(engine: &Arc<Engine>, waiting: &Receiver<Unsynced>) {
    while let Ok((mut jobs, mut dones)) = waiting.recv() {
        while let Ok(next) = waiting.try_recv() {
            jobs.extend(next.0);
            dones.extend(next.1);
        }
        answer_synced(engine, (jobs, dones));
    }
}

fn answer_synced(engine: &Engine, (mut jobs, dones): Unsynced) {
    bring_to_disk(engine, &mut [&mut jobs]);
    for (job, done) in jobs.into_iter().zip(dones) {
        answer(job, done);
    }
}

fn answer(job: Job, done: Done) {
    let answer = job.answer.unwrap_or_else(|| {
        Err(Error::new(
            ErrorKind::Internal,
            "a command was not answered",
        ))
    });
    // The panic was reported by the hook; this thread has other calls to serve.
    let _ = catch_unwind(AssertUnwindSafe(|| done(answer)));
}
