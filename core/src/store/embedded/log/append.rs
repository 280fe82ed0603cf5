//! Writing at the end of the log.

use super::frame::{FrameKind, frame_bytes};
use super::{FRAME_HEADER_BYTES, Log, SEGMENT_HEADER_BYTES, Tail};
use crate::error::{Error, ErrorKind, Result};
use crate::store::embedded::disk::DiskFile;
use bytes::Bytes;
use std::sync::Arc;

/// Buffer that is kept from one transaction to the next, bytes.
const BUFFER_KEPT_MAX: usize = 4 << 20;

/// Frames of one transaction, collected and then written with one call per segment.
///
/// Only one process may have frames in an appender that it will write: the holder of the writer
/// lock. A transaction is [`Appender::restart`], any number of [`Appender::push`], and
/// [`Appender::flush`] or [`Appender::discard`].
pub struct Appender {
    log: Log,
    /// End of what is written.
    written: Tail,
    /// End of what is pushed.
    end: Tail,
    synced_lsn: u64,
    buffer: Vec<u8>,
    pieces: Vec<Piece>,
}

/// A stretch of the buffer that lies in one segment.
struct Piece {
    lsn: u64,
    /// Its start in the buffer.
    from: usize,
    file: Arc<dyn DiskFile>,
}

impl Log {
    /// An appender that continues at `tail`.
    pub fn appender(&self, tail: Tail) -> Appender {
        Appender {
            log: self.clone(),
            written: tail,
            end: tail,
            synced_lsn: 0,
            buffer: Vec::new(),
            pieces: Vec::new(),
        }
    }
}

impl Appender {
    /// Begins a transaction at `tail`, the end of the log that the last writer left. `synced_lsn`
    /// goes into the frames: all of the log before it is on disk. It proves to a later scan that a
    /// gap before it is damage and not a power cut.
    pub fn restart(&mut self, tail: Tail, synced_lsn: u64) {
        self.written = tail;
        self.synced_lsn = synced_lsn;
        self.discard();
    }

    /// Adds a frame and returns the LSN of the first byte of its payload, which is at most
    /// [`Log::payload_max`] long. Nothing is written yet, but a missing next segment is made.
    pub fn push(&mut self, payload: &[u8]) -> Result<u64> {
        self.push_parts(&[payload])
    }

    /// As [`Appender::push`], with a payload in several parts.
    pub fn push_parts(&mut self, parts: &[&[u8]]) -> Result<u64> {
        let payload_bytes: usize = parts.iter().map(|part| part.len()).sum();
        if payload_bytes > self.log.payload_max() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "a record of {payload_bytes} bytes does not fit a segment; the maximum is {}",
                    self.log.payload_max()
                ),
            ));
        }
        let mut lsn = self.log.place(self.end.lsn);
        let crosses = frame_bytes(payload_bytes as u64) > self.log.room(lsn);
        if crosses {
            let next = self.log.segment_start(self.log.segment_of(lsn) + 1);
            // Before the pad, so that a full disk leaves the end of the log as it was.
            self.log.file_for_writing(self.log.segment_of(next))?;
            self.add(lsn, FrameKind::Pad, &[])?;
            lsn = next + SEGMENT_HEADER_BYTES;
        }
        self.add(lsn, FrameKind::Record, parts)?;
        Ok(lsn + FRAME_HEADER_BYTES)
    }

    fn add(&mut self, lsn: u64, kind: FrameKind, parts: &[&[u8]]) -> Result<()> {
        if self.end.lsn != lsn || self.pieces.is_empty() {
            let file = self.log.file_for_writing(self.log.segment_of(lsn))?;
            self.pieces.push(Piece {
                lsn,
                from: self.buffer.len(),
                file,
            });
        }
        let at = Tail {
            lsn,
            chain: self.end.chain,
        };
        self.end =
            self.log
                .inner
                .checksum
                .write(&mut self.buffer, at, self.synced_lsn, kind, parts);
        Ok(())
    }

    /// Where the log ends with everything that was pushed.
    pub fn end(&self) -> Tail {
        self.end
    }

    /// Bytes that [`Appender::flush`] will write.
    pub fn pending_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Writes what was pushed, each segment's part with one call, and returns the new end of the
    /// log. After a failure any part of it may be there: give the store up and reopen it.
    pub fn flush(&mut self) -> Result<Tail> {
        for (index, piece) in self.pieces.iter().enumerate() {
            let to = self
                .pieces
                .get(index + 1)
                .map_or(self.buffer.len(), |next| next.from);
            let number = self.log.segment_of(piece.lsn);
            let position = piece.lsn - self.log.segment_start(number);
            let bytes = &self.buffer[piece.from..to];
            piece.file.write_at(bytes, position).map_err(|error| {
                let name = self.log.segment_name(number);
                Error::io(
                    &format!("write {} bytes at {position} of {name}", bytes.len()),
                    &error,
                )
            })?;
        }
        self.written = self.end;
        self.discard();
        Ok(self.written)
    }

    /// Forgets what was pushed since the last flush.
    pub fn discard(&mut self) {
        self.end = self.written;
        self.pieces.clear();
        self.buffer.clear();
        self.buffer.shrink_to(BUFFER_KEPT_MAX);
    }

    /// As [`Log::read`], also for what was pushed and not yet flushed, or only in part.
    pub fn read(&self, lsn: u64, bytes: usize) -> Result<Bytes> {
        let pending = self.pieces.first().map_or(u64::MAX, |piece| piece.lsn);
        if pending >= lsn.saturating_add(bytes as u64) {
            return self.log.read(lsn, bytes);
        }
        let Some(written) = pending.checked_sub(lsn).filter(|bytes| *bytes > 0) else {
            return self.read_pending(lsn, bytes).map(Bytes::copy_from_slice);
        };
        let mut both = self.log.read(lsn, written as usize)?.to_vec();
        both.extend_from_slice(self.read_pending(pending, bytes - written as usize)?);
        Ok(both.into())
    }

    fn read_pending(&self, lsn: u64, bytes: usize) -> Result<&[u8]> {
        let holds = |piece: &&Piece| piece.lsn <= lsn;
        self.pieces
            .iter()
            .rev()
            .find(holds)
            .and_then(|piece| {
                let from = piece.from + (lsn - piece.lsn) as usize;
                self.buffer.get(from..from.checked_add(bytes)?)
            })
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Corrupt,
                    format!("{bytes} bytes at LSN {lsn:#x} lie after the end of the log"),
                )
            })
    }
}
