//! Message bodies that prove themselves: a number, filler, and a checksum over both.

use crate::random::Random;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;

const HEAD_BYTES: usize = 12;

/// The body of message `number`, with a length that the number decides: mostly short, now and
/// then several pages.
pub fn make(number: u64) -> Bytes {
    let mut random = Random::new(number);
    let filler = match random.below(20) {
        0 => 4_000 + random.below(30_000),
        1..4 => 500 + random.below(2_000),
        _ => random.below(300),
    };
    let mut body = vec![0; HEAD_BYTES];
    body[..8].copy_from_slice(&number.to_le_bytes());
    for _ in 0..filler.div_ceil(8) {
        body.extend_from_slice(&random.draw().to_le_bytes());
    }
    let checksum = checksum(&body);
    body[8..HEAD_BYTES].copy_from_slice(&checksum.to_le_bytes());
    body.into()
}

/// The number of a body, or what is wrong with it.
pub fn read(body: &[u8]) -> Result<u64, String> {
    let head = body
        .first_chunk::<HEAD_BYTES>()
        .ok_or_else(|| format!("a body of {} bytes", body.len()))?;
    let [n0, n1, n2, n3, n4, n5, n6, n7, given @ ..] = *head;
    let number = u64::from_le_bytes([n0, n1, n2, n3, n4, n5, n6, n7]);
    if u32::from_le_bytes(given) == checksum(body) {
        Ok(number)
    } else {
        Err(format!(
            "a body of {} bytes, number {number}, does not match its checksum",
            body.len()
        ))
    }
}

/// The body of message `number` as text, which is what HTTP carries.
pub fn make_text(number: u64) -> String {
    BASE64.encode(make(number))
}

/// The number of a body that is text, or what is wrong with it.
pub fn read_text(text: &[u8]) -> Result<u64, String> {
    let body = BASE64.decode(text).map_err(|error| error.to_string())?;
    read(&body)
}

fn checksum(body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&body[..8]), &body[HEAD_BYTES..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_shows() {
        for number in 0..50 {
            let body = make(number);
            assert_eq!(read(&body), Ok(number));
            let mut bad = body.to_vec();
            let at = number as usize * 7 % bad.len();
            bad[at] ^= 4;
            assert!(read(&bad).is_err(), "byte {at} of message {number}");
        }
        assert!(read(b"short").is_err());
    }
}
