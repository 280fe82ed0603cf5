//! The keeper: one thread per process for work that no command waits for. Where several processes
//! have the store open, a kernel-owned lock says whose keeper has its turn.

use super::engine::Engine;
use super::fault::point;
use crate::command::{Command, Outcome};
use crate::error::{ErrorKind, Result};
use crate::store::ClockMode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Rest between two looks without being called.
const IDLE: Duration = Duration::from_secs(2);
/// Entries of garbage swept in one session.
const SWEEP_ENTRIES: usize = 500;
/// Shortest rest between two steps of a move task.
const STEP_REST_MS: u64 = 1;
/// How long a lingering transaction may lie open without new commands.
const LINGER: Duration = Duration::from_millis(2);
/// The same where only receives linger. A process that is stopped just then, by a debugger say,
/// holds up all others, and this is how most stores are used.
const LINGER_SYNCED: Duration = Duration::from_micros(500);

/// Runs the keeper until `stop`.
pub fn run(engine: &Arc<Engine>, stop: &AtomicBool) {
    let mut rest = Duration::ZERO;
    while !stop.load(Ordering::Acquire) {
        engine.keeper_signal.wait(rest);
        if stop.load(Ordering::Acquire) {
            break;
        }
        rest = match engine.keep() {
            Ok(rest) => rest,
            // The next command meets the same failure and tells its caller.
            Err(_) => IDLE,
        };
    }
}

impl Engine {
    fn keep(&self) -> Result<Duration> {
        // Where nobody waits for the disk, nobody else looks where the directory is.
        if self
            .check_usable()
            .and_then(|()| self.check_place())
            .is_err()
        {
            return Ok(IDLE);
        }
        if self.space.is_spare_wanted() {
            self.make_spares()?;
        }
        if !self.keeper.try_acquire()? {
            return Ok(IDLE);
        }
        let result = self.keep_turn();
        self.keeper.release();
        result
    }

    fn keep_turn(&self) -> Result<Duration> {
        self.recycle_freed()?;
        let garbage = self.sweep()?;
        let next_ms = match self.options.clock {
            // Whoever advances a manual clock gives the command: tests want to know when.
            ClockMode::Manual { .. } => None,
            ClockMode::System => match self.execute(Command::Work)? {
                Outcome::Worked { next_ms } => next_ms,
                _ => None,
            },
        };
        if garbage {
            return Ok(Duration::ZERO);
        }
        Ok(match next_ms {
            Some(next_ms) => {
                let wait_ms = next_ms.saturating_sub(self.clock_ms()).max(STEP_REST_MS);
                Duration::from_millis(wait_ms).min(IDLE)
            }
            None => IDLE,
        })
    }

    /// Makes the next segments of the log before they are needed. Whoever needs one first makes it
    /// itself, so nobody waits for this; on a full disk it is tried again now and then.
    fn make_spares(&self) -> Result<()> {
        // Held before the log's end is looked at: meanwhile others may use these segments, free
        // them and give them away, and those made then would lie empty before the log's beginning.
        let Some(hold) = self.segments.try_acquire()? else {
            return Ok(());
        };
        let (prepared, wanted) = self.with_meta(|meta| {
            let wanted = self.space.spare_lsn(meta, meta.tail_lsn);
            (meta.prepared_lsn, wanted)
        })?;
        let made = self.space.make_spares(prepared, wanted);
        point("spare-made");
        drop(hold);
        match made {
            Ok(prepared) => self.with_meta(|meta| {
                meta.prepared_lsn = meta.prepared_lsn.max(prepared);
            }),
            Err(error) if error.kind() == ErrorKind::DiskFull => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes a piece of what purges and deletions left behind; true while more is left.
    fn sweep(&self) -> Result<bool> {
        let mut held = self.held.claim();
        let mut tx = self.begin(&mut held)?;
        match tx.index.sweep_garbage(SWEEP_ENTRIES) {
            Ok(more) => {
                self.end(&mut held, tx)?;
                Ok(more)
            }
            Err(error) => {
                self.give_up(&mut held, tx);
                Err(error)
            }
        }
    }
}

/// Commits lingering transactions: when another process asks for the lock, or after a short rest.
pub fn run_linger(engine: &Arc<Engine>, stop: &AtomicBool) {
    let rest = match engine.syncs() {
        true => LINGER_SYNCED,
        false => LINGER,
    };
    while !stop.load(Ordering::Acquire) {
        if !engine.linger.wait(IDLE) {
            continue;
        }
        loop {
            // Asked for the lock, or a moment of rest: either ends the wait.
            crate::sys::futex::wait(&engine.page.wanted, 0, rest);
            let asked = engine.page.wanted.load(Ordering::SeqCst) != 0;
            let busy = engine.linger.wait(Duration::ZERO);
            if asked || !busy || stop.load(Ordering::Acquire) {
                break;
            }
        }
        // A failure has poisoned the engine, and the next command says so.
        let _ = engine.settle();
    }
}
