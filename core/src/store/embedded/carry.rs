//! What reclamation carries forward of a record: only what the index still points at.

use super::record::content;
use super::record::{QueueRecord, Record, Remembered, StorageId};
use super::transition::Tx;
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits;

/// What must be appended again so that `record`, which stands at `at`, can go.
pub(super) fn needed<'a>(
    tx: &mut Tx,
    record: Record<'a>,
    at: u64,
    now_ms: u64,
) -> Result<Option<Record<'a>>> {
    // What the index has of a storage that was dropped is garbage, swept or not.
    if let Record::Put { sid, .. } | Record::Remember { sid, .. } | Record::Attempt { sid, .. } =
        &record
        && tx.index.head(*sid)?.is_none()
    {
        return Ok(None);
    }
    match record {
        Record::Put { .. } => message(tx, record, at, now_ms),
        Record::Queue(record) => queue(tx, record, at),
        Record::Drop { key, .. } | Record::Tombstone { key, .. } => tombstone(tx, key, at, now_ms),
        Record::Task(record) => {
            let task = tx.index.task(record.task.task)?;
            Ok(task
                .filter(|(_, place)| *place == at)
                .map(|(current, _)| Record::Task(current)))
        }
        Record::Remember {
            sid,
            ref remembered,
            ..
        } => Ok(is_remembered(tx, sid, remembered, at, now_ms)?.then_some(record)),
        Record::Attempt {
            sid, ref attempt, ..
        } => {
            let entry = tx.index.attempt(sid, attempt)?;
            let is_current = entry.is_some_and(|entry| entry.at == at && entry.end_ms > now_ms);
            Ok(is_current.then_some(record))
        }
        Record::Lease { .. }
        | Record::Purge { .. }
        | Record::Delete { .. }
        | Record::Visibility { .. }
        | Record::Due { .. } => Ok(None),
        // The latest time is in every later record of a queue; carry it all the same.
        Record::Clock { now_ms } => {
            Ok((now_ms == tx.index.meta.now_ms).then_some(Record::Clock { now_ms }))
        }
        Record::NextQueue { uid } => Ok(next_queue(tx, uid)),
    }
}

/// What is remembered of a queue's name. It goes with its record: names that never come again, of
/// queues made for one answer each, would stay in the index for ever.
fn tombstone<'a>(tx: &mut Tx, key: QueueKey, at: u64, now_ms: u64) -> Result<Option<Record<'a>>> {
    match tx.index.tombstone(&key)? {
        Some((deleted_ms, place)) if place == at => {
            if deleted_ms.saturating_add(limits::SIXTY_SECOND_RULE_MS) > now_ms {
                return Ok(Some(Record::Tombstone { key, deleted_ms }));
            }
            tx.index.forget_tombstone(&key)?;
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// A message, or what deduplication remembers of one that is gone.
fn message<'a>(
    tx: &mut Tx,
    record: Record<'a>,
    at: u64,
    now_ms: u64,
) -> Result<Option<Record<'a>>> {
    let Record::Put {
        sid,
        sequence,
        remembered,
        content,
        ..
    } = record
    else {
        return Ok(None);
    };
    let remembered = match remembered {
        Some(memory) if is_remembered(tx, sid, &memory, at, now_ms)? => Some(memory),
        _ => None,
    };
    match (tx.index.message(sid, sequence)?, remembered) {
        (Some(entry), remembered) if entry.at == at => Ok(Some(Record::Put {
            sid,
            sequence,
            standing: entry.standing,
            remembered,
            now_ms,
            content,
        })),
        (_, Some(remembered)) => Ok(Some(Record::Remember {
            sid,
            remembered,
            sequence,
            id: content::id(content)?,
        })),
        (_, None) => Ok(None),
    }
}

fn queue<'a>(tx: &mut Tx, mut record: QueueRecord, at: u64) -> Result<Option<Record<'a>>> {
    Ok(match tx.index.head(record.sid)? {
        Some(head) if head.config_at == at => {
            record.next_sequence = head.next_sequence;
            Some(Record::Queue(record))
        }
        Some(_) => None,
        None => next_queue(tx, record.uid + 1),
    })
}

/// Nothing else tells a rebuild of the latest queue's identity once that queue is gone.
fn next_queue<'a>(tx: &Tx, uid: u64) -> Option<Record<'a>> {
    (uid == tx.index.meta.next_uid).then_some(Record::NextQueue { uid })
}

fn is_remembered(
    tx: &mut Tx,
    sid: StorageId,
    memory: &Remembered,
    at: u64,
    now_ms: u64,
) -> Result<bool> {
    let entry = tx.index.remembered(sid, &memory.key)?;
    Ok(entry.is_some_and(|entry| entry.at == at && entry.end_ms > now_ms))
}
