//! Threads of one process combine: one leader runs the commands of all that wait in a single
//! transaction and a single sync, then wakes them. With 16 threads that is the difference between
//! one sync per command and one per round.

use crate::command::{Command, Outcome};
use crate::error::Result;
use crate::sync::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long a leader waits for as many followers as it had last time. Longer gained nothing in
/// measurements, none at all cost a fifth to a third.
const GATHER: Duration = Duration::from_micros(50);

/// A command on its way through a transaction.
pub struct Job {
    /// What to do.
    pub command: Command,
    /// What came of it.
    pub answer: Option<Result<Outcome>>,
    /// The log must be on disk up to here before the answer is given.
    pub sync_lsn: u64,
}

impl Job {
    /// A job that has not run.
    pub fn new(command: Command) -> Self {
        Self {
            command,
            answer: None,
            sync_lsn: 0,
        }
    }
}

const WAITING: u8 = 0;
const LEADS: u8 = 1;
const DONE: u8 = 2;

/// The jobs of one waiting thread.
struct Group {
    jobs: Mutex<Vec<Job>>,
    /// It wants its answers when the disk has what they depend on, not before.
    synced: bool,
    state: AtomicU8,
    thread: Thread,
}

impl Group {
    fn tell(&self, state: u8) {
        self.state.store(state, Ordering::Release);
        self.thread.unpark();
    }
}

#[derive(Default)]
struct State {
    pending: Vec<Arc<Group>>,
    leading: bool,
    gathered_last: usize,
}

/// Where the threads of a process meet.
#[derive(Default)]
pub struct Combiner {
    state: Mutex<State>,
}

/// What a leader does for all.
pub trait Work {
    /// Runs all jobs in a transaction: each has an answer afterwards.
    fn transact(&self, jobs: &mut [&mut Vec<Job>]);
    /// True if the log is on disk up to `lsn`.
    fn is_synced(&self, lsn: u64) -> bool;
    /// Brings the log to the disk up to `lsn`.
    fn sync(&self, lsn: u64) -> Result<()>;
}

impl Combiner {
    /// Runs `jobs`, together with those of other threads, and waits for the disk.
    pub fn run(&self, work: &dyn Work, jobs: Vec<Job>) -> Vec<Job> {
        let mut jobs = self.meet(work, jobs, true);
        bring_to_disk(work, &mut [&mut jobs]);
        jobs
    }

    /// Runs `jobs`, together with those of other threads. Answers may still depend on the disk up
    /// to their `sync_lsn`.
    pub fn run_unsynced(&self, work: &dyn Work, jobs: Vec<Job>) -> Vec<Job> {
        self.meet(work, jobs, false)
    }

    fn meet(&self, work: &dyn Work, jobs: Vec<Job>, synced: bool) -> Vec<Job> {
        let mut state = self.state.lock();
        if !state.leading {
            state.leading = true;
            drop(state);
            return self.lead(work, jobs, synced);
        }
        let group = Arc::new(Group {
            jobs: Mutex::new(jobs),
            synced,
            state: AtomicU8::new(WAITING),
            thread: std::thread::current(),
        });
        state.pending.push(group.clone());
        drop(state);
        loop {
            match group.state.load(Ordering::Acquire) {
                WAITING => std::thread::park(),
                LEADS => {
                    let jobs = std::mem::take(&mut *group.jobs.lock());
                    return self.lead(work, jobs, synced);
                }
                _ => return std::mem::take(&mut *group.jobs.lock()),
            }
        }
    }

    fn lead(&self, work: &dyn Work, mut own: Vec<Job>, synced: bool) -> Vec<Job> {
        let groups = self.gather();
        {
            let mut guards: Vec<_> = groups.iter().map(|group| group.jobs.lock()).collect();
            let mut all: Vec<&mut Vec<Job>> = vec![&mut own];
            all.extend(guards.iter_mut().map(|guard| &mut **guard));
            work.transact(&mut all);
        }
        self.hand_over();
        let mut rest = Vec::new();
        for group in groups {
            // Who leads without waiting for the disk leaves it to those who do.
            if synced && group.synced && !work.is_synced(needs(&group.jobs.lock())) {
                rest.push(group);
            } else {
                group.tell(DONE);
            }
        }
        if synced {
            let mut guards: Vec<_> = rest.iter().map(|group| group.jobs.lock()).collect();
            let mut all: Vec<&mut Vec<Job>> = vec![&mut own];
            all.extend(guards.iter_mut().map(|guard| &mut **guard));
            bring_to_disk(work, &mut all);
        }
        rest.iter().for_each(|group| group.tell(DONE));
        own
    }

    /// Takes the waiting groups, after a moment's patience if there were more last time.
    fn gather(&self) -> Vec<Arc<Group>> {
        let mut state = self.state.lock();
        if state.gathered_last > state.pending.len() {
            let start = Instant::now();
            while state.pending.len() < state.gathered_last && start.elapsed() < GATHER {
                drop(state);
                std::thread::yield_now();
                state = self.state.lock();
            }
        }
        state.gathered_last = state.pending.len();
        std::mem::take(&mut state.pending)
    }

    /// The transaction is over; the next one can begin while this one's sync runs.
    fn hand_over(&self) {
        let mut state = self.state.lock();
        if state.pending.is_empty() {
            state.leading = false;
        } else {
            let next = state.pending.remove(0);
            drop(state);
            next.tell(LEADS);
        }
    }
}

/// Up to where the log must be on disk before these jobs are answered.
fn needs(jobs: &[Job]) -> u64 {
    jobs.iter().map(|job| job.sync_lsn).max().unwrap_or(0)
}

/// Waits until the disk has what the answers depend on, or makes its error their answer.
pub fn bring_to_disk(work: &dyn Work, jobs: &mut [&mut Vec<Job>]) {
    let lsn = jobs.iter().map(|jobs| needs(jobs)).max().unwrap_or(0);
    if work.is_synced(lsn) {
        return;
    }
    if let Err(error) = work.sync(lsn) {
        let all = jobs.iter_mut().flat_map(|jobs| jobs.iter_mut());
        for job in all.filter(|job| job.sync_lsn > 0) {
            job.answer = Some(Err(error.clone()));
            job.sync_lsn = 0;
        }
    }
}
