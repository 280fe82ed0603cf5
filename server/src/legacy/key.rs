//! Message keys of the first generation: an id that is enough to find its message (L2).
//!
//! Three groups of 20 capital letters and digits, joined by `|`. They hold the message's place in
//! its queue, today's message id, and a checksum, so that no table has to map them: the place
//! finds the message, and its id tells whether it is still the one that was meant.

use super::base36;
use forebay::message::MessageId;
use sha2::{Digest, Sha256};

/// Characters of a group; 103 bits.
const GROUP: usize = 20;

/// A message as the first generation names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its place in its queue.
    pub sequence: u64,
    /// Its id in today's protocols.
    pub id: MessageId,
}

impl Key {
    /// The text that clients see.
    pub fn text(&self) -> String {
        let place = (u128::from(self.sequence) << 32) | u128::from(self.checksum());
        let id = u128::from_be_bytes(self.id.0);
        let groups = [place, id >> 64, id & u128::from(u64::MAX)];
        groups.map(|group| base36::encode(group, GROUP)).join("|")
    }

    /// Reads a key; `|` may still be `%7C`, as guides of the time show it. `None` for anything
    /// that [`Key::text`] did not write.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.replace("%7C", "|").replace("%7c", "|");
        let groups: Vec<u128> = text
            .split('|')
            .map(|group| base36::decode(group).filter(|_| group.len() == GROUP))
            .collect::<Option<_>>()?;
        let [place, high, low] = groups[..] else {
            return None;
        };
        let (high, low) = (u64::try_from(high).ok()?, u64::try_from(low).ok()?);
        let id = (u128::from(high) << 64) | u128::from(low);
        let key = Self {
            sequence: u64::try_from(place >> 32).ok()?,
            id: MessageId(id.to_be_bytes()),
        };
        // The low half of the place is the checksum.
        (u128::from(key.checksum()) == place & u128::from(u32::MAX)).then_some(key)
    }

    /// The key of a message at that place whose id has this text; `None` if that is no UUID.
    pub fn of(sequence: u64, id: &str) -> Option<Self> {
        let digits: String = id.chars().filter(|c| *c != '-').collect();
        let id = u128::from_str_radix(&digits, 16).ok()?;
        let id = MessageId(id.to_be_bytes());
        Some(Self { sequence, id })
    }

    fn checksum(&self) -> u32 {
        let hash = Sha256::new()
            .chain_update(self.sequence.to_be_bytes())
            .chain_update(self.id.0)
            .finalize();
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l2_a_key_is_three_groups_and_round_trips() {
        for sequence in [1, 77, u64::MAX] {
            let key = Key {
                sequence,
                id: MessageId([0xab; 16]),
            };
            let text = key.text();
            let groups: Vec<&str> = text.split('|').collect();
            assert_eq!(groups.len(), 3);
            for group in groups {
                assert_eq!(group.len(), 20);
                let capital = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase();
                assert!(group.chars().all(capital), "{text}");
            }
            assert_eq!(Key::parse(&text), Some(key));
            assert_eq!(Key::parse(&text.replace('|', "%7C")), Some(key));
        }
    }

    #[test]
    fn l2_other_text_is_no_key() {
        let key = Key {
            sequence: 5,
            id: MessageId([7; 16]),
        };
        let text = key.text();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(Key::parse(&changed), None, "{changed}");
        }
        let (short, long) = (&text[1..], format!("{text}|0"));
        let most = "Z".repeat(20);
        for bad in [
            "",
            "front",
            "a|b|c",
            short,
            &long,
            &format!("{most}|{most}|{most}"),
        ] {
            assert_eq!(Key::parse(bad), None, "{bad}");
        }
    }
}
