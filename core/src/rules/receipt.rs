//! Receipt handles: the opaque text of a [`Receipt`] (S2.5, S2.17, S2.18).

use crate::error::{Error, ErrorKind, Result};
use crate::message::Receipt;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const VERSION: u8 = 1;
/// Version, queue uid, sequence, receive, received at; the checksum follows.
const PAYLOAD_BYTES: usize = 1 + 8 + 8 + 4 + 8;
const HANDLE_BYTES: usize = PAYLOAD_BYTES + 4;

/// S2.5: the handle as text that URLs and forms carry unchanged.
pub fn encode(receipt: &Receipt) -> String {
    let mut bytes = Vec::with_capacity(HANDLE_BYTES);
    bytes.push(VERSION);
    bytes.extend(receipt.queue_uid.to_be_bytes());
    bytes.extend(receipt.sequence.to_be_bytes());
    bytes.extend(receipt.receive.to_be_bytes());
    bytes.extend(receipt.received_ms.to_be_bytes());
    bytes.extend(crc32c::crc32c(&bytes).to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// S2.17: reads a handle; text that [`encode`] did not make is ReceiptHandleIsInvalid.
pub fn decode(handle: &str) -> Result<Receipt> {
    parse(handle).ok_or_else(|| invalid(handle))
}

/// S2.18: a handle of another queue, or of an earlier queue of the name, is
/// ReceiptHandleIsInvalid.
pub fn check_queue(receipt: &Receipt, queue_uid: u64) -> Result<()> {
    if receipt.queue_uid == queue_uid {
        return Ok(());
    }
    Err(invalid(&encode(receipt)))
}

fn parse(handle: &str) -> Option<Receipt> {
    let bytes = URL_SAFE_NO_PAD.decode(handle).ok()?;
    let bytes: [u8; HANDLE_BYTES] = bytes.try_into().ok()?;
    let (payload, checksum) = bytes.split_at(PAYLOAD_BYTES);
    if payload[0] != VERSION || checksum != crc32c::crc32c(payload).to_be_bytes() {
        return None;
    }
    Some(Receipt {
        queue_uid: u64::from_be_bytes(payload[1..9].try_into().ok()?),
        sequence: u64::from_be_bytes(payload[9..17].try_into().ok()?),
        receive: u32::from_be_bytes(payload[17..21].try_into().ok()?),
        received_ms: u64::from_be_bytes(payload[21..29].try_into().ok()?),
    })
}

fn invalid(handle: &str) -> Error {
    Error::new(
        ErrorKind::ReceiptHandleIsInvalid,
        format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIPT: Receipt = Receipt {
        queue_uid: 7,
        sequence: u64::MAX,
        receive: 3,
        received_ms: 1_700_000_000_123,
    };

    #[test]
    fn s2_5_round_trip_in_url_safe_text() {
        let handle = encode(&RECEIPT);
        assert_eq!(decode(&handle), Ok(RECEIPT));
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        assert!(handle.bytes().all(safe), "{handle}");
    }

    #[test]
    fn s2_17_other_text_is_refused_and_named() {
        let handle = encode(&RECEIPT);
        let longer = format!("{handle}AAAA");
        for bad in ["", "garbage", &handle[1..], &longer, "\u{e4}"] {
            let error = decode(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ReceiptHandleIsInvalid);
            assert!(error.text().contains(bad));
        }
    }

    #[test]
    fn s2_17_any_changed_character_is_noticed() {
        let handle = encode(&RECEIPT);
        for at in 0..handle.len() {
            let mut changed = handle.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(decode(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn s2_18_another_queue() {
        assert_eq!(check_queue(&RECEIPT, 7), Ok(()));
        let error = check_queue(&RECEIPT, 8).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReceiptHandleIsInvalid);
    }
}
