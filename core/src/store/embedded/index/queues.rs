//! Queues by name, their attributes, dead-letter links, names deleted lately, move tasks, and
//! what purges and deletions left to sweep.

use super::super::record::codec::{Reader, Write};
use super::super::record::{
    QueueRecord, StorageId, TaskRecord, decode_queue, decode_task, encode_queue, encode_task,
};
use super::entries::MessageEntry;
use super::keys::{self, Key, table};
use super::{CONFIGS_CACHED_MAX, Index};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::queue::QueueAttributes;
use crate::rules;
use crate::rules::move_tasks::is_active;
use std::sync::Arc;

/// A queue's record with its attributes read.
#[derive(Debug)]
pub struct Config {
    /// As stored.
    pub record: QueueRecord,
    /// Its attributes.
    pub attributes: QueueAttributes,
    /// Log position of the record.
    pub at: u64,
}

/// Log bytes of a queue record beside its texts, roughly.
const QUEUE_OVERHEAD_BYTES: usize = 128;

fn queue_weight(record: &QueueRecord) -> i64 {
    let mut bytes = Vec::new();
    encode_queue(&mut bytes, record);
    (bytes.len() + QUEUE_OVERHEAD_BYTES) as i64
}

impl Index {
    /// The storage of a queue.
    pub fn storage_of(&self, key: &QueueKey) -> Result<Option<StorageId>> {
        let key = Key::new(0, table::NAMES).queue(key);
        self.txn
            .get(key.as_slice())?
            .map(|bytes| Reader::new(bytes).u32())
            .transpose()
    }

    /// The storage of a queue that must exist.
    pub fn storage(&self, key: &QueueKey) -> Result<StorageId> {
        self.storage_of(key)?
            .ok_or_else(rules::refusals::queue_missing)
    }

    /// The attributes of a storage.
    pub fn config(&mut self, sid: StorageId) -> Result<Arc<Config>> {
        let at = match self.head(sid)? {
            Some(head) if head.config_at != 0 => head.config_at,
            _ => return Err(rules::refusals::queue_missing()),
        };
        if let Some(config) = self.configs.by_sid.get(&sid)
            && config.at == at
        {
            return Ok(config.clone());
        }
        let bytes = self.txn.get(Key::new(sid, table::CONFIG).as_slice())?;
        let bytes = bytes.ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                format!("queue storage {sid} has no record"),
            )
        })?;
        let record = decode_queue(&mut Reader::new(bytes))?;
        let attributes =
            rules::attributes::decode(super::super::record::is_fifo(sid), &record.attributes)?;
        let config = Arc::new(Config {
            record,
            attributes,
            at,
        });
        if self.configs.by_sid.len() >= CONFIGS_CACHED_MAX {
            self.configs.by_sid.clear();
        }
        self.configs.by_sid.insert(sid, config.clone());
        Ok(config)
    }

    /// Stores a queue's record found at log position `at`.
    pub fn put_queue(&mut self, record: &QueueRecord, at: u64) -> Result<()> {
        let sid = record.sid;
        if let Some(old) = self.queue_record(sid)? {
            self.unlink(&old)?;
            self.weigh(sid, -queue_weight(&old))?;
        }
        let mut bytes = Vec::new();
        encode_queue(&mut bytes, record);
        self.txn
            .put(Key::new(sid, table::CONFIG).as_slice(), &bytes)?;
        let name = Key::new(0, table::NAMES).queue(&record.key);
        self.txn.put(name.as_slice(), &sid.to_le_bytes())?;
        self.forget_tombstone(&record.key)?;
        self.link(record)?;
        self.meta.next_sid = self.meta.next_sid.max((sid >> 1) + 1);
        self.meta.next_uid = self.meta.next_uid.max(record.uid + 1);
        let head = self.head_mut(sid)?;
        if head.config_at == 0 && head.is_empty() {
            head.fresh = head.fresh.max(record.next_sequence);
        }
        head.next_sequence = head.next_sequence.max(record.next_sequence);
        head.config_at = at;
        self.weigh(sid, queue_weight(record))
    }

    fn queue_record(&mut self, sid: StorageId) -> Result<Option<QueueRecord>> {
        let bytes = self.txn.get(Key::new(sid, table::CONFIG).as_slice())?;
        bytes
            .map(|bytes| decode_queue(&mut Reader::new(bytes)))
            .transpose()
    }

    /// Makes a storage garbage; its queue's name is free unless another storage took it.
    pub fn drop_storage(&mut self, sid: StorageId) -> Result<Option<QueueRecord>> {
        let record = self.queue_record(sid)?;
        if let Some(record) = &record {
            self.unlink(record)?;
            if self.storage_of(&record.key)? == Some(sid) {
                let name = Key::new(0, table::NAMES).queue(&record.key);
                self.txn.delete(name.as_slice())?;
            }
        }
        if let Some(head) = self.head(sid)? {
            let (live, messages) = (head.live_bytes, head.messages());
            self.meta.live_bytes = self.meta.live_bytes.saturating_sub(live);
            self.uncount_messages(messages);
        }
        self.drop_head(sid)?;
        // A rebuild may come across its messages and not its record: a new queue under its number
        // would be swept as garbage.
        self.meta.next_sid = self.meta.next_sid.max((sid >> 1) + 1);
        self.configs.by_sid.remove(&sid);
        self.txn.delete(Key::new(sid, table::CONFIG).as_slice())?;
        self.txn
            .put(Key::new(0, table::GARBAGE).u32(sid).as_slice(), &[])?;
        Ok(record)
    }

    /// Removes about `limit` entries of garbage; true while more is left.
    pub fn sweep_garbage(&mut self, limit: usize) -> Result<bool> {
        let mut left = limit;
        while left > 0 {
            let from = Key::new(0, table::GARBAGE);
            let Some((key, _)) = self.first_from(from.as_slice(), 0, table::GARBAGE)? else {
                return Ok(false);
            };
            let swept = self.sweep_storage(&key, left)?;
            left = left.saturating_sub(swept);
        }
        Ok(true)
    }

    /// Removes up to `limit` entries of the storage that `garbage` names, and then that key; how
    /// many there were.
    fn sweep_storage(&mut self, garbage: &[u8], limit: usize) -> Result<usize> {
        let mut sid = [0; 4];
        sid.copy_from_slice(&garbage[5..9]);
        let mut found = Vec::new();
        let mut copies = Vec::new();
        let mut pair = self.txn.seek(&sid)?;
        while let Some((entry, value)) = pair {
            if entry.len() < 5 || entry[..4] != sid || found.len() >= limit {
                break;
            }
            if entry[4] == table::MESSAGES {
                let entry = MessageEntry::decode(value)?;
                copies.push((entry.at, entry.length));
            }
            found.push(entry.to_vec());
            pair = self.txn.following()?;
        }
        for entry in &found {
            self.txn.delete(entry)?;
        }
        for (at, length) in copies {
            self.uncount_copy(at, length)?;
        }
        if found.len() == limit {
            return Ok(limit);
        }
        self.txn.delete(garbage)?;
        Ok(found.len() + 1)
    }

    fn link_key(record: &QueueRecord) -> Result<Option<Key>> {
        let Some(policy) = record.attributes.get("RedrivePolicy") else {
            return Ok(None);
        };
        let target = rules::redrive::parse_policy(policy)?.target;
        Ok(Some(
            Key::new(0, table::LINKS)
                .queue(&target)
                .bytes(record.key.name.as_bytes()),
        ))
    }

    fn link(&mut self, record: &QueueRecord) -> Result<()> {
        match Self::link_key(record)? {
            Some(key) => self.txn.put(key.as_slice(), &[]),
            None => Ok(()),
        }
    }

    fn unlink(&mut self, record: &QueueRecord) -> Result<()> {
        if let Some(key) = Self::link_key(record)? {
            self.txn.delete(key.as_slice())?;
        }
        Ok(())
    }

    /// Names in `table` under `prefix`, after `after`; what the key has behind the prefix's
    /// first `strip` bytes, without a closing NUL, is the name.
    fn names(
        &mut self,
        prefix: &Key,
        strip: usize,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<String>, bool)> {
        let prefix = prefix.as_slice();
        let mut from = prefix.to_vec();
        if let Some(after) = after {
            let mut start = prefix[..strip].to_vec();
            start.extend_from_slice(after.as_bytes());
            // Behind the name's own key, with or without its closing NUL.
            start.push(1);
            from = from.max(start);
        }
        let mut names = Vec::new();
        let mut more = false;
        let mut pair = self.txn.seek(&from)?;
        while let Some((key, _)) = pair {
            if !key.starts_with(prefix) {
                break;
            }
            if names.len() == limit {
                more = true;
                break;
            }
            let name = &key[strip..];
            let name = name.strip_suffix(&[0]).unwrap_or(name);
            names.push(String::from_utf8_lossy(name).into_owned());
            pair = self.txn.following()?;
        }
        Ok((names, more))
    }

    /// Queues of an account and region whose names begin with `prefix.name`.
    pub fn queue_names(
        &mut self,
        prefix: &QueueKey,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<String>, bool)> {
        let owner = Key::new(0, table::NAMES).owner(prefix);
        let strip = owner.as_slice().len();
        self.names(&owner.bytes(prefix.name.as_bytes()), strip, after, limit)
    }

    /// Queues whose redrive policy names `target`.
    pub fn dead_letter_sources(
        &mut self,
        target: &QueueKey,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<String>, bool)> {
        let prefix = Key::new(0, table::LINKS).queue(target);
        let strip = prefix.as_slice().len();
        self.names(&prefix, strip, after, limit)
    }

    /// When a name was deleted, and the log position that says so.
    pub fn tombstone(&self, key: &QueueKey) -> Result<Option<(u64, u64)>> {
        let key = Key::new(0, table::TOMBSTONES).queue(key);
        let Some(bytes) = self.txn.get(key.as_slice())? else {
            return Ok(None);
        };
        let mut reader = Reader::new(bytes);
        Ok(Some((reader.u64()?, reader.u64()?)))
    }

    /// Remembers a deletion.
    pub fn put_tombstone(&mut self, key: &QueueKey, deleted_ms: u64, at: u64) -> Result<()> {
        let key = Key::new(0, table::TOMBSTONES).queue(key);
        let mut bytes = Vec::with_capacity(16);
        bytes.u64(deleted_ms);
        bytes.u64(at);
        self.txn.put(key.as_slice(), &bytes)
    }

    /// Forgets a deletion.
    pub fn forget_tombstone(&mut self, key: &QueueKey) -> Result<()> {
        let key = Key::new(0, table::TOMBSTONES).queue(key);
        self.txn.delete(key.as_slice()).map(drop)
    }

    /// A move task and the log position of its record.
    pub fn task(&self, task: u64) -> Result<Option<(TaskRecord, u64)>> {
        let Some(bytes) = self.txn.get(&keys::pair(0, table::TASKS, task))? else {
            return Ok(None);
        };
        let mut reader = Reader::new(bytes);
        let at = reader.u64()?;
        Ok(Some((decode_task(&mut reader)?, at)))
    }

    /// Stores a move task.
    pub fn put_task(&mut self, record: &TaskRecord, at: u64) -> Result<()> {
        let task = &record.task;
        let was_running = self
            .task(task.task)?
            .is_some_and(|(old, _)| is_active(&old.task));
        let mut bytes = Vec::new();
        bytes.u64(at);
        encode_task(&mut bytes, record);
        self.txn
            .put(&keys::pair(0, table::TASKS, task.task), &bytes)?;
        match (was_running, is_active(task)) {
            (false, true) => self.meta.tasks_running += 1,
            (true, false) => self.meta.tasks_running -= 1,
            _ => {}
        }
        Ok(())
    }

    /// All move tasks that are remembered, oldest first.
    pub fn tasks(&mut self) -> Result<Vec<TaskRecord>> {
        let mut tasks = Vec::new();
        let from = keys::pair(0, table::TASKS, 0);
        self.scan(&from, 0, table::TASKS, |_, value| {
            let mut reader = Reader::new(value);
            reader.u64()?;
            tasks.push(decode_task(&mut reader)?);
            Ok(true)
        })?;
        tasks.sort_by_key(|record: &TaskRecord| (record.task.started_ms, record.task.task));
        Ok(tasks)
    }

    /// Forgets a finished task.
    pub fn forget_task(&mut self, task: u64) -> Result<()> {
        self.txn.delete(&keys::pair(0, table::TASKS, task))?;
        Ok(())
    }

    /// After a rebuild: drops storages whose queue has no record, which only damage can cause;
    /// answers how many there were.
    pub fn drop_nameless(&mut self) -> Result<u64> {
        let mut dropped = 0;
        let mut from = Key::new(1, 0).as_slice().to_vec();
        while let Some((key, _)) = self.txn.seek(&from)? {
            let mut sid = [0; 4];
            sid.copy_from_slice(&key[..4]);
            let sid = StorageId::from_be_bytes(sid);
            let nameless = match self.head(sid)? {
                Some(head) => head.config_at == 0,
                // Garbage of a purge or deletion.
                None => false,
            };
            if nameless {
                self.drop_storage(sid)?;
                dropped += 1;
            }
            let Some(next) = sid.checked_add(1) else {
                break;
            };
            from = Key::new(next, 0).as_slice().to_vec();
        }
        Ok(dropped)
    }

    /// All storages of live queues.
    pub fn storages(&mut self) -> Result<Vec<StorageId>> {
        let mut storages = Vec::new();
        let from = Key::new(0, table::NAMES);
        self.scan(from.as_slice(), 0, table::NAMES, |_, value| {
            storages.push(Reader::new(value).u32()?);
            Ok(true)
        })?;
        Ok(storages)
    }
}
