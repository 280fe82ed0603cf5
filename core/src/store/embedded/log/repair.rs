//! What opening a store does with a log that may not be as the index or the shared page says.

use super::frame::{FRAME_ALIGN, FrameHeader};
use super::{Log, SEGMENT_HEADER_BYTES, Tail};
use crate::error::{Error, Result};
use std::io;

/// Where the last frame is looked for first, bytes from the end.
const TAIL_BYTES: u64 = 4 << 10;

/// What is written again at once, bytes.
const REWRITE_BLOCK_BYTES: u64 = 1 << 20;

impl Log {
    /// True unless the last frame before `tail` is not there, or another one. Its checksum is not
    /// verified.
    pub fn ends_at(&self, tail: Tail) -> Result<bool> {
        let number = self.segment_of(tail.lsn);
        let first = self.segment_start(number) + SEGMENT_HEADER_BYTES;
        // Behind the header, or the pad of the segment before: nothing was appended here.
        if tail.lsn <= first {
            return Ok(true);
        }
        let Some(file) = self.file_if_present(number)? else {
            return Ok(false);
        };
        let mut span = TAIL_BYTES;
        loop {
            let from = first.max(tail.lsn.saturating_sub(span));
            let mut bytes = vec![0; (tail.lsn - from) as usize];
            match file.read_at(&mut bytes, from - self.segment_start(number)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                Err(error) => {
                    let name = self.segment_name(number);
                    return Err(Error::io(&format!("read the end of {name}"), &error));
                }
            }
            let is_last = |at: u64| {
                let rest = bytes.get((at - from) as usize..).unwrap_or_default();
                FrameHeader::read(rest).is_some_and(|header| {
                    header.lsn == at
                        && header.crc == tail.chain
                        && at + header.frame_bytes() == tail.lsn
                })
            };
            let mut places = (from..tail.lsn).step_by(FRAME_ALIGN as usize);
            if places.any(is_last) {
                return Ok(true);
            }
            if from == first {
                return Ok(false);
            }
            span *= 16;
        }
    }

    /// Writes the log from `from_lsn` to the end of the segment before `to_lsn` again as it can be
    /// read, and syncs it: what a failed sync left in memory only is taken for written otherwise.
    /// Nobody else appends, syncs or moves segments meanwhile.
    pub fn write_again(&self, from_lsn: u64, to_lsn: u64) -> Result<()> {
        let mut lsn = from_lsn;
        while lsn < to_lsn {
            let number = self.segment_of(lsn);
            let (start, end) = (self.segment_start(number), self.segment_start(number + 1));
            let name = self.segment_name(number);
            if let Some(file) = self.file_if_present(number)? {
                let rewrite = || -> io::Result<()> {
                    let end = file.len()?.min(end - start);
                    let mut at = lsn - start;
                    while at < end {
                        let mut block = vec![0; (end - at).min(REWRITE_BLOCK_BYTES) as usize];
                        file.read_at(&mut block, at)?;
                        file.write_at(&block, at)?;
                        at += block.len() as u64;
                    }
                    Ok(())
                };
                rewrite().map_err(|error| Error::io(&format!("write {name} again"), &error))?;
            }
            lsn = end;
        }
        self.sync(from_lsn, to_lsn)
    }
}
