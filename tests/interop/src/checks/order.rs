//! FIFO queues: order within groups, and duplicates.

use crate::pair::Pair;
use crate::side::same;
use forebay_scenario_driver::wire::Line;
use std::collections::BTreeMap;

const GROUPS: usize = 3;
const MESSAGES: usize = 30;
/// Entries of a batch: what the wire allows.
const BATCH: usize = 10;

fn create(pair: &mut Pair<'_>, name: &str) -> Result<(), String> {
    let mut line = Line::new("create_queue");
    line.put("name", name);
    line.put_map("attributes", [("FifoQueue", "true")]);
    pair.writer.call(&line).map(|_| ())
}

/// Batches over three groups; the reader gets each group in order, with the writer's sequences.
pub fn groups_keep_their_order(pair: &mut Pair<'_>) -> Result<(), String> {
    create(pair, "order.fifo")?;
    let mut sequences = Vec::with_capacity(MESSAGES);
    for first in (1..=MESSAGES).step_by(BATCH) {
        send_batch(pair, first, &mut sequences)?;
    }
    let mut last: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    let mut seen = 0;
    while seen < MESSAGES {
        let fields: &[(&str, &[u8])] = &[("queue", b"order.fifo"), ("max", b"7")];
        let received = pair.reader.ask("receive", fields)?;
        let count = received.count("messages")?;
        if count == 0 {
            return Err(format!("{seen} of {MESSAGES} messages came"));
        }
        for at in 1..=count {
            let field = |key: &str| received.required(&format!("messages.{at}.{key}"));
            let number: usize = received
                .number(&format!("messages.{at}.body"))?
                .unwrap_or_default();
            let sequence = sequences.get(number.wrapping_sub(1)).map(String::as_str);
            same("sequence", &sequence, &Some(field("sequence")?))?;
            same("dedup", &&*format!("d{number}"), &field("dedup")?)?;
            let before = last
                .insert(field("group")?.into(), number)
                .unwrap_or_default();
            if before != 0 && number != before + GROUPS {
                return Err(format!("{number} came after {before}"));
            }
            let receipt = field("receipt")?.as_bytes();
            let fields: &[(&str, &[u8])] = &[("queue", b"order.fifo"), ("receipt", receipt)];
            pair.reader.ask("delete", fields)?;
        }
        seen += count;
    }
    same("messages", &MESSAGES, &seen)
}

/// Sends the messages from number `first` on, and keeps their sequences.
fn send_batch(
    pair: &mut Pair<'_>,
    first: usize,
    sequences: &mut Vec<String>,
) -> Result<(), String> {
    let mut send = Line::new("send_batch");
    send.put("queue", "order.fifo");
    for entry in 1..=BATCH {
        let number = first + entry - 1;
        send.put(format!("entries.{entry}.id"), format!("e{number}"));
        send.put(format!("entries.{entry}.body"), format!("{number}"));
        send.put(
            format!("entries.{entry}.group"),
            format!("group-{}", number % GROUPS),
        );
        send.put(format!("entries.{entry}.dedup"), format!("d{number}"));
    }
    send.put("entries.count", BATCH.to_string());
    let sent = pair.writer.call(&send)?;
    for entry in 1..=BATCH {
        sequences.push(
            sent.required(&format!("entries.{entry}.sequence"))?
                .to_owned(),
        );
    }
    Ok(())
}

/// What the writer sent, the reader cannot send again.
pub fn duplicates_are_known(pair: &mut Pair<'_>) -> Result<(), String> {
    create(pair, "twice.fifo")?;
    let fields: &[(&str, &[u8])] = &[
        ("queue", b"twice.fifo"),
        ("body", b"once"),
        ("group", b"g"),
        ("dedup", b"the-same"),
    ];
    let first = pair.writer.ask("send", fields)?;
    let second = pair.reader.ask("send", fields)?;
    // The wire does not say that a send was a duplicate; its id and sequence do.
    for key in ["id", "sequence"] {
        same(key, &first.text(key)?, &second.text(key)?)?;
    }
    let fields: &[(&str, &[u8])] = &[("queue", b"twice.fifo"), ("max", b"10")];
    let received = pair.reader.ask("receive", fields)?;
    same("messages", &1, &received.count("messages")?)
}
