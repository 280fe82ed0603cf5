//! `apply`: the only code that changes the index, for live commands and for replay alike. It
//! looks at the record and the index, never at the clock or at a queue's attributes.

use super::super::index::Index;
use super::super::index::entries::{AttemptEntry, MessageEntry, RememberedEntry};
use super::super::record::{Record, Remembered, Standing, State, StorageId, content, is_fifo};
use crate::error::Result;

/// Carries `record`, found at `at` in the log (a Put: its content block), into the index.
pub fn apply(index: &mut Index, record: &Record<'_>, at: u64) -> Result<()> {
    if carries_more_than_a_message(record) {
        index.note_other(at)?;
    }
    match record {
        Record::Queue(_)
        | Record::Drop { .. }
        | Record::Tombstone { .. }
        | Record::Purge { .. } => apply_to_queue(index, record, at),
        Record::Put { .. }
        | Record::Lease { .. }
        | Record::Delete { .. }
        | Record::Visibility { .. }
        | Record::Due { .. } => apply_to_messages(index, record, at),
        Record::Task(task) => index.put_task(task, at),
        Record::Remember {
            sid,
            remembered,
            sequence,
            id,
        } => remember(index, *sid, remembered, *sequence, *id, at),
        Record::Clock { now_ms } => {
            advance(index, *now_ms);
            Ok(())
        }
        Record::NextQueue { uid } => {
            index.meta.next_uid = index.meta.next_uid.max(*uid);
            Ok(())
        }
        Record::Attempt {
            sid,
            attempt,
            end_ms,
            leased,
        } => {
            let entry = AttemptEntry {
                end_ms: *end_ms,
                at,
                leased: leased.clone(),
            };
            index.forget_attempts(*sid, index.meta.now_ms)?;
            index.put_attempt(*sid, attempt, &entry)
        }
    }
}

/// True if reclamation may have to carry something of `record` forward that is not a message.
pub fn carries_more_than_a_message(record: &Record<'_>) -> bool {
    match record {
        Record::Put { remembered, .. } => remembered.is_some(),
        Record::Queue(_)
        | Record::Drop { .. }
        | Record::Tombstone { .. }
        | Record::Task(_)
        | Record::Remember { .. }
        | Record::Attempt { .. }
        | Record::Clock { .. }
        | Record::NextQueue { .. } => true,
        Record::Lease { .. }
        | Record::Delete { .. }
        | Record::Visibility { .. }
        | Record::Due { .. }
        | Record::Purge { .. } => false,
    }
}

/// What happens to a queue itself.
fn apply_to_queue(index: &mut Index, record: &Record<'_>, at: u64) -> Result<()> {
    match record {
        Record::Queue(queue) => index.put_queue(queue, at),
        Record::Drop { sid, key, now_ms } => {
            advance(index, *now_ms);
            index.drop_storage(*sid)?;
            index.put_tombstone(key, *now_ms, at)
        }
        Record::Tombstone { key, deleted_ms } => {
            if index.storage_of(key)?.is_none() {
                index.put_tombstone(key, *deleted_ms, at)?;
            }
            Ok(())
        }
        Record::Purge { old, new, now_ms } => {
            advance(index, *now_ms);
            index.drop_storage(*old)?;
            index.meta.next_sid = index.meta.next_sid.max((*new >> 1) + 1);
            Ok(())
        }
        // `apply` sends nothing else here.
        _ => Ok(()),
    }
}

/// What happens to a queue's messages.
fn apply_to_messages(index: &mut Index, record: &Record<'_>, at: u64) -> Result<()> {
    match record {
        Record::Put {
            sid,
            sequence,
            standing,
            remembered,
            now_ms,
            content,
        } => {
            advance(index, *now_ms);
            put(index, *sid, *sequence, standing, content, (at, *now_ms))?;
            if let Some(remembered) = remembered {
                index.forget_ended(*sid, *now_ms)?;
                remember(
                    index,
                    *sid,
                    remembered,
                    *sequence,
                    content::id(content)?,
                    at,
                )?;
            }
            Ok(())
        }
        Record::Lease {
            sid,
            now_ms,
            visible_ms,
            fresh,
            repeat,
            sequences,
        } => {
            advance(index, *now_ms);
            lease(index, *sid, *now_ms, *visible_ms, *repeat, sequences)?;
            let head = index.head_mut(*sid)?;
            head.fresh = head.fresh.max(*fresh);
            Ok(())
        }
        Record::Delete { sid, sequences } => index.remove_messages(*sid, sequences),
        Record::Visibility {
            sid,
            sequence,
            visible_ms,
            now_ms,
        } => change_visibility(index, *sid, *sequence, *visible_ms, *now_ms),
        Record::Due {
            sid,
            now_ms,
            retention_ms,
            delay_ms,
            limit,
        } => {
            advance(index, *now_ms);
            expire(index, *sid, *now_ms, *retention_ms, *limit as usize)?;
            release(index, *sid, *now_ms, *delay_ms, *limit as usize)
        }
        // `apply` sends nothing else here.
        _ => Ok(()),
    }
}

fn advance(index: &mut Index, now_ms: u64) {
    index.meta.now_ms = index.meta.now_ms.max(now_ms);
}

fn put(
    index: &mut Index,
    sid: StorageId,
    sequence: u64,
    standing: &Standing,
    content: &[u8],
    (at, now_ms): (u64, u64),
) -> Result<()> {
    if let Some(entry) = index.message(sid, sequence)? {
        // Reclamation copied it; how it stands is known.
        return index.move_message(sid, sequence, entry, at);
    }
    let group = match content::group(content)? {
        // A dead-lettered message keeps its age, but its tenant is heard of now (S8.6).
        Some(name) if standing.moved => index.join_group(sid, name, now_ms)?,
        Some(name) => index.join_group(sid, name, standing.sent_ms)?,
        None => 0,
    };
    let entry = MessageEntry {
        at,
        length: content.len() as u32,
        group,
        anchor: 0,
        standing: *standing,
    };
    if group != 0 && !is_fifo(sid) {
        let head = index.head_mut(sid)?;
        if head.fair_from == 0 {
            head.fair_from = sequence;
        }
    }
    index.insert_message(sid, sequence, entry)
}

/// S2.7.
fn change_visibility(
    index: &mut Index,
    sid: StorageId,
    sequence: u64,
    visible_ms: u64,
    now_ms: u64,
) -> Result<()> {
    advance(index, now_ms);
    index.change_messages(sid, &[sequence], |entry| {
        let standing = &mut entry.standing;
        standing.changed = true;
        standing.visible_ms = visible_ms;
        standing.state = if visible_ms > now_ms {
            State::InFlight
        } else {
            State::Ready
        };
    })
}

fn remember(
    index: &mut Index,
    sid: StorageId,
    remembered: &Remembered,
    sequence: u64,
    id: [u8; 16],
    at: u64,
) -> Result<()> {
    let entry = RememberedEntry {
        end_ms: remembered.end_ms,
        sequence,
        id,
        at,
    };
    index.remember(sid, remembered, &entry)
}

fn lease(
    index: &mut Index,
    sid: StorageId,
    now_ms: u64,
    visible_ms: u64,
    repeat: bool,
    sequences: &[u64],
) -> Result<()> {
    let mut groups: Vec<u64> = Vec::new();
    index.change_messages(sid, sequences, |entry| {
        if groups.last() != Some(&entry.group) {
            groups.push(entry.group);
        }
        let standing = &mut entry.standing;
        standing.visible_ms = visible_ms;
        standing.state = if visible_ms > now_ms {
            State::InFlight
        } else {
            State::Ready
        };
        if !repeat {
            standing.changed = false;
            standing.receives += 1;
            standing.receives_total += 1;
            standing.received_ms = now_ms;
            if standing.first_receive_ms == 0 {
                standing.first_receive_ms = now_ms;
            }
        }
    })?;
    if is_fifo(sid) && !repeat {
        for group in groups {
            index.rotate_group(sid, group)?;
        }
    }
    Ok(())
}

/// Removes messages older than the retention (S6.1).
fn expire(
    index: &mut Index,
    sid: StorageId,
    now_ms: u64,
    retention_ms: u64,
    limit: usize,
) -> Result<()> {
    let oldest_ms = index.head_mut(sid)?.oldest_ms;
    if oldest_ms.saturating_add(retention_ms) > now_ms {
        return Ok(());
    }
    let (expired, oldest_ms) =
        index.messages_sent_until(sid, now_ms.saturating_sub(retention_ms), limit)?;
    index.remove_messages(sid, &expired)?;
    index.head_mut(sid)?.oldest_ms = oldest_ms;
    Ok(())
}

/// Ends delays and visibility timeouts, in the order of their deadlines.
fn release(
    index: &mut Index,
    sid: StorageId,
    now_ms: u64,
    delay_ms: u64,
    limit: usize,
) -> Result<()> {
    let mut due = Vec::new();
    if index.head_mut(sid)?.due_ms <= now_ms {
        due = index.deadlines_until(sid, now_ms, limit)?;
    }
    if is_fifo(sid) {
        release_fresh(index, sid, now_ms, delay_ms, limit, &mut due)?;
    }
    let sequences: Vec<u64> = due.iter().map(|(_, sequence)| *sequence).collect();
    index.change_messages(sid, &sequences, |entry| entry.standing.state = State::Ready)?;
    if index.head_mut(sid)?.due_ms <= now_ms {
        let first = index.first_deadline(sid)?;
        index.head_mut(sid)?.due_ms = first.unwrap_or(u64::MAX);
    }
    Ok(())
}

/// FIFO: adds the messages whose queue delay ended (S3.3), which do so in sequence order.
fn release_fresh(
    index: &mut Index,
    sid: StorageId,
    now_ms: u64,
    delay_ms: u64,
    limit: usize,
    due: &mut Vec<(u64, u64)>,
) -> Result<()> {
    let head = index.head_mut(sid)?;
    if head.delayed == 0 {
        return Ok(());
    }
    let mut fresh = head.fresh;
    for _ in 0..limit {
        let Some((sequence, entry)) = index.message_from(sid, fresh)? else {
            break;
        };
        if entry.standing.state == State::Fresh {
            let end_ms = entry.standing.sent_ms.saturating_add(delay_ms);
            if end_ms > now_ms {
                break;
            }
            due.push((end_ms, sequence));
        }
        fresh = sequence + 1;
    }
    index.head_mut(sid)?.fresh = fresh;
    due.sort_unstable();
    Ok(())
}
