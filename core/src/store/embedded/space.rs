//! Room on the disk. New messages are refused while the reserve is not whole; receiving and
//! deleting live on the reserve, so that a full disk can be drained (P8).
//!
//! The log's part of the reserve are segments made ahead ([`Reserve`]). The index's part are free
//! pages, or blocks of its file behind what it uses: the pages of a few transactions, and half of
//! what it uses, as a message that was received takes up to half as much again as one that waits.

use super::index::entries::Meta;
use super::index::lmdb::Environment;
use super::log::{Log, Tail};
use super::reserve::{Holding, Reserve};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::fs;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Frame and record fields around a message's content, at the most.
const FRAME_OVERHEAD_BYTES: u64 = 1_024;
/// Transactions after which the free pages of the index are counted anew. Each takes a few of them
/// for good; the reserve has thousands.
const INDEX_RESTS: u64 = 16;
/// Pages of the index that a change of one message may copy: a leaf and a branch in six tables.
const MESSAGE_PAGES_BYTES: u64 = 48 << 10;

/// The room of a store, as one process sees it.
pub struct Space {
    log: Log,
    env: Arc<Environment>,
    directory: PathBuf,
    index_file: File,
    reserve_bytes: u64,
    reserve: Reserve,
    /// The index file is known to have its blocks up to here.
    index_allocated: AtomicU64,
    /// Bytes of the index file that held pages when last looked at.
    index_used: AtomicU64,
    /// Transactions that need not count the free pages of the index anew.
    index_rests: AtomicU64,
    /// No room was found when last looked for.
    short: AtomicBool,
    /// Bytes of the send that was refused last; 0 if none was since.
    refused_bytes: AtomicU64,
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
    /// Room of `log` and `env` in `directory`.
    pub fn new(
        log: Log,
        env: Arc<Environment>,
        directory: PathBuf,
        index_file: File,
        reserve_bytes: u64,
    ) -> Self {
        let segment_bytes = log.segment_bytes();
        Self {
            log,
            env,
            directory,
            index_file,
            reserve_bytes,
            reserve: Reserve { segment_bytes },
            index_allocated: AtomicU64::new(0),
            index_used: AtomicU64::new(0),
            index_rests: AtomicU64::new(0),
            short: AtomicBool::new(false),
            refused_bytes: AtomicU64::new(0),
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

    /// The rule for the log's part of the reserve.
    pub fn reserve(&self) -> Reserve {
        self.reserve
    }

    /// Where the prepared segments must end before `arriving` is appended behind `end`.
    fn wanted_lsn(&self, meta: &Meta, end: u64, arriving: Holding) -> u64 {
        let segment = self.segment_bytes();
        // A frame does not cross segments, so each boundary may waste up to a frame.
        let need = arriving.live_bytes + arriving.live_bytes / 8 + FRAME_OVERHEAD_BYTES;
        let behind = end + need + need / segment * FRAME_OVERHEAD_BYTES;
        let mut wanted = self.log.segment_start(self.log.segment_of(behind) + 1);
        if self.reserve_bytes > 0 {
            let holding = Holding::of(meta).with(arriving);
            wanted = wanted
                .max(behind + self.reserve.drain_bytes(holding))
                .max(meta.head_lsn + self.reserve.held_bytes(holding));
        }
        wanted.next_multiple_of(segment)
    }

    /// Where the prepared segments should end when the log ends at `lsn`: for half a segment of
    /// arrivals, so that a segment is made before anybody waits for it.
    pub fn spare_lsn(&self, meta: &Meta, lsn: u64) -> u64 {
        let arriving = Holding {
            live_bytes: self.segment_bytes() / 2,
            messages: 0,
            longest: 0,
        };
        self.wanted_lsn(meta, lsn, arriving)
    }

    /// True if the reserve of the log is in use, when the log ends at `lsn` and takes `used`
    /// bytes, and a round of reclamation would gain room.
    pub fn presses(&self, meta: &Meta, lsn: u64, used: u64) -> bool {
        let holding = Holding::of(meta);
        let wish = self.refused_bytes.load(Ordering::Relaxed);
        let room = meta.prepared_lsn.saturating_sub(lsn);
        self.is_short()
            && room < self.reserve.drain_bytes(holding) + wish.max(self.segment_bytes() / 2)
            && self.reserve.pays(holding, used)
    }

    /// Looks whether the reserve is whole, at the beginning of a transaction: whoever only drains
    /// has no other way to know that the disk is full.
    pub fn look(&self, meta: &mut Meta) {
        if self.is_short() {
            // Another process may have freed segments, and be gone.
            if self.log.segment_of(meta.reclaimed_lsn) > self.log.segment_of(meta.head_lsn) {
                self.freed.store(true, Ordering::Release);
            }
            return;
        }
        if self.reserve_bytes == 0 {
            return;
        }
        let wanted = meta.tail_lsn + self.reserve.drain_bytes(Holding::of(meta));
        if self.extend_log(meta, wanted).is_err() || self.reserve_index(0).is_err() {
            self.note_full();
        }
    }

    /// The disk was found full.
    pub fn note_full(&self) {
        self.short.store(true, Ordering::Relaxed);
    }

    /// True if a transaction that changes `messages` of them finds room for the pages of the index
    /// that it may copy.
    pub fn fits(&self, messages: usize) -> bool {
        if self.is_short() {
            return false;
        }
        let pages = messages as u64 * MESSAGE_PAGES_BYTES;
        let allocated = self.index_allocated.load(Ordering::Relaxed);
        if allocated.saturating_sub(self.index_used.load(Ordering::Relaxed)) >= pages {
            return true;
        }
        // A file system that does not tell is taken for a large one.
        fs::free_bytes(&self.directory).unwrap_or(u64::MAX) >= pages
    }

    /// True if the keeper is to be told that a spare segment is missing; once for each.
    pub fn lacks_spare(&self, meta: &Meta, end: Tail) -> bool {
        let prepared = meta.prepared_lsn;
        if prepared >= self.spare_lsn(meta, end.lsn) {
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

    /// Makes the segments up to `wanted` behind those up to `prepared`; answers how far they go
    /// then. Takes its time: for the keeper.
    pub fn make_spares(&self, mut prepared: u64, wanted: u64) -> Result<u64> {
        while prepared < wanted {
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

    /// Makes sure that `arriving` fits behind `end` and the reserve stays whole.
    pub fn for_send(&self, meta: &mut Meta, end: Tail, arriving: Holding) -> Result<()> {
        let result = self.try_for_send(meta, end, arriving);
        self.short.store(result.is_err(), Ordering::Relaxed);
        let bytes = arriving.live_bytes;
        let refused = if result.is_ok() { 0 } else { 2 * bytes };
        self.refused_bytes.store(refused, Ordering::Relaxed);
        result.map_err(|error| {
            if error.kind() != ErrorKind::DiskFull {
                return error;
            }
            Error::new(
                ErrorKind::DiskFull,
                format!(
                    "No room for {bytes} bytes beside what is kept for receiving and deleting {} \
                     messages; receive and delete some, or free space. ({})",
                    meta.messages,
                    error.text()
                ),
            )
        })
    }

    fn try_for_send(&self, meta: &mut Meta, end: Tail, arriving: Holding) -> Result<()> {
        self.extend_log(meta, self.wanted_lsn(meta, end.lsn, arriving))?;
        // Where there is plenty the pages of a large batch are found in any case.
        self.reserve_index(match self.is_short() {
            true => arriving.messages * MESSAGE_PAGES_BYTES,
            false => 0,
        })
    }

    fn extend_log(&self, meta: &mut Meta, wanted: u64) -> Result<()> {
        // Without a reserve the log may have gone on by itself, and what it wrote be given away.
        let tail = self.log.segment_of(meta.tail_lsn);
        meta.prepared_lsn = meta.prepared_lsn.max(self.log.segment_start(tail));
        while meta.prepared_lsn < wanted {
            self.log
                .ensure_segment(self.log.segment_of(meta.prepared_lsn))?;
            meta.prepared_lsn += self.segment_bytes();
        }
        Ok(())
    }

    /// Makes sure that the reserve and `more` bytes are there for the index: free pages within it,
    /// or blocks of its file behind what it uses. These are taken ahead, a quarter more than asked
    /// for, so that this is not for every send to do.
    fn reserve_index(&self, more: u64) -> Result<()> {
        let used = self.env.used_bytes();
        self.index_used.store(used, Ordering::Relaxed);
        let reserve = |used: u64| match self.reserve_bytes {
            0 => 0,
            bytes => bytes + used / 2 + more,
        };
        if used + reserve(used) <= self.index_allocated.load(Ordering::Relaxed) {
            return Ok(());
        }
        let rests = self.index_rests.load(Ordering::Relaxed);
        if rests > 0 && more == 0 {
            self.index_rests.store(rests - 1, Ordering::Relaxed);
            return Ok(());
        }
        let allocated = fs::allocated_bytes(&self.index_file)
            .map_err(|error| Error::io("look at the index file", &error))?;
        let free = self.env.free_bytes()?;
        let spare = allocated.saturating_sub(used) + free;
        let reserve = reserve(used.saturating_sub(free));
        if spare >= reserve {
            self.index_rests.store(INDEX_RESTS, Ordering::Relaxed);
            return Ok(());
        }
        for bytes in [reserve + reserve / 4, reserve] {
            if fs::allocate(&self.index_file, used, bytes, true).is_ok() {
                self.index_allocated.store(used + bytes, Ordering::Relaxed);
                return Ok(());
            }
        }
        // On a nearly full disk the free pages within count as well.
        let beside_free = reserve.saturating_sub(free);
        if fs::allocate(&self.index_file, used, beside_free, true).is_ok() {
            self.index_rests.store(INDEX_RESTS, Ordering::Relaxed);
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::DiskFull,
            format!("{spare} of {reserve} bytes are left for the index"),
        ))
    }
}
