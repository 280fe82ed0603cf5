//! Sleeping on a word of memory that processes share.

use super::os;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Sleeps while `word` holds `expected`, at most `timeout`. May return early for no reason.
pub fn wait(word: &AtomicU32, expected: u32, timeout: Duration) {
    if word.load(Ordering::SeqCst) == expected && !timeout.is_zero() {
        os::futex_wait(word, expected, timeout);
    }
}

/// Wakes up to `count` sleepers on `word` and returns how many there were. Where the system has
/// no futex nobody needs to be woken, and the answer is 0.
pub fn wake(word: &AtomicU32, count: u32) -> u32 {
    os::futex_wake(word, count)
}

/// Sleeping by looking every 2 ms, for systems without futexes.
#[cfg_attr(all(target_os = "linux", not(forebay_portable)), allow(dead_code))]
pub(super) fn poll_wait(word: &AtomicU32, expected: u32, timeout: Duration) {
    const PAUSE: Duration = Duration::from_millis(2);
    let start = std::time::Instant::now();
    while word.load(Ordering::SeqCst) == expected {
        let left = timeout.saturating_sub(start.elapsed());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(PAUSE));
    }
}

/// The other half of [`poll_wait`].
#[cfg_attr(all(target_os = "linux", not(forebay_portable)), allow(dead_code))]
pub(super) fn poll_wake(_word: &AtomicU32, _count: u32) -> u32 {
    0
}

/// Wakes that may find nobody before the count of waiters is taken for that of dead ones.
const FUTILE_WAKES_MAX: u32 = 64;

/// Longest sleep without counting oneself as a waiter anew.
const ROUND: Duration = Duration::from_millis(100);

/// A word that counts events, and who sleeps on it; 16 bytes of the shared page.
///
/// A waiter that is killed leaves `waiters` too high, which costs each event a futile call. After
/// 64 futile ones in a row the count is set to 0. Should that hit a waiter on its way to sleep,
/// its wake is late by one round (100 ms) at the most.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Parking {
    word: AtomicU32,
    waiters: AtomicU32,
    futile: AtomicU32,
    reserved: AtomicU32,
}

impl Parking {
    /// The count of events so far; wraps.
    pub fn events(&self) -> u32 {
        self.word.load(Ordering::SeqCst)
    }

    /// Counts an event without waking anybody.
    pub fn bump(&self) {
        self.word.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts an event and wakes up to `count` sleepers; returns how many there were.
    pub fn bump_and_wake(&self, count: u32) -> u32 {
        self.bump();
        self.wake(count)
    }

    /// Wakes up to `count` of those who sleep since before the last [`Parking::bump`].
    pub fn wake(&self, count: u32) -> u32 {
        let waiters = self.waiters.load(Ordering::SeqCst);
        if waiters == 0 {
            return 0;
        }
        let woken = wake(&self.word, count);
        if woken > 0 {
            self.futile.store(0, Ordering::Relaxed);
        } else if self.futile.fetch_add(1, Ordering::Relaxed) >= FUTILE_WAKES_MAX {
            self.futile.store(0, Ordering::Relaxed);
            let _ = self
                .waiters
                .compare_exchange(waiters, 0, Ordering::SeqCst, Ordering::SeqCst);
        }
        woken
    }

    /// Sleeps until [`Parking::events`] differs from `seen`, or `timeout` has passed.
    pub fn wait(&self, seen: u32, timeout: Duration) {
        let start = std::time::Instant::now();
        while self.events() == seen {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return;
            }
            self.wait_once(seen, left.min(ROUND));
        }
    }

    /// One sleep of at most `timeout` while [`Parking::events`] is `seen`.
    pub fn wait_once(&self, seen: u32, timeout: Duration) {
        self.waiters.fetch_add(1, Ordering::SeqCst);
        wait(&self.word, seen, timeout);
        let _ = self
            .waiters
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
                count.checked_sub(1)
            });
    }

    /// Counted waiters, dead ones included.
    pub fn waiters(&self) -> u32 {
        self.waiters.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn an_event_ends_the_wait_and_a_seen_one_does_not_start_it() {
        let parking = Arc::new(Parking::default());
        let seen = parking.events();
        let waiter = {
            let parking = parking.clone();
            std::thread::spawn(move || parking.wait(seen, LONG))
        };
        while parking.waiters() == 0 {
            std::thread::yield_now();
        }
        parking.bump_and_wake(1);
        waiter.join().unwrap();
        let start = Instant::now();
        parking.wait(seen, LONG);
        assert!(start.elapsed() < LONG / 2);
        assert_eq!(parking.waiters(), 0);
    }

    #[test]
    fn a_wait_ends_with_its_time() {
        let parking = Parking::default();
        let start = Instant::now();
        parking.wait(parking.events(), Duration::from_millis(5));
        assert!(start.elapsed() >= Duration::from_millis(5));
    }

    #[test]
    fn dead_waiters_are_forgotten() {
        let parking = Parking::default();
        parking.waiters.store(3, Ordering::SeqCst);
        for _ in 0..=FUTILE_WAKES_MAX {
            parking.bump_and_wake(1);
        }
        assert_eq!(parking.waiters(), 0);
        // A living waiter that was counted before the reset takes nothing below zero.
        parking.wait_once(parking.events().wrapping_sub(1), LONG);
        assert_eq!(parking.waiters(), 0);
    }

    #[test]
    fn polling_sees_changes_and_the_time() {
        let word = Arc::new(AtomicU32::new(1));
        poll_wait(&word, 1, Duration::from_millis(3));
        let waiter = {
            let word = word.clone();
            std::thread::spawn(move || poll_wait(&word, 1, LONG))
        };
        word.store(2, Ordering::SeqCst);
        poll_wake(&word, 1);
        waiter.join().unwrap();
    }
}
