//! A session is one turn with the writer lock: begin the index, run jobs, write the log, commit.

use super::combiner::{Job, Work};
use super::engine::Engine;
use super::fault::point;
use super::index::{ConfigCache, Index};
use super::log::{Appender, EndReason, ScanFrom};
use super::pieces::{SHORT_MESSAGES_MAX, messages};
use super::rebuild::damage_text;
use super::record::Records;
use super::transition::apply::apply;
use super::transition::{Progress, Tx};
use crate::command::Command;
use crate::error::{Error, ErrorKind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Commands, and messages of them, after which an open transaction is committed: bounds its
/// changed pages.
const COMMANDS_KEPT_MAX: u64 = 256;
const MESSAGES_KEPT_MAX: usize = 4_096;

/// Steps of reclamation that a send waits for on a full disk.
const MAKE_ROOM_ROUNDS_MAX: u32 = 2_000;

/// How long a command that finds no room waits for the segments: making one takes less, a backup
/// keeps them for as long as it copies.
const SEGMENT_MADE_WITHIN: Duration = Duration::from_secs(1);

/// What a process keeps from one session to the next.
pub struct Held {
    /// The transaction, when it was left open (see [`Engine::may_linger`]).
    pub(super) open: Option<Tx>,
    /// Commands in the open transaction.
    commands: u64,
    /// Messages of these commands.
    messages: usize,
    /// The disk has room for as many pages as a transaction that is left open may change.
    roomy: bool,
    configs: ConfigCache,
    appender: Option<Appender>,
}

impl Held {
    /// Nothing is held.
    pub fn new(appender: Appender) -> Self {
        Self {
            open: None,
            commands: 0,
            messages: 0,
            roomy: false,
            configs: ConfigCache::default(),
            appender: Some(appender),
        }
    }
}

impl Engine {
    /// Takes the writer lock and begins a transaction, or goes on with the one left open.
    pub(super) fn begin(&self, held: &mut Held) -> Result<Tx> {
        if let Some(mut tx) = held.open.take() {
            let synced_lsn = self.page.synced_lsn.load(Ordering::Acquire);
            tx.appender.restart(tx.index.meta.tail(), synced_lsn);
            return Ok(tx);
        }
        self.lock_writer()?;
        self.begin_or_unlock(held)
    }

    fn begin_or_unlock(&self, held: &mut Held) -> Result<Tx> {
        match self.begin_locked(held) {
            Ok(tx) => Ok(tx),
            Err(error) => {
                self.unlock_writer();
                Err(error)
            }
        }
    }

    fn begin_locked(&self, held: &mut Held) -> Result<Tx> {
        point("locked");
        let configs = std::mem::take(&mut held.configs);
        let index = Index::begin(&self.env, configs)?;
        let mut appender = match held.appender.take() {
            Some(appender) => appender,
            None => self.log.appender(index.meta.tail()),
        };
        appender.restart(
            index.meta.tail(),
            self.page.synced_lsn.load(Ordering::Acquire),
        );
        point("index-begun");
        let mut tx = Tx::new(index, appender, self.space.clone(), &self.options);
        if self.page.dirty.load(Ordering::Acquire) != 0 {
            self.catch_up(&mut tx)?;
            // As commands of a transaction that was left open: the log has them, and an index that
            // is given up has not.
            held.commands += 1;
        }
        self.space.look(&mut tx.index.meta);
        self.page.dirty.store(1, Ordering::Release);
        Ok(tx)
    }

    /// Carries into the index what a process appended before it was killed. Where that was not
    /// finished, the log is cut.
    fn catch_up(&self, tx: &mut Tx) -> Result<()> {
        let written_lsn = self.page.appended_lsn.load(Ordering::Acquire);
        let mut from = ScanFrom::Tail(tx.index.meta.tail());
        let tail = loop {
            let index = &mut tx.index;
            let end = self.log.scan_written(from, written_lsn, |lsn, payload| {
                let mut records = Records::new(payload);
                while let Some(located) = records.advance()? {
                    apply(index, &located.record, lsn + located.at as u64)?;
                }
                Ok(())
            })?;
            match end.end {
                EndReason::Clean | EndReason::Torn { .. } => break end.tail,
                EndReason::Damaged {
                    lsn,
                    what,
                    resume_lsn,
                } => {
                    self.report_damage(damage_text(lsn, resume_lsn, &what));
                    from = ScanFrom::Frame(resume_lsn);
                }
            }
        };
        tx.index.meta.set_tail(tail);
        tx.index.meta.carried_lsn = tail.lsn;
        tx.content_lsn = tail.lsn;
        tx.appender
            .restart(tail, self.page.synced_lsn.load(Ordering::Acquire));
        Ok(())
    }

    /// Ends a session that carried out no command.
    pub(super) fn end(&self, held: &mut Held, tx: Tx) -> Result<()> {
        // Where answers wait for the disk it is committed at once: it is rare, and nobody's.
        self.end_after(held, tx, 0, u64::MAX)
    }

    /// Writes the log; then commits and gives the lock back, or leaves the transaction open.
    /// Answers of the session wait for the disk up to `sync_lsn`.
    fn end_after(&self, held: &mut Held, mut tx: Tx, commands: u64, sync_lsn: u64) -> Result<()> {
        let before = tx.index.meta.tail();
        let tail = match tx.appender.flush() {
            Ok(tail) => tail,
            Err(error) => {
                // Any part may be written: whole frames are carried in by the next session, as
                // after a crash. So this counts as commands that are in the log already.
                held.commands += 1;
                self.give_up(held, tx);
                return Err(self.poisoned_by(error));
            }
        };
        point("log-written");
        self.count_appended(tail.lsn - before.lsn);
        self.page
            .content_lsn
            .fetch_max(tx.content_lsn, Ordering::AcqRel);
        self.page.appended_lsn.fetch_max(tail.lsn, Ordering::AcqRel);
        tx.index.meta.set_tail(tail);
        let touched = std::mem::take(&mut tx.touched);
        held.commands += commands;
        let result = if self.may_linger(sync_lsn) && self.has_room_to_linger(held) {
            held.open = Some(tx);
            self.linger.notify();
            Ok(())
        } else {
            self.commit(held, tx)
        };
        for queue in &touched {
            self.bump_queue(queue);
        }
        if !touched.is_empty() {
            self.page.changes.bump_and_wake(u32::MAX);
        }
        result
    }

    /// True if the open transaction may grow: its pages find room when it is committed.
    fn has_room_to_linger(&self, held: &mut Held) -> bool {
        if held.commands >= COMMANDS_KEPT_MAX || held.messages >= MESSAGES_KEPT_MAX {
            return false;
        }
        if !held.roomy && held.messages > SHORT_MESSAGES_MAX {
            held.roomy = self.space.fits(MESSAGES_KEPT_MAX);
        }
        !self.space.is_short() && (held.roomy || held.messages <= SHORT_MESSAGES_MAX)
    }

    /// Commits the index and gives the lock back.
    pub(super) fn commit(&self, held: &mut Held, tx: Tx) -> Result<()> {
        (held.commands, held.messages, held.roomy) = (0, 0, false);
        held.appender = Some(tx.appender);
        let committed = tx.index.commit();
        if let Ok(configs) = committed {
            held.configs = configs;
            point("index-committed");
            self.page.dirty.store(0, Ordering::Release);
            self.unlock_writer();
            point("unlocked");
            return Ok(());
        }
        // The log has the records; `dirty` stays, so the next session carries them into the
        // index. This handle's answers are lost, as in a crash.
        self.unlock_writer();
        match committed {
            Err(error) => Err(self.poisoned_by(error)),
            Ok(_) => Ok(()),
        }
    }

    /// Ends a session whose changes must not stay. Nothing of it was written.
    pub(super) fn give_up(&self, held: &mut Held, mut tx: Tx) {
        tx.appender.discard();
        held.appender = Some(tx.appender);
        tx.index.abort();
        // Commands of a transaction that was left open are in the log: the next session carries
        // them into the index again.
        if held.commands == 0 {
            self.page.dirty.store(0, Ordering::Release);
        }
        (held.commands, held.messages, held.roomy) = (0, 0, false);
        self.unlock_writer();
    }

    /// Commits a transaction that was left open.
    pub(super) fn settle(&self) -> Result<()> {
        let mut held = self.held.claim();
        match held.open.take() {
            Some(tx) => self.commit(&mut held, tx),
            None => Ok(()),
        }
    }

    /// Runs jobs in one transaction; true if some want another one.
    fn run_jobs(&self, jobs: &mut [&mut Vec<Job>]) -> Result<bool> {
        let mut open: Vec<&mut Job> = jobs
            .iter_mut()
            .flat_map(|jobs| jobs.iter_mut())
            .filter(|job| job.answer.is_none())
            .collect();
        let result = self.run_open_jobs(&mut open);
        if result.is_err() {
            // Nothing of this session stays, so none of its answers does.
            open.iter_mut().for_each(|job| job.answer = None);
        }
        result
    }

    fn run_open_jobs(&self, jobs: &mut [&mut Job]) -> Result<bool> {
        let mut held = self.held.lock();
        self.run_held(&mut held, jobs)
    }

    fn run_held(&self, held: &mut Held, jobs: &mut [&mut Job]) -> Result<bool> {
        let mut tx = self.begin(held)?;
        let now_ms = self.clock_ms();
        let (mut again, mut sync_lsn) = (false, 0);
        let count = jobs.len() as u64;
        for job in jobs.iter_mut() {
            held.messages += messages(&job.command);
            match tx.run(&job.command, now_ms) {
                Ok(Progress::Answer(outcome)) => job.answer = Some(Ok(outcome)),
                Ok(Progress::Again) => again = true,
                Ok(Progress::Further(reached)) => {
                    if let Command::Peek { filter, .. } = &mut job.command {
                        filter.after = reached;
                    }
                    again = true;
                }
                Err(error) => job.answer = Some(Err(error)),
            }
            job.sync_lsn = tx.sync_lsn;
            sync_lsn = sync_lsn.max(tx.sync_lsn);
            if let Some(error) = tx.failed.take() {
                if error.kind() == ErrorKind::DiskFull {
                    self.space.note_full();
                }
                self.give_up(held, tx);
                return Err(error);
            }
        }
        self.reclaim_step(&mut tx);
        if let Some(error) = tx.failed.take() {
            self.give_up(held, tx);
            return Err(error);
        }
        // The keeper's are nobody's.
        let asked = jobs.iter().filter(|job| job.command != Command::Work);
        self.count_commands(asked.count() as u64);
        self.end_after(held, tx, count, sync_lsn)?;
        Ok(again)
    }

    /// Runs one job if no lock must be waited for; false if nothing was done. So it is where there
    /// is no room: whether there really is none takes a wait to know.
    pub(super) fn try_job(&self, job: &mut Job) -> bool {
        let Some(mut held) = self.held.try_lock() else {
            return false;
        };
        if held.open.is_none() && !self.try_lock_writer() {
            return false;
        }
        let ran = self.guarded(|| {
            if held.open.is_none() {
                held.open = Some(self.begin_or_unlock(&mut held)?);
            }
            self.run_held(&mut held, &mut [&mut *job])
        });
        drop(held);
        let finds_no_room = match &ran {
            Ok(_) => is_refused(job),
            Err(error) => error.kind() == ErrorKind::DiskFull,
        };
        if finds_no_room {
            job.answer = None;
            return false;
        }
        let ended = match ran {
            // It wants another turn, as a sweep of much garbage does.
            Ok(true) => {
                let mut alone = vec![Job::new(job.command.clone())];
                let ended = self.try_transact(&mut [&mut alone]);
                *job = alone.pop().unwrap_or_else(|| Job::new(job.command.clone()));
                ended
            }
            other => other.map(|_| ()),
        };
        if let Err(error) = ended {
            job.answer = Some(Err(error));
            job.sync_lsn = 0;
        }
        true
    }

    fn run_until_answered(&self, jobs: &mut [&mut Vec<Job>]) -> Result<()> {
        let ran = self.run_rounds(jobs, Self::recycle_freed_now);
        let finds_no_room = match &ran {
            Ok(()) => jobs.iter().flat_map(|jobs| jobs.iter()).any(is_refused),
            Err(error) => error.kind() == ErrorKind::DiskFull,
        };
        // A store that is not usable may have written part of it.
        if !finds_no_room || self.check_usable().is_err() {
            return ran;
        }
        // A keeper may be making a segment, of a freed one or of the last room there is, and gives
        // its blocks back when it finds too few. So this stands only if it comes again while nobody
        // makes one.
        let Ok(_hold) = self.segments.acquire(SEGMENT_MADE_WITHIN) else {
            return ran;
        };
        take_refusals(jobs);
        self.run_rounds(jobs, Self::recycle_all)
    }

    /// Runs jobs until reclamation can do no more for those that find no room.
    fn run_rounds(
        &self,
        jobs: &mut [&mut Vec<Job>],
        recycle: impl Fn(&Self) -> Result<()>,
    ) -> Result<()> {
        let mut rounds = 0;
        loop {
            let freed = self.space.is_short() && self.space.take_freed();
            if freed {
                // Whatever fails here fails again for whoever needs it.
                let _ = recycle(self);
            }
            let before = self.space.steps();
            if self.run_jobs(jobs)? {
                continue;
            }
            rounds += 1;
            if rounds == MAKE_ROOM_ROUNDS_MAX || before == self.space.steps() {
                return Ok(());
            }
            // Reclamation goes on, so a refused send may be better off in the next round.
            if !take_refusals(jobs) {
                return Ok(());
            }
        }
    }

    pub(super) fn try_transact(&self, jobs: &mut [&mut Vec<Job>]) -> Result<()> {
        self.guarded(|| self.run_until_answered(jobs))
    }

    /// Does work of a session; a panic in it poisons the engine.
    fn guarded<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(result) => result,
            Err(_) => {
                // The transaction is gone with the panic; `dirty` makes the next holder of the
                // lock look for what was written.
                self.unlock_writer();
                Err(self.poisoned_by(Error::new(
                    ErrorKind::Internal,
                    "a transition panicked; the store of this process is closed to be safe",
                )))
            }
        }
    }

    /// Runs the jobs that have no answer yet, each in transactions of its own.
    pub(super) fn run_alone(&self, jobs: &mut [&mut Vec<Job>]) {
        for job in jobs.iter_mut().flat_map(|jobs| jobs.iter_mut()) {
            if job.answer.is_some() {
                continue;
            }
            let mut alone = vec![Job::new(job.command.clone())];
            if let Err(error) = self.try_transact(&mut [&mut alone]) {
                answer_all(&mut [&mut alone], &error);
            }
            if let Some(done) = alone.pop() {
                *job = done;
            }
        }
    }
}

impl Work for Engine {
    fn transact(&self, jobs: &mut [&mut Vec<Job>]) {
        if let Err(error) = self.check_usable() {
            answer_all(jobs, &error);
            return;
        }
        if self.run_in_pieces(jobs) {
            let _ = self.help_recycling();
            return;
        }
        let Err(error) = self.try_transact(jobs) else {
            // The answers stand; the next command meets the same failure and tells its caller.
            let _ = self.help_recycling();
            return;
        };
        let open = || {
            jobs.iter()
                .flat_map(|jobs| jobs.iter())
                .filter(|job| job.answer.is_none())
        };
        if open().count() == 1 || self.check_usable().is_err() {
            answer_all(jobs, &error);
            return;
        }
        // One job's failure, such as a send on a full disk, is not the others'.
        self.run_alone(jobs);
    }

    fn is_synced(&self, lsn: u64) -> bool {
        if lsn == 0 || !self.syncs() {
            return true;
        }
        self.promise(lsn);
        self.page.synced_lsn.load(Ordering::Acquire) >= lsn
    }

    fn sync(&self, lsn: u64) -> Result<()> {
        self.sync_to(lsn)
    }
}

fn is_refused(job: &Job) -> bool {
    matches!(&job.answer, Some(Err(error)) if error.kind() == ErrorKind::DiskFull)
}

/// Forgets the answers of jobs that found no room; true if there were any.
fn take_refusals(jobs: &mut [&mut Vec<Job>]) -> bool {
    let all = jobs.iter_mut().flat_map(|jobs| jobs.iter_mut());
    let mut taken = false;
    for job in all.filter(|job| is_refused(job)) {
        job.answer = None;
        taken = true;
    }
    taken
}

fn answer_all(jobs: &mut [&mut Vec<Job>], error: &Error) {
    let all = jobs.iter_mut().flat_map(|jobs| jobs.iter_mut());
    for job in all.filter(|job| job.answer.is_none()) {
        job.answer = Some(Err(error.clone()));
        job.sync_lsn = 0;
    }
}
