//! Reading messages out of the log, and moving them from one queue to another.

use super::super::index::entries::MessageEntry;
use super::super::record::content::{self, ContentExtra};
use super::super::record::{Record, Standing, State, StorageId, TaskRecord, is_fifo};
use super::Tx;
use super::due::delay_ms;
use crate::error::Result;
use crate::message::{MessageId, StoredMessage};
use bytes::Bytes;

/// Messages this far apart in the log are read together: one call costs more than these bytes.
const GAP_BYTES_MAX: u64 = 1_024;
/// Bytes read together at the most.
const SPAN_BYTES_MAX: u64 = 1 << 20;

/// How a message leaves one queue and enters another.
pub(super) struct Moved {
    pub sequence: u64,
    pub entry: MessageEntry,
    /// What the message is on arrival, but for its state, which is decided there.
    pub standing: Standing,
    /// Its new id, if it gets one.
    pub id: Option<MessageId>,
    /// What `DeadLetterQueueSourceArn` will say.
    pub source: Option<String>,
}

impl Moved {
    /// S9.7, S6.3: a dead-lettered message keeps its identity and its age, but for the age on
    /// FIFO queues.
    pub fn dead_letter(
        sequence: u64,
        entry: &MessageEntry,
        source: &str,
        now_ms: u64,
        sid: StorageId,
    ) -> Self {
        let mut standing = entry.standing;
        standing.changed = false;
        standing.receives = 0;
        standing.visible_ms = 0;
        standing.moved = !is_fifo(sid);
        if is_fifo(sid) {
            standing.sent_ms = now_ms;
        }
        let source = Some(source.to_owned());
        Self {
            sequence,
            entry: entry.clone(),
            standing,
            id: None,
            source,
        }
    }

    /// S10.12: a message that a task moves counts as new.
    pub fn redriven(sequence: u64, entry: &MessageEntry, id: MessageId, now_ms: u64) -> Self {
        let standing = Standing::new(now_ms);
        Self {
            sequence,
            entry: entry.clone(),
            standing,
            id: Some(id),
            source: None,
        }
    }
}

impl Tx {
    /// The content blocks of messages; neighbours in the log are read with one call.
    pub(super) fn contents(&mut self, entries: &[(u64, MessageEntry)]) -> Result<Vec<Bytes>> {
        let mut contents = Vec::with_capacity(entries.len());
        let mut at = 0;
        while at < entries.len() {
            let start = entries[at].1.at;
            let mut end = start + u64::from(entries[at].1.length);
            let mut next = at + 1;
            while let Some((_, entry)) = entries.get(next) {
                let reach = entry.at + u64::from(entry.length);
                let near = entry.at >= end && entry.at - end <= GAP_BYTES_MAX;
                if !near || reach - start > SPAN_BYTES_MAX || !self.same_segment(start, reach) {
                    break;
                }
                end = reach;
                next += 1;
            }
            let span = self.content(start, (end - start) as u32)?;
            for (_, entry) in &entries[at..next] {
                let from = (entry.at - start) as usize;
                contents.push(span.slice(from..from + entry.length as usize));
            }
            at = next;
        }
        Ok(contents)
    }

    fn same_segment(&self, start: u64, end: u64) -> bool {
        let bytes = self.space.segment_bytes();
        start / bytes == (end - 1) / bytes
    }

    /// A message as its entry says it stands.
    pub(super) fn decode(
        &self,
        entry: &MessageEntry,
        sequence: u64,
        content: &Bytes,
    ) -> Result<StoredMessage> {
        let mut message = content::decode(content)?;
        let standing = &entry.standing;
        message.sequence = sequence;
        message.sent_ms = standing.sent_ms;
        message.receive_count = standing.receives_total;
        message.first_receive_ms =
            Some(standing.first_receive_ms).filter(|first_ms| *first_ms != 0);
        Ok(message)
    }

    /// Moves messages in one step: they leave `from` and enter `to` together, with the progress
    /// of the task that does it.
    pub(super) fn move_messages(
        &mut self,
        from: StorageId,
        to: StorageId,
        moved: &[Moved],
        task: Option<&TaskRecord>,
    ) -> Result<()> {
        let config = self.index.config(to)?;
        let delay_ms = delay_ms(&config.attributes);
        let mut contents = Vec::with_capacity(moved.len());
        for one in moved {
            let content = self.content(one.entry.at, one.entry.length)?;
            let mut entry = content::to_entry(content::decode(&content)?);
            if let Some(id) = one.id {
                entry.id = id;
            }
            let deduplication = entry.deduplication.clone();
            let extra = ContentExtra {
                deduplication: deduplication.as_deref(),
                dead_letter_source: one.source.as_deref(),
            };
            let mut bytes = Vec::with_capacity(content::size_hint(&entry) + 256);
            content::encode(&mut bytes, &entry, extra);
            contents.push((entry.group.is_some(), bytes));
        }
        let (mut next, mut arrivals) = self.arrivals(to, delay_ms)?;
        let sequences = moved.iter().map(|one| one.sequence).collect();
        let mut records = vec![Record::Delete {
            sid: from,
            sequences,
        }];
        for (one, (grouped, content)) in moved.iter().zip(&contents) {
            let mut standing = one.standing;
            match one.source {
                // S9.11: a dead-letter queue's delay does not apply.
                Some(_) if is_fifo(to) => standing.state = State::Ready,
                Some(_) => arrivals.place(&mut standing, 0, *grouped, self.now_ms),
                None => arrivals.place(&mut standing, delay_ms, *grouped, self.now_ms),
            }
            records.push(Record::Put {
                sid: to,
                sequence: next,
                standing,
                remembered: None,
                now_ms: self.now_ms,
                content,
            });
            next += 1;
        }
        if let Some(task) = task {
            records.push(Record::Task(task.clone()));
        }
        self.lease_step(&records)?;
        self.index.meta.carried_lsn = self.appender.end().lsn;
        Ok(())
    }

    /// The next number of a queue, and how it places what arrives.
    pub(super) fn arrivals(&mut self, sid: StorageId, delay_ms: u64) -> Result<(u64, Arrivals)> {
        let head = self.index.head(sid)?;
        let next = head.map_or(1, |head| head.next_sequence);
        let arrivals = Arrivals {
            fifo: is_fifo(sid),
            fair: head.is_some_and(|head| head.fair_from != 0),
            held: delay_ms > 0 || head.is_some_and(|head| head.delayed > 0),
        };
        Ok((next, arrivals))
    }
}

/// How a queue places what arrives.
pub(super) struct Arrivals {
    fifo: bool,
    fair: bool,
    /// FIFO: messages before these are still delayed, or the queue has a delay.
    held: bool,
}

impl Arrivals {
    /// Decides the state of a message that was just accepted, and its deadline. `delay_ms` is
    /// the message's own on standard queues; FIFO queues apply theirs to the order of all (S3.3).
    pub fn place(&mut self, standing: &mut Standing, delay_ms: u64, grouped: bool, now_ms: u64) {
        self.fair |= grouped && !self.fifo;
        standing.state = if self.fifo {
            if self.held {
                State::Fresh
            } else {
                State::Ready
            }
        } else if delay_ms > 0 {
            standing.visible_ms = now_ms + delay_ms;
            State::Delayed
        } else if self.fair {
            State::Ready
        } else {
            State::Fresh
        };
    }
}
