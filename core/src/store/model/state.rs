//! Queues, their messages, and where each message stands.

use super::Bug;
use crate::command::{Counts, MoveTask, QueueView};
use crate::error::Result;
use crate::key::QueueKey;
use crate::message::{MessageId, MessageState, Receipt, StoredMessage};
use crate::queue::QueueAttributes;
use crate::rules::refusals;
use crate::store::CheckReport;
use crate::store::StoreLimits;
use std::collections::{BTreeMap, VecDeque};

/// Everything a store knows.
pub(super) struct State {
    pub now_ms: u64,
    pub bug: Option<Bug>,
    pub limits: StoreLimits,
    pub commands: u64,
    /// See [`Storage::generation`](crate::store::Storage::generation).
    pub generation: u64,
    pub queues: BTreeMap<QueueKey, Queue>,
    /// Uid of the next queue.
    pub next_uid: u64,
    /// When queues were deleted; a new queue of the name ends its entry.
    pub deleted_ms: BTreeMap<QueueKey, u64>,
    /// Move tasks by start and number, each with the uid of its source queue.
    pub tasks: Vec<(MoveTask, u64)>,
}

/// One queue.
pub(super) struct Queue {
    pub key: QueueKey,
    pub uid: u64,
    pub attributes: QueueAttributes,
    pub tags: BTreeMap<String, String>,
    pub created_ms: u64,
    pub modified_ms: u64,
    pub purged_ms: Option<u64>,
    /// Sequence number of the next message (D2).
    pub next_sequence: u64,
    /// Messages by sequence number.
    pub messages: BTreeMap<u64, Entry>,
    /// FIFO: the groups whose head is visible, in the order in which that came about (D5).
    pub ring: VecDeque<String>,
    /// FIFO: accepted sends by (group in the group scope, deduplication id) (D9).
    pub deduplication: BTreeMap<(Option<String>, String), Accepted>,
    /// FIFO: receives that can be repeated, by attempt id (D7).
    pub attempts: BTreeMap<String, Attempt>,
    /// Standard: when each tenant last sent. The queue is fair once it has one (D4).
    pub tenants: BTreeMap<String, u64>,
}

/// A stored message.
pub(super) struct Entry {
    pub message: StoredMessage,
    pub standing: Standing,
    /// Receives in this queue; dead-lettering counts from here (S9.9).
    pub receives_here: u32,
    /// When the present receive happened.
    pub received_ms: u64,
    /// True once the visibility of the present receive was changed (S7.19).
    pub changed: bool,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Waits until this time; standard queues.
    Delayed(u64),
    /// Waits for the queue's delay, counted from its sending; FIFO queues (S3.3).
    DelayedByQueue,
    /// Visible, never offered before.
    Fresh,
    /// Visible again, or for the first time after a delay (D3).
    Returned,
    /// In flight until this time.
    InFlight(u64),
}

/// An accepted send, remembered for S7.11.
pub(super) struct Accepted {
    pub id: MessageId,
    pub sequence: u64,
    pub end_ms: u64,
}

/// A receive that can be repeated (S7.19).
pub(super) struct Attempt {
    pub receipts: Vec<Receipt>,
    pub end_ms: u64,
}

impl State {
    pub fn new(now_ms: u64, bug: Option<Bug>) -> Self {
        Self {
            now_ms,
            bug,
            limits: StoreLimits::default(),
            commands: 0,
            generation: 0,
            queues: BTreeMap::new(),
            next_uid: 1,
            deleted_ms: BTreeMap::new(),
            tasks: Vec::new(),
        }
    }

    /// A queue as it is, without what is due.
    pub fn queue(&mut self, key: &QueueKey) -> Result<&mut Queue> {
        self.queues.get_mut(key).ok_or_else(refusals::queue_missing)
    }

    /// A queue after what is due at this time (D1).
    pub fn due_queue(&mut self, key: &QueueKey) -> Result<&mut Queue> {
        let (now_ms, bug) = (self.now_ms, self.bug);
        let queue = self.queue(key)?;
        queue.handle_due(now_ms, bug);
        Ok(queue)
    }

    /// Compares what the model keeps twice.
    pub fn check(&self) -> CheckReport {
        let mut report = CheckReport {
            queues: self.queues.len() as u64,
            ..CheckReport::default()
        };
        for (key, queue) in &self.queues {
            report.messages += queue.messages.len() as u64;
            let counts = queue.counts();
            if counts.total() != queue.messages.len() as u64 {
                report
                    .problems
                    .push(format!("{key}: {counts:?} are not all messages"));
            }
            if queue
                .messages
                .keys()
                .any(|sequence| *sequence >= queue.next_sequence)
            {
                report
                    .problems
                    .push(format!("{key}: a sequence number was not given yet"));
            }
            let mut ring: Vec<&String> = queue.ring.iter().collect();
            ring.sort();
            if ring != queue.groups_with_visible_head(self.bug) {
                report
                    .problems
                    .push(format!("{key}: the ring is not the deliverable groups"));
            }
        }
        report
    }
}

impl Queue {
    /// Stores a message under the next sequence number (D2).
    pub fn append(&mut self, mut message: StoredMessage, standing: Standing, bug: Option<Bug>) {
        message.sequence = self.next_sequence;
        self.next_sequence += 1;
        let group = message.group.clone();
        let entry = Entry {
            message,
            standing,
            receives_here: 0,
            received_ms: 0,
            changed: false,
        };
        self.messages.insert(entry.message.sequence, entry);
        self.refresh_ring(group.as_ref(), bug);
    }

    /// Takes a message out.
    pub fn remove(&mut self, sequence: u64, bug: Option<Bug>) -> Option<Entry> {
        let entry = self.messages.remove(&sequence)?;
        self.refresh_ring(entry.message.group.as_ref(), bug);
        Some(entry)
    }

    /// Puts a message elsewhere.
    pub fn stand(&mut self, sequence: u64, standing: Standing, bug: Option<Bug>) {
        let Some(entry) = self.messages.get_mut(&sequence) else {
            return;
        };
        entry.standing = standing;
        let group = entry.message.group.clone();
        self.refresh_ring(group.as_ref(), bug);
    }

    /// When a delay or visibility timeout ends.
    pub fn deadline_ms(&self, entry: &Entry) -> Option<u64> {
        match entry.standing {
            Standing::Delayed(until_ms) | Standing::InFlight(until_ms) => Some(until_ms),
            Standing::DelayedByQueue => {
                Some(entry.message.sent_ms + u64::from(self.attributes.delay_s) * 1000)
            }
            Standing::Fresh | Standing::Returned => None,
        }
    }

    /// The nearest deadline of all messages.
    pub fn next_due_ms(&self) -> Option<u64> {
        self.messages
            .values()
            .filter_map(|entry| self.deadline_ms(entry))
            .min()
    }

    /// S6.4, S6.5: messages behind a locked head count as visible.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in self.messages.values() {
            match entry.state() {
                MessageState::Visible => counts.visible += 1,
                MessageState::InFlight => counts.in_flight += 1,
                MessageState::Delayed => counts.delayed += 1,
            }
        }
        counts
    }

    pub fn view(&self) -> QueueView {
        QueueView {
            key: self.key.clone(),
            uid: self.uid,
            attributes: self.attributes.clone(),
            tags: self.tags.clone(),
            created_ms: self.created_ms,
            modified_ms: self.modified_ms,
            counts: self.counts(),
        }
    }
}

impl Entry {
    pub fn state(&self) -> MessageState {
        match self.standing {
            Standing::Delayed(_) | Standing::DelayedByQueue => MessageState::Delayed,
            Standing::Fresh | Standing::Returned => MessageState::Visible,
            Standing::InFlight(_) => MessageState::InFlight,
        }
    }

    pub fn is_visible(&self) -> bool {
        self.state() == MessageState::Visible
    }

    pub fn is_in_flight(&self) -> bool {
        self.state() == MessageState::InFlight
    }
}
