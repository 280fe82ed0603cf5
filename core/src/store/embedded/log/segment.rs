//! Segments: the files that the log is cut into.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes at the start of a segment that hold no frames.
pub const SEGMENT_HEADER_BYTES: u64 = 64;
/// Version of the format of segments and frames.
pub const LOG_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"FOREBAYl";
const SUFFIX: &str = ".seg";
const NEW_SUFFIX: &str = ".new";
const CRC_AT: usize = 60;

/// Name of the segment that starts at `first_lsn`.
pub fn name(first_lsn: u64) -> String {
    format!("{first_lsn:016x}{SUFFIX}")
}

/// A name for a segment in the making that no other process uses.
pub fn new_name(first_lsn: u64) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{first_lsn:016x}.{}-{count}{NEW_SUFFIX}",
        crate::sys::process::pid()
    )
}

/// First LSN of the segment with this name; `None` for other files.
pub fn parse_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX)?;
    let exact = digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    exact
        .then(|| u64::from_str_radix(digits, 16).ok())
        .flatten()
}

/// True for segments in the making.
pub fn is_new_name(name: &str) -> bool {
    name.ends_with(NEW_SUFFIX)
}

/// What the first bytes of a segment say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// [`LOG_VERSION`] of the writer.
    pub version: u32,
    /// The store it belongs to.
    pub store_uid: u64,
    /// Position of the segment's first byte in the log.
    pub first_lsn: u64,
    /// Length of every segment of the store.
    pub segment_bytes: u64,
}

impl SegmentHeader {
    /// The bytes of a header.
    pub fn write(&self) -> [u8; SEGMENT_HEADER_BYTES as usize] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.version.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.store_uid.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first_lsn.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.segment_bytes.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header; `None` if it is none or was damaged.
    pub fn read(bytes: &[u8; SEGMENT_HEADER_BYTES as usize]) -> Option<Self> {
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let double = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let whole = bytes[..8] == MAGIC && word(CRC_AT) == crc32c::crc32c(&bytes[..CRC_AT]);
        whole.then(|| Self {
            version: word(8),
            store_uid: double(16),
            first_lsn: double(24),
            segment_bytes: double(32),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_and_parse() {
        assert_eq!(name(0x10_0000), "0000000000100000.seg");
        assert_eq!(parse_name(&name(0xabc)), Some(0xabc));
        let new = new_name(0xabc);
        assert_ne!(new, new_name(0xabc));
        assert!(is_new_name(&new));
        for other in [
            new.as_str(),
            "abc.seg",
            "+000000000000abc.seg",
            "lock",
            ".seg",
        ] {
            assert_eq!(parse_name(other), None, "{other}");
        }
    }

    #[test]
    fn a_header_reads_as_written_and_no_flipped_bit_passes() {
        let header = SegmentHeader {
            version: LOG_VERSION,
            store_uid: 1,
            first_lsn: 2 << 40,
            segment_bytes: 1 << 16,
        };
        let bytes = header.write();
        assert_eq!(SegmentHeader::read(&bytes), Some(header));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::read(&flipped), None, "bit {bit}");
        }
        assert_eq!(SegmentHeader::read(&[0; 64]), None);
    }
}
