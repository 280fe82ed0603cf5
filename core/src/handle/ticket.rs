//! A wait in the hands of a program.

use super::waiter::Waiter;
use crate::key::QueueKey;
use std::fmt;
use std::sync::Arc;

/// A receive that was started. Its callback is called exactly once: with messages, with none when
/// the wait has ended, or with an error. Dropping the ticket lets it run on, and the store stays
/// open until it has ended; [`Ticket::cancel`] ends it.
pub struct Ticket {
    waiter: Arc<Waiter>,
    queue: Arc<QueueKey>,
    id: u64,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("queue", &self.queue)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Ticket {
    pub(super) fn new(waiter: Arc<Waiter>, queue: Arc<QueueKey>, id: u64) -> Self {
        Self { waiter, queue, id }
    }

    /// Ends the wait. When this returns the callback has been called and has returned: with
    /// `Cancelled`, and no message was taken, or with the answer that came first. `Cancelled` is
    /// called on this thread. Inside its own callback this does nothing, and nothing where two
    /// callbacks of two threads cancel each other's ticket.
    ///
    /// Since this may wait for its callback, if that runs just now, do not hold a lock that the
    /// callback takes. Where a database holds the look up for long, this does not wait: what that
    /// look may find is given back then, as received once more.
    pub fn cancel(&self) {
        self.waiter.cancel(&self.queue, self.id);
    }

    /// As [`Ticket::cancel`], without waiting for a look or a callback that runs just now: the
    /// callback then comes soon, with `Cancelled` or with messages that were taken before.
    pub fn cancel_soon(&self) {
        self.waiter.cancel_soon(&self.queue, self.id);
    }

    /// True inside a callback that this wait cannot end before: its own, or any of the thread
    /// that ends the waits of the store. Whoever waits for the end there waits for ever.
    pub fn is_held_up_here(&self) -> bool {
        self.waiter.is_held_up_here(self.id)
    }

    /// True once the callback has returned.
    pub fn is_done(&self) -> bool {
        self.waiter.is_done(&self.queue, self.id)
    }
}
