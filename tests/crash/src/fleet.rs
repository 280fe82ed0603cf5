//! The worker processes of a run, and what is done to them.

use crate::audit::{Findings, audit};
use crate::load::{Load, Queues};
use crate::notes::{self, Event, Note, Notebook};
use crate::orphan;
use crate::worker::Worker;
use crate::{Failure, open_options};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// How long anything may take before the run gives up.
pub const WATCHDOG: Duration = Duration::from_secs(60);
/// The same for a worker that does all its operations: thousands of syncs, on any machine.
const WHOLE_RUN: Duration = Duration::from_secs(600);

/// A running worker.
pub struct Member {
    child: Child,
    pub who: u32,
    /// What it says on its standard error output.
    errors: PathBuf,
}

impl Member {
    /// How it ended, in words, with what it said last. For a worker that should not have ended.
    fn epitaph(&self, status: ExitStatus) -> String {
        let said = std::fs::read_to_string(&self.errors).unwrap_or_default();
        format!("process {} ended with {status}: {}", self.who, said.trim())
    }
}

/// Workers on one store, with one file of notes beside it.
pub struct Fleet {
    program: PathBuf,
    store: PathBuf,
    notes: PathBuf,
    seed: u64,
    next_who: u32,
    notebook: Notebook,
    pub members: Vec<Member>,
}

impl Fleet {
    /// A fleet of none, on a store under `dir`. `program` is the `forebay-crash` binary.
    pub fn new(program: &Path, dir: &Path, seed: u64) -> Result<Self, Failure> {
        let notes = dir.join("notes");
        Ok(Self {
            program: program.into(),
            store: dir.join("store"),
            notebook: Notebook::open(&notes, 0)?,
            notes,
            seed,
            next_who: 1,
            members: Vec::new(),
        })
    }

    /// The store's directory.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// Starts a worker that runs until it is killed.
    pub fn start(&mut self) -> Result<(), Failure> {
        let member = self.spawn(u64::MAX, None)?;
        self.members.push(member);
        Ok(())
    }

    /// Starts a worker that is not one of the members. With `fault`, it kills itself there.
    pub fn spawn(&mut self, operations: u64, fault: Option<&str>) -> Result<Member, Failure> {
        let who = self.next_who;
        self.next_who += 1;
        let worker = Worker {
            store: self.store.clone(),
            notes: self.notes.clone(),
            who,
            seed: self.seed,
            operations,
        };
        let errors = self.notes.with_file_name(format!("errors-{who}"));
        let mut command = Command::new(&self.program);
        command
            .args(worker.arguments())
            .stdin(orphan::leash())
            .stderr(File::create(&errors)?);
        if let Some(fault) = fault {
            command.env("FOREBAY_FAULT", fault);
        }
        let child = command.spawn()?;
        Ok(Member { child, who, errors })
    }

    /// Fails if a member ended by itself, which a worker does only after an error.
    pub fn check_running(&mut self) -> Result<(), Failure> {
        for member in &mut self.members {
            if let Some(status) = member.child.try_wait()? {
                return Err(member.epitaph(status).into());
            }
        }
        Ok(())
    }

    /// Kills member `index`, and notes it.
    pub fn kill(&mut self, index: usize) -> Result<(), Failure> {
        let mut member = self.members.swap_remove(index);
        self.notebook.note_for(member.who, &Event::Kill)?;
        member.child.kill()?;
        let status = member.child.wait()?;
        if status.code().is_some() {
            // It had ended before the kill, which a worker does only after an error.
            let text = member.epitaph(status);
            self.notebook.note_for(member.who, &Event::Wrong(text))?;
        }
        Ok(())
    }

    /// Waits for the end of a worker that was spawned with a limit or a fault; true if it died at
    /// its fault. Any other end but its limit is a failure, and so is none.
    pub fn wait(&mut self, mut member: Member) -> Result<bool, Failure> {
        let started = Instant::now();
        while started.elapsed() < WHOLE_RUN {
            if let Some(status) = member.child.try_wait()? {
                return match status.code() {
                    None => Ok(true),
                    Some(0) => Ok(false),
                    Some(_) => Err(member.epitaph(status).into()),
                };
            }
            self.check_running()?;
            std::thread::sleep(Duration::from_millis(2));
        }
        member.child.kill()?;
        member.child.wait()?;
        Err(format!("process {} hangs", member.who).into())
    }

    /// All notes so far.
    pub fn notes(&self) -> Result<Vec<Note>, Failure> {
        Ok(notes::read(&self.notes)?)
    }

    /// Waits until every member has finished a call after the notes of now.
    pub fn wait_progress(&mut self) -> Result<(), Failure> {
        let seen = std::fs::metadata(&self.notes)?.len();
        let started = Instant::now();
        loop {
            let fresh = notes::read_from(&self.notes, seen)?;
            let went_on = |who| {
                fresh.iter().any(|note| {
                    note.who == who
                        && matches!(note.event, Event::SendDone(_) | Event::ReceiveDone(_))
                })
            };
            if self.members.iter().all(|member| went_on(member.who)) {
                return Ok(());
            }
            self.check_running()?;
            if started.elapsed() > WATCHDOG {
                return Err(format!("no progress within {WATCHDOG:?}").into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills all members, drains the store in this process, verifies it and audits the notes.
    pub fn finish(mut self) -> Result<Findings, Failure> {
        while !self.members.is_empty() {
            self.kill(0)?;
        }
        let store = open_options().open(&self.store)?;
        let queues = Queues::create(&store)?;
        for problem in store.check()?.problems {
            self.notebook.note(&Event::Wrong(problem))?;
        }
        let notebook = Notebook::open(&self.notes, u32::MAX)?;
        let started = Instant::now();
        Load::new(queues, u32::MAX, 0, notebook).drain(|| {
            if started.elapsed() > WATCHDOG {
                let text = format!("the store was not empty after {WATCHDOG:?}");
                return Err(forebay::Error::new(forebay::ErrorKind::Internal, text));
            }
            std::thread::sleep(Duration::from_millis(20));
            Ok(())
        })?;
        for problem in store.check()?.problems {
            self.notebook.note(&Event::Wrong(problem))?;
        }
        Ok(audit(&self.notes()?))
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for member in &mut self.members {
            // After a failure of the run; nothing must be left running.
            let _ = member.child.kill();
            let _ = member.child.wait();
        }
    }
}
