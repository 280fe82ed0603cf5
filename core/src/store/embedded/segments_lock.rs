//! Who may move segments of the log, or keeps them where they are: one thread of one process.
//!
//! The keeper, whoever helps it, a send on a full disk and a backup take turns. The kernel keeps
//! processes apart, and a flag the threads of this one: to the kernel they are the same holder, and
//! one thread's release would end the other's hold.
//!
//! Taken before the writer lock, never under it.

use crate::error::{Error, ErrorKind, Result};
use crate::sync::{Condvar, Mutex};
use crate::sys::lock::KernelLock;
use std::time::{Duration, Instant};

/// The lock of the segments.
pub struct SegmentsLock {
    between_processes: KernelLock,
    taken: Mutex<bool>,
    released: Condvar,
}

/// A hold of the [`SegmentsLock`], ended by dropping it.
#[must_use]
pub struct SegmentsHold<'a>(&'a SegmentsLock);

impl SegmentsLock {
    /// A lock that nobody of this process holds.
    pub fn new(between_processes: KernelLock) -> Self {
        Self {
            between_processes,
            taken: Mutex::new(false),
            released: Condvar::new(),
        }
    }

    /// Takes the lock if nobody has it.
    pub fn try_acquire(&self) -> Result<Option<SegmentsHold<'_>>> {
        let mut taken = self.taken.lock();
        if *taken || !self.between_processes.try_acquire()? {
            return Ok(None);
        }
        *taken = true;
        Ok(Some(SegmentsHold(self)))
    }

    /// Takes the lock, waiting for at most `timeout`; then fails with `Busy`.
    pub fn acquire(&self, timeout: Duration) -> Result<SegmentsHold<'_>> {
        let start = Instant::now();
        let mut taken = self.taken.lock();
        while *taken {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(Error::new(
                    ErrorKind::Busy,
                    format!(
                        "another thread of this process holds the segments lock for longer than \
                         {} ms; is a backup running?",
                        timeout.as_millis()
                    ),
                ));
            }
            taken = self.released.wait_for(taken, left);
        }
        *taken = true;
        drop(taken);
        let left = timeout.saturating_sub(start.elapsed());
        match self.between_processes.acquire(left) {
            Ok(()) => Ok(SegmentsHold(self)),
            Err(error) => {
                self.free();
                Err(error)
            }
        }
    }

    fn free(&self) {
        *self.taken.lock() = false;
        self.released.notify_one();
    }
}

impl Drop for SegmentsHold<'_> {
    fn drop(&mut self) {
        self.0.between_processes.release();
        self.0.free();
    }
}
