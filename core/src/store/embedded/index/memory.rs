//! What a queue remembers for five minutes: deduplication ids (S7.11) and receive attempts
//! (S7.19).

use super::super::record::{Remembered, StorageId};
use super::Index;
use super::entries::{AttemptEntry, RememberedEntry};
use super::keys::{self, Key, table};
use crate::error::Result;
use crate::limits;

/// Ended entries that each new one removes: more than one, so that the memory shrinks.
const FORGET_STEP: usize = 2;
/// Log bytes that a copy of an entry takes beside its key.
const OVERHEAD_BYTES: i64 = 96;

/// Log bytes of what deduplication remembers of a message, at the most, whose group's name has
/// `group` bytes.
pub fn memory_bytes(group: usize) -> u64 {
    OVERHEAD_BYTES as u64 + (group + limits::ID_CHARS_MAX + 2) as u64
}

impl Index {
    /// What is remembered under a deduplication key, ended or not.
    pub fn remembered(&self, sid: StorageId, key: &[u8]) -> Result<Option<RememberedEntry>> {
        let key = Key::new(sid, table::REMEMBERED).bytes(key);
        self.txn
            .get(key.as_slice())?
            .map(RememberedEntry::decode)
            .transpose()
    }

    /// Remembers a message, or points an existing memory of it at a copy of its record.
    pub fn remember(
        &mut self,
        sid: StorageId,
        remembered: &Remembered,
        entry: &RememberedEntry,
    ) -> Result<()> {
        let key = Key::new(sid, table::REMEMBERED).bytes(&remembered.key);
        match self.remembered(sid, &remembered.key)? {
            Some(old) if old.sequence == entry.sequence && old.end_ms == entry.end_ms => {}
            old => {
                if let Some(old) = old {
                    self.forget(sid, &remembered.key, &old)?;
                }
                let end = keys::triple(sid, table::REMEMBERED_ENDS, entry.end_ms, entry.sequence);
                self.txn.put(&end, &remembered.key)?;
                self.weigh(sid, remembered.key.len() as i64 + OVERHEAD_BYTES)?;
            }
        }
        self.txn.put(key.as_slice(), &entry.encode())
    }

    fn forget(&mut self, sid: StorageId, key: &[u8], entry: &RememberedEntry) -> Result<()> {
        let end = keys::triple(sid, table::REMEMBERED_ENDS, entry.end_ms, entry.sequence);
        self.txn.delete(&end)?;
        let full = Key::new(sid, table::REMEMBERED).bytes(key);
        self.txn.delete(full.as_slice())?;
        self.weigh(sid, -(key.len() as i64 + OVERHEAD_BYTES))
    }

    /// Removes memories that ended by `now_ms`, a few at a time.
    pub fn forget_ended(&mut self, sid: StorageId, now_ms: u64) -> Result<()> {
        let from = keys::triple(sid, table::REMEMBERED_ENDS, 0, 0);
        for _ in 0..FORGET_STEP {
            let Some((end, key)) = self.first_from(&from, sid, table::REMEMBERED_ENDS)? else {
                break;
            };
            if keys::number(&end, 5) > now_ms {
                break;
            }
            match self.remembered(sid, &key)? {
                Some(entry) if entry.end_ms == keys::number(&end, 5) => {
                    self.forget(sid, &key, &entry)?;
                }
                _ => {
                    self.txn.delete(&end)?;
                }
            }
        }
        Ok(())
    }

    /// The attempt of an id, ended or not.
    pub fn attempt(&self, sid: StorageId, attempt: &str) -> Result<Option<AttemptEntry>> {
        let key = Key::new(sid, table::ATTEMPTS).bytes(attempt.as_bytes());
        self.txn
            .get(key.as_slice())?
            .map(AttemptEntry::decode)
            .transpose()
    }

    /// Remembers an attempt in place of an earlier one of that id.
    pub fn put_attempt(
        &mut self,
        sid: StorageId,
        attempt: &str,
        entry: &AttemptEntry,
    ) -> Result<()> {
        self.remove_attempt(sid, attempt)?;
        let end = Key::new(sid, table::ATTEMPT_ENDS)
            .u64(entry.end_ms)
            .bytes(attempt.as_bytes());
        self.txn.put(end.as_slice(), &[])?;
        let key = Key::new(sid, table::ATTEMPTS).bytes(attempt.as_bytes());
        self.txn.put(key.as_slice(), &entry.encode())?;
        self.weigh(sid, attempt_weight(attempt, entry))
    }

    /// Forgets an attempt.
    pub fn remove_attempt(&mut self, sid: StorageId, attempt: &str) -> Result<()> {
        let Some(entry) = self.attempt(sid, attempt)? else {
            return Ok(());
        };
        let end = Key::new(sid, table::ATTEMPT_ENDS)
            .u64(entry.end_ms)
            .bytes(attempt.as_bytes());
        self.txn.delete(end.as_slice())?;
        let key = Key::new(sid, table::ATTEMPTS).bytes(attempt.as_bytes());
        self.txn.delete(key.as_slice())?;
        self.weigh(sid, -attempt_weight(attempt, &entry))
    }

    /// Forgets attempts that ended by `now_ms`, a few at a time.
    pub fn forget_attempts(&mut self, sid: StorageId, now_ms: u64) -> Result<()> {
        let from = Key::new(sid, table::ATTEMPT_ENDS);
        for _ in 0..FORGET_STEP {
            let Some((key, _)) = self.first_from(from.as_slice(), sid, table::ATTEMPT_ENDS)? else {
                break;
            };
            if keys::number(&key, 5) > now_ms {
                break;
            }
            let attempt = String::from_utf8_lossy(&key[13..]).into_owned();
            self.txn.delete(&key)?;
            self.remove_attempt(sid, &attempt)?;
        }
        Ok(())
    }
}

fn attempt_weight(attempt: &str, entry: &AttemptEntry) -> i64 {
    attempt.len() as i64 + OVERHEAD_BYTES + entry.leased.len() as i64 * 12
}
