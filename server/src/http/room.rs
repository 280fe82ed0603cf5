//! Memory that the bodies of all requests share. Without a bound of their own, as many bodies as
//! there are connections and streams could each be as long as one may be, before anybody has
//! proved who he is.

use crate::config::Limits;
use crate::wire::Refusal;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Longest body that the last quarter of the room is kept for, bytes: who fills the rest with long
/// ones does not keep ordinary requests out.
const SHORT: usize = 64 << 10;

/// The room that there is, and what of it is taken.
#[derive(Debug)]
pub struct Room {
    taken: AtomicUsize,
    /// Bytes that all bodies may have.
    all: usize,
}

impl Room {
    /// As much as the limits say; the longest body that there may be has room at least.
    pub fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            taken: AtomicUsize::new(0),
            all: limits.bodies_bytes.max(limits.body_bytes.saturating_mul(2)),
        })
    }

    /// For a body that has nothing yet.
    pub fn share(self: &Arc<Self>) -> Share {
        Share {
            room: self.clone(),
            bytes: 0,
        }
    }
}

/// What one body has of the room, until this is dropped.
#[derive(Debug)]
pub struct Share {
    room: Arc<Room>,
    bytes: usize,
}

impl Share {
    /// Takes so many bytes more.
    ///
    /// Errors: `ServiceUnavailable` if they are not there.
    pub fn take(&mut self, more: usize) -> Result<(), Refusal> {
        let fits = |taken| self.after(taken, more);
        let taken = &self.room.taken;
        let took = taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits);
        took.map_err(|_| Refusal::no_room())?;
        self.bytes = self.bytes.saturating_add(more);
        Ok(())
    }

    /// Whether so many bytes more are there now; they are not taken.
    ///
    /// Errors: `ServiceUnavailable` if they are not.
    pub fn ask(&self, more: usize) -> Result<(), Refusal> {
        let taken = self.room.taken.load(Ordering::Acquire);
        self.after(taken, more)
            .map(|_| ())
            .ok_or_else(Refusal::no_room)
    }

    /// What is taken in all when this has taken more; `None` if that is too much.
    fn after(&self, taken: usize, more: usize) -> Option<usize> {
        let most = match self.bytes.saturating_add(more) <= SHORT {
            true => self.room.all,
            false => self.room.all - self.room.all / 4,
        };
        taken.checked_add(more).filter(|sum| *sum <= most)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(bytes: usize) -> Arc<Room> {
        Room::new(&Limits {
            body_bytes: 1_024,
            bodies_bytes: bytes,
            ..Limits::default()
        })
    }

    #[test]
    fn the_last_quarter_is_for_short_bodies() {
        let room = room(400_000);
        let mut long = room.share();
        long.take(SHORT).unwrap();
        long.take(300_000 - SHORT).unwrap();
        assert_eq!(long.take(1).unwrap_err().status(), 503);
        let mut short = room.share();
        short.take(50_000).unwrap();
        short.take(15_536).unwrap();
        assert!(short.take(1).is_err(), "it became long");
        let mut last = room.share();
        assert!(last.take(50_000).is_err());
        last.take(34_464).unwrap();
        drop(short);
        last.take(10_000).unwrap();
        drop((long, last));
        assert_eq!(room.taken.load(Ordering::Acquire), 0);
    }

    #[test]
    fn there_is_always_room_for_the_longest_body() {
        let limits = Limits {
            bodies_bytes: 1_024,
            ..Limits::default()
        };
        let mut share = Room::new(&limits).share();
        share.take(limits.body_bytes).unwrap();
    }
}
