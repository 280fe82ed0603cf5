//! Whether a connection of HTTP/2 is used. hyper keeps one for as long as its pings are answered,
//! and waits for its first frame for ever.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// The requests of one connection.
#[derive(Debug, Default)]
pub struct Activity {
    running: AtomicUsize,
    /// Beginnings and ends.
    changes: AtomicU64,
}

impl Activity {
    /// The answer to a request, which counts as running until then.
    pub fn during<F: Future>(
        this: &Arc<Self>,
        answer: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        let running = Running::new(this.clone());
        async move {
            let _running = running;
            answer.await
        }
    }

    /// True once there was a request.
    pub fn has_begun(&self) -> bool {
        self.changes.load(Ordering::Acquire) > 0
    }

    /// Ready when there was no request for that long; at the latest after twice that time.
    pub async fn none_for(&self, time: Duration) {
        loop {
            let before = self.changes.load(Ordering::Acquire);
            tokio::time::sleep(time).await;
            let is_same = self.changes.load(Ordering::Acquire) == before;
            if is_same && self.running.load(Ordering::Acquire) == 0 {
                return;
            }
        }
    }
}

/// Counts a request until it is dropped, because it was answered or its client went away.
struct Running(Arc<Activity>);

impl Running {
    fn new(activity: Arc<Activity>) -> Self {
        activity.running.fetch_add(1, Ordering::AcqRel);
        activity.changes.fetch_add(1, Ordering::AcqRel);
        Self(activity)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.changes.fetch_add(1, Ordering::AcqRel);
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}
