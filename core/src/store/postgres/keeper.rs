//! What no command waits for: move tasks, and sweeping. One process does it at a time.

use super::engine::Engine;
use super::failure::Failure;
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
    let tx = Tx::begin(loan.connection()?, schema).await?;
    let text = format!("SELECT pg_try_advisory_xact_lock(@class@, {LOCK_KEEPER})");
    if !tx.one(&text, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(rest);
    }
    let swept = tx.one("SELECT @s@.sweep($1)", &[&SWEEP_ROWS]).await?;
    let more = swept.try_get(0)?;
    tx.commit().await?;
    Ok(if more { Duration::ZERO } else { rest })
}
