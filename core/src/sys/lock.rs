//! The locks between processes: one byte each of the file `lock`.
//!
//! They belong to the kernel, so that they vanish with their holder, whatever kills it. Nobody
//! sleeps in the kernel for them: a waiter tries, then sleeps at most 5 ms on a word of the shared
//! page that a release counts up. A lost wake-up, be it that the holder or the woken process was
//! killed, costs those 5 ms.
//!
//! A process that releases and takes a lock again at once would always win against those it has to
//! wake. Therefore a waiter of more than [`HUNGRY_AFTER`] says so in the shared page, and others
//! let it go first. The note runs out by itself if the hungry process is killed or stopped.
//!
//! Threads of one process are not kept apart: only one of them may use a [`KernelLock`] at a time.

#[cfg(unix)]
use super::fork::ClosedInChildren;
use super::fork::{fork_generation, watch};
#[cfg(unix)]
use super::fs;
use super::futex::Parking;
use super::os::{Hold, LockHandle};
use super::shared::SharedPage;
use super::{clock, process};
use crate::error::{Error, ErrorKind, Result};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Bytes of the lock file in use.
#[cfg_attr(all(target_os = "linux", not(forebay_portable)), allow(dead_code))]
pub(super) const LOCK_BYTES: u8 = 6;

/// Longest sleep of a waiter between two attempts.
const ROUND: Duration = Duration::from_millis(5);
/// A waiter of this long is let go first.
const HUNGRY_AFTER: Duration = Duration::from_micros(500);
/// How long a hungry waiter is believed to be there after it last said so.
const HUNGRY_NS_MAX: u64 = 10_000_000;

/// Which lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum LockByte {
    /// Changes to the log and the index.
    Writer = 0,
    /// Waiting for the disk on behalf of all.
    Sync = 1,
    /// Opening, creating, recovering.
    Open = 2,
    /// Held shared by every process that has the directory open; alone by one that must know
    /// that no other has.
    Presence = 3,
    /// Held by the process whose keeper has its turn.
    Keeper = 4,
    /// Held by who moves segments, or needs them where they are, as a backup does.
    Segments = 5,
}

impl LockByte {
    fn name(self) -> &'static str {
        match self {
            Self::Writer => "writer",
            Self::Sync => "sync",
            Self::Open => "open",
            Self::Presence => "presence",
            Self::Keeper => "keeper",
            Self::Segments => "segments",
        }
    }
}

/// Waiting for one lock; 64 bytes of the shared page.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub struct LockWords {
    waiting: Parking,
    hungry: Parking,
    /// [`clock::boottime_ns`] when a hungry waiter last said so, 0 if none did.
    hungry_ns: AtomicU64,
    /// Process that took the lock last and did not release it, 0 if it did.
    holder_pid: AtomicU32,
}

/// The lock file, with a file description of this process.
#[derive(Debug)]
pub struct LockFile {
    handle: ManuallyDrop<LockHandle>,
    #[cfg(unix)]
    closed_in_children: Vec<ClosedInChildren>,
    fork_generation: u32,
    #[cfg(unix)]
    id: fs::FileId,
    /// Asking the kernel each time would cost as much as a tenth of a lock.
    pid: u32,
    path: PathBuf,
}

impl LockFile {
    /// Opens `path`, making an empty file if there is none.
    pub fn open(path: &Path) -> Result<Arc<Self>> {
        let fail = |error| Error::io(&format!("open the lock file {}", path.display()), &error);
        watch().map_err(fail)?;
        let handle = LockHandle::open(path).map_err(fail)?;
        #[cfg(unix)]
        let closed_in_children = handle
            .descriptors()
            .into_iter()
            .map(ClosedInChildren::register)
            .collect::<std::io::Result<_>>()
            .map_err(fail)?;
        #[cfg(unix)]
        let id = fs::file_id(&handle.metadata().map_err(fail)?);
        Ok(Arc::new(Self {
            handle: ManuallyDrop::new(handle),
            #[cfg(unix)]
            id,
            #[cfg(unix)]
            closed_in_children,
            fork_generation: fork_generation(),
            pid: process::pid(),
            path: path.to_owned(),
        }))
    }

    /// False if the file's name leads to another file by now, or nowhere: others that open it would
    /// not meet our locks. On Windows an open file keeps its name.
    pub fn is_in_place(&self) -> bool {
        #[cfg(unix)]
        return match std::fs::metadata(&self.path) {
            Ok(found) => fs::file_id(&found) == self.id,
            Err(error) => !matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ),
        };
        #[cfg(not(unix))]
        true
    }

    fn set(&self, byte: LockByte, hold: Hold) -> Result<bool> {
        if self.fork_generation != fork_generation() {
            return Err(Error::new(
                ErrorKind::Forked,
                format!(
                    "{} was opened before a fork; open the store anew in this process",
                    self.path.display()
                ),
            ));
        }
        self.handle.set(byte as u8, hold).map_err(|error| {
            Error::io(
                &format!("lock the {} byte of {}", byte.name(), self.path.display()),
                &error,
            )
        })
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // In a forked child the descriptors are closed, their numbers may serve others, and an
        // unlock would be the parent's.
        if self.fork_generation != fork_generation() {
            return;
        }
        for byte in 0..LOCK_BYTES {
            let _ = self.handle.set(byte, Hold::None);
        }
        #[cfg(unix)]
        self.closed_in_children.clear();
        // SAFETY: dropped once, here, and not used afterwards.
        unsafe { ManuallyDrop::drop(&mut self.handle) };
    }
}

/// One lock between processes.
#[derive(Debug)]
pub struct KernelLock {
    file: Arc<LockFile>,
    byte: LockByte,
    page: Option<Arc<SharedPage>>,
}

impl KernelLock {
    /// A lock whose waiters look every 5 ms: for [`LockByte::Open`] and [`LockByte::Presence`].
    pub fn new(file: Arc<LockFile>, byte: LockByte) -> Self {
        Self {
            file,
            byte,
            page: None,
        }
    }

    /// A lock whose waiters are woken through `page`: for [`LockByte::Writer`] and
    /// [`LockByte::Sync`].
    pub fn with_page(file: Arc<LockFile>, byte: LockByte, page: Arc<SharedPage>) -> Self {
        Self {
            file,
            byte,
            page: Some(page),
        }
    }

    fn words(&self) -> Option<&LockWords> {
        let page = self.page.as_ref()?;
        match self.byte {
            LockByte::Writer => Some(&page.writer_lock),
            LockByte::Sync => Some(&page.sync_lock),
            _ => None,
        }
    }

    /// Takes the lock if nobody has it.
    pub fn try_acquire(&self) -> Result<bool> {
        let taken = self.file.set(self.byte, Hold::Exclusive)?;
        if taken && let Some(words) = self.words() {
            words.holder_pid.store(self.file.pid, Ordering::Relaxed);
        }
        Ok(taken)
    }

    /// Holds the lock together with others that do the same, if nobody has it alone. A hold alone
    /// turns into a shared one.
    pub fn try_acquire_shared(&self) -> Result<bool> {
        self.file.set(self.byte, Hold::Shared)
    }

    /// Takes the lock, waiting for at most `timeout`; then fails with `Busy`, naming the holder.
    pub fn acquire(&self, timeout: Duration) -> Result<()> {
        // The usual case reads no clock.
        if self
            .words()
            .is_none_or(|words| words.hungry_ns.load(Ordering::Relaxed) == 0)
            && self.try_acquire()?
        {
            return Ok(());
        }
        match self.words() {
            Some(words) => self.acquire_parked(words, timeout),
            None => self.acquire_polled(timeout, Self::try_acquire),
        }
    }

    /// As [`KernelLock::try_acquire_shared`], waiting for at most `timeout`.
    pub fn acquire_shared(&self, timeout: Duration) -> Result<()> {
        self.acquire_polled(timeout, Self::try_acquire_shared)
    }

    fn acquire_polled(
        &self,
        timeout: Duration,
        attempt: impl Fn(&Self) -> Result<bool>,
    ) -> Result<()> {
        let start = Instant::now();
        while !attempt(self)? {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(self.busy(timeout));
            }
            std::thread::sleep(left.min(ROUND));
        }
        Ok(())
    }

    fn acquire_parked(&self, words: &LockWords, timeout: Duration) -> Result<()> {
        let start = Instant::now();
        loop {
            let waited = start.elapsed();
            let hungry = waited >= HUNGRY_AFTER;
            let parking = if hungry {
                &words.hungry
            } else {
                &words.waiting
            };
            // Read before the attempt: a release after it changes the count and ends the sleep.
            let seen = parking.events();
            if (hungry || !words.somebody_is_hungry()) && self.try_acquire()? {
                if hungry {
                    words.hungry_ns.store(0, Ordering::Relaxed);
                }
                return Ok(());
            }
            if waited >= timeout {
                // Manners end with the time.
                return match self.try_acquire()? {
                    true => Ok(()),
                    false => Err(self.busy(timeout)),
                };
            }
            let round = if hungry {
                words
                    .hungry_ns
                    .store(clock::boottime_ns().max(1), Ordering::Relaxed);
                ROUND
            } else {
                HUNGRY_AFTER - waited
            };
            parking.wait_once(seen, round.min(timeout - waited));
        }
    }

    /// Gives the lock back and wakes one waiter, a hungry one first. Never fails: the kernel
    /// refuses no unlock of an open file, and a forked child has nothing to give back.
    pub fn release(&self) {
        let Some(words) = self.words() else {
            let _ = self.file.set(self.byte, Hold::None);
            return;
        };
        words.holder_pid.store(0, Ordering::Relaxed);
        let _ = self.file.set(self.byte, Hold::None);
        words.waiting.bump();
        if words.hungry.bump_and_wake(1) == 0 {
            words.waiting.wake(1);
        }
    }

    fn busy(&self, timeout: Duration) -> Error {
        let holder = self
            .words()
            .map_or(0, |words| words.holder_pid.load(Ordering::Relaxed));
        let who = match holder {
            0 => "another process".to_owned(),
            pid if process::alive(pid) => format!("process {pid}"),
            pid => format!("process {pid} (not visible from here)"),
        };
        Error::new(
            ErrorKind::Busy,
            format!(
                "{who} holds the {} lock of {} for longer than {} ms; is it stopped?",
                self.byte.name(),
                self.file.path.display(),
                timeout.as_millis()
            ),
        )
    }
}

impl LockWords {
    fn somebody_is_hungry(&self) -> bool {
        match self.hungry_ns.load(Ordering::Relaxed) {
            0 => false,
            since => clock::boottime_ns().saturating_sub(since) < HUNGRY_NS_MAX,
        }
    }
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
