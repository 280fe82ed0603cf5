//! What no command waits for: move tasks, sweeping, and emptying parts of the messages. One
//! process does it at a time.

use super::engine::Engine;
use super::failure::Failure;
use super::pool::Connection;
use super::queues::Tx;
use super::schema::LOCK_KEEPER;
use crate::command::{Command, Outcome};
use crate::store::ClockMode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Rest between two looks.
const IDLE: Duration = Duration::from_secs(2);
/// Shortest rest between two steps of a move task.
const STEP_REST_MS: u64 = 1;
/// Rows swept in one transaction.
const SWEEP_ROWS: i32 = 5_000;
/// Messages go to the next part when one has this many bytes.
const PART_BYTES: i64 = 64 << 20;
/// A part is not emptied for as long as a send that it had may be tried again, and longer.
pub const PART_REST_MS: i64 = 180_000;
/// Rest between two looks through a part that has messages left.
const PART_LOOK_MS: i64 = 60_000;
/// How long others may wait because a part is to be emptied.
const PART_LOCK_MS: u32 = 200;
/// Messages that go from an old part to the present one in a step.
const CARRY_ROWS: i32 = 2_000;

/// Runs for as long as the store is open.
pub async fn keep(engine: Arc<Engine>) {
    loop {
        // A failure: the next command meets the same and tells its caller.
        let rest = turn(&engine).await.unwrap_or(IDLE);
        sleep(rest).await;
    }
}

async fn turn(engine: &Engine) -> Result<Duration, Failure> {
    let deadline = Instant::now() + engine.options.lock_timeout;
    let mut rest = IDLE;
    if engine.options.clock == ClockMode::System {
        let worked = engine.administer(&Command::Work, deadline).await;
        if let Ok(Outcome::Worked {
            next_ms: Some(next_ms),
        }) = worked
        {
            let wait_ms = next_ms.saturating_sub(engine.clock_ms()).max(STEP_REST_MS);
            rest = Duration::from_millis(wait_ms).min(IDLE);
        }
    }
    let mut loan = engine.pool.get(deadline).await?;
    let schema = engine.pool.connector.location.schema.as_str();
    let connection = loan.connection()?;
    let swept = sweep(connection, schema).await;
    // Neither is to keep the other from its work for long.
    let turned = turn_parts(connection, schema).await?;
    Ok(match swept? || turned {
        true => Duration::ZERO,
        false => rest,
    })
}

/// True if this is the process whose keeper has its turn.
async fn is_keeper(tx: &Tx<'_>) -> Result<bool, Failure> {
    let text = format!("SELECT pg_try_advisory_xact_lock(@class@, {LOCK_KEEPER})");
    Ok(tx.one(&text, &[]).await?.try_get(0)?)
}

/// Removes a piece of what was purged or has ended; true while more is left.
async fn sweep(connection: &mut Connection, schema: &str) -> Result<bool, Failure> {
    let tx = Tx::begin(connection, schema).await?;
    if !is_keeper(&tx).await? {
        return Ok(false);
    }
    let more = tx.one("SELECT @s@.sweep($1)", &[&SWEEP_ROWS]).await?;
    let more = more.try_get(0)?;
    tx.commit().await?;
    Ok(more)
}

/// Goes on to the next part of the messages, or empties one; true while there is more to do.
async fn turn_parts(connection: &mut Connection, schema: &str) -> Result<bool, Failure> {
    let tx = Tx::begin(connection, schema).await?;
    if !is_keeper(&tx).await? {
        return Ok(false);
    }
    // Others wait behind it for a lock on a table: it gives up soon, and tries again later.
    let text = format!("SET LOCAL lock_timeout = {PART_LOCK_MS}");
    tx.run(&text, &[]).await?;
    let text = "SELECT @s@.turn_parts($1, $2, $3, $4)";
    let step = tx
        .one(
            text,
            &[&PART_BYTES, &PART_REST_MS, &PART_LOOK_MS, &CARRY_ROWS],
        )
        .await?;
    let more = matches!(step.try_get(0)?, "carried" | "emptied");
    tx.commit().await?;
    Ok(more)
}
