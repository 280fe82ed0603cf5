//! What the parts of an open store share, and how commands come in and answers go out.

use super::failure::Failure;
use super::info::Info;
use super::lanes::{Job, Lanes};
use super::listen::Signal;
use super::pool::{Connection, Pool};
use super::pooler;
use crate::command::{Command, Outcome};
use crate::error::Result;
use crate::key::QueueKey;
use crate::store::{ClockMode, Done, StoreOptions};
use crate::sync::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// Rest before a transaction that the database undid runs again.
pub const UNDONE_REST: Duration = Duration::from_millis(2);

/// Queues that are remembered, some kilobytes each; with more, all are forgotten and looked at
/// anew. Those that other processes delete, as queues for one answer each, are told of by nobody.
const REMEMBERED_MAX: usize = 10_000;

/// Who gets an answer.
pub enum Reply {
    /// Who takes it where it comes, and returns at once.
    Prompt(Done),
    /// A callback, to be called on the thread of callbacks.
    Callback(Done),
}

/// A callback with its answer.
pub type Callback = (Done, Result<Outcome>);

/// What the parts of an open store share.
pub struct Engine {
    pub pool: Arc<Pool>,
    pub options: StoreOptions,
    pub signal: Signal,
    /// This process's store, among those that wait.
    pub me: i64,
    pub runtime: Handle,
    pub lanes: Lanes,
    infos: Mutex<HashMap<QueueKey, Arc<Info>>>,
    keys: Mutex<HashMap<i64, QueueKey>>,
    callbacks: Mutex<Option<Sender<Callback>>>,
    clock: Mutex<Clock>,
    pub commands: AtomicU64,
    pub transactions: AtomicU64,
    pub syncs: AtomicU64,
}

/// While the time that is told is ahead of the database's, as after a fail-over to a host whose
/// clock is behind, it goes by this part of itself slower: it never goes back, and waits end.
const SLOWER: u64 = 16;

/// The database's time as last heard, and the time that was told here.
struct Clock {
    heard_ms: u64,
    heard_at: Instant,
    told_us: u64,
    told_at: Instant,
}

impl Clock {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            heard_ms: 0,
            heard_at: now,
            told_us: 0,
            told_at: now,
        }
    }

    fn hear(&mut self, now_ms: u64, at: Instant) {
        self.heard_ms = now_ms;
        self.heard_at = at;
    }

    fn tell_ms(&mut self, at: Instant) -> u64 {
        let since = |then: Instant| at.saturating_duration_since(then).as_micros() as u64;
        let passed_us = since(self.told_at);
        let own_us = self.told_us + (passed_us - passed_us / SLOWER);
        self.told_us = own_us.max(self.heard_ms * 1000 + since(self.heard_at));
        self.told_at = at;
        self.told_us / 1000
    }
}

impl Engine {
    pub fn new(
        pool: Arc<Pool>,
        options: StoreOptions,
        me: i64,
        runtime: Handle,
        callbacks: Sender<Callback>,
    ) -> Self {
        Self {
            pool,
            options,
            signal: Signal::new(),
            me,
            runtime,
            lanes: Lanes::default(),
            infos: Mutex::default(),
            keys: Mutex::default(),
            callbacks: Mutex::new(Some(callbacks)),
            clock: Mutex::new(Clock::new()),
            commands: AtomicU64::new(0),
            transactions: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
        }
    }

    /// The schema of its tables.
    pub fn schema(&self) -> &str {
        &self.pool.connector.location.schema
    }

    /// Hands a command in.
    pub fn submit(self: &Arc<Self>, command: Command, reply: Reply) {
        self.submit_all([(command, reply)]);
    }

    /// Hands commands in: those of one queue that stand together go together.
    pub fn submit_all(self: &Arc<Self>, commands: impl IntoIterator<Item = (Command, Reply)>) {
        let deadline = Instant::now() + self.options.lock_timeout;
        let mut lanes: Vec<(Option<QueueKey>, Vec<Job>)> = Vec::new();
        for (command, reply) in commands {
            let key = lane_of(&command).cloned();
            let job = Job::new(command, deadline, reply);
            match lanes.last_mut() {
                Some((last, jobs)) if *last == key => jobs.push(job),
                _ => lanes.push((key, vec![job])),
            }
        }
        for (key, jobs) in lanes {
            if self.lanes.add(&key, jobs) {
                self.start_lane(key);
            }
        }
    }

    /// Runs a lane that rested.
    pub fn start_lane(self: &Arc<Self>, key: Option<QueueKey>) {
        let engine = self.clone();
        self.runtime
            .spawn(async move { engine.run_lane(key).await });
    }

    /// No callback follows; the thread of callbacks ends when it has called those before.
    pub fn end_callbacks(&self) {
        self.callbacks.lock().take();
    }

    /// What is remembered of a queue.
    pub fn remembered(&self, key: &QueueKey) -> Option<Arc<Info>> {
        self.infos.lock().get(key).cloned()
    }

    /// Looks at a queue and remembers it.
    pub async fn load(
        &self,
        connection: &mut Connection,
        key: &QueueKey,
    ) -> std::result::Result<Option<Arc<Info>>, Failure> {
        let found = Info::load(connection, key).await?.map(Arc::new);
        self.forget(key);
        if let Some(info) = &found {
            let (mut infos, mut keys) = (self.infos.lock(), self.keys.lock());
            if infos.len() >= REMEMBERED_MAX {
                infos.clear();
                keys.clear();
            }
            keys.insert(info.uid, key.clone());
            infos.insert(key.clone(), info.clone());
        }
        Ok(found)
    }

    /// Forgets what is remembered of a queue.
    pub fn forget(&self, key: &QueueKey) {
        let (mut infos, mut keys) = (self.infos.lock(), self.keys.lock());
        if let Some(info) = infos.remove(key) {
            keys.remove(&info.uid);
        }
    }

    /// A notification came.
    pub fn hear(&self, payload: &str) {
        if payload.starts_with(pooler::TO_ITSELF) {
            return;
        }
        let uid = payload.parse::<i64>().ok();
        let key = uid.and_then(|uid| self.keys.lock().get(&uid).cloned());
        match key {
            Some(key) => self.signal.touch(&key),
            None => self.signal.touch_all(),
        }
    }

    /// The database's time came with an answer.
    pub fn heard(&self, now_ms: u64) {
        self.clock.lock().hear(now_ms, Instant::now());
    }

    /// The database's time as far as it is known here; never goes back.
    pub fn clock_ms(&self) -> u64 {
        self.clock.lock().tell_ms(Instant::now())
    }

    /// When [`Engine::clock_ms`] comes to a time that the database named at `now_ms` of its own.
    pub fn own_ms(&self, due_ms: u64, now_ms: u64) -> u64 {
        match self.options.clock {
            ClockMode::System => self.clock_ms() + due_ms.saturating_sub(now_ms),
            ClockMode::Manual { .. } => due_ms,
        }
    }

    /// The database's time as last heard, where it stands still.
    pub fn heard_ms(&self) -> u64 {
        self.clock.lock().heard_ms
    }

    /// Gives an answer.
    pub fn answer(&self, reply: Reply, answer: Result<Outcome>) {
        match reply {
            Reply::Prompt(done) => done(answer),
            Reply::Callback(done) => {
                if let Some(callbacks) = self.callbacks.lock().as_ref() {
                    drop(callbacks.send((done, answer)));
                }
            }
        }
    }
}

/// The queue whose commands a command follows.
pub fn lane_of(command: &Command) -> Option<&QueueKey> {
    match command {
        Command::CreateQueue { queue, .. }
        | Command::DeleteQueue { queue, .. }
        | Command::GetQueue { queue, .. }
        | Command::SetAttributes { queue, .. }
        | Command::Tag { queue, .. }
        | Command::Untag { queue, .. }
        | Command::Purge { queue, .. }
        | Command::Send { queue, .. }
        | Command::Receive { queue, .. }
        | Command::Delete { queue, .. }
        | Command::ChangeVisibility { queue, .. }
        | Command::Peek { queue, .. } => Some(queue),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_told_follows_and_never_goes_back() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut clock = Clock::new();
        clock.hear(1_000_000, start);
        assert_eq!(clock.tell_ms(start), 1_000_000);
        assert_eq!(clock.tell_ms(after(1_600)), 1_001_600);
        // An hour on, and back: it goes on slower until the database has come up with it.
        clock.hear(5_000_000, after(1_600));
        assert_eq!(clock.tell_ms(after(1_600)), 5_000_000);
        clock.hear(1_001_600, after(1_600));
        assert_eq!(clock.tell_ms(after(1_600)), 5_000_000);
        assert_eq!(clock.tell_ms(after(17_600)), 5_015_000);
        clock.hear(5_015_000, after(17_600));
        assert_eq!(clock.tell_ms(after(18_600)), 5_016_000);
    }
}
