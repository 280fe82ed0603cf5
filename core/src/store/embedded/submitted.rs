//! Submitted commands, whose callers do not wait: one thread carries them out, as many together as
//! have come, and another brings to the disk what their answers depend on, unless the disk is fast
//! ([`Engine::syncs_quickly`]). So a receive waits for no sync of other callers' changes.
//!
//! Changes that come while the disk works wait for it in any case. They are kept together until
//! then, unless another command comes: carried out at once, in smaller transactions, most sends and
//! deletes of 16 and 128 connections were slower (0.76 to 1.03 of the rate).
//!
//! A small change that finds no command under way is carried out where it is handed in, if that
//! needs no wait, and only its sync is left to a thread ([`run_alone`]): who sends one message
//! after the other pays for one change of thread instead of two.

use super::combiner::{Job, Work, bring_to_disk};
use super::engine::Engine;
use super::prompt::is_small_change;
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
    /// What waited for the disk need not any more, and commands have come meanwhile.
    Synced,
    /// No command comes any more.
    Closed,
}

/// Commands that were carried out, and whose answers depend on the disk.
pub type Unsynced = (Vec<Job>, Vec<Done>);

/// Hands them to the thread that waits for the disk, as long as there is one.
pub type ToDisk = Mutex<Option<Sender<Unsynced>>>;

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
            Told::Synced => {}
            Told::Closed => self.closed = true,
        }
    }

    fn is_full(&self) -> bool {
        self.jobs.len() >= BATCH_MAX
    }

    fn is_ready(&self, engine: &Engine) -> bool {
        let is_disk_idle = || engine.awaiting.load(Ordering::SeqCst) == 0;
        !self.jobs.is_empty() && (self.has_other || self.is_full() || self.closed || is_disk_idle())
    }

    /// Carries it out, and answers what needs no wait.
    fn run(&mut self, engine: &Engine, unsynced: &ToDisk) {
        let (jobs, dones) = (
            std::mem::take(&mut self.jobs),
            std::mem::take(&mut self.dones),
        );
        self.has_other = false;
        let count = jobs.len();
        let jobs = engine.combiner.run_unsynced(engine, jobs);
        engine.submitted.fetch_sub(count, Ordering::SeqCst);
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
        engine.awaiting.fetch_add(waiting.0.len(), Ordering::SeqCst);
        let left = match engine.syncs_quickly() {
            true => Some(waiting),
            false => hand_over(unsynced, waiting),
        };
        if let Some(waiting) = left {
            answer_synced(engine, waiting);
        }
    }
}

/// Gives commands to the thread that waits for the disk; returns them if there is none, since the
/// store is being closed.
fn hand_over(unsynced: &ToDisk, waiting: Unsynced) -> Option<Unsynced> {
    match unsynced.lock().as_ref() {
        Some(sender) => sender.send(waiting).map_err(|unsent| unsent.0).err(),
        None => Some(waiting),
    }
}

/// Carries out a small change on this thread, if no submitted command is under way that it could
/// overtake or share a sync with, and no lock must be waited for. Otherwise gives it back.
pub fn run_alone(
    engine: &Engine,
    command: Command,
    done: Done,
    unsynced: &ToDisk,
) -> Option<(Command, Done)> {
    let is_alone =
        engine.submitted.load(Ordering::SeqCst) == 0 && engine.awaiting.load(Ordering::SeqCst) == 0;
    let may = engine.syncs() && is_alone && is_small_change(&command);
    // On a full disk freed segments may have to be given back first.
    if !may || engine.space.is_short() {
        return Some((command, done));
    }
    let mut job = Job::new(command);
    if !engine.try_job(&mut job) {
        return Some((job.command, done));
    }
    engine.awaiting.fetch_add(1, Ordering::SeqCst);
    // Also where it was refused: callers are told on a thread of the store.
    if let Some(waiting) = hand_over(unsynced, (vec![job], vec![done])) {
        answer_synced(engine, waiting);
    }
    None
}

/// True for the two that come in numbers and whose answers always wait for the disk.
fn is_change(command: &Command) -> bool {
    matches!(command, Command::Send { .. } | Command::Delete { .. })
}

/// Carries out submitted commands until the store is closed.
pub fn run(engine: &Arc<Engine>, receiver: &Receiver<Told>, unsynced: &ToDisk) {
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
        if batch.is_ready(engine) {
            batch.run(engine, unsynced);
        }
    }
}

/// Waits for the disk on behalf of submitted commands until [`run`] hands in no more.
pub fn run_sync(engine: &Arc<Engine>, waiting: &Receiver<Unsynced>, tell: &Sender<Told>) {
    while let Ok((mut jobs, mut dones)) = waiting.recv() {
        while let Ok(next) = waiting.try_recv() {
            jobs.extend(next.0);
            dones.extend(next.1);
        }
        bring_to_disk(&**engine, &mut [&mut jobs]);
        engine.awaiting.fetch_sub(jobs.len(), Ordering::SeqCst);
        // First, so that the next batch runs while these callers are told. Who is not counted yet
        // will find that nothing waits for the disk.
        if engine.submitted.load(Ordering::SeqCst) > 0 {
            let _ = tell.send(Told::Synced);
        }
        answer_all(jobs, dones);
    }
}

fn answer_synced(engine: &Engine, (mut jobs, dones): Unsynced) {
    bring_to_disk(engine, &mut [&mut jobs]);
    engine.awaiting.fetch_sub(jobs.len(), Ordering::SeqCst);
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
