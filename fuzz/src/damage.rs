//! Changes that CRC32C sees for certain: those within 32 bits in a row.

use crate::Input;

/// Up to four bytes in a row that become others.
#[derive(Debug, Clone, Copy)]
pub struct Burst {
    /// Where, modulo the length of what is damaged.
    pub at: usize,
    flips: [u8; 4],
}

/// A burst from an input.
pub fn burst(input: &mut Input<'_>) -> Burst {
    let at = input.below(1 << 16);
    Burst {
        at,
        flips: input.u32().to_le_bytes(),
    }
}

impl Burst {
    /// Changes `bytes`; false if they stayed as they were.
    pub fn apply(self, bytes: &mut [u8]) -> bool {
        let start = self.at % bytes.len().max(1);
        let mut changed = false;
        for (byte, flip) in bytes.iter_mut().skip(start).zip(self.flips) {
            *byte ^= flip;
            changed |= flip != 0;
        }
        changed
    }
}
