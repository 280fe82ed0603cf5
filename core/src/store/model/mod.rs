//! The reference store: plain maps under one mutex, with nothing clever in it. It is the
//! readable statement of what a store does; every other store is compared with it on random
//! histories. Only for tests: it keeps everything in memory and scans where others index.
//!
//! | file | idea |
//! |---|---|
//! | `state` | queues, messages and where they stand; counts |
//! | `due` | what time alone changes: retention, delays, visibility timeouts |
//! | `queues` | creating, deleting, describing, changing, purging queues; peek |
//! | `send` | admission, deduplication, storing |
//! | `order` | which messages can be received now, and in which order |
//! | `receive` | receiving, dead-letter moves, attempts |
//! | `receipts` | deleting and changing visibility |
//! | `tasks` | message move tasks |
//! | `bug` | known mistakes that the comparison must find |

mod bug;
mod due;
mod order;
mod queues;
mod receipts;
mod receive;
mod send;
mod state;
mod tasks;

#[cfg(test)]
mod tests;

pub use bug::Bug;

use crate::command::{Command, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::rules::time;
use crate::store::{CheckReport, ClockMode, Done, Statistics, Storage, StoreLimits};
use crate::sync::{Condvar, Mutex};
use state::State;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The reference store.
pub struct Model {
    clock: ClockMode,
    state: Mutex<State>,
    changed: Condvar,
}

impl Model {
    /// An empty store.
    pub fn new(clock: ClockMode) -> Self {
        Self::with(clock, None)
    }

    /// An empty store that makes a mistake, to prove that comparisons notice it.
    pub fn with_bug(clock: ClockMode, bug: Bug) -> Self {
        Self::with(clock, Some(bug))
    }

    /// The same store under other limits.
    pub fn with_limits(self, limits: StoreLimits) -> Self {
        self.state.lock().limits = limits;
        self
    }

    /// Gives the groups of a FIFO queue their turns in this order, if it names the ones that have
    /// a turn; answers those that have. For comparisons with a store whose index was built anew.
    #[doc(hidden)]
    pub fn adopt_group_order(&self, queue: &QueueKey, order: &[String]) -> Vec<String> {
        let mut state = self.state.lock();
        let found = state.queues.get_mut(queue);
        found.map_or_else(Vec::new, |queue| queue.adopt_ring(order))
    }

    fn with(clock: ClockMode, bug: Option<Bug>) -> Self {
        let start_ms = match clock {
            ClockMode::System => wall_ms(),
            ClockMode::Manual { start_ms } => start_ms,
        };
        Self {
            clock,
            state: Mutex::new(State::new(start_ms, bug)),
            changed: Condvar::new(),
        }
    }

    /// Runs `action` at the present time and wakes those who wait if it changed something for
    /// them.
    fn transition<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let generation = state.generation;
        if self.clock == ClockMode::System {
            state.now_ms = state.now_ms.max(wall_ms());
            // A keeper's work, done by whoever comes next: the model has no thread of its own.
            state.work();
        }
        let answer = action(&mut state);
        if state.generation != generation {
            self.changed.notify_all();
        }
        answer
    }
}

impl Storage for Model {
    fn execute(&self, command: Command) -> Result<Outcome> {
        self.transition(|state| {
            state.commands += 1;
            state.execute(command)
        })
    }

    fn submit(&self, command: Command, done: Done) {
        done(self.execute(command));
    }

    fn now_ms(&self) -> u64 {
        self.transition(|state| state.now_ms)
    }

    fn advance_ms(&self, by_ms: u64) -> Result<u64> {
        if self.clock == ClockMode::System {
            return Err(Error::new(
                ErrorKind::UnsupportedOperation,
                "This store runs on real time; only a manual clock can be advanced.",
            ));
        }
        self.transition(|state| {
            state.now_ms = time::advance(state.now_ms, by_ms)?;
            state.generation += 1;
            state.work();
            Ok(state.now_ms)
        })
    }

    fn generation(&self) -> u64 {
        self.state.lock().generation
    }

    fn queue_generation(&self, _queue: &QueueKey) -> u64 {
        self.generation()
    }

    fn wait_change(&self, seen: u64, timeout: Duration) {
        let start = Instant::now();
        let mut state = self.state.lock();
        while state.generation == seen {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return;
            }
            state = self.changed.wait_for(state, left);
        }
    }

    fn interrupt(&self) {
        self.state.lock().generation += 1;
        self.changed.notify_all();
    }

    fn check(&self) -> Result<CheckReport> {
        Ok(self.state.lock().check())
    }

    fn backup(&self, _to: &Path) -> Result<()> {
        Err(Error::new(
            ErrorKind::UnsupportedOperation,
            "The model has no files to copy.",
        ))
    }

    fn statistics(&self) -> Statistics {
        let commands = self.state.lock().commands;
        Statistics {
            commands,
            transactions: commands,
            ..Statistics::default()
        }
    }
}

impl State {
    fn execute(&mut self, command: Command) -> Result<Outcome> {
        match command {
            Command::CreateQueue {
                queue,
                attributes,
                tags,
                strictness,
            } => self.create_queue(queue, &attributes, tags, strictness),
            Command::DeleteQueue {
                queue,
                only_if_empty,
            } => self.delete_queue(&queue, only_if_empty),
            Command::GetQueue { queue, .. } => self.get_queue(&queue),
            Command::SetAttributes { queue, attributes } => {
                self.set_attributes(&queue, &attributes)
            }
            Command::Tag { queue, tags } => self.tag(&queue, &tags),
            Command::Untag { queue, keys } => self.untag(&queue, &keys),
            Command::ListQueues {
                prefix,
                after,
                limit,
            } => Ok(self.list_queues(&prefix, after.as_deref(), limit)),
            Command::ListDeadLetterSources {
                queue,
                after,
                limit,
            } => self.list_dead_letter_sources(&queue, after.as_deref(), limit),
            Command::Purge { queue, strictness } => self.purge(&queue, strictness),
            Command::Send {
                queue,
                entries,
                batch,
            } => self.send(&queue, entries, batch),
            Command::Receive {
                queue,
                max,
                visibility_s,
                attempt,
                wait_s,
            } => self.receive(&queue, max, visibility_s, attempt, wait_s),
            Command::Delete { queue, receipts } => self.delete(&queue, &receipts),
            Command::ChangeVisibility { queue, entries } => {
                self.change_visibility(&queue, &entries)
            }
            Command::Peek { queue, filter } => self.peek(&queue, &filter),
            Command::StartMoveTask {
                source,
                destination,
                rate,
                task,
            } => self.start_move_task(source, destination, rate, task),
            Command::CancelMoveTask { source, task } => self.cancel_move_task(&source, task),
            Command::ListMoveTasks { source, limit } => self.list_move_tasks(&source, limit),
            Command::Work => Ok(Outcome::Worked {
                next_ms: self.work(),
            }),
        }
    }
}

fn wall_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}
