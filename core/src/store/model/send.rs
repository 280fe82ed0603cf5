//! Sending: admission, deduplication, storing.

use super::Bug;
use super::state::{Accepted, Queue, Standing, State};
use crate::command::{Outcome, SendEntry, Sent};
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits::DEDUPLICATION_MS;
use crate::message::StoredMessage;
use crate::queue::DeduplicationScope;
use crate::rules::send::{self, Admitted};

impl State {
    /// Entries succeed or fail one by one, in the order of the list (S7.22), unless the whole
    /// call is refused.
    pub fn send(
        &mut self,
        key: &QueueKey,
        entries: Vec<SendEntry>,
        batch: bool,
    ) -> Result<Outcome> {
        let (now_ms, bug) = (self.now_ms, self.bug);
        let queue = self.due_queue(key)?;
        let admitted = send::admit(&queue.attributes, &entries, batch)?;
        let mut results = Vec::new();
        for (entry, admitted) in entries.into_iter().zip(admitted) {
            results.push(admitted.map(|admitted| queue.accept(entry, admitted, now_ms, bug)));
        }
        self.generation += 1;
        Ok(Outcome::Sent(results))
    }
}

impl Queue {
    fn accept(
        &mut self,
        entry: SendEntry,
        admitted: Admitted,
        now_ms: u64,
        bug: Option<Bug>,
    ) -> Sent {
        let sequence = self.next_sequence;
        if let Some(id) = &admitted.deduplication {
            // S7.13: the scope at the time of the send decides which memory is asked (D9).
            let by_group = self.attributes.deduplication_scope == DeduplicationScope::MessageGroup;
            let memory = (entry.group.clone().filter(|_| by_group), id.clone());
            match self.deduplication.get(&memory) {
                Some(first) if now_ms < first.end_ms => {
                    return Sent {
                        id: first.id,
                        sequence: first.sequence,
                        duplicate: true,
                    };
                }
                _ => {}
            }
            let accepted = Accepted {
                id: entry.id,
                sequence,
                end_ms: now_ms + DEDUPLICATION_MS,
            };
            self.deduplication.insert(memory, accepted);
        }
        let sent = Sent {
            id: entry.id,
            sequence,
            duplicate: false,
        };
        let message = StoredMessage {
            id: entry.id,
            sequence,
            body: entry.body,
            attributes: entry.attributes,
            trace_header: entry.trace_header,
            group: entry.group,
            deduplication: admitted.deduplication,
            sender: entry.sender,
            sent_ms: now_ms,
            receive_count: 0,
            first_receive_ms: None,
            dead_letter_source: None,
        };
        self.store_new(message, admitted.delay_ms, now_ms, bug);
        sent
    }

    /// Stores a message that was sent to this queue, by a client or by a move task. `delay_ms`
    /// is that of a standard queue.
    pub fn store_new(
        &mut self,
        message: StoredMessage,
        delay_ms: u64,
        now_ms: u64,
        bug: Option<Bug>,
    ) {
        let standing = match self.attributes.fifo {
            true if self.attributes.delay_s > 0 => Standing::DelayedByQueue,
            false if delay_ms > 0 => Standing::Delayed(now_ms + delay_ms),
            _ => Standing::Fresh,
        };
        self.note_tenant(&message, now_ms);
        self.append(message, standing, bug);
    }

    /// D4: a message with a group makes a standard queue fair, and its tenant one that sends.
    pub fn note_tenant(&mut self, message: &StoredMessage, now_ms: u64) {
        if let Some(group) = message.group.as_ref().filter(|_| !self.attributes.fifo) {
            self.tenants.insert(group.clone(), now_ms);
        }
    }
}
