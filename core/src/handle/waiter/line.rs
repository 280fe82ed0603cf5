//! Who waits for one queue, and what is known of it.

use super::Pending;
use std::collections::{BTreeMap, BTreeSet};

/// The tickets of one queue, in the order of their ids, which is the order they came in.
///
/// Known of the queue: at generation `seen` it had nothing to give, and without a change it has
/// nothing before `due_ms`.
pub(super) struct Line {
    waiting: BTreeMap<u64, Pending>,
    /// Tickets that want a look of their own, whatever the front of the line gets.
    special: BTreeSet<u64>,
    seen: u64,
    due_ms: Option<u64>,
    look: bool,
    /// A look is under way that the pass did not wait for: no other one passes it.
    late: bool,
}

impl Line {
    /// A line for a queue that had nothing at generation `seen`, or that was not looked at yet.
    pub fn new(seen: u64, look: bool) -> Self {
        Self {
            waiting: BTreeMap::new(),
            special: BTreeSet::new(),
            seen,
            due_ms: None,
            look,
            late: false,
        }
    }

    pub fn insert(&mut self, id: u64, pending: Pending) {
        self.waiting.insert(id, pending);
    }

    pub fn remove(&mut self, id: u64) -> Option<Pending> {
        self.special.remove(&id);
        self.waiting.remove(&id)
    }

    pub fn contains(&self, id: u64) -> bool {
        self.waiting.contains_key(&id)
    }

    /// Nobody waits here, nor may come back.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.late
    }

    pub fn set_late(&mut self, late: bool) {
        self.late = late;
    }

    /// The ticket whose turn it is.
    pub fn front(&self) -> Option<u64> {
        self.waiting.keys().next().copied()
    }

    /// As [`Line::front`], where no look is under way.
    pub fn free_front(&self) -> Option<u64> {
        self.front().filter(|_| !self.late)
    }

    /// A ticket below `horizon` that wants its own look.
    pub fn special_before(&self, horizon: u64) -> Option<u64> {
        let next = self.special.range(..horizon).next().copied();
        next.filter(|_| !self.late)
    }

    pub fn want_look(&mut self, id: u64) {
        self.special.insert(id);
    }

    /// Asks for a look in the next pass whatever the generation.
    pub fn look_again(&mut self) {
        self.look = true;
    }

    /// Whether a look is worth it, without regard to generations.
    pub fn wants_look(&self, now_ms: u64) -> bool {
        let is_due = || self.due_ms.is_some_and(|due_ms| due_ms <= now_ms);
        !self.late && (self.look || !self.special.is_empty() || is_due())
    }

    /// A look begins at this generation. False if it is not worth it.
    pub fn begin_look(&mut self, generation: u64, now_ms: u64) -> bool {
        let worth = self.wants_look(now_ms) || (generation != self.seen && !self.late);
        if worth {
            self.seen = generation;
            self.look = false;
            self.due_ms = None;
        }
        worth
    }

    /// A look found nothing; the next is worth it at `due_ms`.
    pub fn expect_by(&mut self, due_ms: Option<u64>) {
        self.due_ms = match (self.due_ms, due_ms) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    pub fn due_ms(&self) -> Option<u64> {
        self.due_ms.filter(|_| !self.late)
    }
}
