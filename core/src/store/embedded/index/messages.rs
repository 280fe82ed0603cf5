//! Messages: each state has its place in the index, and every change of state leaves one place
//! and enters another. Counts change here and nowhere else.

use super::super::record::{State, StorageId, is_fifo};
use super::Index;
use super::deadlines::BUCKET_MESSAGES_MAX;
use super::entries::{MESSAGE_ENTRY_BYTES, MessageEntry};
use super::keys::{self, table};
use crate::error::Result;

/// Log bytes that a copy of a message takes beside its content block.
pub const MESSAGE_OVERHEAD_BYTES: i64 = 112;

impl Index {
    /// The entry of a message.
    pub fn message(&self, sid: StorageId, sequence: u64) -> Result<Option<MessageEntry>> {
        self.txn
            .get(&keys::message(sid, sequence))?
            .map(MessageEntry::decode)
            .transpose()
    }

    fn put_message(&mut self, sid: StorageId, sequence: u64, entry: &MessageEntry) -> Result<()> {
        let bytes: [u8; MESSAGE_ENTRY_BYTES] = entry.encode();
        self.txn.put(&keys::message(sid, sequence), &bytes)
    }

    /// The first message at or after `sequence`.
    pub fn message_from(
        &mut self,
        sid: StorageId,
        sequence: u64,
    ) -> Result<Option<(u64, MessageEntry)>> {
        let from = keys::message(sid, sequence);
        match self.txn.seek(&from)? {
            Some((key, value)) if keys::within(key, sid, table::MESSAGES) => {
                Ok(Some((keys::number(key, 5), MessageEntry::decode(value)?)))
            }
            _ => Ok(None),
        }
    }

    /// The first `limit` messages at or after `sequence`.
    pub fn messages_from(
        &mut self,
        sid: StorageId,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<(u64, MessageEntry)>> {
        let mut entries = Vec::new();
        let from = keys::message(sid, sequence);
        self.scan(&from, sid, table::MESSAGES, |key, value| {
            if entries.len() == limit {
                return Ok(false);
            }
            entries.push((keys::number(key, 5), MessageEntry::decode(value)?));
            Ok(true)
        })?;
        Ok(entries)
    }

    /// The first ready message of a standard queue that is neither fresh nor in a group, at or
    /// after `sequence`.
    pub fn returned_from(&mut self, sid: StorageId, sequence: u64) -> Result<Option<u64>> {
        let from = keys::pair(sid, table::RETURNED, sequence);
        let pair = self.txn.seek(&from)?;
        Ok(pair
            .filter(|(key, _)| keys::within(key, sid, table::RETURNED))
            .map(|(key, _)| keys::number(key, 5)))
    }

    /// Messages sent up to `sent_ms`, about `limit` of them, and a time before which none of the
    /// others was sent. Numbers ascend with the time of sending, but for messages that were
    /// moved in, which have a table of their own.
    pub fn messages_sent_until(
        &mut self,
        sid: StorageId,
        sent_ms: u64,
        limit: usize,
    ) -> Result<(Vec<u64>, u64)> {
        let mut old = Vec::new();
        let mut oldest_ms = u64::MAX;
        self.scan(
            &keys::message(sid, 0),
            sid,
            table::MESSAGES,
            |key, value| {
                let standing = MessageEntry::decode(value)?.standing;
                if standing.sent_ms > sent_ms || old.len() >= limit {
                    oldest_ms = oldest_ms.min(standing.sent_ms);
                    return Ok(false);
                }
                old.push(keys::number(key, 5));
                Ok(true)
            },
        )?;
        let from = keys::triple(sid, table::AGES, 0, 0);
        self.scan(&from, sid, table::AGES, |key, _| {
            if keys::number(key, 5) > sent_ms || old.len() >= limit * 2 {
                oldest_ms = oldest_ms.min(keys::number(key, 5));
                return Ok(false);
            }
            old.push(keys::number(key, 13));
            Ok(true)
        })?;
        old.sort_unstable();
        old.dedup();
        Ok((old, oldest_ms))
    }

    /// Stores a new message.
    pub fn insert_message(
        &mut self,
        sid: StorageId,
        sequence: u64,
        entry: MessageEntry,
    ) -> Result<()> {
        let mut entry = entry;
        self.count_copy(entry.at, entry.length)?;
        self.weigh(sid, i64::from(entry.length) + MESSAGE_OVERHEAD_BYTES)?;
        self.meta.messages += 1;
        self.meta.longest = self.meta.longest.max(entry.length);
        if entry.standing.moved {
            let key = keys::triple(sid, table::AGES, entry.standing.sent_ms, sequence);
            self.txn.put(&key, &[])?;
        }
        let head = self.head_mut(sid)?;
        head.oldest_ms = head.oldest_ms.min(entry.standing.sent_ms);
        head.next_sequence = head.next_sequence.max(sequence + 1);
        if is_fifo(sid) && entry.standing.state != State::Fresh && head.delayed == 0 {
            head.fresh = head.fresh.max(sequence + 1);
        }
        if entry.standing.state == State::Fresh {
            // A rebuild comes across copies of older messages behind the queue's record.
            head.fresh = head.fresh.min(sequence);
        }
        if entry.group != 0 {
            self.count_member(sid, entry.group, sequence)?;
        }
        self.enter(sid, sequence, &mut entry)?;
        self.put_message(sid, sequence, &entry)?;
        self.after_change(sid, entry.group)
    }

    /// Points a message at a copy of its content block.
    pub fn move_message(
        &mut self,
        sid: StorageId,
        sequence: u64,
        mut entry: MessageEntry,
        at: u64,
    ) -> Result<()> {
        self.uncount_copy(entry.at, entry.length)?;
        self.count_copy(at, entry.length)?;
        entry.at = at;
        self.put_message(sid, sequence, &entry)
    }

    /// Removes messages.
    pub fn remove_messages(&mut self, sid: StorageId, sequences: &[u64]) -> Result<()> {
        let mut bucket = BucketRemoval::default();
        for sequence in sequences {
            let Some(entry) = self.message(sid, *sequence)? else {
                continue;
            };
            self.leave(sid, *sequence, &entry, &mut bucket)?;
            self.uncount_copy(entry.at, entry.length)?;
            self.txn.delete(&keys::message(sid, *sequence))?;
            if entry.standing.moved {
                let key = keys::triple(sid, table::AGES, entry.standing.sent_ms, *sequence);
                self.txn.delete(&key)?;
            }
            if entry.group != 0 {
                self.uncount_member(sid, entry.group, *sequence)?;
                self.after_change(sid, entry.group)?;
            }
            self.weigh(sid, -(i64::from(entry.length) + MESSAGE_OVERHEAD_BYTES))?;
            self.uncount_messages(1);
        }
        bucket.flush(self, sid)?;
        let head = self.head_mut(sid)?;
        if head.is_empty() {
            head.oldest_ms = u64::MAX;
        }
        Ok(())
    }

    pub(super) fn uncount_messages(&mut self, count: u64) {
        self.meta.messages = self.meta.messages.saturating_sub(count);
        if self.meta.messages == 0 {
            self.meta.longest = 0;
        }
    }

    /// Changes how messages stand: all of `sequences` that exist take what `change` makes of
    /// their entry. Those that end in flight share deadline buckets.
    pub fn change_messages(
        &mut self,
        sid: StorageId,
        sequences: &[u64],
        mut change: impl FnMut(&mut MessageEntry),
    ) -> Result<()> {
        let mut removal = BucketRemoval::default();
        let mut addition = BucketAddition::default();
        for sequence in sequences {
            let Some(mut entry) = self.message(sid, *sequence)? else {
                continue;
            };
            self.leave(sid, *sequence, &entry, &mut removal)?;
            change(&mut entry);
            if entry.standing.state == State::InFlight {
                if !addition.fits(entry.standing.visible_ms, *sequence) {
                    // Removals first: both may concern the bucket of one name.
                    removal.flush(self, sid)?;
                    addition.flush(self, sid)?;
                }
                entry.anchor = addition.add(entry.standing.visible_ms, *sequence);
                self.enter_flight(sid, &entry)?;
            } else {
                self.enter(sid, *sequence, &mut entry)?;
            }
            self.put_message(sid, *sequence, &entry)?;
            self.after_change(sid, entry.group)?;
        }
        removal.flush(self, sid)?;
        addition.flush(self, sid)
    }

    fn enter(&mut self, sid: StorageId, sequence: u64, entry: &mut MessageEntry) -> Result<()> {
        match entry.standing.state {
            State::Fresh if is_fifo(sid) => self.head_mut(sid)?.delayed += 1,
            State::Fresh => self.head_mut(sid)?.visible += 1,
            State::Ready => {
                self.head_mut(sid)?.visible += 1;
                if is_fifo(sid) {
                    // FIFO: the group's list has it; the group's head decides.
                } else if entry.group == 0 {
                    self.txn
                        .put(&keys::pair(sid, table::RETURNED, sequence), &[])?;
                } else {
                    self.offer_member(sid, entry.group, sequence)?;
                }
            }
            State::Delayed => {
                self.head_mut(sid)?.delayed += 1;
                entry.anchor = sequence;
                self.add_deadline(sid, entry.standing.visible_ms, &[sequence])?;
            }
            State::InFlight => {
                entry.anchor = sequence;
                self.add_deadline(sid, entry.standing.visible_ms, &[sequence])?;
                self.enter_flight(sid, entry)?;
            }
        }
        Ok(())
    }

    fn enter_flight(&mut self, sid: StorageId, entry: &MessageEntry) -> Result<()> {
        self.head_mut(sid)?.in_flight += 1;
        if entry.group != 0 && !is_fifo(sid) {
            self.count_in_flight(sid, entry.group, 1)?;
        }
        Ok(())
    }

    fn leave(
        &mut self,
        sid: StorageId,
        sequence: u64,
        entry: &MessageEntry,
        bucket: &mut BucketRemoval,
    ) -> Result<()> {
        let standing = &entry.standing;
        match standing.state {
            State::Fresh if is_fifo(sid) => self.head_mut(sid)?.delayed -= 1,
            State::Fresh => self.head_mut(sid)?.visible -= 1,
            State::Ready => {
                self.head_mut(sid)?.visible -= 1;
                if is_fifo(sid) {
                    // As in `enter`.
                } else if entry.group == 0 {
                    self.txn
                        .delete(&keys::pair(sid, table::RETURNED, sequence))?;
                } else {
                    self.withdraw_member(sid, entry.group, sequence)?;
                }
            }
            State::Delayed => {
                self.head_mut(sid)?.delayed -= 1;
                bucket.add(self, sid, standing.visible_ms, entry.anchor, sequence)?;
            }
            State::InFlight => {
                self.head_mut(sid)?.in_flight -= 1;
                bucket.add(self, sid, standing.visible_ms, entry.anchor, sequence)?;
                if entry.group != 0 && !is_fifo(sid) {
                    self.count_in_flight(sid, entry.group, -1)?;
                }
            }
        }
        Ok(())
    }

    fn after_change(&mut self, sid: StorageId, group: u64) -> Result<()> {
        if is_fifo(sid) && group != 0 {
            self.refresh_group(sid, group)
        } else {
            Ok(())
        }
    }
}

/// Neighbouring messages that leave one bucket leave it with one write.
#[derive(Default)]
struct BucketRemoval {
    deadline_ms: u64,
    anchor: u64,
    sequences: Vec<u64>,
}

impl BucketRemoval {
    fn add(
        &mut self,
        index: &mut Index,
        sid: StorageId,
        deadline_ms: u64,
        anchor: u64,
        sequence: u64,
    ) -> Result<()> {
        if (self.deadline_ms, self.anchor) != (deadline_ms, anchor) {
            self.flush(index, sid)?;
            (self.deadline_ms, self.anchor) = (deadline_ms, anchor);
        }
        self.sequences.push(sequence);
        Ok(())
    }

    fn flush(&mut self, index: &mut Index, sid: StorageId) -> Result<()> {
        if !self.sequences.is_empty() {
            index.remove_deadline(sid, self.deadline_ms, self.anchor, &self.sequences)?;
            self.sequences.clear();
        }
        Ok(())
    }
}

/// Neighbouring messages with one deadline enter one bucket with one write.
#[derive(Default)]
struct BucketAddition {
    deadline_ms: u64,
    sequences: Vec<u64>,
}

impl BucketAddition {
    fn fits(&self, deadline_ms: u64, sequence: u64) -> bool {
        match self.sequences.last() {
            None => true,
            Some(last) => {
                self.deadline_ms == deadline_ms
                    && *last < sequence
                    && self.sequences.len() < BUCKET_MESSAGES_MAX
            }
        }
    }

    /// Returns the anchor under which the message will be found.
    fn add(&mut self, deadline_ms: u64, sequence: u64) -> u64 {
        self.deadline_ms = deadline_ms;
        self.sequences.push(sequence);
        self.sequences[0]
    }

    fn flush(&mut self, index: &mut Index, sid: StorageId) -> Result<()> {
        index.add_deadline(sid, self.deadline_ms, &self.sequences)?;
        self.sequences.clear();
        Ok(())
    }
}
