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
use crate::store::{Done, StoreOptions};
use crate::sync::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Sender, SyncSender};
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
    /// A thread that waits for it.
    Thread(SyncSender<Result<Outcome>>),
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

/// The database's time as last heard.
struct Clock {
    heard_ms: u64,
    at: std::time::Instant,
    told_ms: u64,
}

impl Engine {
    pub fn new(
        pool: Arc<Pool>,
        options: &StoreOptions,
        me: i64,
        runtime: Handle,
        callbacks: Sender<Callback>,
    ) -> Self {
        Self {
            pool,
            options: options.clone(),
            signal: Signal::new(),
            me,
            runtime,
            lanes: Lanes::default(),
            infos: Mutex::default(),
            keys: Mutex::default(),
            callbacks: Mutex::new(Some(callbacks)),
            clock: Mutex::new(Clock {
                heard_ms: 0,
                at: std::time::Instant::now(),
                told_ms: 0,
            }),
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
        let mut clock = self.clock.lock();
        clock.heard_ms = now_ms;
        clock.at = std::time::Instant::now();
    }

    /// The database's time as far as it is known here; never goes back.
    pub fn clock_ms(&self) -> u64 {
        let mut clock = self.clock.lock();
        let ms = clock.heard_ms + clock.at.elapsed().as_millis() as u64;
        clock.told_ms = clock.told_ms.max(ms);
        clock.told_ms
    }

    /// The database's time as last heard, where it stands still.
    pub fn heard_ms(&self) -> u64 {
        self.clock.lock().heard_ms
    }

    /// Gives an answer.
    pub fn answer(&self, reply: Reply, answer: Result<Outcome>) {
        match reply {
            // A thread that is gone needs no answer.
            Reply::Thread(sender) => drop(sender.send(answer)),
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
        | Command::GetQueue { queue }
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
