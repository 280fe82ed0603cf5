//! The engine of one process for one directory: the locks, the clock, the shared sync.

use super::combiner::{Combiner, Job, Work};
use super::fault::point;
use super::index::Index;
use super::index::entries::Meta;
use super::index::lmdb::Environment;
use super::log::Log;
use super::segments_lock::SegmentsLock;
use super::session::Held;
use super::space::Space;
use crate::command::{Command, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::store::{ClockMode, Durability, Statistics, StoreOptions};
use crate::sync::{Condvar, Mutex, Turns};
use crate::sys::fork::fork_generation;
use crate::sys::lock::{KernelLock, LockFile};
use crate::sys::shared::SharedPage;
use crate::sys::{clock, futex};
use once_cell::sync::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Sessions without lingering after another process asked for the lock.
const CONTENDED_SESSIONS: u32 = 64;

/// Syncs that take less are waited for where they are asked for, microseconds. With 180 us another
/// thread that waited for them cost 15 % of a server's sends.
const QUICK_SYNC_US: u64 = 500;

/// Everything a process holds of an open directory.
pub struct Engine {
    pub(super) directory: PathBuf,
    pub(super) options: StoreOptions,
    /// Nobody else can open the directory: `mem:`.
    pub(super) private: bool,
    pub(super) log: Log,
    pub(super) env: Arc<Environment>,
    pub(super) space: Arc<Space>,
    pub(super) page: Arc<SharedPage>,
    pub(super) lock_file: Arc<LockFile>,
    pub(super) writer: KernelLock,
    pub(super) syncer: KernelLock,
    pub(super) keeper: KernelLock,
    pub(super) segments: SegmentsLock,
    pub(super) presence: KernelLock,
    pub(super) held: Turns<Held>,
    pub(super) linger: Signal,
    pub(super) keeper_signal: Signal,
    pub(super) combiner: Combiner,
    pub(super) sync_turn: Mutex<()>,
    /// Submitted commands that were not carried out yet.
    pub(super) submitted: AtomicUsize,
    /// Submitted commands that were carried out and wait for the disk.
    pub(super) awaiting: AtomicUsize,
    pub(super) contended: AtomicU32,
    pub(super) poison: OnceCell<Error>,
    pub(super) counters: Counters,
    pub(super) fork_generation: u32,
    /// Segments that were freed and not yet recycled.
    pub(super) freed: AtomicU64,
    /// Interrupts of waits, which are nobody else's business.
    pub(super) interrupts: AtomicU32,
    /// Damage of the log that was met while the store was in use, one sentence each.
    pub(super) damage: Mutex<Vec<String>>,
}

/// Work done since the store was opened in this process.
#[derive(Default)]
pub struct Counters {
    commands: AtomicU64,
    transactions: AtomicU64,
    pub(super) syncs: AtomicU64,
    log_bytes: AtomicU64,
    pub(super) moved_bytes: AtomicU64,
    /// What a sync takes, microseconds: a mean in which the last ones count most.
    sync_us: AtomicU64,
}

impl Counters {
    /// Counts a sync that took so long.
    pub(super) fn note_sync(&self, took: Duration) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        // One thread syncs at a time.
        let mean_us = self.sync_us.load(Ordering::Relaxed);
        let mean_us = (7 * mean_us + took.as_micros() as u64) / 8;
        self.sync_us.store(mean_us, Ordering::Relaxed);
    }
}

/// Takes the writer lock, asking a holder that only lingers to leave.
pub(super) fn acquire_writer(
    writer: &KernelLock,
    page: &SharedPage,
    timeout: Duration,
) -> Result<()> {
    if writer.acquire(Duration::ZERO).is_ok() {
        return Ok(());
    }
    page.wanted.store(1, Ordering::SeqCst);
    futex::wake(&page.wanted, u32::MAX);
    writer.acquire(timeout)
}

/// Wakes a thread of the store.
#[derive(Default)]
pub struct Signal {
    raised: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    /// Raises the signal.
    pub fn notify(&self) {
        let mut raised = self.raised.lock();
        if !*raised {
            *raised = true;
            self.changed.notify_one();
        }
    }

    /// Waits for it, at most `timeout`, and lowers it; true if it was raised.
    pub fn wait(&self, timeout: Duration) -> bool {
        let mut raised = self.raised.lock();
        if !*raised {
            raised = self.changed.wait_for(raised, timeout);
        }
        std::mem::take(&mut *raised)
    }
}

impl Engine {
    /// Runs one command and waits for what its answer promises.
    pub fn execute(&self, command: Command) -> Result<Outcome> {
        let mut jobs = self.combiner.run(self, vec![Job::new(command)]);
        match jobs.pop().and_then(|job| job.answer) {
            Some(answer) => answer,
            None => Err(Error::new(
                ErrorKind::Internal,
                "a command was not answered",
            )),
        }
    }

    /// Refuses work on a handle that cannot be trusted any more.
    pub fn check_usable(&self) -> Result<()> {
        if self.fork_generation != fork_generation() {
            return Err(Error::new(
                ErrorKind::Forked,
                "the store was opened before a fork; open it anew in this process",
            ));
        }
        match self.poison.get() {
            Some(error) => Err(Error::new(
                ErrorKind::Poisoned,
                format!(
                    "an earlier failure made this handle unusable, reopen the store: {}",
                    error.text()
                ),
            )),
            None => Ok(()),
        }
    }

    /// Remembers the first failure; all later work is refused. Returns it.
    pub(super) fn poisoned_by(&self, error: Error) -> Error {
        let _ = self.poison.set(error.clone());
        error
    }

    /// Refuses work on a directory that is not where it was opened: the files that are still open
    /// are nobody else's any more, and those that are opened anew are of another directory.
    pub(super) fn check_place(&self) -> Result<()> {
        if self.lock_file.is_in_place() {
            return Ok(());
        }
        Err(self.poisoned_by(Error::new(
            ErrorKind::Io,
            format!(
                "{} was moved, removed or replaced while it was open",
                self.directory.display()
            ),
        )))
    }

    /// Keeps what was lost for [`Storage::recovery`](crate::store::Storage::recovery), once.
    pub(super) fn report_damage(&self, text: String) {
        let mut damage = self.damage.lock();
        if !damage.contains(&text) {
            damage.push(text);
        }
    }

    pub(super) fn lock_writer(&self) -> Result<()> {
        if self.private {
            return Ok(());
        }
        acquire_writer(&self.writer, &self.page, self.options.lock_timeout)
    }

    pub(super) fn unlock_writer(&self) {
        if !self.private {
            self.writer.release();
        }
    }

    /// True if answers wait for the disk at all.
    pub(super) fn syncs(&self) -> bool {
        self.options.durability != Durability::Os
    }

    /// True if a transaction may be left open after its commands were answered: their records
    /// are in the log, and nobody asks for the lock. Where answers wait for the disk up to
    /// `sync_lsn` there is nothing to gain.
    pub(super) fn may_linger(&self, sync_lsn: u64) -> bool {
        if self.private {
            return true;
        }
        if self.syncs() && self.page.synced_lsn.load(Ordering::Acquire) < sync_lsn {
            return false;
        }
        if self.page.wanted.load(Ordering::SeqCst) != 0 {
            self.page.wanted.store(0, Ordering::SeqCst);
            self.contended.store(CONTENDED_SESSIONS, Ordering::Relaxed);
        }
        let contended = self.contended.load(Ordering::Relaxed);
        if contended > 0 {
            self.contended.store(contended - 1, Ordering::Relaxed);
        }
        contended == 0
    }

    /// The store's time. Steps of the wall clock do not move it while the machine runs.
    pub fn clock_ms(&self) -> u64 {
        match self.options.clock {
            ClockMode::Manual { .. } => self.page.manual_ms.load(Ordering::Acquire),
            ClockMode::System => {
                let anchor_ns = self.page.anchor_mono_ns.load(Ordering::Relaxed);
                let since_ms = clock::boottime_ns().saturating_sub(anchor_ns) / 1_000_000;
                self.page.anchor_wall_ms.load(Ordering::Relaxed) + since_ms
            }
        }
    }

    /// Reads or changes the index in a session of its own.
    pub(super) fn with_index<T>(&self, action: impl FnOnce(&mut Index) -> T) -> Result<T> {
        self.check_usable()?;
        let mut held = self.held.claim();
        let mut tx = self.begin(&mut held)?;
        let result = action(&mut tx.index);
        self.end(&mut held, tx)?;
        Ok(result)
    }

    /// [`Engine::with_index`] of its meta entry.
    pub(super) fn with_meta<T>(&self, action: impl FnOnce(&mut Meta) -> T) -> Result<T> {
        self.with_index(|index| action(&mut index.meta))
    }

    pub(super) fn count_commands(&self, count: u64) {
        self.counters.commands.fetch_add(count, Ordering::Relaxed);
        self.counters.transactions.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_appended(&self, bytes: u64) {
        self.counters.log_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The counters, with the log's size on disk.
    pub fn statistics(&self) -> Statistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let segments = self
            .log
            .segments()
            .map_or(0, |segments| segments.len() as u64);
        Statistics {
            commands: read(&self.counters.commands),
            transactions: read(&self.counters.transactions),
            syncs: read(&self.counters.syncs),
            log_bytes: read(&self.counters.log_bytes),
            moved_bytes: read(&self.counters.moved_bytes),
            disk_bytes: segments * self.log.segment_bytes(),
        }
    }

    /// Returns when the log is on disk up to `lsn`, by this process's sync or another's.
    pub(super) fn sync_to(&self, lsn: u64) -> Result<()> {
        if self.is_synced(lsn) {
            return Ok(());
        }
        self.sync_log(lsn)
    }

    /// True if the disk is so fast that to hand a sync to another thread costs more than it gains.
    pub(super) fn syncs_quickly(&self) -> bool {
        self.counters.sync_us.load(Ordering::Relaxed) < QUICK_SYNC_US
    }

    /// The log up to `lsn` is about to be answered for: from now on nobody gives segments before
    /// it away without care for what took their place.
    pub(super) fn promise(&self, lsn: u64) {
        if self.page.promised_lsn.load(Ordering::Acquire) < lsn {
            self.page.promised_lsn.fetch_max(lsn, Ordering::AcqRel);
        }
    }

    /// As [`Engine::sync_to`], whatever the durability of this handle.
    pub(super) fn sync_log(&self, lsn: u64) -> Result<()> {
        let is_synced = || self.page.synced_lsn.load(Ordering::Acquire) >= lsn;
        if is_synced() {
            return Ok(());
        }
        let _turn = self.sync_turn.lock();
        if is_synced() {
            return Ok(());
        }
        self.check_usable()?;
        self.syncer.acquire(self.options.lock_timeout)?;
        point("sync-locked");
        let result = self.sync_locked(lsn);
        self.syncer.release();
        result
    }

    fn sync_locked(&self, lsn: u64) -> Result<()> {
        let appended = self.page.appended_lsn.load(Ordering::Acquire);
        let synced = self.page.synced_lsn.load(Ordering::Acquire);
        if synced >= lsn {
            return Ok(());
        }
        self.check_place()?;
        if self.page.sync_lost.load(Ordering::Acquire) != 0 {
            return Err(self.poisoned_by(Error::new(
                ErrorKind::Io,
                "a sync of the log failed, in this process or another: what follows in the log \
                 cannot be brought to the disk before the store is opened anew",
            )));
        }
        let start = Instant::now();
        if let Err(error) = self.log.sync(synced, appended) {
            self.page.sync_lost.store(1, Ordering::Release);
            return Err(self.poisoned_by(error));
        }
        self.counters.note_sync(start.elapsed());
        point("synced");
        self.page.synced_lsn.fetch_max(appended, Ordering::AcqRel);
        point("sync-published");
        Ok(())
    }

    fn slot(&self, queue: &QueueKey) -> &AtomicU32 {
        // FNV-1a: the same in every process, whatever the standard library does.
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        for part in [&queue.account, &queue.region, &queue.name] {
            for byte in part.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        self.page.queue_slot(hash)
    }

    pub(super) fn bump_queue(&self, queue: &QueueKey) {
        self.slot(queue).fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn queue_generation(&self, queue: &QueueKey) -> u64 {
        u64::from(self.slot(queue).load(Ordering::Acquire))
    }

    pub(super) fn generation(&self) -> u64 {
        let own = u64::from(self.interrupts.load(Ordering::SeqCst));
        own << 32 | u64::from(self.page.changes.events())
    }

    pub(super) fn wait_change(&self, seen: u64, timeout: Duration) {
        if self.generation() == seen {
            self.page.changes.wait(seen as u32, timeout);
        }
    }

    pub(super) fn interrupt(&self) {
        self.interrupts.fetch_add(1, Ordering::SeqCst);
        self.page.changes.bump_and_wake(u32::MAX);
    }
}
