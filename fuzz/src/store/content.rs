//! Content blocks of messages: what was sent reads back, and no change passes the checksum.

use super::values;
use crate::{Input, Target, damage};
use bytes::Bytes;
use forebay::store::embedded::record::content::{
    ContentExtra, decode, encode, group, id, size_hint, to_entry, verify,
};

/// Content blocks.
pub const TARGET: Target = Target {
    name: "content",
    about: "messages in the log: read as they were sent, and no change passes the checksum",
    body,
    seeds,
    words: &[],
    bytes_max: 4_096,
    mutations: 4_000,
};

fn seeds() -> Vec<Vec<u8>> {
    let scripts: [&[u8]; 3] = [&[], &[3; 200], &[0x51; 900]];
    scripts
        .into_iter()
        .map(|script| {
            let mut block = Vec::new();
            let entry = values::message(&mut Input::new(script));
            encode(&mut block, &entry, ContentExtra::default());
            block.split_off(4)
        })
        .collect()
}

fn body(data: &[u8]) {
    with_its_checksum(data);
    let _ = decode(&Bytes::copy_from_slice(data));
    let _ = (id(data), group(data));
    let mut input = Input::new(data);
    let damage = damage::burst(&mut input);
    let source = input.maybe(Input::text);
    let entry = values::message(&mut input);
    let mut block = Vec::new();
    let extra = ContentExtra {
        deduplication: entry.deduplication.as_deref(),
        dead_letter_source: source.as_deref(),
    };
    encode(&mut block, &entry, extra);
    assert!(block.len() <= size_hint(&entry) + source.map_or(0, |it| it.len()));
    assert_eq!(id(&block).ok(), Some(entry.id.0));
    assert_eq!(group(&block).ok().flatten(), entry.group.as_deref());
    let message = decode(&Bytes::from(block.clone()));
    assert_eq!(message.map(to_entry).as_ref(), Ok(&entry));
    let (start, end) = if damage.at.is_multiple_of(8) {
        (0, 4)
    } else {
        (4, block.len())
    };
    if damage.apply(&mut block[start..end]) {
        assert!(!verify(&block));
        assert!(decode(&Bytes::from(block)).is_err());
    }
}

/// Bytes that nothing but the checksum says are a content block.
fn with_its_checksum(data: &[u8]) {
    let mut block = crc32c::crc32c(data).to_le_bytes().to_vec();
    block.extend_from_slice(data);
    let _ = group(&block);
    let Ok(message) = decode(&Bytes::from(block)) else {
        return;
    };
    let source = message.dead_letter_source.clone();
    let entry = to_entry(message.clone());
    let extra = ContentExtra {
        deduplication: entry.deduplication.as_deref(),
        dead_letter_source: source.as_deref(),
    };
    let mut again = Vec::new();
    encode(&mut again, &entry, extra);
    assert_eq!(decode(&Bytes::from(again)), Ok(message));
}
