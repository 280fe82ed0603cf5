//! Message ids: random enough never to meet, cheap enough not to be noticed.

use crate::error::{Error, ErrorKind, Result};
use crate::message::MessageId;
use std::sync::atomic::{AtomicU64, Ordering};

/// Step of Weyl sequences in splitmix64: odd, with well spread bits.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Makes ids. One counter feeds two streams of splitmix64, which start at seeds of the operating
/// system: unique within the generator, and as unlikely to meet another's as random ones.
#[derive(Debug)]
pub(super) struct IdGenerator {
    seeds: [u64; 2],
    count: AtomicU64,
}

impl IdGenerator {
    /// A generator seeded by the operating system.
    pub fn new() -> Result<Self> {
        Ok(Self {
            seeds: [random()?, random()?],
            count: AtomicU64::new(0),
        })
    }

    /// A UUID of version 4.
    pub fn message_id(&self) -> MessageId {
        let [high, low] = self.next();
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        bytes[6] = 0x40 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        MessageId(bytes)
    }

    /// A number for a move task.
    pub fn task(&self) -> u64 {
        self.next()[0]
    }

    fn next(&self) -> [u64; 2] {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let steps = count.wrapping_mul(STEP);
        self.seeds.map(|seed| mix(seed.wrapping_add(steps)))
    }
}

/// The output function of splitmix64: every input bit changes half of the output bits.
fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn random() -> Result<u64> {
    getrandom::u64().map_err(|error| {
        let text = format!("the operating system gave no random numbers: {error}");
        Error::new(ErrorKind::Io, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_distinct_version_4_uuids() {
        let generators = [IdGenerator::new().unwrap(), IdGenerator::new().unwrap()];
        let mut seen = HashSet::new();
        for _ in 0..50_000 {
            for generator in &generators {
                let id = generator.message_id();
                assert!(seen.insert(id));
                let text = id.to_string();
                assert_eq!(text.len(), 36);
                assert_eq!(&text[14..15], "4");
                assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"));
            }
        }
    }

    #[test]
    fn every_free_bit_is_set_about_half_the_time() {
        let generator = IdGenerator::new().unwrap();
        let mut ones = [0_u32; 128];
        for _ in 0..20_000 {
            let id = u128::from_be_bytes(generator.message_id().0);
            for (bit, count) in ones.iter_mut().enumerate() {
                *count += u32::from(id >> bit & 1 == 1);
            }
        }
        let fixed = [62, 63, 76, 77, 78, 79];
        for (bit, count) in ones.iter().enumerate() {
            assert!(
                fixed.contains(&bit) || (9_000..11_000).contains(count),
                "bit {bit}: {count}"
            );
        }
    }
}
