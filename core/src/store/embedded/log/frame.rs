//! Frames: the unit of the log that is whole or not there.

use super::Tail;

/// Bytes of a frame before its payload.
pub const FRAME_HEADER_BYTES: u64 = 32;
/// Frames start at multiples of this.
pub const FRAME_ALIGN: u64 = 8;

const HEADER: usize = FRAME_HEADER_BYTES as usize;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum FrameKind {
    /// Carries a payload.
    Record = 1,
    /// No payload; the rest of the segment is not used.
    Pad = 2,
}

/// A frame header as read; nothing is known to be true before its checksum was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// CRC32C over the store's seed, the header after this field, and the payload.
    pub crc: u32,
    /// Length of the payload, bytes.
    pub payload_bytes: u32,
    /// Position of the frame in the log.
    pub lsn: u64,
    /// `crc` of the frame before.
    pub chain: u32,
    /// [`FrameKind`] as a number.
    pub kind: u32,
    /// All of the log before this was on disk when the frame was written.
    pub synced_lsn: u64,
}

impl FrameHeader {
    /// Takes the header apart; `bytes` must hold at least 32 bytes, else there is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (header, _) = bytes.split_first_chunk::<HEADER>()?;
        let word = |at: usize| -> u32 {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let double = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        Some(Self {
            crc: word(0),
            payload_bytes: word(4),
            lsn: double(8),
            chain: word(16),
            kind: word(20),
            synced_lsn: double(24),
        })
    }

    /// Bytes of the whole frame in the log.
    pub fn frame_bytes(&self) -> u64 {
        frame_bytes(u64::from(self.payload_bytes))
    }

    /// The frame's kind, if there is such a kind and the length fits it.
    pub fn known_kind(&self) -> Option<FrameKind> {
        match self.kind {
            1 => Some(FrameKind::Record),
            2 if self.payload_bytes == 0 => Some(FrameKind::Pad),
            _ => None,
        }
    }
}

/// Bytes that a frame with this payload takes in the log.
pub fn frame_bytes(payload_bytes: u64) -> u64 {
    (FRAME_HEADER_BYTES + payload_bytes).next_multiple_of(FRAME_ALIGN)
}

/// Checksums of one store's frames. They start from the store's uid, so that a frame of another
/// store never passes, wherever its file is put.
#[derive(Debug, Clone, Copy)]
pub struct Checksum {
    seed: u32,
}

impl Checksum {
    /// The checksums of the store `store_uid`.
    pub fn new(store_uid: u64) -> Self {
        Self {
            seed: crc32c::crc32c(&store_uid.to_le_bytes()),
        }
    }

    /// The checksum that belongs in the header of `frame`, which is the header and the payload
    /// without padding.
    pub fn of(self, frame: &[u8]) -> u32 {
        crc32c::crc32c_append(self.seed, frame.get(4..).unwrap_or_default())
    }

    /// Appends a frame to `buffer` and returns where the next one belongs. `parts` together are
    /// the payload, shorter than 4 GiB.
    pub fn write(
        self,
        buffer: &mut Vec<u8>,
        at: Tail,
        synced_lsn: u64,
        kind: FrameKind,
        parts: &[&[u8]],
    ) -> Tail {
        let start = buffer.len();
        let payload_bytes: usize = parts.iter().map(|part| part.len()).sum();
        buffer.extend_from_slice(&[0; 4]);
        buffer.extend_from_slice(&(payload_bytes as u32).to_le_bytes());
        buffer.extend_from_slice(&at.lsn.to_le_bytes());
        buffer.extend_from_slice(&at.chain.to_le_bytes());
        buffer.extend_from_slice(&(kind as u32).to_le_bytes());
        buffer.extend_from_slice(&synced_lsn.to_le_bytes());
        for part in parts {
            buffer.extend_from_slice(part);
        }
        let crc = self.of(&buffer[start..]);
        buffer[start..start + 4].copy_from_slice(&crc.to_le_bytes());
        let frame_bytes = frame_bytes(payload_bytes as u64);
        buffer.resize(start + frame_bytes as usize, 0);
        Tail {
            lsn: at.lsn + frame_bytes,
            chain: crc,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Tail = Tail { lsn: 64, chain: 7 };

    #[test]
    fn a_frame_reads_as_it_was_written() {
        let checksum = Checksum::new(5);
        let mut buffer = Vec::new();
        let next = checksum.write(&mut buffer, AT, 9, FrameKind::Record, &[b"ab", b"c"]);
        assert_eq!(buffer.len(), 40);
        let header = FrameHeader::read(&buffer).unwrap();
        assert_eq!(header.crc, checksum.of(&buffer[..35]));
        assert_eq!(
            next,
            Tail {
                lsn: 104,
                chain: header.crc
            }
        );
        assert_eq!((header.lsn, header.chain, header.synced_lsn), (64, 7, 9));
        assert_eq!(header.known_kind(), Some(FrameKind::Record));
        assert_eq!((header.payload_bytes, header.frame_bytes()), (3, 40));
        assert_eq!(&buffer[32..], b"abc\0\0\0\0\0");
    }

    #[test]
    fn another_store_or_any_flipped_bit_fails_the_checksum() {
        let checksum = Checksum::new(5);
        let mut buffer = Vec::new();
        checksum.write(&mut buffer, AT, 9, FrameKind::Record, &[b"payload."]);
        let passes = |checksum: Checksum, frame: &[u8]| {
            FrameHeader::read(frame).unwrap().crc == checksum.of(frame)
        };
        assert!(passes(checksum, &buffer));
        assert!(!passes(Checksum::new(6), &buffer));
        for bit in 0..buffer.len() * 8 {
            let mut flipped = buffer.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!passes(checksum, &flipped), "bit {bit}");
        }
        assert!(!passes(checksum, &[0; 32]));
    }

    #[test]
    fn kinds_are_known_with_their_lengths() {
        let mut header = FrameHeader::read(&[0; 32]).unwrap();
        assert_eq!(header.known_kind(), None);
        header.kind = FrameKind::Pad as u32;
        assert_eq!(header.known_kind(), Some(FrameKind::Pad));
        header.payload_bytes = 1;
        assert_eq!(header.known_kind(), None);
        assert_eq!(FrameHeader::read(&[0; 31]), None);
    }
}
