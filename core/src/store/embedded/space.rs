//! Room on the disk. New messages are refused while the reserve is not whole; receiving and
//! deleting live on the reserve, so that a full disk can be drained (P8).
//!
//! Segments are made ahead of their use: the keeper makes the next one when the present one is
//! half full, so that no send waits for it. If the keeper cannot, sends are refused from then on:
//! what is left, a segment and a half, is what draining and reclaiming may need at the worst.

use super::index::entries::Meta;
use super::index::lmdb::Environment;
use super::log::{Log, Tail};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::fs;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Frame and record fields around a message's content, at the most.
const FRAME_OVERHEAD_BYTES: u64 = 1_024;

/// The room of a store, as one process sees it.
pub struct Space {
    log: Log,
    env: Arc<Environment>,
    index_file: File,
    reserve_bytes: u64,
    /// The index file is known to have its blocks up to here.
    index_allocated: AtomicU64,
    /// No room was found when last looked for.
    short: AtomicBool,
    /// The end of the prepared segments when the keeper was last asked to make a spare one.
    asked_at: AtomicU64,
    /// The keeper was asked to make a spare segment, and has not.
    spare_wanted: AtomicBool,
    /// Segments were freed and wait to be given back.
    freed: AtomicBool,
    /// Steps of reclamation that this process made.
    steps: AtomicU64,
}

impl Space {
    /// Room of `log` and `env`, whose data file is `index_file`, on a disk that is already
    /// `short` of it or not.
    pub fn new(
        log: Log,
        env: Arc<Environment>,
        index_file: File,
        reserve_bytes: u64,
        short: bool,
    ) -> Self {
        Self {
            log,
            env,
            index_file,
            reserve_bytes,
            index_allocated: AtomicU64::new(0),
            short: AtomicBool::new(short),
            asked_at: AtomicU64::new(u64::MAX),
            spare_wanted: AtomicBool::new(false),
            freed: AtomicBool::new(false),
            steps: AtomicU64::new(0),
        }
    }

    /// Bytes of a segment.
    pub fn segment_bytes(&self) -> u64 {
        self.log.segment_bytes()
    }

    /// True if the disk was full when last looked at.
    pub fn is_short(&self) -> bool {
        self.short.load(Ordering::Relaxed)
    }

    /// Counts a step of reclamation that came further.
    pub fn note_step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// Such steps so far.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// Segments were freed: whoever has the next turn on a full disk gives them back at once.
    pub fn note_freed(&self) {
        self.note_step();
        self.freed.store(true, Ordering::Release);
    }

    /// True if segments were freed since the last call.
    pub fn take_freed(&self) -> bool {
        self.freed.swap(false, Ordering::AcqRel)
    }

    /// Where the prepared segments should end when the log ends at `lsn`: behind the next segment,
    /// and from the middle of a segment on behind the one after that.
    fn spare_lsn(&self, lsn: u64) -> u64 {
        let half = self.segment_bytes() / 2;
        self.log.segment_start(self.log.segment_of(lsn + half) + 2)
    }

    /// True if the keeper is to be told that a spare segment is missing; once for each.
    pub fn lacks_spare(&self, meta: &Meta, end: Tail) -> bool {
        let prepared = meta.prepared_lsn;
        if prepared >= self.spare_lsn(end.lsn) {
            self.asked_at.store(u64::MAX, Ordering::Relaxed);
            return false;
        }
        if self.asked_at.swap(prepared, Ordering::Relaxed) == prepared {
            return false;
        }
        self.spare_wanted.store(true, Ordering::Relaxed);
        true
    }

    /// True if the keeper was told so, and has not made one yet.
    pub fn is_spare_wanted(&self) -> bool {
        self.spare_wanted.load(Ordering::Relaxed)
    }

    /// Makes the segments that are missing when the log ends at `lsn` and is prepared up to
    /// `prepared`; answers how far it is prepared then. Takes its time: for the keeper.
    pub fn make_spares(&self, lsn: u64, mut prepared: u64) -> Result<u64> {
        while prepared < self.spare_lsn(lsn) {
            let made = self.log.ensure_segment(self.log.segment_of(prepared));
            if let Err(error) = made {
                self.short
                    .fetch_or(error.kind() == ErrorKind::DiskFull, Ordering::Relaxed);
                return Err(error);
            }
            prepared += self.segment_bytes();
            self.short.store(false, Ordering::Relaxed);
        }
        self.spare_wanted.store(false, Ordering::Relaxed);
        Ok(prepared)
    }

    /// Makes sure that `bytes` of new messages fit behind `end` and the reserve stays whole.
    pub fn for_send(&self, meta: &mut Meta, end: Tail, bytes: u64) -> Result<()> {
        let result = self.try_for_send(meta, end, bytes);
        self.short.store(result.is_err(), Ordering::Relaxed);
        result.map_err(|error| {
            if error.kind() != ErrorKind::DiskFull {
                return error;
            }
            Error::new(
                ErrorKind::DiskFull,
                format!(
                    "No room for {bytes} bytes of new messages beside the reserve of {} bytes; \
                     receive and delete messages, or free space. ({})",
                    self.reserve_bytes,
                    error.text()
                ),
            )
        })
    }

    fn try_for_send(&self, meta: &mut Meta, end: Tail, bytes: u64) -> Result<()> {
        let segment = self.segment_bytes();
        // A frame does not cross segments, so each boundary may waste up to a frame.
        let need = bytes + bytes / 8 + FRAME_OVERHEAD_BYTES;
        let reserve = self.reserve_bytes.min(segment);
        let last = self
            .log
            .segment_of(end.lsn + need + need / segment * FRAME_OVERHEAD_BYTES);
        let mut wanted = self.log.segment_start(last + 1) + reserve.next_multiple_of(segment);
        // A drain takes about as much of the log as what it drains.
        if self.is_short() && reserve > 0 && meta.live_bytes > segment / 2 {
            wanted = wanted.max(self.spare_lsn(end.lsn));
        }
        while meta.prepared_lsn < wanted {
            self.log
                .ensure_segment(self.log.segment_of(meta.prepared_lsn))?;
            meta.prepared_lsn += segment;
        }
        self.reserve_index()
    }

    /// Blocks of the index file are taken ahead of its use: the reserve, and a quarter of it more,
    /// so that this is not for every send to do.
    fn reserve_index(&self) -> Result<()> {
        let used = self.env.used_bytes();
        let reserve = self.reserve_bytes;
        if used + reserve <= self.index_allocated.load(Ordering::Relaxed) {
            return Ok(());
        }
        for bytes in [reserve + reserve / 4, reserve] {
            if fs::allocate(&self.index_file, used, bytes, true).is_ok() {
                self.index_allocated.store(used + bytes, Ordering::Relaxed);
                return Ok(());
            }
        }
        // A drained index is full of free pages, which serve as well.
        let allocated = fs::allocated_bytes(&self.index_file)
            .map_err(|error| Error::io("look at the index file", &error))?;
        let spare = allocated.saturating_sub(used) + self.env.free_bytes()?;
        if spare >= reserve {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::DiskFull,
            format!("{spare} bytes are left for the index"),
        ))
    }
}
