//! What time brings: retention that ends, delays and visibility timeouts that pass. It is carried
//! out when a command addresses the queue, in bounded steps; nobody can tell the difference but,
//! where time brought more than one step does, by the order of a standard queue's messages or of
//! the turns of groups.

use super::super::index::queues::Config;
use super::super::record::{Record, State, StorageId, is_fifo};
use super::Tx;
use crate::error::Result;
use crate::limits;
use crate::queue::QueueAttributes;

pub(super) fn retention_ms(attributes: &QueueAttributes) -> u64 {
    u64::from(attributes.retention_s) * 1000
}

pub(super) fn delay_ms(attributes: &QueueAttributes) -> u64 {
    u64::from(attributes.delay_s) * 1000
}

impl Tx {
    /// One step of overdue work; true if more may be left.
    pub(super) fn due_step(&mut self, sid: StorageId, config: &Config) -> Result<bool> {
        if !self.is_due(sid, config)? {
            return Ok(false);
        }
        self.step(&[Record::Due {
            sid,
            now_ms: self.now_ms,
            retention_ms: retention_ms(&config.attributes),
            delay_ms: delay_ms(&config.attributes),
            limit: self.short_step(limits::DUE_STEP_MESSAGES_MAX) as u32,
        }])?;
        self.is_due(sid, config)
    }

    fn is_due(&mut self, sid: StorageId, config: &Config) -> Result<bool> {
        if self.has_expired(sid, config)? {
            return Ok(true);
        }
        let due_ms = self.index.head(sid)?.map(|head| head.due_ms);
        if due_ms.is_some_and(|due_ms| due_ms <= self.now_ms) {
            return Ok(true);
        }
        Ok(self
            .release_ms(sid, config)?
            .is_some_and(|release_ms| release_ms <= self.now_ms))
    }

    /// Whether a message is kept that is past its retention, for all that is known.
    pub(super) fn has_expired(&mut self, sid: StorageId, config: &Config) -> Result<bool> {
        let retention_ms = retention_ms(&config.attributes);
        let oldest_ms = self.index.head(sid)?.map(|head| head.oldest_ms);
        Ok(oldest_ms.is_some_and(|sent_ms| sent_ms.saturating_add(retention_ms) <= self.now_ms))
    }

    /// FIFO: when the first delayed message becomes visible.
    fn release_ms(&mut self, sid: StorageId, config: &Config) -> Result<Option<u64>> {
        let Some(head) = self.index.head(sid)? else {
            return Ok(None);
        };
        if !is_fifo(sid) || head.delayed == 0 {
            return Ok(None);
        }
        let mut fresh = head.fresh;
        while let Some((sequence, entry)) = self.index.message_from(sid, fresh)? {
            if entry.standing.state == State::Fresh {
                let sent_ms = entry.standing.sent_ms;
                return Ok(Some(sent_ms.saturating_add(delay_ms(&config.attributes))));
            }
            fresh = sequence + 1;
        }
        Ok(None)
    }

    /// The nearest moment at which a message becomes visible by itself.
    pub(super) fn next_due_ms(&mut self, sid: StorageId, config: &Config) -> Result<Option<u64>> {
        let deadline = self.index.first_deadline(sid)?;
        let release = self.release_ms(sid, config)?;
        Ok(deadline.into_iter().chain(release).min())
    }
}
