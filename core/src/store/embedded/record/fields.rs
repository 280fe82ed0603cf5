//! Fields that several records share.

use super::codec::{Reader, Write};
use super::{QueueRecord, Remembered, Standing, State, TaskRecord};
use crate::command::{MoveStatus, MoveTask};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use std::collections::BTreeMap;

pub fn encode_key(out: &mut Vec<u8>, key: &QueueKey) {
    out.text(&key.account);
    out.text(&key.region);
    out.text(&key.name);
}

pub fn decode_key(reader: &mut Reader<'_>) -> Result<QueueKey> {
    let (account, region) = (reader.text()?, reader.text()?);
    Ok(QueueKey::new(account, region, reader.text()?))
}

fn encode_map(out: &mut Vec<u8>, map: &BTreeMap<String, String>) {
    out.u32(map.len() as u32);
    for (name, value) in map {
        out.text(name);
        out.text(value);
    }
}

fn decode_map(reader: &mut Reader<'_>) -> Result<BTreeMap<String, String>> {
    let mut map = BTreeMap::new();
    for _ in 0..reader.u32()? {
        let name = reader.text()?.to_owned();
        map.insert(name, reader.text()?.to_owned());
    }
    Ok(map)
}

/// Appends a queue.
pub fn encode_queue(out: &mut Vec<u8>, queue: &QueueRecord) {
    out.u32(queue.sid);
    out.u64(queue.uid);
    out.u64(queue.next_sequence);
    out.u64(queue.created_ms);
    out.u64(queue.modified_ms);
    out.u64(queue.purged_ms);
    encode_key(out, &queue.key);
    encode_map(out, &queue.attributes);
    encode_map(out, &queue.tags);
}

/// Reads a queue.
pub fn decode_queue(reader: &mut Reader<'_>) -> Result<QueueRecord> {
    Ok(QueueRecord {
        sid: reader.u32()?,
        uid: reader.u64()?,
        next_sequence: reader.u64()?,
        created_ms: reader.u64()?,
        modified_ms: reader.u64()?,
        purged_ms: reader.u64()?,
        key: decode_key(reader)?,
        attributes: decode_map(reader)?,
        tags: decode_map(reader)?,
    })
}

// A message that was only sent needs 17 bytes here; one with a history 53.
const HISTORY: u8 = 1 << 7;

pub fn encode_standing(out: &mut Vec<u8>, standing: &Standing) {
    let history = (standing.receives | standing.receives_total) > 0
        || (standing.first_receive_ms | standing.received_ms) > 0;
    let flags = standing.state as u8
        | u8::from(standing.changed) << 2
        | u8::from(standing.moved) << 3
        | if history { HISTORY } else { 0 };
    out.u8(flags);
    out.u64(standing.sent_ms);
    out.u64(standing.visible_ms);
    if history {
        out.u32(standing.receives);
        out.u32(standing.receives_total);
        out.u64(standing.first_receive_ms);
        out.u64(standing.received_ms);
    }
}

pub fn decode_standing(reader: &mut Reader<'_>) -> Result<Standing> {
    let flags = reader.u8()?;
    let mut standing = Standing::new(reader.u64()?);
    standing.state = State::from_number(flags & 3)?;
    standing.changed = flags & 4 != 0;
    standing.moved = flags & 8 != 0;
    standing.visible_ms = reader.u64()?;
    if flags & HISTORY != 0 {
        standing.receives = reader.u32()?;
        standing.receives_total = reader.u32()?;
        standing.first_receive_ms = reader.u64()?;
        standing.received_ms = reader.u64()?;
    }
    Ok(standing)
}

pub fn encode_remembered(out: &mut Vec<u8>, remembered: &Remembered) {
    out.bytes(&remembered.key);
    out.u64(remembered.end_ms);
}

pub fn decode_remembered(reader: &mut Reader<'_>) -> Result<Remembered> {
    let key = reader.bytes()?.to_vec();
    Ok(Remembered {
        key,
        end_ms: reader.u64()?,
    })
}

pub fn encode_sequences(out: &mut Vec<u8>, sequences: &[u64]) {
    out.u32(sequences.len() as u32);
    for sequence in sequences {
        out.u64(*sequence);
    }
}

pub fn decode_sequences(reader: &mut Reader<'_>) -> Result<Vec<u64>> {
    let count = reader.u32()? as usize;
    // The count is not trusted before the bytes were seen to be there.
    let bytes = reader.take(count.saturating_mul(8))?;
    let mut fields = Reader::new(bytes);
    (0..count).map(|_| fields.u64()).collect()
}

/// Appends the messages of a receive attempt.
pub fn encode_leased(out: &mut Vec<u8>, leased: &[(u64, u32)]) {
    out.u32(leased.len() as u32);
    for (sequence, receives) in leased {
        out.u64(*sequence);
        out.u32(*receives);
    }
}

/// Reads the messages of a receive attempt.
pub fn decode_leased(reader: &mut Reader<'_>) -> Result<Vec<(u64, u32)>> {
    let count = reader.u32()? as usize;
    let bytes = reader.take(count.saturating_mul(12))?;
    let mut fields = Reader::new(bytes);
    (0..count)
        .map(|_| Ok((fields.u64()?, fields.u32()?)))
        .collect()
}

/// Appends a move task.
pub fn encode_task(out: &mut Vec<u8>, record: &TaskRecord) {
    let task = &record.task;
    out.u64(record.source_uid);
    out.u64(task.task);
    encode_key(out, &task.source);
    out.u8(u8::from(task.destination.is_some()));
    if let Some(destination) = &task.destination {
        encode_key(out, destination);
    }
    out.u32(task.rate.unwrap_or(0));
    out.u64(task.moved);
    out.u64(task.to_move);
    out.u64(task.started_ms);
    let (number, reason) = match &task.status {
        MoveStatus::Running => (0, ""),
        MoveStatus::Completed => (1, ""),
        MoveStatus::Cancelling => (2, ""),
        MoveStatus::Cancelled => (3, ""),
        MoveStatus::Failed(reason) => (4, reason.as_str()),
    };
    out.u8(number);
    out.text(reason);
}

/// Reads a move task.
pub fn decode_task(reader: &mut Reader<'_>) -> Result<TaskRecord> {
    let source_uid = reader.u64()?;
    let task = reader.u64()?;
    let source = decode_key(reader)?;
    let destination = if reader.u8()? != 0 {
        Some(decode_key(reader)?)
    } else {
        None
    };
    let rate = Some(reader.u32()?).filter(|rate| *rate != 0);
    let (moved, to_move, started_ms) = (reader.u64()?, reader.u64()?, reader.u64()?);
    let (number, reason) = (reader.u8()?, reader.text()?);
    let status = match number {
        0 => MoveStatus::Running,
        1 => MoveStatus::Completed,
        2 => MoveStatus::Cancelling,
        3 => MoveStatus::Cancelled,
        4 => MoveStatus::Failed(reason.to_owned()),
        _ => {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!("move task status {number}, not 0 to 4"),
            ));
        }
    };
    let task = MoveTask {
        task,
        source,
        destination,
        rate,
        status,
        moved,
        to_move,
        started_ms,
    };
    Ok(TaskRecord { task, source_uid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_history_is_kept() {
        let new = Standing::new(7);
        let (mut first, mut second, mut third, mut fourth) = (new, new, new, new);
        first.receives = 1;
        second.receives_total = 1;
        third.first_receive_ms = 1;
        fourth.received_ms = 1;
        for standing in [new, first, second, third, fourth] {
            let mut bytes = Vec::new();
            encode_standing(&mut bytes, &standing);
            let read = decode_standing(&mut Reader::new(&bytes));
            assert_eq!(read, Ok(standing));
        }
    }
}
