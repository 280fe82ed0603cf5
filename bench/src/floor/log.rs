//! The log of one process: appends of many threads, written and synced together by whoever comes
//! first.

use super::Region;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::io;
use std::time::{Duration, Instant};

/// How long a leader waits for as many operations as its last group had.
const GROUP_WAIT: Duration = Duration::from_micros(50);

/// Appends with one shared wait for the disk.
pub struct GroupLog {
    region: Region,
    synced: bool,
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
    buffer: Vec<u8>,
    spare: Vec<u8>,
    /// Position of the buffer's first byte.
    position: u64,
    /// Operations appended, and of these, done.
    appended: u64,
    finished: u64,
    leading: bool,
    last_group: u64,
    syncs: u64,
    failed: Option<io::ErrorKind>,
}

impl GroupLog {
    pub fn new(region: Region, synced: bool) -> Self {
        Self {
            region,
            synced,
            state: Mutex::new(State::default()),
            done: Condvar::new(),
        }
    }

    pub fn syncs(&self) -> u64 {
        self.state.lock().syncs
    }

    /// Appends what `write` produces and returns when it is written, and on disk if this log
    /// syncs. `records` is only a hint for the buffer.
    pub fn append(&self, records: usize, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let mut state = self.state.lock();
        state.buffer.reserve(records * super::SMALL_RECORD_BYTES);
        write(&mut state.buffer);
        state.appended += 1;
        let mine = state.appended;
        while state.finished < mine {
            if let Some(kind) = state.failed {
                return Err(kind.into());
            }
            if state.leading {
                self.done.wait(&mut state);
            } else {
                state = self.lead(state);
            }
        }
        Ok(())
    }

    fn lead<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.leading = true;
        if self.synced {
            state = self.gather(state);
        }
        let spare = std::mem::take(&mut state.spare);
        let buffer = std::mem::replace(&mut state.buffer, spare);
        let position = state.position;
        state.position += buffer.len() as u64;
        let upto = state.appended;
        drop(state);

        let result = self.region.write(position, &buffer).and_then(|()| {
            if self.synced {
                self.region.sync()
            } else {
                Ok(())
            }
        });

        let mut state = self.state.lock();
        state.spare = buffer;
        state.spare.clear();
        state.leading = false;
        match result {
            Ok(()) => {
                state.syncs += u64::from(self.synced);
                state.last_group = upto - state.finished;
                state.finished = upto;
            }
            Err(error) => state.failed = Some(error.kind()),
        }
        self.done.notify_all();
        state
    }

    /// Gives the others a moment to join, up to the size of the last group.
    fn gather<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let mut started = None;
        while state.appended - state.finished < state.last_group {
            if started.get_or_insert_with(Instant::now).elapsed() > GROUP_WAIT {
                break;
            }
            drop(state);
            std::thread::yield_now();
            state = self.state.lock();
        }
        state
    }
}
