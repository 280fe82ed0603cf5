//! Which start of the machine this is. Commits that were not synced survive as long as it runs.

use super::os;
use crate::error::{Error, Result};
use std::io;

/// Names one start of the machine.
pub type BootId = [u8; 16];

/// The id of this start; `instead` where a test plays another one.
pub fn boot_id(instead: Option<BootId>) -> Result<BootId> {
    match instead {
        Some(id) => Ok(id),
        None => os::boot_id().map_err(|error| Error::io("read the boot id", &error)),
    }
}

/// Reads 32 hexadecimal digits with or without dashes.
#[cfg_attr(any(windows, forebay_portable), allow(dead_code))]
pub(super) fn parse_uuid(text: &str) -> io::Result<BootId> {
    let digits: Vec<u8> = text
        .bytes()
        .filter_map(|byte| char::from(byte).to_digit(16).map(|digit| digit as u8))
        .collect();
    let mut id = [0; 16];
    if digits.len() != 2 * id.len() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("boot id {text:?} has not 32 hexadecimal digits"),
        ));
    }
    for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (pair[0] << 4) | pair[1];
    }
    Ok(id)
}

/// The time of the start to 10 s, from the time since then.
#[cfg_attr(any(target_os = "linux", target_vendor = "apple"), allow(dead_code))]
pub(super) fn from_uptime(uptime_ns: u64) -> BootId {
    let started_s = super::clock::wall_ms().saturating_sub(uptime_ns / 1_000_000) / 1_000;
    let mut id = *b"started\0\0\0\0\0\0\0\0\0";
    id[8..].copy_from_slice(&(started_s / 10).to_le_bytes());
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_stable_and_can_be_replaced() {
        assert_eq!(boot_id(None).unwrap(), boot_id(None).unwrap());
        assert_ne!(boot_id(None).unwrap(), [0; 16]);
        assert_eq!(boot_id(Some([7; 16])).unwrap(), [7; 16]);
    }

    #[test]
    fn uuids_are_read_and_bad_ones_refused() {
        let id = parse_uuid("00112233-4455-6677-8899-aabbccddeeff\n").unwrap();
        assert_eq!(id[..3], [0x00, 0x11, 0x22]);
        assert_eq!(id[15], 0xff);
        assert!(parse_uuid("00112233").is_err());
    }
}
