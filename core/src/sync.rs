//! The locks of the core: those of the standard library, without its poisoning.
//!
//! Not `parking_lot`: it keeps waiting threads in a table of the process, and a child forked while
//! the parent's threads wait inherits that table with entries of threads it does not have. A store
//! that such a child opened anew then hung or crashed (39 of 150 runs of a test). The standard
//! library's locks keep nothing outside themselves.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{self, PoisonError, TryLockError};
use std::time::Duration;

pub use std::sync::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};

/// Mutual exclusion. A panic while it is held does not poison it: who shares it poisons the store
/// itself where that matters.
#[derive(Debug, Default)]
pub struct Mutex<T>(sync::Mutex<T>);

impl<T> Mutex<T> {
    /// A free lock.
    pub const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lock for one thread that takes it again and again, and others that need it now and then. The
/// system's locks are not fair: on two processors a busy thread kept the others out for seconds.
#[derive(Debug, Default)]
pub struct Turns<T> {
    claims: AtomicU32,
    gate: Mutex<()>,
    value: Mutex<T>,
}

impl<T> Turns<T> {
    /// A free lock.
    pub const fn new(value: T) -> Self {
        Self {
            claims: AtomicU32::new(0),
            gate: Mutex::new(()),
            value: Mutex::new(value),
        }
    }

    /// Waits for the lock, and lets those go first who claimed it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        if self.claims.load(Ordering::Relaxed) > 0 {
            drop(self.gate.lock());
        }
        self.value.lock()
    }

    /// The lock, if it is free and nobody claimed it.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        if self.claims.load(Ordering::Relaxed) > 0 {
            return None;
        }
        match self.value.0.try_lock() {
            Ok(value) => Some(value),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Waits for the lock; no thread gets it by [`Turns::lock`] twice before this one.
    pub fn claim(&self) -> MutexGuard<'_, T> {
        self.claims.fetch_add(1, Ordering::Relaxed);
        let gate = self.gate.lock();
        let value = self.value.lock();
        self.claims.fetch_sub(1, Ordering::Relaxed);
        drop(gate);
        value
    }
}

/// Many readers or one writer.
#[derive(Debug, Default)]
pub struct RwLock<T>(sync::RwLock<T>);

impl<T> RwLock<T> {
    /// A free lock.
    pub const fn new(value: T) -> Self {
        Self(sync::RwLock::new(value))
    }

    /// Waits until nobody writes.
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody reads or writes.
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value, without a lock: nobody else can have one.
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets threads wait for a change of what a [`Mutex`] guards.
#[derive(Debug, Default)]
pub struct Condvar(sync::Condvar);

impl Condvar {
    /// Nobody waits.
    pub const fn new() -> Self {
        Self(sync::Condvar::new())
    }

    /// Waits for a notice; may return without one.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Condvar::wait`], for at most `timeout`.
    pub fn wait_for<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> MutexGuard<'a, T> {
        let waited = self.0.wait_timeout(guard, timeout);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Wakes one waiting thread.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all waiting threads.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}
