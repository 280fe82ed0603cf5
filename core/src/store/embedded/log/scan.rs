//! Reading the log from one end to the other, and finding out what its end means.
//!
//! After a power cut the log may end in a torn frame, and of what was not yet synced any part may
//! be there, whole frames behind the torn one included. All of that is cut off. Damage in the
//! middle looks alike from the front; what tells it apart is a later frame that says that
//! everything up to a place behind the bad one was on disk when it was written.

use super::frame::{FRAME_ALIGN, FrameHeader, FrameKind, frame_bytes};
use super::segment::SegmentHeader;
use super::{FRAME_HEADER_BYTES, Log, SEGMENT_HEADER_BYTES, Tail};
use crate::error::{Error, Result};
use crate::store::embedded::disk::DiskFile;
use std::sync::Arc;

/// What is read at once, bytes. Large enough for the disk, small enough for the processor's cache.
const BLOCK_BYTES: u64 = 1 << 20;

/// Where a scan starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanFrom {
    /// At the oldest segment; its first frame's chain is taken as given.
    Oldest,
    /// Behind a known frame.
    Tail(Tail),
    /// At the frame with this LSN, whose chain is taken as given; see [`EndReason::Damaged`].
    Frame(u64),
}

/// How a scan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanEnd {
    /// Behind the last good frame: where the log goes on.
    pub tail: Tail,
    /// Why it ended there.
    pub end: EndReason,
    /// Frames visited.
    pub frames: u64,
    /// Damage that cost nothing: segment headers that are not as they should be.
    pub remarks: Vec<String>,
}

/// Why a scan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndReason {
    /// No frame was begun at the tail.
    Clean,
    /// A frame at `lsn` is not whole, and nothing shows that it ever was: it is to be cut off.
    Torn {
        /// Where.
        lsn: u64,
        /// What is wrong, for people.
        what: String,
    },
    /// The log at `lsn` was on disk once and is damaged. The rest can be read with
    /// [`ScanFrom::Frame`].
    Damaged {
        /// Where the damage starts.
        lsn: u64,
        /// What is wrong, for people.
        what: String,
        /// The next good frame.
        resume_lsn: u64,
    },
}

impl Log {
    /// As [`Log::scan`], of a log that is known to have been written up to `written_lsn`: what
    /// cannot be read before that is damage, and nothing is searched for behind it.
    pub fn scan_written(
        &self,
        from: ScanFrom,
        written_lsn: u64,
        visitor: impl FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<ScanEnd> {
        let mut scanner = Scanner::new(self);
        scanner.written_lsn = Some(written_lsn);
        scanner.run(from, visitor)
    }

    /// Calls `visitor` with the payload of each frame and the LSN of its first byte, in order, to
    /// the end of the log. An error of the visitor ends the scan and is returned.
    pub fn scan(
        &self,
        from: ScanFrom,
        visitor: impl FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<ScanEnd> {
        Scanner::new(self).run(from, visitor)
    }
}

/// What stands at a position.
enum Found {
    Record {
        payload_bytes: u64,
        crc: u32,
    },
    Pad {
        crc: u32,
    },
    /// Nothing that looks like a frame of this place.
    Nothing,
    Bad(String),
}

struct Scanner<'a> {
    log: &'a Log,
    file: Option<OpenSegment>,
    window: Vec<u8>,
    /// LSN of the first byte of `window`.
    window_lsn: u64,
    /// The log was written up to here, if that is known.
    written_lsn: Option<u64>,
    remarks: Vec<String>,
}

struct OpenSegment {
    number: u64,
    file: Arc<dyn DiskFile>,
    bytes: u64,
}

impl<'a> Scanner<'a> {
    fn new(log: &'a Log) -> Self {
        Self {
            log,
            file: None,
            window: Vec::new(),
            window_lsn: 0,
            written_lsn: None,
            remarks: Vec::new(),
        }
    }

    fn run(
        mut self,
        from: ScanFrom,
        mut visitor: impl FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<ScanEnd> {
        let (mut tail, mut chain) = match from {
            ScanFrom::Oldest => match self.log.first_lsn()? {
                Some(lsn) => {
                    let lsn = self.log.place(lsn);
                    (Tail { lsn, chain: 0 }, None)
                }
                None => (Log::empty_tail(), Some(0)),
            },
            ScanFrom::Tail(tail) => (tail, Some(tail.chain)),
            ScanFrom::Frame(lsn) => (Tail { lsn, chain: 0 }, None),
        };
        let mut frames = 0;
        loop {
            let lsn = self.log.place(tail.lsn);
            self.check_header(lsn)?;
            let what = match self.frame(lsn, chain)? {
                Found::Record { payload_bytes, crc } => {
                    let payload_lsn = lsn + FRAME_HEADER_BYTES;
                    if let Some(payload) = self.bytes(payload_lsn, payload_bytes)? {
                        visitor(payload_lsn, payload)?;
                    }
                    frames += 1;
                    tail = Tail {
                        lsn: lsn + frame_bytes(payload_bytes),
                        chain: crc,
                    };
                    chain = Some(crc);
                    continue;
                }
                Found::Pad { crc } => {
                    let next = self.log.segment_of(lsn) + 1;
                    tail = Tail {
                        lsn: self.log.segment_start(next),
                        chain: crc,
                    };
                    chain = Some(crc);
                    continue;
                }
                Found::Nothing => None,
                Found::Bad(what) => Some(what),
            };
            let end = self.judge(lsn, what)?;
            return Ok(ScanEnd {
                tail,
                end,
                frames,
                remarks: self.remarks,
            });
        }
    }

    /// Notes a bad header when the first frame of a segment is reached. The frames stand for
    /// themselves, so reading goes on.
    fn check_header(&mut self, lsn: u64) -> Result<()> {
        let number = self.log.segment_of(lsn);
        let start = self.log.segment_start(number);
        if lsn - start != SEGMENT_HEADER_BYTES {
            return Ok(());
        }
        let expected = self.log.header(start).write();
        let Some(found) = self.bytes(start, SEGMENT_HEADER_BYTES)? else {
            return Ok(());
        };
        if found == expected {
            return Ok(());
        }
        let other = found.try_into().ok().and_then(SegmentHeader::read);
        let name = self.log.segment_name(number);
        self.remarks.push(match other {
            None => format!("the header of {name} is damaged"),
            Some(other) => format!("the header of {name} belongs elsewhere: {other:?}"),
        });
        Ok(())
    }

    /// What stands at `lsn`, a place where a frame belongs; `chain` is the checksum of the frame
    /// before, where known.
    fn frame(&mut self, lsn: u64, chain: Option<u32>) -> Result<Found> {
        let Some(bytes) = self.bytes(lsn, FRAME_HEADER_BYTES)? else {
            return self.missing(lsn);
        };
        let Some(header) = FrameHeader::read(bytes) else {
            return Ok(Found::Nothing);
        };
        if header.lsn != lsn {
            return Ok(Found::Nothing);
        }
        if chain.is_some_and(|chain| chain != header.chain) {
            return Ok(Found::Bad(
                "a frame that does not continue the one before".to_owned(),
            ));
        }
        self.verify(lsn, &header)
    }

    /// Verifies all of a frame but its chain.
    fn verify(&mut self, lsn: u64, header: &FrameHeader) -> Result<Found> {
        let Some(kind) = header.known_kind() else {
            return Ok(Found::Bad(format!(
                "a frame of unknown kind {}",
                header.kind
            )));
        };
        if header.frame_bytes() > self.log.room(lsn) {
            return Ok(Found::Bad(format!(
                "a frame whose length {} exceeds its segment",
                header.payload_bytes
            )));
        }
        let payload_bytes = u64::from(header.payload_bytes);
        let checksum = self.log.inner.checksum;
        let Some(whole) = self.bytes(lsn, FRAME_HEADER_BYTES + payload_bytes)? else {
            return self.missing(lsn);
        };
        let crc = header.crc;
        if checksum.of(whole) != crc {
            return Ok(Found::Bad("a frame with a wrong checksum".to_owned()));
        }
        Ok(match kind {
            FrameKind::Record => Found::Record { payload_bytes, crc },
            FrameKind::Pad => Found::Pad { crc },
        })
    }

    /// Why bytes at `lsn` cannot be read.
    fn missing(&mut self, lsn: u64) -> Result<Found> {
        let number = self.log.segment_of(lsn);
        Ok(match self.segment(number)? {
            Some(segment) => Found::Bad(format!("the file ends after {} bytes", segment.bytes)),
            None => Found::Nothing,
        })
    }

    fn segment(&mut self, number: u64) -> Result<Option<&OpenSegment>> {
        if self.file.as_ref().is_none_or(|open| open.number != number) {
            self.file = match self.log.file_if_present(number)? {
                None => None,
                Some(file) => {
                    let bytes = file.len().map_err(|error| {
                        let name = self.log.segment_name(number);
                        Error::io(&format!("look at {name}"), &error)
                    })?;
                    Some(OpenSegment {
                        number,
                        file,
                        bytes: bytes.min(self.log.segment_bytes()),
                    })
                }
            };
        }
        Ok(self.file.as_ref())
    }

    /// `bytes` bytes at `lsn`, which lie in one segment; `None` where the file does not have them.
    fn bytes(&mut self, lsn: u64, bytes: u64) -> Result<Option<&[u8]>> {
        let held =
            lsn >= self.window_lsn && lsn + bytes <= self.window_lsn + self.window.len() as u64;
        if !held && !self.fill(lsn, bytes)? {
            return Ok(None);
        }
        let from = (lsn - self.window_lsn) as usize;
        Ok(self.window.get(from..from + bytes as usize))
    }

    /// Reads the block at `lsn`, at least `bytes` long, into the window.
    fn fill(&mut self, lsn: u64, bytes: u64) -> Result<bool> {
        let number = self.log.segment_of(lsn);
        let position = lsn - self.log.segment_start(number);
        let name = self.log.segment_name(number);
        let Some(segment) = self.segment(number)? else {
            return Ok(false);
        };
        if position + bytes > segment.bytes {
            return Ok(false);
        }
        let block = bytes.max(BLOCK_BYTES).min(segment.bytes - position);
        let file = segment.file.clone();
        self.window_lsn = lsn;
        self.window.resize(block as usize, 0);
        file.read_at(&mut self.window, position).map_err(|error| {
            Error::io(
                &format!("read {block} bytes at {position} of {name}"),
                &error,
            )
        })?;
        Ok(true)
    }

    /// Decides what the end at `lsn` is.
    fn judge(&mut self, lsn: u64, what: Option<String>) -> Result<EndReason> {
        let more = match self.written_lsn {
            None => self.proof_of_more(lsn)?,
            Some(written_lsn) if lsn >= written_lsn => None,
            Some(written_lsn) => {
                let found = self.first_good(lsn, |_| true)?;
                Some(found.unwrap_or(written_lsn).min(written_lsn))
            }
        };
        let Some(resume_lsn) = more else {
            return Ok(match what {
                Some(what) => EndReason::Torn { lsn, what },
                None => EndReason::Clean,
            });
        };
        let number = self.log.segment_of(lsn);
        let what = match what {
            Some(what) => what,
            None if self.segment(number)?.is_none() => {
                format!("segment {} is missing", self.log.segment_name(number))
            }
            None => "no frame where one was".to_owned(),
        };
        Ok(EndReason::Damaged {
            lsn,
            what,
            resume_lsn,
        })
    }

    /// The first good frame behind `lsn`, if any frame behind it says that the log was on disk
    /// beyond `lsn`.
    fn proof_of_more(&mut self, lsn: u64) -> Result<Option<u64>> {
        self.first_good(lsn, |header| header.synced_lsn > lsn)
    }

    /// The first good frame behind `lsn`, if any good frame behind it is a `proof`.
    fn first_good(
        &mut self,
        lsn: u64,
        proof: impl Fn(&FrameHeader) -> bool,
    ) -> Result<Option<u64>> {
        let mut first_good = None;
        for number in self.log.segments()? {
            let start = self.log.segment_start(number);
            let end = start + self.log.segment_bytes();
            let mut at = (lsn + FRAME_ALIGN).max(start + SEGMENT_HEADER_BYTES);
            while at + FRAME_HEADER_BYTES <= end {
                let Some((found, header)) = self.next_candidate(at, end)? else {
                    break;
                };
                at = found + FRAME_ALIGN;
                let good = self.verify(found, &header)?;
                if matches!(good, Found::Record { .. } | Found::Pad { .. }) {
                    at = found + header.frame_bytes();
                    let resume = *first_good.get_or_insert(found);
                    if proof(&header) {
                        return Ok(Some(resume));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The next place from `at` on, before `end`, whose bytes name it as the LSN of a frame.
    fn next_candidate(&mut self, mut at: u64, end: u64) -> Result<Option<(u64, FrameHeader)>> {
        const HEADER: usize = FRAME_HEADER_BYTES as usize;
        const STEP: usize = FRAME_ALIGN as usize;
        while at + FRAME_HEADER_BYTES <= end {
            if self.bytes(at, FRAME_HEADER_BYTES)?.is_none() {
                return Ok(None);
            }
            // Every place of the window without asking for each: empty segments are long.
            let window = &self.window[(at - self.window_lsn) as usize..];
            for bytes in window.windows(HEADER).step_by(STEP) {
                if let Some(header) = FrameHeader::read(bytes)
                    && header.lsn == at
                {
                    return Ok(Some((at, header)));
                }
                at += FRAME_ALIGN;
            }
        }
        Ok(None)
    }
}
