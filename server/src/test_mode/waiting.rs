//! Waiting until a queue holds so many messages.

use crate::actions::{self, Call};
use crate::wire::Refusal;
use forebay::command::Counts;
use forebay::{ErrorKind, Store};
use serde::Deserialize;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(5);
const TIMEOUT_MS_DEFAULT: u64 = 10_000;
/// Longest wait, milliseconds.
const TIMEOUT_MS_MAX: u64 = 60_000;

/// What to wait for. Every number that is given must be reached exactly.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// URL or name of the queue.
    queue: String,
    /// Messages that can be received.
    visible: Option<u64>,
    /// Messages that were received and not deleted.
    in_flight: Option<u64>,
    /// Messages that wait for their delay.
    delayed: Option<u64>,
    /// All messages.
    total: Option<u64>,
    /// In real milliseconds, up to 60,000. Default 10,000.
    timeout_ms: Option<u64>,
}

/// Waits, and tells what the queue holds and whether it is what was wanted. When the server drains
/// the wait ends early.
pub async fn wait(
    store: &Store,
    call: &Call,
    wanted: Wanted,
    mut draining: watch::Receiver<bool>,
) -> Result<(Counts, bool), Refusal> {
    let queue = actions::handle(store, &call.target(Some(&wanted.queue))?)?;
    let timeout_ms = wanted
        .timeout_ms
        .unwrap_or(TIMEOUT_MS_DEFAULT)
        .min(TIMEOUT_MS_MAX);
    let start = Instant::now();
    loop {
        let counts = match actions::answer(queue.calls().view()?).await? {
            Ok(view) => view.counts,
            // It may be created yet.
            Err(error) if error.kind() == ErrorKind::QueueDoesNotExist => Counts::default(),
            Err(error) => return Err(error.into()),
        };
        let reached = wanted.is(counts);
        if reached || start.elapsed() >= Duration::from_millis(timeout_ms) {
            return Ok((counts, reached));
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = draining.wait_for(|draining| *draining) => return Ok((counts, false)),
        }
    }
}

impl Wanted {
    fn is(&self, counts: Counts) -> bool {
        let pairs = [
            (self.visible, counts.visible),
            (self.in_flight, counts.in_flight),
            (self.delayed, counts.delayed),
            (self.total, counts.total()),
        ];
        pairs
            .iter()
            .all(|(wanted, found)| wanted.is_none_or(|wanted| wanted == *found))
    }
}
