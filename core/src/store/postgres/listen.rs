//! How waits learn of changes: a counter, moved by this process's own commands and by
//! notifications of the others.

use super::engine::Engine;
use super::pooler;
use crate::key::QueueKey;
use crate::sync::{Condvar, Mutex};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_postgres::AsyncMessage;

const SLOTS: usize = 1024;
/// While nothing notifies, everything counts as changed this often.
const POLL: Duration = Duration::from_secs(1);
const BACK_OFF_MAX: Duration = Duration::from_secs(2);

/// Counters of changes.
pub struct Signal {
    all: Mutex<u64>,
    changed: Condvar,
    slots: Vec<AtomicU64>,
    /// Everything changed.
    every: AtomicU64,
    /// Notifications come in.
    listening: AtomicBool,
    /// Somebody waits, or did: listening is worth it.
    pub wanted: Notify,
}

impl Signal {
    pub fn new() -> Self {
        Self {
            all: Mutex::default(),
            changed: Condvar::new(),
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            every: AtomicU64::new(0),
            listening: AtomicBool::new(false),
            wanted: Notify::new(),
        }
    }

    fn slot(&self, queue: &QueueKey) -> &AtomicU64 {
        let mut hasher = DefaultHasher::new();
        queue.hash(&mut hasher);
        &self.slots[hasher.finish() as usize % SLOTS]
    }

    /// A message of this queue may have become receivable.
    pub fn touch(&self, queue: &QueueKey) {
        self.slot(queue).fetch_add(1, Ordering::AcqRel);
        self.interrupt();
    }

    /// One of any queue may have.
    pub fn touch_all(&self) {
        self.every.fetch_add(1, Ordering::AcqRel);
        self.interrupt();
    }

    /// Ends the sleeps.
    pub fn interrupt(&self) {
        *self.all.lock() += 1;
        self.changed.notify_all();
    }

    pub fn generation(&self) -> u64 {
        *self.all.lock()
    }

    pub fn queue_generation(&self, queue: &QueueKey) -> u64 {
        let slot = self.slot(queue).load(Ordering::Acquire);
        slot.wrapping_add(self.every.load(Ordering::Acquire) << 32)
    }

    /// Sleeps until the generation is another than `seen`.
    pub fn wait(&self, seen: u64, timeout: Duration) {
        self.wanted.notify_one();
        let start = Instant::now();
        let mut all = self.all.lock();
        while *all == seen {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return;
            }
            let blind = !self.listening.load(Ordering::Acquire);
            all = self
                .changed
                .wait_for(all, if blind { left.min(POLL) } else { left });
            if blind && *all == seen && start.elapsed() >= POLL {
                drop(all);
                self.touch_all();
                return;
            }
        }
    }
}

/// Listens from the first wait on, for as long as the store is open.
pub async fn listen(engine: Arc<Engine>) {
    // There waits look by themselves.
    if !engine.pool.connector.location.listen {
        return;
    }
    engine.signal.wanted.notified().await;
    let mut rest = Duration::from_millis(50);
    loop {
        let started = Instant::now();
        // The next try finds what was wrong, and until then waits look by themselves.
        let _ = listen_once(&engine).await;
        engine.signal.listening.store(false, Ordering::Release);
        engine.signal.touch_all();
        if engine.pool.is_refused() {
            return;
        }
        if started.elapsed() > BACK_OFF_MAX {
            rest = Duration::from_millis(50);
        }
        tokio::time::sleep(rest).await;
        rest = (rest * 2).min(BACK_OFF_MAX);
    }
}

async fn listen_once(engine: &Arc<Engine>) -> Result<(), super::failure::Failure> {
    let told = engine.clone();
    let ended = Arc::new(Notify::new());
    let heard = Arc::new(Notify::new());
    let hears = heard.clone();
    let end = EndGuard(ended.clone());
    let notices = Box::new(move |message| {
        // Dropped with the connection.
        let _ = &end;
        if let AsyncMessage::Notification(notification) = message {
            told.hear(notification.payload());
            if notification.payload() == pooler::word(told.me) {
                hears.notify_one();
            }
        }
    });
    let connection = engine.pool.connector.connect(notices).await?;
    pooler::listen(engine, &connection, &heard).await?;
    engine.signal.listening.store(true, Ordering::Release);
    // What changed before is not notified.
    engine.signal.touch_all();
    ended.notified().await;
    Ok(())
}

struct EndGuard(Arc<Notify>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
