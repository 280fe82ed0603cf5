//! Whether a session stays one's own. Behind a pooler in transaction mode each transaction may run
//! in another session of the server: notifications go to nobody, and a commit cannot be confirmed
//! by the next transaction. There the location has to say `listen=off`; where it does not, that is
//! told.

use super::engine::Engine;
use super::failure::Failure;
use super::pool::Connection;
use super::schema;
use crate::error::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tokio_postgres::SimpleQueryMessage;

/// How long a session, or a notification to it, may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Notifications with this in front are from a store to itself.
pub const TO_ITSELF: char = '=';

/// The refusal of all that follows.
pub fn refusal() -> Error {
    let text = "PostgreSQL is reached through a pooler in transaction mode, where notifications \
                are lost and commits cannot be confirmed; add listen=off to the location, or \
                connect in session mode or directly";
    Error::new(ErrorKind::InvalidArgument, text)
}

/// What a store says to itself.
pub fn word(me: i64) -> String {
    format!("{TO_ITSELF}{me}")
}

/// Listens, and makes sure that the session which does so is its connection's own and that what is
/// notified comes in: `heard` is told when the store's own word did.
pub async fn listen(
    engine: &Arc<Engine>,
    listening: &Connection,
    heard: &Notify,
) -> Result<(), Failure> {
    let mut loan = engine.pool.get(Instant::now() + PATIENCE).await?;
    // While it has a transaction open its session is nobody else's: of a pooler the one that
    // listens gets another, or none.
    let transaction = loan.connection()?.client.transaction().await?;
    let occupied = read(&transaction.simple_query(ASK).await?)?;
    let is_own = match timeout(PATIENCE, listening.backend_now()).await {
        Ok(now) => now? == listening.backend && occupied != listening.backend,
        Err(_) => occupied != listening.backend,
    };
    if !is_own {
        transaction.rollback().await?;
        // Of one that is gone the pooler may have given the session to another.
        listening.backend_now().await?;
        return Err(engine.pool.refuse(refusal()));
    }
    let channel = schema::channel(engine.schema());
    let listen = format!("LISTEN {channel}");
    listening.client.batch_execute(&listen).await?;
    let notify = format!("NOTIFY {channel}, '{}'", word(engine.me));
    transaction.batch_execute(&notify).await?;
    transaction.commit().await?;
    drop(loan);
    match timeout(PATIENCE, heard.notified()).await {
        Ok(()) => Ok(()),
        Err(_) => Err(Failure::silent()),
    }
}

/// Asks for the server's process. What is asked so needs no prepared statement, which some poolers
/// mix up.
pub const ASK: &str = "SELECT pg_backend_pid()";

/// The answer to [`ASK`], as the last of several.
pub fn read(answers: &[SimpleQueryMessage]) -> Result<i32, Failure> {
    let pid = answers.iter().rev().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
        _ => None,
    });
    pid.ok_or_else(|| Failure::nonsense("no process"))
}

impl Connection {
    /// The server's process that serves this connection now.
    async fn backend_now(&self) -> Result<i32, Failure> {
        read(&self.client.simple_query(ASK).await?)
    }
}
