//! What records and entries are made of.

use crate::Input;
use bytes::Bytes;
use forebay::command::{MoveStatus, MoveTask, SendEntry};
use forebay::key::QueueKey;
use forebay::message::{Attribute, AttributeValue, MessageId};
use std::collections::BTreeMap;

/// A queue's key.
pub fn key(input: &mut Input<'_>) -> QueueKey {
    QueueKey::new(&input.text(), &input.text(), &input.text())
}

/// Names and values.
pub fn map(input: &mut Input<'_>) -> BTreeMap<String, String> {
    let pairs = input.list(6, |input| (input.text(), input.text()));
    pairs.into_iter().collect()
}

/// The id of a message.
pub fn id(input: &mut Input<'_>) -> [u8; 16] {
    let mut id = [0; 16];
    let taken = input.take(16);
    id[..taken.len()].copy_from_slice(taken);
    id
}

/// A move task.
pub fn task(input: &mut Input<'_>) -> MoveTask {
    MoveTask {
        task: input.u64(),
        source: key(input),
        destination: input.maybe(key),
        // Zero is how the absence of a rate is written.
        rate: Some(input.u32()).filter(|rate| *rate > 0),
        status: match input.byte() % 5 {
            0 => MoveStatus::Running,
            1 => MoveStatus::Completed,
            2 => MoveStatus::Cancelling,
            3 => MoveStatus::Cancelled,
            _ => MoveStatus::Failed(input.text()),
        },
        moved: input.u64(),
        to_move: input.u64(),
        started_ms: input.u64(),
    }
}

/// A message as it is sent.
pub fn message(input: &mut Input<'_>) -> SendEntry {
    SendEntry {
        id: MessageId(id(input)),
        body: Bytes::copy_from_slice(input.bytes()),
        attributes: input.list(10, |input| Attribute {
            name: input.text(),
            data_type: input.text(),
            value: match input.flag() {
                true => AttributeValue::Text(input.text()),
                false => AttributeValue::Binary(Bytes::copy_from_slice(input.bytes())),
            },
        }),
        trace_header: input.maybe(Input::text),
        group: input.maybe(Input::text),
        deduplication: input.maybe(Input::text),
        delay_s: None,
        sender: input.text(),
    }
}
