//! Forked children: they inherit our memory and descriptors and must use neither.
//!
//! A lock taken on an open file description is held until the description is unlocked or its last
//! descriptor, in any process, is closed. Two things follow for a child:
//! - It must not unlock: that would release the parent's lock.
//! - It must close its copies. That releases nothing while the parent's descriptors are open, and
//!   without it the lock of a killed parent would live on in the child.
//!
//! So a hook in the child closes the registered descriptors and counts up the fork generation, by
//! which handles made before the fork know that they are copies.

#[cfg(unix)]
use super::os;
use std::io;
#[cfg(unix)]
use std::sync::OnceLock;
#[cfg(unix)]
use std::sync::atomic::AtomicI32;
use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Descriptors that one process can register.
#[cfg(unix)]
const DESCRIPTORS_MAX: usize = 1_024;

#[cfg(unix)]
const EMPTY: i32 = -1;

#[cfg(unix)]
static DESCRIPTORS: [AtomicI32; DESCRIPTORS_MAX] =
    [const { AtomicI32::new(EMPTY) }; DESCRIPTORS_MAX];

/// How many forks lie between the first process of the program and this one. Counts from the
/// first [`watch`] on.
pub fn fork_generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Makes [`fork_generation`] count. Called by everything that stores a generation.
pub fn watch() -> io::Result<()> {
    #[cfg(unix)]
    {
        static WATCHING: OnceLock<Result<(), i32>> = OnceLock::new();
        let done = WATCHING.get_or_init(|| {
            os::at_fork(in_child).map_err(|error| error.raw_os_error().unwrap_or(0))
        });
        done.map_err(io::Error::from_raw_os_error)?;
    }
    Ok(())
}

/// Runs in the child before `fork` returns there: only atomics and `close`, which are safe while
/// other threads' locks are in an unknown state.
#[cfg(unix)]
unsafe extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    for slot in &DESCRIPTORS {
        let descriptor = slot.swap(EMPTY, Ordering::Relaxed);
        if descriptor != EMPTY {
            os::close_in_child(descriptor);
        }
    }
}

/// While it lives, children close this descriptor.
///
/// Its owner unlocks first, then drops this, then closes: a child forked in between keeps a copy
/// of a description that holds nothing.
#[cfg(unix)]
#[derive(Debug)]
pub struct ClosedInChildren {
    descriptor: i32,
    slot: usize,
}

#[cfg(unix)]
impl ClosedInChildren {
    /// Registers `descriptor`; fails if the process has too many.
    pub fn register(descriptor: i32) -> io::Result<Self> {
        watch()?;
        for (slot, held) in DESCRIPTORS.iter().enumerate() {
            if held
                .compare_exchange(EMPTY, descriptor, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
            {
                return Ok(Self { descriptor, slot });
            }
        }
        Err(io::Error::other(format!(
            "this process has {DESCRIPTORS_MAX} stores open, which is the maximum"
        )))
    }
}

#[cfg(unix)]
impl Drop for ClosedInChildren {
    fn drop(&mut self) {
        // In a child the hook has emptied the slot, and it may serve another descriptor already.
        let _ = DESCRIPTORS[self.slot].compare_exchange(
            self.descriptor,
            EMPTY,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }
}
