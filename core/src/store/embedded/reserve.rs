//! How much of the log a store keeps ready so that it can be drained when no byte of the disk is
//! left (P8): a rule about numbers, proved here and applied by [`Space`](super::space::Space).
//!
//! Draining writes: leases, deletes, and messages that move to a dead-letter queue. All of it is
//! garbage at once, but garbage behind what lives, and segments are given back from the oldest on.
//! So a drain goes on for as long as reclamation can carry everything live forward once around
//! the log. On such a round the copies of the oldest segment need a place before that segment is
//! free, and copies may take more room than what they are made of: a receive adds to a record, and
//! ends of segments are wasted. [`Reserve::drain_bytes`] is the sum of these and of what commands
//! append meanwhile, if for each byte they append [`COPIED_PER_BYTE`] are looked at.
//!
//! After a round the log holds the copies and nothing else, [`Reserve::packed_bytes`]. A store
//! that has [`Reserve::held_bytes`] of segments then has more than a drain needs, and the next
//! round begins when that is written, however often. What lives only shrinks without sends, so it
//! is enough that sends keep the rule.

use super::index::entries::Meta;
use super::index::messages::MESSAGE_OVERHEAD_BYTES;

/// Log that reclamation looks at for each byte that a command appends while the reserve is in
/// use. A round is over before commands have appended a sixteenth of what lives.
pub const COPIED_PER_BYTE: u64 = 32;
/// Bytes of copies that share a frame.
pub const COPY_FRAME_BYTES: u64 = 64 << 10;
/// What a receive adds to a message's record.
const RECEIVED_BYTES: u64 = 24;
/// The part of what lives that commands append during a round, and that a round gains.
const ROUND_SHARE: u64 = 16;

/// What a store holds, as far as the reserve depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holding {
    /// Bytes that copies of everything live take at the most, frames included.
    pub live_bytes: u64,
    /// Messages.
    pub messages: u64,
    /// Bytes of the longest message.
    pub longest: u64,
}

impl Holding {
    /// What the store of this index holds.
    pub fn of(meta: &Meta) -> Self {
        Self {
            live_bytes: meta.live_bytes,
            messages: meta.messages,
            longest: u64::from(meta.longest),
        }
    }

    /// The same with what `arriving` adds.
    pub fn with(self, arriving: Self) -> Self {
        Self {
            live_bytes: self.live_bytes + arriving.live_bytes,
            messages: self.messages + arriving.messages,
            longest: self.longest.max(arriving.longest),
        }
    }
}

/// The rule for segments of one length.
#[derive(Debug, Clone, Copy)]
pub struct Reserve {
    /// Bytes of a segment.
    pub segment_bytes: u64,
}

impl Reserve {
    /// Bytes of copies that share a frame.
    pub fn copy_frame_bytes(&self) -> u64 {
        COPY_FRAME_BYTES.min(self.segment_bytes / 8)
    }

    /// What is wasted at the ends of segments when everything live is copied. A frame that does
    /// not fit begins the next segment, so less than a frame is wasted in each, and any two
    /// neighbours hold more than one of them could.
    fn wasted_bytes(&self, holding: Holding) -> u64 {
        let longest = holding.longest + MESSAGE_OVERHEAD_BYTES as u64;
        let frame = (self.copy_frame_bytes() + longest).min(self.segment_bytes / 2);
        holding.live_bytes / ((self.segment_bytes - frame) / frame)
    }

    /// The log after a round of reclamation.
    pub fn packed_bytes(&self, holding: Holding) -> u64 {
        holding.live_bytes + self.wasted_bytes(holding)
    }

    /// Room behind the end of the log that a drain may need before it gains any.
    pub fn drain_bytes(&self, holding: Holding) -> u64 {
        let growth = self.wasted_bytes(holding) + RECEIVED_BYTES * holding.messages;
        let segment_in_copy = holding.live_bytes.min(self.segment_bytes);
        let commands = holding.live_bytes / ROUND_SHARE + self.segment_bytes;
        growth + segment_in_copy + commands
    }

    /// Segments that a store keeps, from the oldest to the last one made ahead, in bytes.
    pub fn held_bytes(&self, holding: Holding) -> u64 {
        let gain = holding.live_bytes / ROUND_SHARE + self.segment_bytes;
        self.packed_bytes(holding) + self.drain_bytes(holding) + gain
    }

    /// True if a round frees enough to begin one, in a log that takes `used` bytes.
    pub fn pays(&self, holding: Holding, used: u64) -> bool {
        used > self.packed_bytes(holding) + holding.live_bytes / ROUND_SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESERVE: Reserve = Reserve {
        segment_bytes: 16 << 20,
    };

    #[test]
    fn an_empty_store_keeps_two_segments_and_a_large_one_a_seventh() {
        let empty = Holding {
            live_bytes: 0,
            messages: 0,
            longest: 0,
        };
        assert_eq!(RESERVE.held_bytes(empty), 2 * RESERVE.segment_bytes);
        let large = Holding {
            live_bytes: 1 << 40,
            messages: 1 << 30,
            longest: 1_000,
        };
        let held = RESERVE.held_bytes(large);
        assert!(
            (115..=117).contains(&(held * 100 / large.live_bytes)),
            "{held}"
        );
    }

    /// Frames of any lengths, put one behind the other, never take more than promised.
    #[test]
    fn packing_wastes_no_more_than_promised() {
        let reserve = Reserve {
            segment_bytes: 64 << 10,
        };
        let mut state = 1u64;
        for longest in [100, 3_000, 20_000, 40_000, 60_000] {
            let (mut used, mut live) = (0, 0);
            for _ in 0..2_000 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let frame = 1 + (state >> 33) % longest;
                let room = reserve.segment_bytes - used % reserve.segment_bytes;
                used += frame + if frame > room { room } else { 0 };
                live += frame;
            }
            let holding = Holding {
                live_bytes: live,
                messages: 0,
                longest,
            };
            let packed = reserve.packed_bytes(holding) + reserve.segment_bytes;
            assert!(used <= packed, "{used} of {packed}, frames up to {longest}");
        }
    }
}
