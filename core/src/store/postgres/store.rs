//! The store that handles hold.

use super::engine::{Callback, Engine, Reply};
use super::failure::Failure;
use super::location::Location;
use super::pool::{Connector, LOCK_TIMEOUT_MAX, Pool};
use super::queues::Tx;
use super::{keeper, listen, schema};
use crate::command::{Command, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::limits;
use crate::rules::time;
use crate::store::{CheckReport, ClockMode, Done, Statistics, Storage, StoreOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long the end of a store waits for commands that are under way.
const DRAIN: Duration = Duration::from_secs(30);

/// How long a command tries to reach the database at the least, however short a wait for locks is.
const PATIENCE_MIN: Duration = Duration::from_secs(1);

/// How long opening tries to reach the database: a wrong host is better told soon.
const OPEN_PATIENCE: Duration = Duration::from_secs(5);

/// Receives that a pass over the waits hands in together: what one transaction takes with room for
/// what others send and delete meanwhile.
const RECEIVES_AT_ONCE: usize = 64;

/// A store on PostgreSQL.
pub struct Postgres {
    engine: Arc<Engine>,
    stop: Arc<Notify>,
    threads: Vec<JoinHandle<()>>,
}

impl Postgres {
    /// Connects, makes or upgrades the tables where needed, and begins to keep.
    ///
    /// Errors: `InvalidArgument` for a location, a password or a certificate that is refused,
    /// `Unavailable` where the database cannot be reached within 5 s, `UnsupportedFormat`
    /// for tables of a newer version.
    pub fn open(location: Location, options: &StoreOptions) -> Result<Arc<Self>> {
        let pool = Arc::new(Pool::new(Connector::new(location, options)?));
        let (callbacks, calls) = channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::io("cannot start the runtime of the store", &error))?;
        let me = getrandom::u64().map_err(|error| {
            let text = format!("the operating system gave no random numbers: {error}");
            Error::new(ErrorKind::Io, text)
        })?;
        // Positive: zero and -1 have meanings of their own.
        let me = ((me >> 1) | 1) as i64;
        let handle = runtime.handle().clone();
        let mut options = options.clone();
        options.lock_timeout = options.lock_timeout.clamp(PATIENCE_MIN, LOCK_TIMEOUT_MAX);
        let engine = Arc::new(Engine::new(pool, options, me, handle, callbacks));
        let stop = Arc::new(Notify::new());
        let (ready, opened) = sync_channel(1);
        let (served, stopped) = (engine.clone(), stop.clone());
        let serving = std::thread::Builder::new()
            .name("forebay-postgres".into())
            .spawn(move || {
                runtime.block_on(async {
                    let prepared = prepare(&served).await;
                    let failed = prepared.is_err();
                    // Whoever opens waits for it.
                    drop(ready.send(prepared));
                    if !failed {
                        tokio::spawn(listen::listen(served.clone()));
                        tokio::spawn(keeper::keep(served.clone()));
                        stopped.notified().await;
                        drain(&served).await;
                    }
                    served.end_callbacks();
                });
            })
            .map_err(|error| Error::io("cannot start the store's thread", &error))?;
        let calling = std::thread::Builder::new()
            .name("forebay-callbacks".into())
            .spawn(move || call_back(&calls))
            .map_err(|error| Error::io("cannot start the thread of callbacks", &error))?;
        let prepared = opened.recv().unwrap_or_else(|_| {
            let text = "the store's thread ended while it opened";
            Err(Error::new(ErrorKind::Internal, text))
        });
        let store = Arc::new(Self {
            engine,
            stop,
            threads: vec![serving, calling],
        });
        prepared.map(|()| store)
    }

    fn advance(&self, by_ms: u64) -> Result<u64> {
        let engine = self.engine.clone();
        let now_ms = self.block(async move {
            let deadline = Instant::now() + engine.options.lock_timeout;
            let mut loan = engine.pool.get(deadline).await?;
            let client = &loan.connection()?.client;
            let schema = &engine.pool.connector.location.schema;
            let text = "UPDATE @s@.clock SET now_ms = now_ms + $1 WHERE now_ms + $1 <= $2 \
                        RETURNING now_ms";
            let most_ms = limits::MANUAL_CLOCK_MS_MAX as i64;
            let by_ms = by_ms.min(limits::MANUAL_CLOCK_MS_MAX + 1) as i64;
            let row = client
                .query_opt(&schema::fill(text, schema), &[&by_ms, &most_ms])
                .await?;
            let Some(row) = row else {
                let text = "SELECT now_ms FROM @s@.clock";
                let row = client.query_one(&schema::fill(text, schema), &[]).await?;
                let now_ms: i64 = row.try_get(0)?;
                return Err(Failure::Refused(time::too_late((now_ms + by_ms) as u64)));
            };
            let text = "SELECT pg_notify('@channel@', '')";
            client.query(&schema::fill(text, schema), &[]).await?;
            Ok(row.try_get::<_, i64>(0)? as u64)
        })?;
        self.engine.signal.touch_all();
        self.execute(Command::Work)?;
        Ok(now_ms)
    }

    /// Runs a future on the store's thread.
    fn block<T: Send + 'static>(
        &self,
        work: impl Future<Output = std::result::Result<T, Failure>> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = sync_channel(1);
        self.engine.runtime.spawn(async move {
            drop(sender.send(work.await));
        });
        match receiver.recv() {
            Ok(result) => result.map_err(Failure::into_error),
            Err(_) => Err(closed()),
        }
    }

    fn manual_now_ms(&self) -> Result<u64> {
        let engine = self.engine.clone();
        self.block(async move {
            let deadline = Instant::now() + engine.options.lock_timeout;
            let mut loan = engine.pool.get(deadline).await?;
            let client = &loan.connection()?.client;
            let schema = &engine.pool.connector.location.schema;
            let text = schema::fill("SELECT @s@.now_ms()", schema);
            Ok(client.query_one(&text, &[]).await?.try_get::<_, i64>(0)? as u64)
        })
    }
}

async fn prepare(engine: &Arc<Engine>) -> Result<()> {
    let deadline = Instant::now() + engine.options.lock_timeout.min(OPEN_PATIENCE);
    loop {
        match prepare_once(engine, deadline).await {
            // A connection that was lost meanwhile, in a fail-over perhaps.
            Err(Failure::Lost(_) | Failure::Again(_)) if Instant::now() < deadline => {
                tokio::time::sleep(super::engine::UNDONE_REST).await;
            }
            done => return done.map_err(Failure::into_error),
        }
    }
}

async fn prepare_once(engine: &Arc<Engine>, deadline: Instant) -> std::result::Result<(), Failure> {
    let mut loan = engine.pool.get(deadline).await?;
    let client = &mut loan.connection()?.client;
    let schema = engine.pool.connector.location.schema.clone();
    schema::prepare(client, &schema, &engine.options).await?;
    let text = schema::fill("SELECT @s@.now_ms()", &schema);
    let now_ms: i64 = client.query_one(&text, &[]).await?.try_get(0)?;
    engine.heard(now_ms as u64);
    Ok(())
}

/// Waits for the commands that are under way.
async fn drain(engine: &Engine) {
    let deadline = Instant::now() + DRAIN;
    while !engine.is_idle() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Calls back, one after the other, on a thread that may itself give commands.
fn call_back(calls: &Receiver<Callback>) {
    while let Ok((done, answer)) = calls.recv() {
        // The panic was reported by the hook; others wait for their calls.
        let _ = catch_unwind(AssertUnwindSafe(|| done(answer)));
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the store was closed; open it again")
}

impl Storage for Postgres {
    fn schema(&self) -> Option<&str> {
        Some(&self.engine.pool.connector.location.schema)
    }

    fn execute(&self, command: Command) -> Result<Outcome> {
        let (sender, receiver) = sync_channel(1);
        // Who waits for it is there, and the channel has room.
        let done: Done = Box::new(move |answer| drop(sender.send(answer)));
        self.engine.submit(command, Reply::Prompt(done));
        receiver.recv().unwrap_or_else(|_| Err(closed()))
    }

    fn hand_in(&self, commands: Vec<(Command, Done)>) {
        let commands = commands.into_iter();
        // In one piece: who came first would find nothing and the next one what was sent between.
        self.engine
            .submit_all(commands.map(|(command, done)| (command, Reply::Prompt(done))));
    }

    fn receives_at_once(&self) -> usize {
        RECEIVES_AT_ONCE
    }

    fn submit(&self, command: Command, done: Done) {
        self.engine.submit(command, Reply::Callback(done));
    }

    fn now_ms(&self) -> u64 {
        match self.engine.options.clock {
            ClockMode::System => self.engine.clock_ms(),
            ClockMode::Manual { .. } => {
                if let Ok(now_ms) = self.manual_now_ms() {
                    self.engine.heard(now_ms);
                    return now_ms;
                }
                self.engine.heard_ms()
            }
        }
    }

    fn advance_ms(&self, by_ms: u64) -> Result<u64> {
        if self.engine.options.clock == ClockMode::System {
            return Err(Error::new(
                ErrorKind::UnsupportedOperation,
                "This store runs on real time; only a manual clock can be advanced.",
            ));
        }
        self.advance(by_ms)
    }

    fn generation(&self) -> u64 {
        self.engine.signal.generation()
    }

    fn queue_generation(&self, queue: &QueueKey) -> u64 {
        self.engine.signal.queue_generation(queue)
    }

    fn wait_change(&self, seen: u64, timeout: Duration) {
        self.engine.signal.wait(seen, timeout);
    }

    fn interrupt(&self) {
        self.engine.signal.interrupt();
    }

    fn check(&self) -> Result<CheckReport> {
        let engine = self.engine.clone();
        self.block(async move {
            let deadline = Instant::now() + engine.options.lock_timeout;
            let mut loan = engine.pool.get(deadline).await?;
            let tx = Tx::begin(loan.connection()?, engine.schema()).await?;
            // It reads all that is stored, however long that takes.
            tx.run("SET LOCAL statement_timeout = 0", &[]).await?;
            let faults = tx.rows("SELECT @s@.faults()", &[]).await?;
            let text = "SELECT (SELECT count(*) FROM @s@.queues), \
                        (SELECT count(*) FROM @s@.live WHERE storage > 0) \
                        + (SELECT coalesce(sum(bare), 0)::bigint FROM @s@.heads)";
            let counts = tx.one(text, &[]).await?;
            let problems = faults.iter().map(|row| row.try_get(0));
            Ok(CheckReport {
                queues: counts.try_get::<_, i64>(0)? as u64,
                messages: counts.try_get::<_, i64>(1)? as u64,
                log_bytes: 0,
                problems: problems.collect::<std::result::Result<_, _>>()?,
            })
        })
    }

    fn backup(&self, _to: &Path) -> Result<()> {
        Err(Error::new(
            ErrorKind::UnsupportedOperation,
            "The queues are in PostgreSQL: pg_dump or its continuous archive copies them.",
        ))
    }

    fn statistics(&self) -> Statistics {
        Statistics {
            commands: self.engine.commands.load(Ordering::Relaxed),
            transactions: self.engine.transactions.load(Ordering::Relaxed),
            syncs: self.engine.syncs.load(Ordering::Relaxed),
            ..Statistics::default()
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop.notify_one();
        let own = std::thread::current().id();
        // A callback may hold the last handle: then its thread ends by itself.
        if self.threads.iter().any(|it| it.thread().id() == own) {
            return;
        }
        for thread in self.threads.drain(..) {
            // It catches what callbacks do; there is nothing to learn from its end.
            let _ = thread.join();
        }
    }
}
