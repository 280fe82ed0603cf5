//! Receipt handles: only the text that was issued is one, and a changed one names nothing else.

use crate::{Input, Target};
use forebay::message::Receipt;
use forebay::rules::receipt::{decode, encode};

/// Texts that should be receipt handles.
pub const TARGET: Target = Target {
    name: "receipts",
    about: "receipt handles: only the text that was issued is one",
    body,
    seeds,
    words: &["-", "_", "=", "AA"],
    bytes_max: 256,
    mutations: 4_000,
};

fn seeds() -> Vec<Vec<u8>> {
    let receipt = |number: u64| Receipt {
        queue_uid: number,
        sequence: number << 40,
        receive: number as u32,
        received_ms: 1_700_000_000_123,
    };
    let handles = [0, 1, u64::MAX].map(|number| encode(&receipt(number)).into_bytes());
    handles.into_iter().chain([vec![], vec![0; 60]]).collect()
}

fn body(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(receipt) = decode(&text) {
        assert_eq!(encode(&receipt), text);
    }
    let input = &mut Input::new(data);
    let receipt = Receipt {
        queue_uid: input.u64(),
        sequence: input.u64(),
        receive: input.u32(),
        received_ms: input.u64(),
    };
    let handle = encode(&receipt);
    assert_eq!(decode(&handle), Ok(receipt));
    // Four characters are 24 bits in a row, which the checksum always sees.
    let (at, other) = (input.below(handle.len()), input.take(4));
    let mut changed = handle.clone().into_bytes();
    for (character, other) in changed.iter_mut().skip(at).zip(other) {
        *character = *other;
    }
    let changed = String::from_utf8_lossy(&changed);
    assert_eq!(decode(&changed).is_ok(), changed == handle, "{changed}");
    assert!(decode(&handle[..at]).is_err());
    assert!(decode(&format!("{handle}{changed}")).is_err());
}
