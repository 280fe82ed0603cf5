//! Submitted commands, whose callers do not wait: one thread carries them out, as many together as
//! have come, and another brings to the disk what their answers depend on, unless the disk is fast
//! ([`Engine::syncs_quickly`]). So a receive waits for no sync of other callers' changes.
//!
//! Changes that come while the disk works wait for it in any case. They are kept together until
//! then, unless another command comes: carried out at once, in smaller transactions, most sends and
//! deletes of 16 and 128 connections were slower (0.76 to 1.03 of the rate).

use super::combiner::{Job, Work, bring_to_disk};
use super::engine::Engine;
use crate::command::Command;
use crate::error::{Error, ErrorKind};
use crate::store::{ClockMode, Done};
use crate::sync::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};

/// Submitted commands that run as one batch at the most.
const BATCH_MAX: usize = 256;

/// What the thread that carries out commands is told.
pub enum Told {
    /// A command, and who is told of its answer.
    Command(Command, Done),
    /// So many of the batches that wait for the disk need not any more.
    Synced(usize),
    /// No command comes any more.
    Closed,
}

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

/// Commands that have come and were not carried out.
#[derive(Default)]
struct Batch {
    jobs: Vec<Job>,
    dones: Vec<Done>,
    has_other: bool,
    /// Batches that wait for the disk.
    unsynced: usize,
    /// It is the last one.
    closed: bool,
}

impl Batch {
    fn take(&mut self, told: Told) {
        match told {
            Told::Command(command, done) => {
                self.has_other |= !is_change(&command);
                self.jobs.push(Job::new(command));
                self.dones.push(done);
            }
            Told::Synced(batches) => self.unsynced -= batches,
            Told::Closed => self.closed = true,
        }
    }

    fn is_full(&self) -> bool {
        self.jobs.len() >= BATCH_MAX
    }

    fn is_ready(&self) -> bool {
        !self.jobs.is_empty()
            && (self.has_other || self.unsynced == 0 || self.is_full() || self.closed)
    }

    /// Carries it out, and answers what needs no wait.
    fn run(&mut self, engine: &Engine, unsynced: &Mutex<Option<Sender<Unsynced>>>) {
        let (jobs, dones) = (
            std::mem::take(&mut self.jobs),
            std::mem::take(&mut self.dones),
        );
        self.has_other = false;
        let count = jobs.len();
        let jobs = engine.combiner.run_unsynced(engine, jobs);
        engine.submitted.fetch_sub(count, Ordering::Relaxed);
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
            return;
        }
        let sender = match engine.syncs_quickly() {
            true => None,
            // None if the store is being closed.
            false => unsynced.lock().clone(),
        };
        let left = match sender {
            Some(sender) => sender.send(waiting).map_err(|unsent| unsent.0).err(),
            None => Some(waiting),
        };
        match left {
            Some(waiting) => answer_synced(engine, waiting),
            None => self.unsynced += 1,
        }
    }
}

/// True for the two that come in numbers and whose answers always wait for the disk.
fn is_change(command: &Command) -> bool {
    matches!(command, Command::Send { .. } | Command::Delete { .. })
}

/// Carries out submitted commands until the store is closed.
pub fn run(
    engine: &Arc<Engine>,
    receiver: &Receiver<Told>,
    unsynced: &Mutex<Option<Sender<Unsynced>>>,
) {
    let mut batch = Batch::default();
    while !batch.closed
        && let Ok(told) = receiver.recv()
    {
        batch.take(told);
        while !batch.is_full()
            && let Ok(told) = receiver.try_recv()
        {
            batch.take(told);
        }
        if batch.is_ready() {
            batch.run(engine, unsynced);
        }
    }
}

/// Waits for the disk on behalf of submitted commands until [`run`] hands in no more.
pub fn run_sync(engine: &Arc<Engine>, waiting: &Receiver<Unsynced>, tell: &Sender<Told>) {
    while let Ok((mut jobs, mut dones)) = waiting.recv() {
        let mut batches = 1;
        while let Ok(next) = waiting.try_recv() {
            jobs.extend(next.0);
            dones.extend(next.1);
            batches += 1;
        }
        bring_to_disk(&**engine, &mut [&mut jobs]);
        // First, so that the next batch runs while these callers are told.
        let _ = tell.send(Told::Synced(batches));
        answer_all(jobs, dones);
    }
}

fn answer_synced(engine: &Engine, (mut jobs, dones): Unsynced) {
    bring_to_disk(engine, &mut [&mut jobs]);
    answer_all(jobs, dones);
}

fn answer_all(jobs: Vec<Job>, dones: Vec<Done>) {
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
