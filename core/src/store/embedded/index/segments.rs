//! What each segment of the log still holds, so that one with nothing left is given back without
//! being read: in a queue that is kept short that is nearly every segment.

use super::super::record::codec::{Reader, Write};
use super::Index;
use super::keys::{self, table};
use crate::error::Result;
use std::collections::BTreeMap;

/// What a record adds to the content block of a message, bytes.
const COPY_OVERHEAD_BYTES: u64 = 72;

/// What a segment holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SegmentEntry {
    /// Messages whose latest copy is here, garbage that is not yet swept included.
    pub messages: u64,
    /// Bytes that copies of these would take.
    pub bytes: u64,
    /// Bytes of the longest message that was ever here: a segment's end may be wasted by as much.
    pub longest: u32,
    /// Something else may be here that is still needed: a queue, a memory, a task. These are too
    /// few to be counted; whoever reclaims the segment reads it.
    pub others: bool,
}

impl SegmentEntry {
    /// True if nothing here is needed any more.
    pub fn is_empty(&self) -> bool {
        self.messages == 0 && !self.others
    }

    fn encode(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(21);
        out.u64(self.messages);
        out.u64(self.bytes);
        out.u32(self.longest);
        out.push(u8::from(self.others));
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        Ok(Self {
            messages: reader.u64()?,
            bytes: reader.u64()?,
            longest: reader.u32()?,
            others: reader.u8()? != 0,
        })
    }
}

/// What a copy of a message takes in the log.
fn copy_bytes(length: u32) -> u64 {
    u64::from(length) + COPY_OVERHEAD_BYTES
}

/// The entries that an open transaction has read.
#[derive(Default)]
pub struct Segments {
    cached: BTreeMap<u64, Cached>,
}

struct Cached {
    /// `None`: the segment holds nothing that was ever counted.
    entry: Option<SegmentEntry>,
    dirty: bool,
}

impl Index {
    fn segment_of(&self, at: u64) -> u64 {
        at / self.meta.segment_bytes
    }

    fn cached_segment(&mut self, number: u64) -> Result<&mut Cached> {
        use std::collections::btree_map::Entry;
        Ok(match self.segments.cached.entry(number) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let bytes = self.txn.get(&keys::pair(0, table::SEGMENTS, number))?;
                entry.insert(Cached {
                    entry: bytes.map(SegmentEntry::decode).transpose()?,
                    dirty: false,
                })
            }
        })
    }

    /// Counts a message's copy at log position `at`, whose content block has `length` bytes.
    pub(super) fn count_copy(&mut self, at: u64, length: u32) -> Result<()> {
        let cached = self.cached_segment(self.segment_of(at))?;
        let entry = cached.entry.get_or_insert_default();
        entry.messages += 1;
        entry.bytes += copy_bytes(length);
        entry.longest = entry.longest.max(length);
        cached.dirty = true;
        Ok(())
    }

    /// The copy at `at` is not needed any more. Segments that are gone are not counted.
    pub(super) fn uncount_copy(&mut self, at: u64, length: u32) -> Result<()> {
        let cached = self.cached_segment(self.segment_of(at))?;
        if let Some(entry) = &mut cached.entry {
            entry.messages = entry.messages.saturating_sub(1);
            entry.bytes = entry.bytes.saturating_sub(copy_bytes(length));
            cached.dirty = true;
        }
        Ok(())
    }

    /// Something other than a message stands at `at`.
    pub fn note_other(&mut self, at: u64) -> Result<()> {
        let cached = self.cached_segment(self.segment_of(at))?;
        let entry = cached.entry.get_or_insert_default();
        if !entry.others {
            entry.others = true;
            cached.dirty = true;
        }
        Ok(())
    }

    /// What segment `number` holds.
    pub fn segment(&mut self, number: u64) -> Result<SegmentEntry> {
        Ok(self.cached_segment(number)?.entry.unwrap_or_default())
    }

    /// Segment `number` is gone.
    pub fn forget_segment(&mut self, number: u64) -> Result<()> {
        let cached = self.cached_segment(number)?;
        cached.dirty |= cached.entry.is_some();
        cached.entry = None;
        Ok(())
    }

    /// Writes the changed entries.
    pub(super) fn store_segments(&mut self) -> Result<()> {
        for (number, cached) in &self.segments.cached {
            if !cached.dirty {
                continue;
            }
            let key = keys::pair(0, table::SEGMENTS, *number);
            match cached.entry {
                Some(entry) => self.txn.put(&key, &entry.encode())?,
                None => {
                    self.txn.delete(&key)?;
                }
            }
        }
        Ok(())
    }
}
