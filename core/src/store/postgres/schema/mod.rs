//! Tables and functions, and how a database comes to have them.

use super::failure::Failure;
use crate::error::{Error, ErrorKind};
use crate::store::{ClockMode, StoreOptions};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, IsolationLevel};

/// What each version adds to the one before.
const MIGRATIONS: [&[&str]; 1] = [&[
    include_str!("tables.sql"),
    include_str!("heads.sql"),
    include_str!("parts.sql"),
    include_str!("plainly.sql"),
    include_str!("send.sql"),
    include_str!("inbox.sql"),
    include_str!("candidates.sql"),
    include_str!("receive.sql"),
    include_str!("settle.sql"),
    include_str!("queues.sql"),
    include_str!("care.sql"),
    include_str!("plans.sql"),
]];
/// The version that this library works with.
const VERSION: i32 = MIGRATIONS.len() as i32;

/// Second numbers of the advisory locks that belong to no queue; a queue's is its number.
pub const LOCK_QUEUES: i32 = 0;
const LOCK_MIGRATION: i32 = -1;
/// Held for one step of the move tasks.
pub const LOCK_TASKS: i32 = -2;
/// Held by the keeper whose turn it is.
pub const LOCK_KEEPER: i32 = -3;

// -4: all transitions share it; held alone while new messages turn to another part (`heads.sql`).

/// First number of a schema's advisory locks.
pub fn lock_class(schema: &str) -> i32 {
    crc32c::crc32c(schema.as_bytes()) as i32
}

/// Puts the schema's names into a text. `@s@` is the schema, quoted as it may be a word of SQL,
/// `@class@` the class of its advisory locks, `@channel@` its channel of notifications.
pub fn fill(text: &str, schema: &str) -> String {
    text.replace("@s@", &quoted(schema))
        .replace("@class@", &lock_class(schema).to_string())
        .replace("@channel@", &channel(schema))
}

/// A schema's name in a text: it has no quotes itself.
fn quoted(schema: &str) -> String {
    format!("\"{schema}\"")
}

/// The channel of notifications.
pub fn channel(schema: &str) -> String {
    format!("forebay_{schema}")
}

/// Makes or upgrades the tables where needed, and checks the clock.
pub async fn prepare(
    client: &mut Client,
    schema: &str,
    options: &StoreOptions,
) -> Result<(), Failure> {
    check_encoding(client).await?;
    match version(client, schema).await? {
        Some(VERSION) => {}
        Some(newer) if newer > VERSION => return Err(too_new(schema, newer)),
        None if !options.create => {
            let text = format!("schema {schema} has no queues, and making them was not asked for");
            return Err(refuse(ErrorKind::ForeignDirectory, text));
        }
        _ => migrate(client, schema, options).await?,
    }
    let text = fill("SELECT EXISTS (SELECT FROM @s@.clock)", schema);
    let manual: bool = client.query_one(&text, &[]).await?.get(0);
    if manual != matches!(options.clock, ClockMode::Manual { .. }) {
        let name = |manual| if manual { "manual" } else { "system" };
        let text = format!(
            "schema {schema} was made with a {} clock and cannot be opened with a {} one",
            name(manual),
            name(!manual)
        );
        return Err(refuse(ErrorKind::InvalidArgument, text));
    }
    Ok(())
}

/// Attributes, groups and tags are any text of Unicode, which other encodings have not: what they
/// lack would be an error at the send, or on another reader's side.
async fn check_encoding(client: &Client) -> Result<(), Failure> {
    let row = client.query_one("SHOW server_encoding", &[]).await?;
    let encoding: String = row.try_get(0)?;
    match encoding.as_str() {
        "UTF8" => Ok(()),
        other => {
            let text = format!("the database has the encoding {other}; it must be UTF8");
            Err(refuse(ErrorKind::InvalidArgument, text))
        }
    }
}

fn too_new(schema: &str, version: i32) -> Failure {
    let text =
        format!("schema {schema} has version {version}, and this library reads up to {VERSION}");
    refuse(ErrorKind::UnsupportedFormat, text)
}

fn refuse(kind: ErrorKind, text: String) -> Failure {
    Failure::Refused(Error::new(kind, text))
}

async fn version(client: &Client, schema: &str) -> Result<Option<i32>, Failure> {
    let text = fill("SELECT version FROM @s@.format", schema);
    match client.query_one(&text, &[]).await {
        Ok(row) => Ok(Some(row.get(0))),
        Err(error) => match error.code() {
            Some(code)
                if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::INVALID_SCHEMA_NAME =>
            {
                Ok(None)
            }
            _ => Err(error.into()),
        },
    }
}

/// One transaction under a lock: whoever comes second finds the work done.
async fn migrate(client: &mut Client, schema: &str, options: &StoreOptions) -> Result<(), Failure> {
    // After the wait for the lock the present must be seen.
    let begin = client.build_transaction();
    let begin = begin.isolation_level(IsolationLevel::ReadCommitted);
    let tx = begin.start().await?;
    let lock = format!(
        "SELECT pg_advisory_xact_lock({}, {LOCK_MIGRATION})",
        lock_class(schema)
    );
    tx.batch_execute(&lock).await?;
    let exists = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)";
    if !tx.query_one(exists, &[&schema]).await?.get::<_, bool>(0) {
        tx.batch_execute(&fill("CREATE SCHEMA @s@", schema)).await?;
    }
    let table = "SELECT to_regclass($1) IS NOT NULL";
    let format = fill("@s@.format", schema);
    let mut from = 0;
    if tx.query_one(table, &[&format]).await?.get::<_, bool>(0) {
        let text = fill("SELECT version FROM @s@.format", schema);
        from = tx.query_one(&text, &[]).await?.get::<_, i32>(0);
        // A newer library was here first: its version must not be written over.
        if from > VERSION {
            return Err(too_new(schema, from));
        }
    } else {
        let text = "CREATE TABLE @s@.format (version integer NOT NULL); \
                    INSERT INTO @s@.format VALUES (0)";
        tx.batch_execute(&fill(text, schema)).await?;
    }
    for step in MIGRATIONS.iter().skip(from.max(0) as usize) {
        for text in *step {
            tx.batch_execute(&fill(text, schema)).await?;
        }
    }
    let text = fill("UPDATE @s@.format SET version = ", schema);
    tx.batch_execute(&format!("{text}{VERSION}")).await?;
    if let (0, ClockMode::Manual { start_ms }) = (from, options.clock) {
        let text = fill("INSERT INTO @s@.clock VALUES (", schema);
        tx.batch_execute(&format!("{text}{start_ms})")).await?;
    }
    tx.commit().await?;
    Ok(())
}
