//! The embedded store as a [`Storage`]: an engine with its threads.

use super::engine::Engine;
use super::open::Opened;
use super::submitted::{self, Aftermath, ToDisk, Told};
use super::{backup, check, keeper};
use crate::command::{Command, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::rules::time;
use crate::store::{CheckReport, ClockMode, Done, Recovery, Statistics, Storage};
use crate::sync::Mutex;
use crate::sys::fork::fork_generation;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SendError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// An open directory of this process.
pub struct Embedded {
    engine: Arc<Engine>,
    recovery: Option<Recovery>,
    stop: Arc<AtomicBool>,
    threads: Mutex<Threads>,
    /// Removed when the store is closed: the directory of a `mem:` store.
    temporary: Option<tempfile::TempDir>,
}

#[derive(Default)]
struct Threads {
    handles: Vec<JoinHandle<()>>,
    submit: Option<Sender<Told>>,
    /// Not in its thread alone: a store may be closed by a callback in that thread, which then
    /// waits for the other one.
    unsynced: Arc<ToDisk>,
}

impl Threads {
    fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
        let handle = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(run)
            .map_err(|error| Error::io("start a thread", &error))?;
        self.handles.push(handle);
        Ok(())
    }
}

impl Embedded {
    /// Starts the threads of an opened engine.
    pub fn start(opened: Opened, temporary: Option<tempfile::TempDir>) -> Result<Self> {
        let this = Self {
            engine: Arc::new(opened.engine),
            recovery: opened.recovery,
            stop: Arc::default(),
            threads: Mutex::default(),
            temporary,
        };
        this.spawn("forebay-keeper", keeper::run)?;
        if !this.engine.private {
            this.spawn("forebay-linger", keeper::run_linger)?;
        }
        Ok(this)
    }

    /// The engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The groups of a FIFO queue that can be received from, in the order of their turns: for
    /// comparisons, as an index that was built anew may have given them another (S7.7).
    #[doc(hidden)]
    pub fn group_order(&self, queue: &QueueKey) -> Result<Vec<String>> {
        let mut held = self.engine.held.claim();
        let mut tx = self.engine.begin(&mut held)?;
        let order = match tx.index.storage_of(queue) {
            Ok(Some(sid)) => tx.index.groups_by_turn(sid),
            other => other.map(|_| Vec::new()),
        };
        self.engine.end(&mut held, tx)?;
        order
    }

    /// The directory.
    pub fn directory(&self) -> &PathBuf {
        &self.engine.directory
    }

    fn spawn(&self, name: &str, run: fn(&Arc<Engine>, &AtomicBool)) -> Result<()> {
        let (engine, stop) = (self.engine.clone(), self.stop.clone());
        let mut threads = self.threads.lock();
        threads.spawn(name, move || run(&engine, &stop))
    }

    /// Whom submitted commands are handed to, and their syncs.
    fn submitter(&self) -> Result<(Sender<Told>, Arc<ToDisk>)> {
        let mut threads = self.threads.lock();
        let unsynced = threads.unsynced.clone();
        if let Some(sender) = &threads.submit {
            return Ok((sender.clone(), unsynced));
        }
        let (sender, receiver) = channel();
        let engine = self.engine.clone();
        let waiting = unsynced.clone();
        threads.spawn("forebay-submit", move || {
            submitted::run(&engine, &receiver, &waiting);
        })?;
        if self.engine.syncs() {
            let engine = self.engine.clone();
            let (sync, waiting) = channel();
            *threads.unsynced.lock() = Some(sync);
            let tell = sender.clone();
            threads.spawn("forebay-synced", move || {
                submitted::run_sync(&engine, &waiting, &tell);
            })?;
        }
        threads.submit = Some(sender.clone());
        Ok((sender, unsynced))
    }
}

impl Storage for Embedded {
    fn execute(&self, command: Command) -> Result<Outcome> {
        self.engine.check_usable()?;
        let aftermath = Aftermath::of(&command);
        let outcome = self.engine.execute(command);
        aftermath.tell(&self.engine);
        outcome
    }

    fn execute_now(&self, command: Command) -> ControlFlow<Result<Outcome>, Command> {
        self.engine.execute_now(command)
    }

    fn submit(&self, command: Command, done: Done) {
        match self.engine.check_usable().and_then(|()| self.submitter()) {
            Ok((sender, unsynced)) => {
                let alone = submitted::run_alone(&self.engine, command, done, &unsynced);
                let Some((command, done)) = alone else {
                    return;
                };
                self.engine.submitted.fetch_add(1, Ordering::SeqCst);
                if let Err(SendError(Told::Command(_, done))) =
                    sender.send(Told::Command(command, done))
                {
                    self.engine.submitted.fetch_sub(1, Ordering::SeqCst);
                    done(Err(Error::new(ErrorKind::Closed, "the store is closed")));
                }
            }
            Err(error) => done(Err(error)),
        }
    }

    fn now_ms(&self) -> u64 {
        self.engine.clock_ms()
    }

    fn advance_ms(&self, by_ms: u64) -> Result<u64> {
        self.engine.check_usable()?;
        match self.engine.options.clock {
            ClockMode::Manual { .. } => {
                let page = &self.engine.page;
                // Another process may move it at the same time.
                let mut now_ms = page.manual_ms.load(Ordering::Acquire);
                let advanced_ms = loop {
                    let advanced_ms = time::advance(now_ms, by_ms)?;
                    let moved = page.manual_ms.compare_exchange(
                        now_ms,
                        advanced_ms,
                        Ordering::AcqRel,
                        Ordering::Acquire,
                    );
                    match moved {
                        Ok(_) => break advanced_ms,
                        Err(other_ms) => now_ms = other_ms,
                    }
                };
                page.changes.bump_and_wake(u32::MAX);
                // With real time the keeper gives this command.
                self.engine.execute(Command::Work)?;
                Ok(advanced_ms)
            }
            ClockMode::System => Err(Error::new(
                ErrorKind::UnsupportedOperation,
                "the store runs on real time; open it with a manual clock to advance it",
            )),
        }
    }

    fn generation(&self) -> u64 {
        self.engine.generation()
    }

    fn queue_generation(&self, queue: &QueueKey) -> u64 {
        self.engine.queue_generation(queue)
    }

    fn wait_change(&self, seen: u64, timeout: Duration) {
        self.engine.wait_change(seen, timeout);
    }

    fn interrupt(&self) {
        self.engine.interrupt();
    }

    fn recovery(&self) -> Option<Recovery> {
        let damage = self.engine.damage.lock().clone();
        if damage.is_empty() {
            return self.recovery.clone();
        }
        let mut recovery = self.recovery.clone().unwrap_or_else(|| Recovery {
            reason: "the log was found damaged while the store was in use".to_owned(),
            ..Recovery::default()
        });
        recovery.damage.extend(damage);
        Some(recovery)
    }

    fn check(&self) -> Result<CheckReport> {
        check::check(&self.engine)
    }

    fn backup(&self, to: &Path) -> Result<()> {
        backup::backup(&self.engine, to)
    }

    fn statistics(&self) -> Statistics {
        self.engine.statistics()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if self.engine.fork_generation != fork_generation() {
            // The threads, the locks and the files are the parent's.
            std::mem::take(&mut *self.threads.lock())
                .handles
                .into_iter()
                .for_each(std::mem::forget);
            std::mem::forget(self.temporary.take());
            return;
        }
        self.stop.store(true, Ordering::Release);
        let threads = std::mem::take(&mut *self.threads.lock());
        if let Some(submit) = threads.submit {
            // Its thread is there until it is told this.
            let _ = submit.send(Told::Closed);
        }
        threads.unsynced.lock().take();
        self.engine.keeper_signal.notify();
        self.engine.linger.notify();
        for handle in threads.handles {
            if handle.thread().id() != std::thread::current().id() {
                let _ = handle.join();
            }
        }
        let _ = self.engine.settle();
        self.engine.presence.release();
    }
}
