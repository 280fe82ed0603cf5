//! Queues themselves: creating, deleting, describing, changing, listing, purging; and peek.

use super::state::{Queue, State};
use crate::command::{Outcome, PeekFilter, Strictness};
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits::{RECEIVE_BYTES_MAX, SIXTY_SECOND_RULE_MS};
use crate::message::Peeked;
use crate::queue::QueueAttributes;
use crate::rules::{attributes, redrive, refusals, tags};
use std::collections::{BTreeMap, VecDeque};

impl State {
    /// S11.2: creates, or answers with the queue that is there if the given attributes fit it.
    pub fn create_queue(
        &mut self,
        key: QueueKey,
        given: &BTreeMap<String, String>,
        tags: BTreeMap<String, String>,
        strictness: Strictness,
    ) -> Result<Outcome> {
        if self.queues.contains_key(&key) {
            let queue = self.due_queue(&key)?;
            attributes::compare(&queue.attributes, given)?;
            return Ok(Outcome::Queue(Box::new(queue.view())));
        }
        let attributes = attributes::create(&key.name, given)?;
        tags::check(&tags)?;
        if strictness.sixty_second_rules && self.deleted_lately(&key) {
            return Err(refusals::queue_deleted_recently());
        }
        self.check_redrive(&key, &attributes)?;
        let queue = Queue {
            key: key.clone(),
            uid: self.next_uid,
            attributes,
            tags,
            created_ms: self.now_ms,
            modified_ms: self.now_ms,
            purged_ms: None,
            next_sequence: 1,
            messages: BTreeMap::new(),
            ring: VecDeque::new(),
            deduplication: BTreeMap::new(),
            attempts: BTreeMap::new(),
            tenants: BTreeMap::new(),
        };
        self.next_uid += 1;
        self.deleted_ms.remove(&key);
        let view = queue.view();
        self.queues.insert(key, queue);
        Ok(Outcome::Queue(Box::new(view)))
    }

    /// S11.6: deleting again within 60 s succeeds.
    pub fn delete_queue(&mut self, key: &QueueKey, only_if_empty: bool) -> Result<Outcome> {
        if only_if_empty && self.queues.contains_key(key) {
            let messages = self.due_queue(key)?.counts().total();
            if messages > 0 {
                return Err(refusals::queue_not_empty(messages));
            }
        }
        if self.queues.remove(key).is_some() {
            self.deleted_ms.insert(key.clone(), self.now_ms);
            self.generation += 1;
        } else if !self.deleted_lately(key) {
            return Err(refusals::queue_missing());
        }
        Ok(Outcome::Done)
    }

    pub fn get_queue(&mut self, key: &QueueKey) -> Result<Outcome> {
        Ok(Outcome::Queue(Box::new(self.due_queue(key)?.view())))
    }

    /// S12.4: all or nothing.
    pub fn set_attributes(
        &mut self,
        key: &QueueKey,
        given: &BTreeMap<String, String>,
    ) -> Result<Outcome> {
        let attributes = attributes::set(&self.due_queue(key)?.attributes, given)?;
        // S9.15: a link that stands is not questioned by other changes.
        if given.contains_key("RedrivePolicy") {
            self.check_redrive(key, &attributes)?;
        }
        let now_ms = self.now_ms;
        let queue = self.queue(key)?;
        queue.attributes = attributes;
        queue.modified_ms = now_ms;
        self.generation += 1;
        Ok(Outcome::Done)
    }

    pub fn tag(&mut self, key: &QueueKey, given: &BTreeMap<String, String>) -> Result<Outcome> {
        let queue = self.queue(key)?;
        queue.tags = tags::add(&queue.tags, given)?;
        Ok(Outcome::Done)
    }

    /// S14.2: keys that are not there are no error.
    pub fn untag(&mut self, key: &QueueKey, keys: &[String]) -> Result<Outcome> {
        let queue = self.queue(key)?;
        queue.tags.retain(|tag, _| !keys.contains(tag));
        Ok(Outcome::Done)
    }

    /// S11.9: names in byte order.
    pub fn list_queues(&self, prefix: &QueueKey, after: Option<&str>, limit: usize) -> Outcome {
        let names = self
            .queues
            .keys()
            .filter(|key| key.account == prefix.account && key.region == prefix.region)
            .filter(|key| key.name.starts_with(&prefix.name))
            .map(|key| key.name.as_str());
        page(names, after, limit)
    }

    /// S9.13.
    pub fn list_dead_letter_sources(
        &mut self,
        key: &QueueKey,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Outcome> {
        self.queue(key)?;
        let names = self
            .dead_letter_sources(key)
            .map(|queue| queue.key.name.as_str());
        Ok(page(names, after, limit))
    }

    /// The queues whose redrive policy names `key`, by name.
    pub fn dead_letter_sources(&self, key: &QueueKey) -> impl Iterator<Item = &Queue> {
        self.queues.values().filter(move |queue| {
            queue
                .attributes
                .redrive
                .as_ref()
                .is_some_and(|policy| policy.target == *key)
        })
    }

    /// D10: messages and every memory of them; the uid and the sequence go on.
    pub fn purge(&mut self, key: &QueueKey, strictness: Strictness) -> Result<Outcome> {
        let now_ms = self.now_ms;
        let queue = self.due_queue(key)?;
        let lately = queue
            .purged_ms
            .is_some_and(|purged_ms| now_ms < purged_ms + SIXTY_SECOND_RULE_MS);
        if strictness.sixty_second_rules && lately {
            return Err(refusals::purge_in_progress(&key.name));
        }
        queue.messages.clear();
        queue.ring.clear();
        queue.deduplication.clear();
        queue.attempts.clear();
        queue.tenants.clear();
        queue.purged_ms = Some(now_ms);
        self.generation += 1;
        Ok(Outcome::Done)
    }

    /// D14.
    pub fn peek(&mut self, key: &QueueKey, filter: &PeekFilter) -> Result<Outcome> {
        let queue = self.due_queue(key)?;
        let shown = queue
            .messages
            .values()
            .filter(|entry| entry.message.sequence > filter.after)
            .filter(|entry| filter.states.is_empty() || filter.states.contains(&entry.state()))
            .filter(|entry| filter.group.is_none() || filter.group == entry.message.group)
            .take(filter.limit);
        let mut bytes = 0;
        let shown = shown
            .enumerate()
            .take_while(|(n, entry)| {
                bytes += entry.message.size();
                *n == 0 || bytes <= RECEIVE_BYTES_MAX
            })
            .map(|(_, entry)| Peeked {
                message: entry.message.clone(),
                state: entry.state(),
                visible_ms: queue.deadline_ms(entry),
            });
        Ok(Outcome::Peeked(shown.collect()))
    }

    fn deleted_lately(&self, key: &QueueKey) -> bool {
        self.deleted_ms
            .get(key)
            .is_some_and(|deleted_ms| self.now_ms < deleted_ms + SIXTY_SECOND_RULE_MS)
    }

    /// S9.2.
    fn check_redrive(&self, key: &QueueKey, attributes: &QueueAttributes) -> Result<()> {
        let Some(policy) = &attributes.redrive else {
            return Ok(());
        };
        let target = self
            .queues
            .get(&policy.target)
            .map(|queue| &queue.attributes);
        redrive::check_target(key, attributes.fifo, &policy.target, target)
    }
}

fn page<'a>(names: impl Iterator<Item = &'a str>, after: Option<&str>, limit: usize) -> Outcome {
    let mut rest = names.filter(|name| after.is_none_or(|after| *name > after));
    let names = rest.by_ref().take(limit).map(String::from).collect();
    Outcome::Names {
        names,
        more: rest.next().is_some(),
    }
}
