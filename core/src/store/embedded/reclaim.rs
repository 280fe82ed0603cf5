//! Reclamation: the log gives back space strictly from its oldest end. What is still needed there
//! is appended again at the tail, then the segment is free. So a delete is always younger than the
//! latest copy of what it deletes, and replay cannot bring a deleted message back.

use super::carry;
use super::engine::Engine;
use super::fault::point;
use super::index::entries::Meta;
use super::log::{EndReason, ScanFrom};
use super::record::{Record, Records};
use super::reserve::COPIED_PER_BYTE;
use super::transition::Tx;
use crate::error::{Error, ErrorKind, Result};
use std::sync::atomic::Ordering;

/// Log beyond twice what is live that is kept, in segments: with 16 MiB segments 128 MiB less
/// what a step, the tail and the spare segments take.
const SLACK_SEGMENTS: u64 = 3;
/// Log that one step looks at, bytes. A step is run for every so many bytes too many, so that
/// its fixed cost is spread.
const STEP_BYTES: u64 = 1 << 20;
/// Log that a session passes for each byte that it appends to a log that is too long: more than
/// one, or a load of large batches would outrun reclamation.
const PASSED_PER_BYTE: u64 = 2;
/// Freed segments that may wait for the keeper.
const FREED_SEGMENTS_MAX: u64 = 4;
/// As [`STEP_BYTES`] on a full disk, where the pages of the index that a step changes live on the
/// reserve as well; more only as a command appends more.
const PRESSED_STEP_BYTES: u64 = 16 << 10;
/// What a copy takes beside its content, roughly.
const COPY_OVERHEAD_BYTES: usize = 100;
/// Spare segments that are kept ready; more are given back to the file system. One that still has
/// a queue's record holds up those behind it, and then as many as [`SLACK_SEGMENTS`] come at once:
/// fewer spare ones would be removed only to be made again.
const SPARE_SEGMENTS_MAX: u64 = SLACK_SEGMENTS + 1;

impl Engine {
    /// Log beyond which reclamation works.
    fn log_bytes_max(&self, live_bytes: u64) -> u64 {
        2 * live_bytes + SLACK_SEGMENTS * self.log.segment_bytes()
    }

    /// True if the log is longer than it may be by a step or more.
    fn is_over(&self, tx: &Tx, step: u64) -> bool {
        let meta = &tx.index.meta;
        let used = tx.appender.end().lsn.saturating_sub(meta.reclaimed_lsn);
        used > self.log_bytes_max(meta.live_bytes) + step
    }

    /// One step, or as many as a session needs that appends more than a step; part of a session.
    pub(super) fn reclaim_step(&self, tx: &mut Tx) {
        if let Err(error) = self.pass_empty_segments(tx) {
            tx.failed = Some(error);
            return;
        }
        let step = STEP_BYTES.min(self.log.segment_bytes() / 4);
        let tail = tx.appender.end();
        if self.space.lacks_spare(&tx.index.meta, tail) {
            self.keeper_signal.notify();
        }
        let end = tail.lsn;
        let start = tx.index.meta.reclaimed_lsn;
        let appended = tx.appender.pending_bytes() as u64;
        let (step, budget) = if self
            .space
            .presses(&tx.index.meta, end, end.saturating_sub(start))
        {
            // Never more than there is room for: what cannot be copied is not freed.
            let room = tx.index.meta.prepared_lsn.saturating_sub(end);
            let step = PRESSED_STEP_BYTES.max(appended * COPIED_PER_BYTE);
            (step.min(room / 2), 0)
        } else if self.is_over(tx, step) {
            (step, appended * PASSED_PER_BYTE)
        } else {
            return;
        };
        let before = end;
        loop {
            let from = tx.index.meta.reclaimed_lsn;
            if let Err(error) = self.reclaim(tx, step) {
                // An index that contradicts the log is no reason to refuse commands that do not
                // meet the contradiction; the log stays where it is until somebody looks.
                // A copy that finds no room changed nothing, and what was copied before it stands.
                if error.kind() == ErrorKind::DiskFull {
                    tx.failed = None;
                } else if error.kind() == ErrorKind::Corrupt {
                    self.report_damage(format!("reclamation stopped: {}", error.text()));
                } else if tx.failed.is_none() {
                    tx.failed = Some(error);
                }
                break;
            }
            let reached = tx.index.meta.reclaimed_lsn;
            if reached == from || reached - start >= budget || !self.is_over(tx, step) {
                break;
            }
        }
        let end = tx.appender.end().lsn;
        let moved = end - before;
        if moved > 0 {
            tx.index.meta.carried_lsn = end;
        }
        self.counters
            .moved_bytes
            .fetch_add(moved, Ordering::Relaxed);
        point("reclaim-copied");
        self.tell_of_freed(tx);
    }

    /// Segments of which nothing is left are free without being read, however short the log is:
    /// a small log stays in the processor's caches.
    fn pass_empty_segments(&self, tx: &mut Tx) -> Result<()> {
        let last = self.log.segment_of(tx.index.meta.tail_lsn);
        let start = self.log.segment_of(tx.index.meta.reclaimed_lsn);
        let mut first = start;
        while first < last && tx.index.segment(first)?.is_empty() {
            tx.index.forget_segment(first)?;
            first += 1;
        }
        if first > start {
            tx.index.meta.reclaimed_lsn = self.log.segment_start(first);
            self.tell_of_freed(tx);
        }
        Ok(())
    }

    fn tell_of_freed(&self, tx: &Tx) {
        let free = self.log.segment_of(tx.index.meta.reclaimed_lsn);
        let freed = free.saturating_sub(self.log.segment_of(tx.index.meta.head_lsn));
        if freed > 0 {
            point("reclaim-segment-done");
            self.freed.store(freed, Ordering::Relaxed);
            self.space.note_freed();
            self.keeper_signal.notify();
        }
    }

    fn reclaim(&self, tx: &mut Tx, step: u64) -> Result<()> {
        let start = tx.index.meta.reclaimed_lsn;
        // Never past what is written: the scan reads the files.
        let limit = tx.index.meta.tail_lsn;
        let mut reached = start;
        let mut old: Vec<(u64, Vec<u8>)> = Vec::new();
        let stop = Error::new(ErrorKind::Cancelled, "enough for one step");
        let from = ScanFrom::Frame(start);
        let scanned = self.log.scan_written(from, limit, |lsn, payload| {
            // One frame in any case: more than a step may be wasted at the end of a segment.
            if lsn >= limit || (lsn - start >= step && !old.is_empty()) {
                return Err(stop.clone());
            }
            old.push((lsn, payload.to_vec()));
            reached = lsn + payload.len() as u64;
            Ok(())
        });
        let end = match scanned {
            Err(error) if error == stop => EndReason::Clean,
            Err(error) => return Err(error),
            Ok(scanned) => scanned.end,
        };
        self.copy(tx, &old)?;
        // Frames are aligned to eight bytes.
        let mut reached = reached.next_multiple_of(8);
        if let EndReason::Damaged {
            lsn,
            what,
            resume_lsn,
        } = end
        {
            self.salvage(tx, lsn..resume_lsn, &what)?;
            reached = resume_lsn;
        }
        for number in self.log.segment_of(start)..self.log.segment_of(reached) {
            tx.index.forget_segment(number)?;
        }
        if reached > start {
            self.space.note_step();
        }
        tx.index.meta.reclaimed_lsn = reached;
        Ok(())
    }

    /// Appends what is still needed of these payloads, packed into frames of their own.
    fn copy(&self, tx: &mut Tx, old: &[(u64, Vec<u8>)]) -> Result<()> {
        let now_ms = self.clock_ms().max(tx.index.meta.now_ms);
        let bytes_max = self.space.reserve().copy_frame_bytes() as usize;
        let (mut copies, mut bytes) = (Vec::new(), 0);
        let mut has_next_queue = false;
        for (lsn, payload) in old {
            let mut records = Records::new(payload);
            while let Some(located) = records.advance()? {
                let at = lsn + located.at as u64;
                let Some(copy) = carry::needed(tx, located.record, at, now_ms)? else {
                    continue;
                };
                // Each record of the latest queue calls for it, were it changed a thousand times.
                if let Record::NextQueue { .. } = copy
                    && std::mem::replace(&mut has_next_queue, true)
                {
                    continue;
                }
                bytes += match &copy {
                    Record::Put { content, .. } => content.len(),
                    _ => 0,
                } + COPY_OVERHEAD_BYTES;
                copies.push(copy);
                if bytes >= bytes_max {
                    tx.step(&copies)?;
                    copies.clear();
                    bytes = 0;
                }
            }
        }
        if copies.is_empty() {
            return Ok(());
        }
        tx.step(&copies)
    }

    /// Helps the keeper when it falls behind: otherwise a log on a slow disk would outgrow its
    /// bound. Called outside the writer lock.
    pub(super) fn help_recycling(&self) -> Result<()> {
        if self.freed.load(Ordering::Relaxed) < FREED_SEGMENTS_MAX {
            return Ok(());
        }
        self.recycle_freed()
    }

    /// Gives freed segments back, unless somebody else is doing it. Called by the keeper, outside
    /// the writer lock.
    pub(super) fn recycle_freed(&self) -> Result<()> {
        match self.segments.try_acquire()? {
            Some(_hold) => self.recycle_all(),
            None => Ok(()),
        }
    }

    /// As [`Engine::recycle_freed`], and when it returns they are given back: on a full disk the
    /// next command needs them.
    pub(super) fn recycle_freed_now(&self) -> Result<()> {
        let _hold = self.segments.acquire(self.options.lock_timeout)?;
        self.recycle_all()
    }

    /// Freed segments become future segments, or go back to the file system. Only for who holds
    /// the segments.
    pub(super) fn recycle_all(&self) -> Result<()> {
        self.settle()?;
        let meta = self.with_meta(|meta| meta.clone())?;
        let first = self.log.segment_of(meta.head_lsn);
        let free = self.log.segment_of(meta.reclaimed_lsn);
        if first >= free {
            return Ok(());
        }
        self.recycle_range(first, free, &meta)
    }

    fn recycle_range(&self, first: u64, free: u64, meta: &Meta) -> Result<()> {
        // What took the place of something that somebody was promised must be on disk first.
        let promised_lsn = self.page.promised_lsn.load(Ordering::Acquire);
        if self.log.segment_start(first) < promised_lsn {
            self.promise(meta.carried_lsn);
            self.sync_log(meta.carried_lsn)?;
        }
        let mut next = self.log.segment_of(meta.prepared_lsn);
        // The oldest one is gone then, so what the reserve asks for ends behind it.
        let after = Meta {
            head_lsn: self.log.segment_start(free),
            ..meta.clone()
        };
        let tail = self.log.segment_of(meta.tail_lsn);
        let spare_lsn = self.space.spare_lsn(&after, meta.tail_lsn);
        let wanted = self
            .log
            .segment_of(spare_lsn)
            .max(tail + 1 + SPARE_SEGMENTS_MAX);
        let mut rest = first;
        while rest < free && next < wanted {
            match self.log.recycle(rest, next) {
                Ok(_) => next += 1,
                Err(_) if !self.log.segments()?.contains(&rest) => {}
                Err(error) => return Err(error),
            }
            rest += 1;
            point("reclaim-recycled");
        }
        if rest < free {
            // Listed once: after a long backup there may be thousands.
            let all = self.log.segments()?.into_iter();
            for number in all.filter(|number| (rest..free).contains(number)) {
                self.log.remove(number)?;
                point("reclaim-recycled");
            }
        }
        self.log.forget_before(free);
        self.freed.store(0, Ordering::Relaxed);
        let (head, prepared) = (self.log.segment_start(free), self.log.segment_start(next));
        self.with_meta(|meta| {
            meta.head_lsn = meta.head_lsn.max(head);
            meta.prepared_lsn = meta.prepared_lsn.max(prepared);
        })
    }
}
