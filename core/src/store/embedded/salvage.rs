//! Salvage: where the log is damaged, the index still knows what it held. When reclamation comes to
//! such a stretch, what can be read is written again and the rest is given up, so that neither the
//! queue nor reclamation is held up by it.

use super::engine::Engine;
use super::index::entries::MessageEntry;
use super::index::keys::{self, table};
use super::rebuild::damage_text;
use super::record::{Record, StorageId, content};
use super::transition::Tx;
use crate::error::Result;
use bytes::Bytes;
use std::ops::Range;

/// Messages that one record takes out of a queue at the most.
const DELETE_MESSAGES_MAX: usize = 1_000;

impl Engine {
    /// Carries forward what the index has in the damaged stretch `lost` of the log, and reports
    /// the rest. It looks at every message of the store: damage is rare, and guessing is not safe.
    /// What deduplication remembers is left to the index, and lost if that must be rebuilt.
    pub(super) fn salvage(&self, tx: &mut Tx, lost: Range<u64>, what: &str) -> Result<()> {
        let mut gone = 0;
        for sid in tx.index.storages()? {
            salvage_queue(tx, sid, &lost)?;
            gone += salvage_messages(tx, sid, &lost)?;
        }
        for task in tx.index.tasks()? {
            let place = tx.index.task(task.task.task)?.map(|(_, place)| place);
            if place.is_some_and(|place| lost.contains(&place)) {
                tx.step(&[Record::Task(task)])?;
            }
        }
        let what = match gone {
            0 => format!("{what}; no message was lost"),
            1 => format!("{what}; 1 message was lost"),
            _ => format!("{what}; {gone} messages were lost"),
        };
        self.report_damage(damage_text(lost.start, lost.end, &what));
        Ok(())
    }
}

fn salvage_queue(tx: &mut Tx, sid: StorageId, lost: &Range<u64>) -> Result<()> {
    let Some(head) = tx.index.head(sid)?.cloned() else {
        return Ok(());
    };
    if !lost.contains(&head.config_at) {
        return Ok(());
    }
    let mut record = tx.index.config(sid)?.record.clone();
    record.next_sequence = head.next_sequence;
    tx.step(&[Record::Queue(record)])
}

/// Answers how many messages were lost.
fn salvage_messages(tx: &mut Tx, sid: StorageId, lost: &Range<u64>) -> Result<u64> {
    let mut hit = Vec::new();
    let from = keys::message(sid, 0);
    tx.index.scan(&from, sid, table::MESSAGES, |key, value| {
        let entry = MessageEntry::decode(value)?;
        if lost.contains(&entry.at) {
            hit.push((keys::number(key, 5), entry));
        }
        Ok(true)
    })?;
    let now_ms = tx.index.meta.now_ms;
    let mut gone = Vec::new();
    for (sequence, entry) in hit {
        match readable(tx, &entry) {
            Some(content) => tx.step(&[Record::Put {
                sid,
                sequence,
                standing: entry.standing,
                remembered: None,
                now_ms,
                content: &content,
            }])?,
            None => gone.push(sequence),
        }
    }
    for sequences in gone.chunks(DELETE_MESSAGES_MAX) {
        let sequences = sequences.to_vec();
        tx.step(&[Record::Delete { sid, sequences }])?;
    }
    Ok(gone.len() as u64)
}

/// A content block has a checksum of its own, so it may be whole in a damaged frame.
fn readable(tx: &mut Tx, entry: &MessageEntry) -> Option<Bytes> {
    let content = tx.content(entry.at, entry.length).ok()?;
    content::verify(&content).then_some(content)
}
