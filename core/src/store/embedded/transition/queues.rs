//! Queues themselves: create, delete, attributes, tags, purge (S11, S12, S14).

use super::super::index::queues::Config;
use super::super::record::{QueueRecord, Record, StorageId, is_fifo, storage_id};
use super::super::reserve::Holding;
use super::{Progress, Tx};
use crate::command::{Counts, Outcome, QueueView, Strictness};
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits;
use crate::queue::QueueAttributes;
use crate::rules;
use std::collections::BTreeMap;

/// What a new queue adds to log and index, tags and all, bytes.
const QUEUE_BYTES: u64 = 32 << 10;

type Texts = BTreeMap<String, String>;

impl Tx {
    pub(super) fn create_queue(
        &mut self,
        queue: &QueueKey,
        given: &Texts,
        tags: &Texts,
        strictness: Strictness,
    ) -> Result<Progress> {
        if let Some(sid) = self.index.storage_of(queue)? {
            let config = self.index.config(sid)?;
            rules::attributes::compare(&config.attributes, given)?;
            return self.get_queue(queue, false);
        }
        let attributes = rules::attributes::create(&queue.name, given)?;
        rules::tags::check(tags)?;
        if strictness.sixty_second_rules && self.deleted_lately(queue)? {
            return Err(rules::refusals::queue_deleted_recently());
        }
        self.check_target(queue, &attributes)?;
        let one = Holding {
            live_bytes: QUEUE_BYTES,
            ..Holding::default()
        };
        self.space
            .for_send(&mut self.index.meta, self.appender.end(), one)?;
        let sid = storage_id(self.index.meta.next_sid, attributes.fifo);
        let record = QueueRecord {
            sid,
            uid: self.index.meta.next_uid,
            key: queue.clone(),
            next_sequence: 1,
            created_ms: self.now_ms,
            modified_ms: self.now_ms,
            purged_ms: 0,
            attributes: rules::attributes::to_map(&attributes),
            tags: tags.clone(),
        };
        self.durable_step(&[Record::Queue(record)])?;
        self.touch(queue);
        let config = self.index.config(sid)?;
        Ok(Progress::Answer(Outcome::Queue(Box::new(
            self.view(sid, &config)?,
        ))))
    }

    fn deleted_lately(&mut self, queue: &QueueKey) -> Result<bool> {
        let tombstone = self.index.tombstone(queue)?;
        Ok(tombstone.is_some_and(|(deleted_ms, _)| {
            deleted_ms.saturating_add(limits::SIXTY_SECOND_RULE_MS) > self.now_ms
        }))
    }

    fn check_target(&mut self, queue: &QueueKey, attributes: &QueueAttributes) -> Result<()> {
        let Some(policy) = &attributes.redrive else {
            return Ok(());
        };
        let target = match self.index.storage_of(&policy.target)? {
            Some(sid) => Some(self.index.config(sid)?),
            None => None,
        };
        let target = target.as_ref().map(|config| &config.attributes);
        rules::redrive::check_target(queue, attributes.fifo, &policy.target, target)
    }

    fn view(&mut self, sid: StorageId, config: &Config) -> Result<QueueView> {
        let counts = self
            .index
            .head(sid)?
            .map_or(Counts::default(), |head| Counts {
                visible: head.visible,
                in_flight: head.in_flight,
                delayed: head.delayed,
            });
        let record = &config.record;
        Ok(QueueView {
            key: record.key.clone(),
            uid: record.uid,
            attributes: config.attributes.clone(),
            tags: record.tags.clone(),
            created_ms: record.created_ms,
            modified_ms: record.modified_ms,
            counts,
        })
    }

    pub(super) fn get_queue(&mut self, queue: &QueueKey, counted: bool) -> Result<Progress> {
        let sid = self.index.storage(queue)?;
        let config = self.index.config(sid)?;
        if self.due_step(sid, &config)? && counted {
            return Ok(Progress::Again);
        }
        self.depends_on(config.at + 1);
        Ok(Progress::Answer(Outcome::Queue(Box::new(
            self.view(sid, &config)?,
        ))))
    }

    pub(super) fn delete_queue(
        &mut self,
        queue: &QueueKey,
        only_if_empty: bool,
    ) -> Result<Progress> {
        let Some(sid) = self.index.storage_of(queue)? else {
            // S11.6: deleting twice within 60 s succeeds.
            return if self.deleted_lately(queue)? {
                Ok(Progress::Answer(Outcome::Done))
            } else {
                Err(rules::refusals::queue_missing())
            };
        };
        if only_if_empty {
            let config = self.index.config(sid)?;
            if self.due_step(sid, &config)? {
                return Ok(Progress::Again);
            }
            let messages = self.view(sid, &config)?.counts.total();
            if messages > 0 {
                return Err(rules::refusals::queue_not_empty(messages));
            }
        }
        let drop = Record::Drop {
            sid,
            key: queue.clone(),
            now_ms: self.now_ms,
        };
        self.durable_step(&[drop])?;
        self.touch(queue);
        Ok(Progress::Answer(Outcome::Done))
    }

    /// Writes a queue's record with what `change` makes of it.
    fn change_queue(
        &mut self,
        sid: StorageId,
        config: &Config,
        change: impl FnOnce(&mut QueueRecord),
    ) -> Result<()> {
        let mut record = config.record.clone();
        record.next_sequence = self.index.head(sid)?.map_or(1, |head| head.next_sequence);
        change(&mut record);
        self.durable_step(&[Record::Queue(record)])
    }

    /// What is due is done by the attributes of its time, all of it.
    pub(super) fn set_attributes(&mut self, queue: &QueueKey, given: &Texts) -> Result<Progress> {
        let sid = self.index.storage(queue)?;
        let config = self.index.config(sid)?;
        if self.due_step(sid, &config)? {
            return Ok(Progress::Again);
        }
        let attributes = rules::attributes::set(&config.attributes, given)?;
        if given.contains_key("RedrivePolicy") {
            self.check_target(queue, &attributes)?;
        }
        let now_ms = self.now_ms;
        self.change_queue(sid, &config, |record| {
            record.attributes = rules::attributes::to_map(&attributes);
            record.modified_ms = now_ms;
        })?;
        self.touch(queue);
        Ok(Progress::Answer(Outcome::Done))
    }

    pub(super) fn tag(&mut self, queue: &QueueKey, given: &Texts) -> Result<Outcome> {
        let sid = self.index.storage(queue)?;
        let config = self.index.config(sid)?;
        let tags = rules::tags::add(&config.record.tags, given)?;
        self.change_queue(sid, &config, |record| record.tags = tags)?;
        Ok(Outcome::Done)
    }

    pub(super) fn untag(&mut self, queue: &QueueKey, keys: &[String]) -> Result<Outcome> {
        let sid = self.index.storage(queue)?;
        let config = self.index.config(sid)?;
        self.change_queue(sid, &config, |record| {
            record.tags.retain(|key, _| !keys.contains(key));
        })?;
        Ok(Outcome::Done)
    }

    /// S11.8: everything stored is gone at once, whatever its size.
    pub(super) fn purge(&mut self, queue: &QueueKey, strictness: Strictness) -> Result<Outcome> {
        let old = self.index.storage(queue)?;
        let config = self.index.config(old)?;
        let purged_ms = config.record.purged_ms;
        let lately =
            purged_ms != 0 && purged_ms.saturating_add(limits::SIXTY_SECOND_RULE_MS) > self.now_ms;
        if strictness.sixty_second_rules && lately {
            return Err(rules::refusals::purge_in_progress(&queue.name));
        }
        let new = storage_id(self.index.meta.next_sid, is_fifo(old));
        let mut record = config.record.clone();
        record.sid = new;
        record.purged_ms = self.now_ms;
        record.next_sequence = self.index.head(old)?.map_or(1, |head| head.next_sequence);
        self.durable_step(&[
            Record::Purge {
                old,
                new,
                now_ms: self.now_ms,
            },
            Record::Queue(record),
        ])?;
        self.touch(queue);
        Ok(Outcome::Done)
    }
}
