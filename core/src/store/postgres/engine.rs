//! Lanes: the commands of one queue follow each other, as many as have come in one transaction;
//! those of different queues go side by side on the connections of the pool.

use super::calls::{self, Call, Context, Try, Verdict};
use super::failure::Failure;
use super::info::Info;
use super::listen::Signal;
use super::pool::{Connection, Pool};
use crate::command::{Command, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::rules::refusals;
use crate::store::{Done, Durability, StoreOptions};
use crate::sync::Mutex;
use futures_util::future::join_all;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, SyncSender};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Row;

/// Commands of one transaction at the most, and bytes of their bodies.
const TRANSACTION_COMMANDS: usize = 256;
const TRANSACTION_BYTES: usize = 8 << 20;
/// Rest before a transaction that the database undid runs again.
pub const UNDONE_REST: Duration = Duration::from_millis(2);

/// Who gets an answer.
pub enum Reply {
    /// A thread that waits for it.
    Thread(SyncSender<Result<Outcome>>),
    /// A callback, to be called on the thread of callbacks.
    Callback(Done),
}

/// A callback with its answer.
pub type Callback = (Done, Result<Outcome>);

/// A command on its way, and who waits for its answer.
struct Job {
    ask: Ask,
    reply: Reply,
}

struct Ask {
    command: Command,
    how: Try,
    /// An earlier try may have been carried out.
    maybe_done: bool,
    deadline: Instant,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Job>,
    busy: bool,
}

/// What the parts of an open store share.
pub struct Engine {
    pub pool: Pool,
    pub options: StoreOptions,
    pub signal: Signal,
    /// This process's store, among those that wait.
    pub me: i64,
    pub runtime: Handle,
    lanes: Mutex<HashMap<Option<QueueKey>, Lane>>,
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
        pool: Pool,
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
            lanes: Mutex::default(),
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

    /// Hands a command in.
    pub fn submit(self: &Arc<Self>, command: Command, reply: Reply) {
        if matches!(&command, Command::Receive { waits: true, .. })
            && self.pool.connector.location.listen
        {
            self.signal.wanted.notify_one();
        }
        let key = lane_of(&command).cloned();
        let ask = Ask {
            command,
            how: Try::default(),
            maybe_done: false,
            deadline: Instant::now() + self.options.lock_timeout,
        };
        let mut lanes = self.lanes.lock();
        let lane = lanes.entry(key.clone()).or_default();
        lane.waiting.push_back(Job { ask, reply });
        if !std::mem::replace(&mut lane.busy, true) {
            drop(lanes);
            let engine = self.clone();
            self.runtime
                .spawn(async move { engine.run_lane(key).await });
        }
    }

    /// No command is under way.
    pub fn is_idle(&self) -> bool {
        self.lanes.lock().is_empty()
    }

    /// No callback follows; the thread of callbacks ends when it has called those before.
    pub fn end_callbacks(&self) {
        self.callbacks.lock().take();
    }

    async fn run_lane(self: Arc<Self>, key: Option<QueueKey>) {
        loop {
            let jobs = {
                let mut lanes = self.lanes.lock();
                let Some(lane) = lanes.get_mut(&key) else {
                    return;
                };
                let jobs = take_transaction(&mut lane.waiting);
                if jobs.is_empty() {
                    lanes.remove(&key);
                    return;
                }
                jobs
            };
            self.commands
                .fetch_add(jobs.len() as u64, Ordering::Relaxed);
            match &key {
                Some(key) if calls::is_call(&jobs[0].ask.command) => {
                    self.run_jobs(key, jobs).await;
                }
                _ => {
                    for Job { ask, reply } in jobs {
                        let answer = self.administer(&ask.command, ask.deadline).await;
                        self.answer(reply, answer);
                    }
                }
            }
        }
    }

    /// Runs jobs of one queue until each has its answer.
    async fn run_jobs(&self, key: &QueueKey, jobs: Vec<Job>) {
        let (mut asks, mut replies): (Vec<Ask>, VecDeque<Reply>) =
            jobs.into_iter().map(|job| (job.ask, job.reply)).unzip();
        let mut alone = false;
        while !asks.is_empty() {
            let count = if alone { 1 } else { asks.len() };
            match self.run_once(key, &mut asks[..count]).await {
                Ok(verdicts) => {
                    let tail = asks.split_off(count);
                    let (mut again, mut waiting) = (Vec::new(), VecDeque::new());
                    for (mut ask, mut verdict) in asks.into_iter().zip(verdicts) {
                        let Some(reply) = replies.pop_front() else {
                            break;
                        };
                        calls::name_sent(&ask.command, &mut verdict);
                        if let Verdict::Answer(answer) = verdict {
                            self.answer(reply, answer);
                            continue;
                        }
                        ask.how.lock_target |= matches!(verdict, Verdict::AgainLocked);
                        again.push(ask);
                        waiting.push_back(reply);
                    }
                    again.extend(tail);
                    waiting.append(&mut replies);
                    (asks, replies) = (again, waiting);
                }
                Err(failure) => {
                    let expired = asks[0].deadline <= Instant::now();
                    match failure {
                        Failure::Lost(_) | Failure::Again(_) if !expired => {
                            sleep(UNDONE_REST).await;
                        }
                        // One of several may be to blame: then each goes for itself.
                        Failure::Refused(_) if count > 1 => alone = true,
                        other => {
                            asks.remove(0);
                            if let Some(reply) = replies.pop_front() {
                                self.answer(reply, Err(other.into_error()));
                            }
                        }
                    }
                }
            }
        }
    }

    /// One transaction.
    async fn run_once(
        &self,
        key: &QueueKey,
        jobs: &mut [Ask],
    ) -> std::result::Result<Vec<Verdict>, Failure> {
        let deadline = jobs[0].deadline;
        let mut loan = self.pool.get(deadline).await?;
        let ran = match loan.connection() {
            Ok(connection) => {
                let limit = self.pool.connector.answer_timeout();
                let work = self.run_on(connection, key, jobs);
                timeout(limit, work)
                    .await
                    .unwrap_or_else(|_| Err(Failure::silent()))
            }
            Err(failure) => Err(failure),
        };
        if let Err(Failure::Lost(_)) = ran {
            loan.discard();
            // Nothing of these was stored below what was seen before their first try.
            let info = self.infos.lock().get(key).cloned();
            let seen = info.map_or(0, |it| it.seen_seq.load(Ordering::Relaxed));
            for job in jobs.iter_mut().filter(|job| job.maybe_done) {
                job.how.retry_from.get_or_insert(seen);
            }
        }
        ran
    }

    async fn run_on(
        &self,
        connection: &mut Connection,
        key: &QueueKey,
        jobs: &mut [Ask],
    ) -> std::result::Result<Vec<Verdict>, Failure> {
        // What the remembered attributes refuse is asked of the present ones.
        let mut info = self.infos.lock().get(key).cloned().filter(|info| {
            let mut all = jobs.iter();
            all.all(|job| calls::refusal(info, &job.command).is_none())
        });
        if info.is_none() {
            info = self.load(connection, key).await?;
        }
        let Some(info) = info else {
            let missing = |_: &Ask| Verdict::Answer(Err(refusals::queue_missing()));
            return Ok(jobs.iter().map(missing).collect());
        };
        let mut verdicts: Vec<Option<Verdict>> = jobs
            .iter()
            .map(|job| calls::refusal(&info, &job.command).map(|it| Verdict::Answer(Err(it))))
            .collect();
        let asked: Vec<usize> = (0..jobs.len())
            .filter(|at| verdicts[*at].is_none())
            .collect();
        for &at in &asked {
            jobs[at].maybe_done = true;
        }
        let commands: Vec<(&Command, Try)> = asked
            .iter()
            .map(|&at| (&jobs[at].command, jobs[at].how))
            .collect();
        let leases = commands.iter().all(|(command, _)| calls::is_lease(command));
        let durability = self.options.durability;
        let context = Context {
            info: &info,
            me: self.me,
            limits: self.options.limits,
            lazy: durability == Durability::Os,
            lazy_leases: leases && durability != Durability::Strict,
        };
        let planned = calls::plan(&context, &commands);
        let mut statements = Vec::with_capacity(planned.len());
        for call in &planned {
            statements.push(connection.prepared(call.sql).await?);
        }
        let answered = self.ask(connection, &planned, &statements).await?;
        if !(context.lazy || context.lazy_leases) {
            self.syncs.fetch_add(1, Ordering::Relaxed);
        }
        if connection.take_unconfirmed() {
            let text = "the wait for the synchronous standby was cancelled";
            return Err(Failure::Lost(Error::new(ErrorKind::Unavailable, text)));
        }
        for (call, rows) in planned.iter().zip(&answered) {
            let read = call.read(&context, rows, &|now_ms| self.heard(now_ms))?;
            for (&at, verdict) in asked[call.jobs.clone()].iter().zip(read) {
                verdicts[at] = Some(verdict);
            }
        }
        if verdicts.iter().any(|it| matches!(it, Some(Verdict::Stale))) {
            self.forget(key);
        }
        if asked.iter().any(|&at| touches(&jobs[at].command)) {
            self.signal.touch(key);
        }
        let again = |verdict: Option<Verdict>| verdict.unwrap_or(Verdict::Again);
        Ok(verdicts.into_iter().map(again).collect())
    }

    /// Sends all calls at once, in one transaction.
    async fn ask(
        &self,
        connection: &Connection,
        calls: &[Call],
        statements: &[tokio_postgres::Statement],
    ) -> std::result::Result<Vec<Vec<Row>>, Failure> {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        let client = &connection.client;
        let query = async |call: &Call, statement: &tokio_postgres::Statement| {
            let params: Vec<_> = call.params.iter().map(|it| it.as_ref() as _).collect();
            client.query(statement, &params).await
        };
        if let ([call], [statement]) = (calls, statements) {
            return Ok(vec![query(call, statement).await?]);
        }
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        // Each of these is sent when it is first polled, and they are polled in this order.
        let begin = client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED");
        let queries = join_all(
            calls
                .iter()
                .zip(statements)
                .map(|(call, statement)| query(call, statement)),
        );
        let commit = client.batch_execute("COMMIT");
        let (begun, answers, committed) = tokio::join!(biased; begin, queries, commit);
        begun?;
        let answers = answers
            .into_iter()
            .collect::<std::result::Result<Vec<_>, _>>()?;
        committed?;
        Ok(answers)
    }

    /// Looks at a queue and remembers it.
    pub async fn load(
        &self,
        connection: &mut Connection,
        key: &QueueKey,
    ) -> std::result::Result<Option<Arc<Info>>, Failure> {
        let found = Info::load(connection, key).await?.map(Arc::new);
        let mut infos = self.infos.lock();
        match &found {
            Some(info) => {
                self.keys.lock().insert(info.uid, key.clone());
                infos.insert(key.clone(), info.clone());
            }
            None => {
                infos.remove(key);
            }
        }
        Ok(found)
    }

    /// Forgets what is remembered of a queue.
    pub fn forget(&self, key: &QueueKey) {
        self.infos.lock().remove(key);
    }

    /// A notification came.
    pub fn hear(&self, payload: &str) {
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

    fn answer(&self, reply: Reply, answer: Result<Outcome>) {
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

fn touches(command: &Command) -> bool {
    match command {
        Command::Send { .. } | Command::Delete { .. } | Command::ChangeVisibility { .. } => true,
        Command::Receive { visibility_s, .. } => *visibility_s == Some(0),
        _ => false,
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

/// Neighbouring calls, or one command of another kind.
fn take_transaction(waiting: &mut VecDeque<Job>) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut bytes = 0;
    while let Some(next) = waiting.front() {
        let full = jobs.len() >= TRANSACTION_COMMANDS || bytes >= TRANSACTION_BYTES;
        let alone = !calls::is_call(&next.ask.command);
        if !jobs.is_empty() && (full || alone) {
            break;
        }
        if let Command::Send { entries, .. } = &next.ask.command {
            bytes += entries.iter().map(|entry| entry.body.len()).sum::<usize>();
        }
        jobs.extend(waiting.pop_front());
        if alone {
            break;
        }
    }
    jobs
}
