//! Connections: made with back-off, a bounded number of them, thrown away when in doubt.

use super::failure::{Failure, unreachable};
use super::location::Location;
use super::{pooler, schema, tls};
use crate::error::{Error, ErrorKind, Result};
use crate::store::StoreOptions;
use crate::sync::Mutex;
use futures_util::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::{AsyncMessage, Client, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

const BACK_OFF_MIN: Duration = Duration::from_millis(20);
const BACK_OFF_MAX: Duration = Duration::from_secs(1);
/// A transaction that lies open while its client is silent ends after this long; others wait for
/// its queue until then.
const IDLE_TRANSACTION_MS: u64 = 10_000;
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
    statement_ms: u128,
}

/// The messages of a connection that are not answers.
pub type Notices = Box<dyn FnMut(AsyncMessage) + Send>;

impl Connector {
    pub fn new(location: Location, options: &StoreOptions) -> Result<Self> {
        Ok(Self {
            tls: tls::connector(&location.trust)?,
            location,
            statement_ms: options.lock_timeout.as_millis().max(1),
        })
    }

    /// How long a transaction may go without an answer.
    pub fn answer_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_ms.min(u128::from(u64::MAX)) as u64) + ANSWER_GRACE
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
        let settings = format!(
            "SET statement_timeout = {0}; SET lock_timeout = {0}; \
             SET idle_in_transaction_session_timeout = {IDLE_TRANSACTION_MS}; \
             SET client_min_messages = warning; SET search_path = pg_catalog; SET jit = off; \
             SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; {1}",
            self.statement_ms,
            pooler::ASK
        );
        let answers = client.simple_query(&settings).await?;
        Ok(Connection {
            client,
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
            self.pool.idle.lock().push(connection);
        }
    }
}

impl Pool {
    pub fn new(connector: Connector) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(connector.location.pool_size)),
            connector,
            idle: Mutex::default(),
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
        let idle = self.idle.lock().pop().filter(|it| !it.client.is_closed());
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let mut made = self.connect(deadline).await?;
                made.made = self.count.fetch_add(1, Ordering::AcqRel);
                made
            }
        };
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

    /// Tries until `deadline`, at first soon again, then each second.
    async fn connect(&self, deadline: Instant) -> std::result::Result<Connection, Failure> {
        let mut rest = BACK_OFF_MIN;
        loop {
            let tried = timeout_at(deadline, self.connector.connect(Box::new(|_| {}))).await;
            let error = match tried {
                Ok(Err(Failure::Lost(error))) => error,
                Ok(other) => {
                    self.away.lock().take();
                    return other;
                }
                Err(_) => Failure::silent().into_error(),
            };
            *self.away.lock() = Some(error.clone());
            if Instant::now() + rest >= deadline {
                return Err(Failure::Refused(error));
            }
            sleep(rest).await;
            rest = (rest * 2).min(BACK_OFF_MAX);
        }
    }
}
