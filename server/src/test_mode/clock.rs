//! The store's clock in tests: it follows the real one or stands still, and can be moved ahead.

use crate::actions::blocking;
use crate::wire::Refusal;
use forebay::{Result, Store};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How far the clock is behind the real one at the most while it runs.
const TICK: Duration = Duration::from_millis(5);

/// Moves the clock of a store.
pub struct Clock {
    store: Store,
    /// When it was last moved; `None` while it stands still.
    running_since: Mutex<Option<Instant>>,
}

impl Clock {
    /// A clock that runs or stands still.
    pub fn new(store: Store, running: bool) -> Self {
        Self {
            store,
            running_since: Mutex::new(running.then(Instant::now)),
        }
    }

    /// Lets it run or stand still.
    pub async fn set_running(&self, running: bool) {
        *self.running_since.lock().await = running.then(Instant::now);
    }

    /// The time, milliseconds since the epoch, and whether it runs.
    pub async fn read(&self) -> Result<(u64, bool)> {
        let running = self.running_since.lock().await.is_some();
        Ok((self.store.now_ms()?, running))
    }

    /// Moves it ahead. When this returns, whatever was to happen until then has happened.
    pub async fn advance(&self, by_ms: u64) -> std::result::Result<u64, Refusal> {
        // One move at a time, so that each sees its own end.
        let _turn = self.running_since.lock().await;
        let store = self.store.clone();
        Ok(blocking(move || store.advance(by_ms)).await??)
    }

    async fn tick(&self) -> std::result::Result<(), Refusal> {
        let mut since = self.running_since.lock().await;
        let Some(moved) = *since else {
            return Ok(());
        };
        let passed = moved.elapsed();
        let by_ms = passed.as_millis() as u64;
        if by_ms > 0 {
            *since = Some(moved + Duration::from_millis(by_ms));
            let store = self.store.clone();
            blocking(move || store.advance(by_ms)).await??;
        }
        Ok(())
    }
}

/// Lets the clock follow the real one for as long as it is used.
pub fn start(clock: &Arc<Clock>) {
    let clock = Arc::downgrade(clock);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(TICK).await;
            let Some(clock) = clock.upgrade() else {
                return;
            };
            if let Err(refusal) = clock.tick().await {
                // The store was closed.
                tracing::debug!(%refusal, "the test clock stops");
                return;
            }
        }
    });
}
