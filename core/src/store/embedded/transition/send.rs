//! Send (S3, S5, S7.9 to S7.13).

use super::super::index::memory::memory_bytes;
use super::super::index::messages::MESSAGE_OVERHEAD_BYTES;
use super::super::record::content::{self, ContentExtra};
use super::super::record::{Record, Remembered, Standing, StorageId};
use super::super::reserve::Holding;
use super::Tx;
use super::due::delay_ms;
use super::messages::Arrivals;
use crate::command::{Outcome, SendEntry, Sent};
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits;
use crate::message::MessageId;
use crate::queue::{DeduplicationScope, QueueAttributes};
use crate::rules;
use crate::rules::send::Admitted;
use std::collections::HashMap;

/// Content bytes of several messages that share a frame at the most, and the part of a segment
/// that they may take: what a record adds to its content fits as well.
const FRAME_BYTES_MAX: usize = 1 << 20;
const FRAME_SEGMENT_SHARE: u64 = 4;

/// An entry that will be stored.
struct Accepted<'a> {
    entry: &'a SendEntry,
    admitted: Admitted,
    remembered: Option<Remembered>,
}

impl Tx {
    pub(super) fn send(
        &mut self,
        queue: &QueueKey,
        entries: &[SendEntry],
        batch: bool,
    ) -> Result<Outcome> {
        let sid = self.index.storage(queue)?;
        let config = self.index.config(sid)?;
        self.due_step(sid, &config)?;
        let admitted = rules::send::admit(&config.attributes, entries, batch)?;
        self.space
            .for_send(&mut self.index.meta, self.appender.end(), arriving(entries))?;
        let (mut next, mut arrivals) = self.arrivals(sid, delay_ms(&config.attributes))?;
        let first = next;
        let mut answers = Vec::with_capacity(entries.len());
        let mut accepted = Vec::with_capacity(entries.len());
        let mut within = HashMap::new();
        for (entry, admitted) in entries.iter().zip(admitted) {
            answers.push(admitted.and_then(|admitted| {
                let key = deduplication_key(&config.attributes, entry, &admitted);
                if let Some(key) = &key
                    && let Some(sent) = self.duplicate(sid, key, &within)?
                {
                    return Ok(sent);
                }
                let sent = Sent {
                    id: entry.id,
                    sequence: next,
                    duplicate: false,
                };
                next += 1;
                let remembered = key.map(|key| {
                    within.insert(key.clone(), sent);
                    Remembered {
                        key,
                        end_ms: self.now_ms + limits::DEDUPLICATION_MS,
                    }
                });
                accepted.push(Accepted {
                    entry,
                    admitted,
                    remembered,
                });
                Ok(sent)
            }));
        }
        self.store(sid, first, &mut arrivals, accepted)?;
        if next > first {
            self.touch(queue);
        }
        Ok(Outcome::Sent(answers))
    }

    /// S7.11: the earlier message of a deduplication id.
    fn duplicate(
        &mut self,
        sid: StorageId,
        key: &[u8],
        within: &HashMap<Vec<u8>, Sent>,
    ) -> Result<Option<Sent>> {
        if let Some(sent) = within.get(key) {
            return Ok(Some(Sent {
                duplicate: true,
                ..*sent
            }));
        }
        let Some(earlier) = self.index.remembered(sid, key)? else {
            return Ok(None);
        };
        if earlier.end_ms <= self.now_ms {
            return Ok(None);
        }
        // The answer says that a message is stored, so its record must be on disk too.
        self.depends_on(earlier.at + 1);
        let id = MessageId(earlier.id);
        Ok(Some(Sent {
            id,
            sequence: earlier.sequence,
            duplicate: true,
        }))
    }

    fn store(
        &mut self,
        sid: StorageId,
        first: u64,
        arrivals: &mut Arrivals,
        accepted: Vec<Accepted<'_>>,
    ) -> Result<()> {
        let mut contents: Vec<Vec<u8>> = Vec::with_capacity(accepted.len());
        let mut pending: Vec<(u64, Standing, Option<Remembered>)> = Vec::new();
        let share = self.space.segment_bytes() / FRAME_SEGMENT_SHARE;
        let bytes_max = FRAME_BYTES_MAX.min(share as usize);
        let mut bytes = 0;
        for (number, one) in accepted.into_iter().enumerate() {
            let mut content = Vec::with_capacity(content::size_hint(one.entry));
            let extra = ContentExtra {
                deduplication: one.admitted.deduplication.as_deref(),
                dead_letter_source: None,
            };
            content::encode(&mut content, one.entry, extra);
            let mut standing = Standing::new(self.now_ms);
            let grouped = one.entry.group.is_some();
            arrivals.place(&mut standing, one.admitted.delay_ms, grouped, self.now_ms);
            if bytes > 0 && bytes + content.len() > bytes_max {
                self.store_frame(sid, &contents, &mut pending)?;
                contents.clear();
                bytes = 0;
            }
            bytes += content.len();
            contents.push(content);
            pending.push((first + number as u64, standing, one.remembered));
        }
        if pending.is_empty() {
            return Ok(());
        }
        self.store_frame(sid, &contents, &mut pending)
    }

    fn store_frame(
        &mut self,
        sid: StorageId,
        contents: &[Vec<u8>],
        pending: &mut Vec<(u64, Standing, Option<Remembered>)>,
    ) -> Result<()> {
        let now_ms = self.now_ms;
        let records: Vec<Record<'_>> = pending
            .drain(..)
            .zip(contents)
            .map(|((sequence, standing, remembered), content)| Record::Put {
                sid,
                sequence,
                standing,
                remembered,
                now_ms,
                content,
            })
            .collect();
        self.durable_step(&records)
    }
}

/// What entries add to the store, at the most.
fn arriving(entries: &[SendEntry]) -> Holding {
    let mut all = Holding::default();
    for entry in entries {
        let bytes = content::size_hint(entry) as u64;
        let group = entry.group.as_ref().map_or(0, String::len);
        all.live_bytes += bytes + MESSAGE_OVERHEAD_BYTES as u64 + memory_bytes(group);
        all.messages += 1;
        all.longest = all.longest.max(bytes);
    }
    all
}

/// Scope and id as the index keys them (S7.13); `None` on standard queues.
fn deduplication_key(
    attributes: &QueueAttributes,
    entry: &SendEntry,
    admitted: &Admitted,
) -> Option<Vec<u8>> {
    let id = admitted.deduplication.as_deref()?;
    let mut key = Vec::with_capacity(id.len() + limits::ID_CHARS_MAX + 2);
    match (attributes.deduplication_scope, &entry.group) {
        (DeduplicationScope::MessageGroup, Some(group)) => {
            key.push(1);
            // An id is at most 128 bytes, so its length fits.
            key.push(group.len() as u8);
            key.extend_from_slice(group.as_bytes());
        }
        _ => key.push(0),
    }
    key.extend_from_slice(id.as_bytes());
    Some(key)
}
