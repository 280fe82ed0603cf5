//! Connections: made with back-off, a bounded number of them, thrown away when in doubt.

use super::failure::{Failure, unreachable};
use super::location::Location;
use super::{pooler, schema, tls};
use crate::error::{Error, ErrorKind, Result};
use crate::store::StoreOptions;
use crate::sync::Mutex;
use futures_util::future::poll_fn;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::{AsyncMessage, Client, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

const BACK_OFF_MIN: Duration = Duration::from_millis(20);
const BACK_OFF_MAX: Duration = Duration::from_secs(1);
/// A transaction that lies open while its client is silent ends after this long; others wait for
/// its queue until then.
const IDLE_TRANSACTION_MS: u64 = 10_000;
/// PostgreSQL counts milliseconds in 31 bits.
pub const LOCK_TIMEOUT_MAX: Duration = Duration::from_millis(i32::MAX as u64);
/// The server's limit for what is not a wait for a lock, at the least.
const STATEMENT_MIN: Duration = Duration::from_secs(5);
/// Beyond the server's own limit: then the connection is dead.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

/// The statements that are prepared on every connection that uses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sql {
    Load,
    Put,
    Receive,
    Discard,
    Hide,
    Counts,
    Peek,
    Confirm,
}

impl Sql {
    const COUNT: usize = 8;

    pub fn text(self) -> &'static str {
        match self {
            Self::Load => {
                "SELECT q.uid, q.version, q.fifo, q.attributes, q.tags, q.created_ms, \
                 q.modified_ms, q.purged_ms FROM @s@.queues q \
                 WHERE q.account = $1 AND q.region = $2 AND q.name = $3"
            }
            Self::Put => {
                "SELECT * FROM @s@.put($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
                 $14, $15)"
            }
            Self::Receive => {
                "SELECT * FROM @s@.receive($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
                 $13, $14, $15)"
            }
            Self::Discard => "SELECT * FROM @s@.discard($1, $2, $3, $4, $5, $6, $7)",
            Self::Hide => "SELECT * FROM @s@.hide($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            Self::Counts => "SELECT * FROM @s@.counts($1, $2, $3)",
            Self::Peek => "SELECT * FROM @s@.peek($1, $2, $3, $4, $5, $6, $7, $8)",
            // What the function of this name does, with one call less.
            Self::Confirm => {
                "SELECT pg_backend_pid(), @s@.be_lazy(false), \
                 pg_logical_emit_message(true, 'forebay', '')"
            }
        }
    }
}

/// An open connection.
pub struct Connection {
    pub client: Client,
    /// Its session is nobody else's, and has the settings. Behind a pooler it is that of other
    /// programs, too: there each transaction has them, and none may be left behind.
    pub is_own: bool,
    /// The settings of a transaction that the session does not have.
    pub local: String,
    /// Begins one with them.
    pub begin: String,
    schema: Arc<str>,
    statements: [Option<Statement>; Sql::COUNT],
    /// A commit here was not confirmed by the synchronous standby.
    unconfirmed: Arc<AtomicBool>,
    /// The server's process that served it when it was made: behind some poolers not for long.
    pub backend: i32,
    /// When it was made, on the pool's count.
    pub made: u64,
}

impl Connection {
    /// The statement, prepared at its first use.
    pub async fn prepared(&mut self, sql: Sql) -> std::result::Result<Statement, Failure> {
        if let Some(statement) = &self.statements[sql as usize] {
            return Ok(statement.clone());
        }
        let text = schema::fill(sql.text(), &self.schema);
        let statement = self.client.prepare(&text).await?;
        self.statements[sql as usize] = Some(statement.clone());
        Ok(statement)
    }

    /// True once if somebody cancelled the wait for the standby under a commit: that commit is
    /// not as durable as it was to be.
    pub fn take_unconfirmed(&self) -> bool {
        self.unconfirmed.swap(false, Ordering::AcqRel)
    }
}

/// Makes connections.
pub struct Connector {
    pub location: Location,
    tls: MakeRustlsConnect,
    lock_ms: u64,
    statement_ms: u64,
}

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const SESSION: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// The messages of a connection that are not answers.
pub type Notices = Box<dyn FnMut(AsyncMessage) + Send>;

impl Connector {
    pub fn new(location: Location, options: &StoreOptions) -> Result<Self> {
        let lock_timeout = options.lock_timeout;
        let millis = |it: Duration| (it.min(LOCK_TIMEOUT_MAX).as_millis() as u64).max(1);
        Ok(Self {
            tls: tls::connector(&location.trust)?,
            location,
            lock_ms: millis(lock_timeout),
            // What has its locks is work, and a large batch takes its time.
            statement_ms: millis(lock_timeout.max(STATEMENT_MIN)),
        })
    }

    /// How long a transaction may go without an answer.
    pub fn answer_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_ms) + ANSWER_GRACE
    }

    /// What all transactions run under.
    fn settings(&self, set: &str) -> String {
        let all = [
            ("statement_timeout", self.statement_ms.to_string()),
            ("lock_timeout", self.lock_ms.to_string()),
            (
                "idle_in_transaction_session_timeout",
                IDLE_TRANSACTION_MS.to_string(),
            ),
            ("client_min_messages", "warning".into()),
            ("search_path", "pg_catalog".into()),
            ("jit", "off".into()),
        ];
        all.map(|(name, value)| format!("{set} {name} = {value}; "))
            .concat()
    }

    /// One try.
    pub async fn connect(&self, mut notices: Notices) -> std::result::Result<Connection, Failure> {
        let connecting = self.location.config.connect(self.tls.clone());
        let (client, mut connection) = match connecting.await {
            Ok(made) => made,
            Err(error) => return Err(refusal(error)),
        };
        let unconfirmed = Arc::new(AtomicBool::new(false));
        let flag = unconfirmed.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notice(notice) = &message
                    && is_unconfirmed(notice)
                {
                    flag.store(true, Ordering::Release);
                }
                notices(message);
            }
        });
        let is_own = self.location.listen;
        let (first, local) = match is_own {
            true => (
                format!("{}{SESSION}; {}", self.settings("SET"), pooler::ASK),
                String::new(),
            ),
            false => (pooler::ASK.into(), self.settings("SET LOCAL")),
        };
        let answers = client.simple_query(&first).await?;
        Ok(Connection {
            client,
            is_own,
            begin: match is_own {
                true => BEGIN.into(),
                false => format!("{BEGIN}; {local}"),
            },
            local,
            backend: pooler::read(&answers)?,
            schema: self.location.schema.as_str().into(),
            statements: Default::default(),
            unconfirmed,
            made: 0,
        })
    }
}

/// A commit went on without the standby that it was to wait for.
fn is_unconfirmed(notice: &DbError) -> bool {
    notice.code() == &SqlState::WARNING && notice.routine() == Some("SyncRepWaitForLSN")
}

/// Why there is no connection: some reasons pass, others are for people to mend.
fn refusal(error: tokio_postgres::Error) -> Failure {
    let Some(db) = error.as_db_error() else {
        return match tls::refusal(&error) {
            Some(error) => Failure::Refused(error),
            None => Failure::Lost(unreachable(&error)),
        };
    };
    let text = format!("PostgreSQL: {} ({})", db.message(), db.code().code());
    match db.code().code().get(..2) {
        Some("28" | "3D" | "42") => Failure::Refused(Error::new(ErrorKind::InvalidArgument, text)),
        _ => Failure::Lost(Error::new(ErrorKind::Unavailable, text)),
    }
}

/// The connections of a store.
pub struct Pool {
    pub connector: Connector,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    /// Those who could not make one.
    waiting: Mutex<VecDeque<oneshot::Sender<Connection>>>,
    /// Connections made so far.
    count: AtomicU64,
    /// Why the last connection could not be made.
    away: Mutex<Option<Error>>,
    /// Why no connection is given any more.
    refused: Mutex<Option<Error>>,
}

/// A connection on loan.
pub struct Loan {
    pool: Arc<Pool>,
    connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Loan {
    /// The connection.
    pub fn connection(&mut self) -> std::result::Result<&mut Connection, Failure> {
        self.connection
            .as_mut()
            .ok_or_else(|| Failure::nonsense("a connection was used after its end"))
    }

    /// When the connection was made, on the pool's count.
    pub fn made(&self) -> u64 {
        self.connection.as_ref().map_or(0, |it| it.made)
    }

    /// Throws the connection away, and with it those that lie idle: they saw the same server.
    pub fn discard(mut self) {
        self.connection = None;
        self.pool.idle.lock().clear();
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && !connection.client.is_closed()
        {
            self.pool.give_back(connection);
        }
    }
}

impl Pool {
    pub fn new(connector: Connector) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(connector.location.pool_size)),
            connector,
            idle: Mutex::default(),
            waiting: Mutex::default(),
            count: AtomicU64::new(0),
            away: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// A connection, idle or new; waits for one until `deadline`.
    pub async fn get(self: &Arc<Self>, deadline: Instant) -> std::result::Result<Loan, Failure> {
        if let Some(error) = self.refused.lock().clone() {
            return Err(Failure::Refused(error));
        }
        let permit = match timeout_at(deadline, self.permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            _ => {
                let text = format!(
                    "all {} connections to PostgreSQL are in use",
                    self.connector.location.pool_size
                );
                // Those who have them may be waiting for the database.
                let away = self.away.lock().clone();
                let error = away.unwrap_or_else(|| Error::new(ErrorKind::Busy, text));
                return Err(Failure::Refused(error));
            }
        };
        let connection = self.idle_or_new(deadline).await?;
        Ok(Loan {
            pool: self.clone(),
            connection: Some(connection),
            _permit: permit,
        })
    }

    /// Gives no connection any more, for this reason.
    pub fn refuse(&self, error: Error) -> Failure {
        *self.refused.lock() = Some(error.clone());
        Failure::Refused(error)
    }

    /// True after [`Pool::refuse`].
    pub fn is_refused(&self) -> bool {
        self.refused.lock().is_some()
    }

    /// How many connections were made so far: one whose number is lower was there already.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// One that lies idle or comes back, or a new one: tries until `deadline`, at first soon again,
    /// then each second. The server may allow fewer than the pool has room for; then those that
    /// there are go round.
    async fn idle_or_new(&self, deadline: Instant) -> std::result::Result<Connection, Failure> {
        let mut rest = BACK_OFF_MIN;
        // Who comes later than others that wait for one does so behind them.
        let mut is_turn = self.waiting.lock().iter().all(oneshot::Sender::is_closed);
        loop {
            if let Some(connection) = self.idle() {
                return Ok(connection);
            }
            if is_turn {
                let error = match self.make(deadline).await {
                    Err(Failure::Lost(error)) => error,
                    other => return other,
                };
                if Instant::now() + rest >= deadline {
                    return Err(Failure::Refused(error));
                }
            }
            is_turn = true;
            let mut receiver = self.stand_in_line();
            let given = match timeout(rest, &mut receiver).await {
                Ok(given) => given.ok(),
                Err(_) => {
                    receiver.close();
                    receiver.try_recv().ok()
                }
            };
            if let Some(connection) = given.filter(|it| !it.client.is_closed()) {
                return Ok(connection);
            }
            rest = (rest * 2).min(BACK_OFF_MAX);
        }
    }

    fn stand_in_line(&self) -> oneshot::Receiver<Connection> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting.lock();
        waiting.retain(|it| !it.is_closed());
        waiting.push_back(sender);
        receiver
    }

    fn idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock();
        while let Some(connection) = idle.pop() {
            if !connection.client.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    /// One try, which is over at `deadline`.
    async fn make(&self, deadline: Instant) -> std::result::Result<Connection, Failure> {
        let tried = timeout_at(deadline, self.connector.connect(Box::new(|_| {}))).await;
        match tried.unwrap_or_else(|_| Err(Failure::silent())) {
            Err(Failure::Lost(error)) => {
                *self.away.lock() = Some(error.clone());
                Err(Failure::Lost(error))
            }
            other => {
                self.away.lock().take();
                let mut made = other?;
                made.made = self.count.fetch_add(1, Ordering::AcqRel);
                Ok(made)
            }
        }
    }

    /// Gives a connection to who has waited longest for one, or lets it lie.
    fn give_back(&self, mut connection: Connection) {
        loop {
            // Not under the lock of those that lie idle.
            let next = self.waiting.lock().pop_front();
            let Some(next) = next else {
                self.idle.lock().push(connection);
                return;
            };
            // Back from one that waits no more.
            match next.send(connection) {
                Ok(()) => return,
                Err(back) => connection = back,
            }
        }
    }
}
