//! Entries of the index: any bytes are read or refused; what was read is written again as it was.

use super::{records, values};
use crate::{Input, Target};
use forebay::Result;
use forebay::store::embedded::index::entries::{
    AttemptEntry, GroupEntry, Head, MessageEntry, Meta, RememberedEntry,
};
use std::fmt::Debug;

/// Values of the index.
pub const TARGET: Target = Target {
    name: "index",
    about: "entries of the index: read or refused, and written again as they were read",
    body,
    seeds,
    words: &[],
    bytes_max: 1_024,
    mutations: 4_000,
};

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![0; 100],
        (0..120).collect(),
        Meta::new(7, 1 << 24, 64).encode(),
        Head::new(64, 1).encode(),
        [&[1; 36][..], b"group"].concat(),
    ]
}

fn body(data: &[u8]) {
    same_bytes(data, Meta::decode, Meta::encode);
    same_bytes(data, Head::decode, Head::encode);
    same_bytes(data, GroupEntry::decode, GroupEntry::encode);
    same_bytes(data, RememberedEntry::decode, RememberedEntry::encode);
    same_bytes(data, AttemptEntry::decode, AttemptEntry::encode);
    if let Ok(entry) = MessageEntry::decode(data) {
        // Flags that mean nothing are not written again.
        let again = entry.encode();
        assert_eq!(again[1..], data[1..again.len()]);
        assert_eq!(MessageEntry::decode(&again), Ok(entry));
    }
    let input = &mut Input::new(data);
    same_value(
        &message(input),
        |it| it.encode().to_vec(),
        MessageEntry::decode,
    );
    same_value(&group(input), GroupEntry::encode, GroupEntry::decode);
    let remembered = RememberedEntry {
        end_ms: input.u64(),
        sequence: input.u64(),
        id: values::id(input),
        at: input.u64(),
    };
    same_value(
        &remembered,
        RememberedEntry::encode,
        RememberedEntry::decode,
    );
    let attempt = AttemptEntry {
        end_ms: input.u64(),
        at: input.u64(),
        leased: input.list(20, |input| (input.u64(), input.u32())),
    };
    same_value(&attempt, AttemptEntry::encode, AttemptEntry::decode);
}

fn message(input: &mut Input<'_>) -> MessageEntry {
    MessageEntry {
        at: input.u64(),
        length: input.u32(),
        group: input.u64(),
        anchor: input.u64(),
        standing: records::standing(input),
    }
}

fn group(input: &mut Input<'_>) -> GroupEntry {
    GroupEntry {
        count: input.u64(),
        in_flight: input.u64(),
        last_sent_ms: input.u64(),
        ring: input.u64(),
        name: input.text(),
    }
}

/// What was read from the beginning of `data` is written as that beginning.
fn same_bytes<T>(data: &[u8], decode: fn(&[u8]) -> Result<T>, encode: fn(&T) -> Vec<u8>) {
    if let Ok(entry) = decode(data) {
        let again = encode(&entry);
        assert_eq!(Some(&again[..]), data.get(..again.len()));
    }
}

/// What is written reads back, and not without its last byte.
fn same_value<T: Debug + PartialEq>(
    entry: &T,
    encode: fn(&T) -> Vec<u8>,
    decode: fn(&[u8]) -> Result<T>,
) {
    let bytes = encode(entry);
    assert_eq!(decode(&bytes).as_ref(), Ok(entry));
    assert!(decode(&bytes[..bytes.len() - 1]).is_err());
}
