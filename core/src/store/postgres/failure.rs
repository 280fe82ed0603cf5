//! What an error of the client means for the command that met it.

use crate::error::{Error, ErrorKind};
use tokio_postgres::error::SqlState;

/// Why a transaction did not end as it should.
#[derive(Debug)]
pub enum Failure {
    /// The connection is gone or of no use; whether the transaction was committed is unknown.
    Lost(Error),
    /// The database undid the transaction for a reason that passes: run it again.
    Again(Error),
    /// The database undid the transaction since much was overdue in the queue: its first call goes
    /// by itself until that is done.
    Overdue(Error),
    /// The database refused; trying again gives the same.
    Refused(Error),
}

/// What `enter` raises.
const OVERDUE: &str = "FB002";

impl Failure {
    /// The error for a caller who is not to wait longer.
    pub fn into_error(self) -> Error {
        match self {
            Self::Lost(error)
            | Self::Again(error)
            | Self::Overdue(error)
            | Self::Refused(error) => error,
        }
    }

    /// No answer within the time that the server itself bounds.
    pub fn silent() -> Self {
        let text = "PostgreSQL cannot be reached: it does not answer";
        Self::Lost(Error::new(ErrorKind::Unavailable, text))
    }

    /// An answer of the database that its functions never give.
    pub fn nonsense(what: &str) -> Self {
        let text = format!("the database's answer is not one of its functions': {what}");
        Self::Refused(Error::new(ErrorKind::Corrupt, text))
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            return match error.is_closed() || is_io(&error) {
                true => Self::Lost(unreachable(&error)),
                false => Self::Refused(other(&error)),
            };
        };
        let code = db.code();
        let text = || format!("PostgreSQL: {} ({})", db.message(), code.code());
        let class = code.code().get(..2).unwrap_or_default();
        if class == "08"
            || class == "57" && *code != SqlState::QUERY_CANCELED
            // The server we reached is a standby now.
            || *code == SqlState::READ_ONLY_SQL_TRANSACTION
            // This process stood still, and the server ended its connection.
            || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        {
            return Self::Lost(Error::new(ErrorKind::Unavailable, text()));
        }
        if [
            SqlState::INVALID_SQL_STATEMENT_NAME,
            SqlState::DUPLICATE_PSTATEMENT,
        ]
        .contains(code)
        {
            let hint = "a pooler in transaction mode mixes up prepared statements: it needs to \
                        know them (PgBouncer 1.21, max_prepared_statements), and the location \
                        listen=off";
            let text = format!("{}; {hint}", text());
            return Self::Refused(Error::new(ErrorKind::InvalidArgument, text));
        }
        if code.code() == OVERDUE {
            return Self::Overdue(Error::new(ErrorKind::Busy, text()));
        }
        if class == "40" {
            return Self::Again(Error::new(ErrorKind::Busy, text()));
        }
        let kind = match class {
            _ if *code == SqlState::LOCK_NOT_AVAILABLE => ErrorKind::Busy,
            _ if *code == SqlState::QUERY_CANCELED => ErrorKind::Busy,
            _ if *code == SqlState::DISK_FULL => ErrorKind::DiskFull,
            "53" => ErrorKind::Busy,
            _ if *code == SqlState::CHARACTER_NOT_IN_REPERTOIRE => ErrorKind::InvalidParameterValue,
            "XX" | "58" => ErrorKind::Corrupt,
            _ => ErrorKind::Io,
        };
        Self::Refused(Error::new(kind, text()))
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.is::<std::io::Error>() {
            return true;
        }
        source = inner.source();
    }
    false
}

/// The database cannot be reached.
pub fn unreachable(error: &dyn std::error::Error) -> Error {
    let text = format!("PostgreSQL cannot be reached: {}", chain(error));
    Error::new(ErrorKind::Unavailable, text)
}

fn other(error: &tokio_postgres::Error) -> Error {
    Error::new(ErrorKind::Io, format!("PostgreSQL: {}", chain(error)))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}
