//! Keys of the index: storage number, table letter, then what orders the table. Numbers are
//! big-endian so that byte order is number order. Storage number 0 holds what belongs to no queue.

use super::super::record::StorageId;
use crate::key::QueueKey;

/// The tables, each with its key's rest and its value.
pub mod table {
    /// 0: () -> [`Meta`](super::super::entries::Meta)
    pub const META: u8 = b'I';
    /// 0: queue key -> storage number
    pub const NAMES: u8 = b'N';
    /// 0: queue key -> deletion time and log position
    pub const TOMBSTONES: u8 = b'X';
    /// 0: dead-letter queue's key, source's name -> ()
    pub const LINKS: u8 = b'L';
    /// 0: task number -> log position and task
    pub const TASKS: u8 = b'T';
    /// 0: storage number -> (); what a purge or deletion left behind
    pub const GARBAGE: u8 = b'G';
    /// 0: segment number -> [`SegmentEntry`](super::super::segments::SegmentEntry)
    pub const SEGMENTS: u8 = b'S';
    /// () -> [`Head`](super::super::entries::Head)
    pub const HEAD: u8 = b'C';
    /// () -> log position and queue record
    pub const CONFIG: u8 = b'Q';
    /// sequence -> [`MessageEntry`](super::super::entries::MessageEntry)
    pub const MESSAGES: u8 = b'M';
    /// sequence -> (); standard queues: ready messages without a group that are no longer fresh
    pub const RETURNED: u8 = b'V';
    /// deadline, anchor -> sequences
    pub const DEADLINES: u8 = b'D';
    /// sent time, sequence -> (); messages moved in with an older sent time
    pub const AGES: u8 = b'E';
    /// group name -> group number
    pub const GROUP_NAMES: u8 = b'K';
    /// group number -> [`GroupEntry`](super::super::entries::GroupEntry)
    pub const GROUPS: u8 = b'B';
    /// group number, sequence -> (); FIFO: all of a group; fair: its ready messages
    pub const MEMBERS: u8 = b'J';
    /// FIFO: place in the ring; fair: sequence of the group's first ready message -> group number
    pub const RING: u8 = b'R';
    /// descending in-flight count, group number -> (); fair groups that may be noisy
    pub const BUSY: u8 = b'H';
    /// scope and deduplication id -> end, sequence, id, log position
    pub const REMEMBERED: u8 = b'U';
    /// end, sequence -> key in REMEMBERED
    pub const REMEMBERED_ENDS: u8 = b'W';
    /// attempt id -> end, log position, messages
    pub const ATTEMPTS: u8 = b'A';
    /// end, attempt id -> ()
    pub const ATTEMPT_ENDS: u8 = b'Y';
}

/// Longest key: LMDB's limit.
const KEY_BYTES_MAX: usize = 511;

/// A key under construction, without allocation.
#[derive(Clone)]
pub struct Key {
    bytes: [u8; KEY_BYTES_MAX],
    length: usize,
}

impl Key {
    /// The start of `table` in `sid`.
    pub fn new(sid: StorageId, table: u8) -> Self {
        let mut key = Self {
            bytes: [0; KEY_BYTES_MAX],
            length: 5,
        };
        key.bytes[..4].copy_from_slice(&sid.to_be_bytes());
        key.bytes[4] = table;
        key
    }

    /// Appends bytes. Callers' parts are bounded by limits.rs: the longest, a dead-letter link
    /// of two queue names, stays below 300 bytes; more is cut off here, never out of bounds.
    pub fn bytes(mut self, part: &[u8]) -> Self {
        let end = (self.length + part.len()).min(KEY_BYTES_MAX);
        let taken = end - self.length;
        self.bytes[self.length..end].copy_from_slice(&part[..taken]);
        self.length = end;
        self
    }

    /// Appends a number.
    pub fn u64(self, number: u64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// Appends a storage number.
    pub fn u32(self, number: u32) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// Appends account, region and name, each ended by NUL, which none of them contains.
    pub fn queue(self, key: &QueueKey) -> Self {
        self.owner(key).bytes(key.name.as_bytes()).bytes(&[0])
    }

    /// Appends account and region.
    pub fn owner(self, key: &QueueKey) -> Self {
        self.bytes(key.account.as_bytes())
            .bytes(&[0])
            .bytes(key.region.as_bytes())
            .bytes(&[0])
    }

    /// The key.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Key of a message, the most used one.
pub fn message(sid: StorageId, sequence: u64) -> [u8; 13] {
    pair(sid, table::MESSAGES, sequence)
}

/// Key with one number.
pub fn pair(sid: StorageId, table: u8, number: u64) -> [u8; 13] {
    let mut key = [0; 13];
    key[..4].copy_from_slice(&sid.to_be_bytes());
    key[4] = table;
    key[5..].copy_from_slice(&number.to_be_bytes());
    key
}

/// Key with two numbers.
pub fn triple(sid: StorageId, table: u8, first: u64, second: u64) -> [u8; 21] {
    let mut key = [0; 21];
    key[..13].copy_from_slice(&pair(sid, table, first));
    key[13..].copy_from_slice(&second.to_be_bytes());
    key
}

/// True if `key` lies in `table` of `sid`.
pub fn within(key: &[u8], sid: StorageId, table: u8) -> bool {
    key.len() >= 5 && key[..4] == sid.to_be_bytes() && key[4] == table
}

/// The number at `at` of a key; keys of one table all have their numbers, so a short key is 0.
pub fn number(key: &[u8], at: usize) -> u64 {
    match key.get(at..at + 8) {
        Some(bytes) => {
            let mut array = [0; 8];
            array.copy_from_slice(bytes);
            u64::from_be_bytes(array)
        }
        None => 0,
    }
}
