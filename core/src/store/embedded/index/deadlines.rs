//! Deadlines of a queue, in buckets: messages that were received together share one entry, keyed
//! by the deadline and the first of them (the anchor), so that a batch costs one write.

use super::super::record::StorageId;
use super::Index;
use super::keys::{self, table};
use crate::error::Result;

/// Messages in one bucket: keeps an entry within an index page.
pub const BUCKET_MESSAGES_MAX: usize = 64;

fn decode(bytes: &[u8]) -> Vec<u64> {
    bytes
        .chunks_exact(8)
        .map(|chunk| {
            let mut array = [0; 8];
            array.copy_from_slice(chunk);
            u64::from_le_bytes(array)
        })
        .collect()
}

fn encode(sequences: &[u64]) -> Vec<u8> {
    sequences
        .iter()
        .flat_map(|sequence| sequence.to_le_bytes())
        .collect()
}

impl Index {
    /// Lists `sequences`, ascending and at most [`BUCKET_MESSAGES_MAX`], under `deadline_ms`. The
    /// first of them is their anchor.
    pub fn add_deadline(
        &mut self,
        sid: StorageId,
        deadline_ms: u64,
        sequences: &[u64],
    ) -> Result<()> {
        let Some(anchor) = sequences.first() else {
            return Ok(());
        };
        let key = keys::triple(sid, table::DEADLINES, deadline_ms, *anchor);
        // A bucket of that name may be left of an earlier lease with the same anchor.
        let old = self.txn.get(&key)?.map(decode);
        match old {
            None => self.txn.put(&key, &encode(sequences))?,
            Some(mut all) => {
                all.extend_from_slice(sequences);
                all.sort_unstable();
                all.dedup();
                self.txn.put(&key, &encode(&all))?;
            }
        }
        let head = self.head_mut(sid)?;
        head.due_ms = head.due_ms.min(deadline_ms);
        Ok(())
    }

    /// Takes `sequences` out of the bucket of `deadline_ms` and `anchor`.
    pub fn remove_deadline(
        &mut self,
        sid: StorageId,
        deadline_ms: u64,
        anchor: u64,
        sequences: &[u64],
    ) -> Result<()> {
        let key = keys::triple(sid, table::DEADLINES, deadline_ms, anchor);
        let Some(mut all) = self.txn.get(&key)?.map(decode) else {
            return Ok(());
        };
        all.retain(|sequence| !sequences.contains(sequence));
        if all.is_empty() {
            self.txn.delete(&key)?;
        } else {
            self.txn.put(&key, &encode(&all))?;
        }
        Ok(())
    }

    /// True if a message is listed in the bucket of `deadline_ms` and `anchor`.
    pub(super) fn lists_deadline(
        &self,
        sid: StorageId,
        deadline_ms: u64,
        anchor: u64,
        sequence: u64,
    ) -> Result<bool> {
        let key = keys::triple(sid, table::DEADLINES, deadline_ms, anchor);
        let bucket = self.txn.get(&key)?.map(decode);
        Ok(bucket.is_some_and(|all| all.contains(&sequence)))
    }

    /// How many messages the buckets of a queue list.
    pub(super) fn count_deadlines(&mut self, sid: StorageId) -> Result<u64> {
        let mut count = 0;
        let from = keys::triple(sid, table::DEADLINES, 0, 0);
        self.scan(&from, sid, table::DEADLINES, |_, value| {
            count += decode(value).len() as u64;
            Ok(true)
        })?;
        Ok(count)
    }

    /// The nearest deadline of a queue.
    pub fn first_deadline(&mut self, sid: StorageId) -> Result<Option<u64>> {
        let from = keys::triple(sid, table::DEADLINES, 0, 0);
        let pair = self.txn.seek(&from)?;
        Ok(pair
            .filter(|(key, _)| keys::within(key, sid, table::DEADLINES))
            .map(|(key, _)| keys::number(key, 5)))
    }

    /// Messages with deadlines up to `now_ms`, by deadline and number, about `limit` of them.
    pub fn deadlines_until(
        &mut self,
        sid: StorageId,
        now_ms: u64,
        limit: usize,
    ) -> Result<Vec<(u64, u64)>> {
        let mut due = Vec::new();
        let from = keys::triple(sid, table::DEADLINES, 0, 0);
        self.scan(&from, sid, table::DEADLINES, |key, value| {
            let deadline_ms = keys::number(key, 5);
            let full = due.len() >= limit
                && due
                    .last()
                    .is_some_and(|last: &(u64, u64)| last.0 != deadline_ms);
            // A crowd with one deadline is cut at the limit all the same: bounded work.
            if deadline_ms > now_ms || full || due.len() >= limit * 2 {
                return Ok(false);
            }
            due.extend(
                decode(value)
                    .into_iter()
                    .map(|sequence| (deadline_ms, sequence)),
            );
            Ok(true)
        })?;
        due.sort_unstable();
        Ok(due)
    }
}
