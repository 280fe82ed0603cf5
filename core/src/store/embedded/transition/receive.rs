//! Receive (S2, S4, S7.3, S7.19, S8.5, S9.4).

use super::super::index::entries::MessageEntry;
use super::super::index::queues::Config;
use super::super::record::{Record, State, StorageId, is_fifo};
use super::super::reserve::Holding;
use super::candidates::Candidates;
use super::messages::Moved;
use super::{Progress, Tx};
use crate::command::Outcome;
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::limits;
use crate::message::{Receipt, Received};
use crate::queue::RedrivePolicy;
use crate::rules;
use std::sync::Arc;

/// What an attempt's id leaves behind, at the most, bytes of log and index.
const ATTEMPT_BYTES: u64 = 1_024;

/// What a receive asks for.
pub(super) struct Options<'a> {
    pub max: u32,
    pub visibility_s: Option<u32>,
    pub attempt: Option<&'a str>,
    pub wait_s: Option<u32>,
}

/// A message and its entry.
type Entry = (u64, MessageEntry);

/// Where messages go that were received too often.
struct DeadLetters {
    policy: RedrivePolicy,
    target: StorageId,
}

/// What a receive found.
#[derive(Default)]
struct Found {
    taken: Vec<Entry>,
    dead: Vec<Entry>,
    fresh: u64,
}

impl Tx {
    pub(super) fn receive(&mut self, queue: &QueueKey, options: &Options<'_>) -> Result<Progress> {
        let sid = self.index.storage(queue)?;
        let config = self.index.config(sid)?;
        if let Some(attempt) = options.attempt {
            rules::send::check_attempt(attempt, is_fifo(sid))?;
        }
        let overdue = self.due_step(sid, &config)?;
        // S6.1, and S9.4: a receive that moved messages does not look a second time. Otherwise what
        // became visible meanwhile may come in later receives: who waits for one message need not
        // wait until a million were looked at.
        let has_target = config.attributes.redrive.is_some();
        if overdue && (has_target || self.has_expired(sid, &config)?) {
            return Ok(Progress::Again);
        }
        let seconds = options
            .visibility_s
            .unwrap_or(config.attributes.visibility_s);
        let visible_ms = self.now_ms + u64::from(seconds) * 1000;
        let wait_s = options.wait_s.unwrap_or(config.attributes.wait_s);
        if let Some(attempt) = options.attempt
            && let Some(messages) = self.repeat_attempt(sid, &config, attempt, visible_ms)?
        {
            return Ok(received(messages, None, wait_s));
        }
        let room = self.in_flight_room(sid, wait_s > 0)?;
        let letters = self.dead_letters(&config)?;
        let max = options.max.min(room);
        let max = (max as usize).min(self.short_step(usize::MAX));
        let attempt = options.attempt.filter(|_| self.has_room_for_attempt());
        let found = self.find(sid, max, letters.as_ref())?;
        if let Some(letters) = &letters {
            self.dead_letter(sid, &config, letters, &found.dead)?;
        }
        if found.taken.is_empty() {
            // Fewer are moved at once on a full disk; nobody is told that the queue is empty.
            let more = self.space.is_short() && !found.dead.is_empty();
            if overdue || more {
                return Ok(Progress::Again);
            }
            let next_due_ms = self.next_due_ms(sid, &config)?;
            return Ok(received(Vec::new(), next_due_ms, wait_s));
        }
        let messages = self.read_all(sid, &config, &found.taken, visible_ms)?;
        let lease = Record::Lease {
            sid,
            now_ms: self.now_ms,
            visible_ms,
            fresh: found.fresh,
            repeat: false,
            sequences: found.taken.iter().map(|(sequence, _)| *sequence).collect(),
        };
        match attempt {
            Some(attempt) => {
                let remembered = self.attempt(sid, attempt, &messages);
                self.lease_step(&[lease, remembered])?;
            }
            None => self.lease_step(&[lease])?,
        }
        Ok(received(messages, None, wait_s))
    }

    /// How many more messages may be in flight (S6.6).
    fn in_flight_room(&mut self, sid: StorageId, waits: bool) -> Result<u32> {
        let in_flight = self.index.head(sid)?.map_or(0, |head| head.in_flight);
        let room = self.limits.in_flight.saturating_sub(in_flight);
        if room == 0 && !is_fifo(sid) && !waits {
            let mut candidates = Candidates::new(&mut self.index, sid, self.now_ms)?;
            if candidates.next(&mut self.index)?.is_some() {
                return Err(rules::refusals::too_many_in_flight(self.limits.in_flight));
            }
        }
        Ok(u32::try_from(room).unwrap_or(u32::MAX))
    }

    /// S7.19 in vain: what an attempt's id would leave behind for five minutes finds no room on a
    /// full disk, and the messages must be received all the same.
    fn has_room_for_attempt(&mut self) -> bool {
        let one = Holding {
            live_bytes: ATTEMPT_BYTES,
            ..Holding::default()
        };
        let end = self.appender.end();
        !self.space.is_short() || self.space.for_send(&mut self.index.meta, end, one).is_ok()
    }

    fn dead_letters(&mut self, config: &Arc<Config>) -> Result<Option<DeadLetters>> {
        let Some(policy) = &config.attributes.redrive else {
            return Ok(None);
        };
        let target = self.index.storage_of(&policy.target)?;
        Ok(target.map(|target| DeadLetters {
            policy: policy.clone(),
            target,
        }))
    }

    fn find(&mut self, sid: StorageId, max: usize, letters: Option<&DeadLetters>) -> Result<Found> {
        let mut candidates = Candidates::new(&mut self.index, sid, self.now_ms)?;
        let mut found = Found {
            fresh: candidates.fresh,
            ..Found::default()
        };
        let (mut bytes, mut moved_bytes) = (0, 0);
        let moves = self.short_step(self.limits.receive_moves);
        while found.taken.len() < max && found.dead.len() < moves {
            let Some((sequence, entry)) = candidates.next(&mut self.index)? else {
                break;
            };
            let limit = letters.map_or(u32::MAX, |letters| letters.policy.max_receives);
            if entry.standing.receives >= limit {
                moved_bytes += entry.length as usize;
                if moved_bytes > self.short_bytes(limits::RECEIVE_BYTES_MAX)
                    && !found.dead.is_empty()
                {
                    break;
                }
                found.dead.push((sequence, entry));
            } else {
                bytes += entry.length as usize;
                if bytes > self.limits.receive_bytes && !found.taken.is_empty() {
                    break;
                }
                found.taken.push((sequence, entry));
            }
            found.fresh = candidates.fresh;
        }
        if found.taken.len() < max {
            // The cursor also passes what it looked at in vain.
            found.fresh = found.fresh.max(candidates.fresh_if_ended());
        }
        Ok(found)
    }

    /// S9.4: messages past the limit go to the dead-letter queue instead of to the reader.
    fn dead_letter(
        &mut self,
        sid: StorageId,
        config: &Config,
        letters: &DeadLetters,
        dead: &[Entry],
    ) -> Result<()> {
        if dead.is_empty() {
            return Ok(());
        }
        let target = self.index.config(letters.target)?;
        self.due_step(letters.target, &target)?;
        let source = config.record.key.arn();
        for (sequence, entry) in dead {
            let moved = Moved::dead_letter(*sequence, entry, &source, self.now_ms, sid);
            self.move_messages(sid, letters.target, &[moved], None)?;
        }
        self.touch(&target.record.key);
        if is_fifo(sid) {
            // S7.8: the group goes on.
            self.touch(&config.record.key);
        }
        Ok(())
    }

    /// The messages of `entries` as this receive, which is about to be written, returns them.
    fn read_all(
        &mut self,
        sid: StorageId,
        config: &Config,
        entries: &[Entry],
        visible_ms: u64,
    ) -> Result<Vec<Received>> {
        let contents = match self.contents(entries) {
            Ok(contents) => contents,
            Err(error) => return Err(self.set_unreadable_aside(sid, config, entries, error)?),
        };
        let mut messages = Vec::with_capacity(entries.len());
        for ((sequence, entry), content) in entries.iter().zip(contents) {
            let Ok(mut message) = self.decode(entry, *sequence, &content) else {
                return Err(self.set_aside(sid, config, *sequence, entry)?);
            };
            self.depends_on(entry.at + u64::from(entry.length));
            message.receive_count += 1;
            message.first_receive_ms = message.first_receive_ms.or(Some(self.now_ms));
            messages.push(Received {
                message,
                receipt: Receipt {
                    queue_uid: config.record.uid,
                    sequence: *sequence,
                    receive: entry.standing.receives + 1,
                    received_ms: self.now_ms,
                },
                visible_ms,
            });
        }
        Ok(messages)
    }

    /// A message whose bytes are damaged is taken out of the queue, so that the others can be
    /// read, and reported once.
    fn set_aside(
        &mut self,
        sid: StorageId,
        config: &Config,
        sequence: u64,
        entry: &MessageEntry,
    ) -> Result<Error> {
        self.durable_step(&[Record::Delete {
            sid,
            sequences: vec![sequence],
        }])?;
        self.touch(&config.record.key);
        Ok(Error::new(
            ErrorKind::Corrupt,
            format!(
                "Message {sequence} of queue {} fails its checksum at log position {} ({} bytes); \
                 it was taken out of the queue, the others can be received.",
                config.record.key, entry.at, entry.length
            ),
        ))
    }

    /// As [`Tx::set_aside`], for the first of `entries` whose bytes are not there any more;
    /// otherwise answers `error`.
    fn set_unreadable_aside(
        &mut self,
        sid: StorageId,
        config: &Config,
        entries: &[Entry],
        error: Error,
    ) -> Result<Error> {
        for (sequence, entry) in entries {
            let read = self.content(entry.at, entry.length);
            if read.is_err_and(|error| error.kind() == ErrorKind::Corrupt) {
                return self.set_aside(sid, config, *sequence, entry);
            }
        }
        Ok(error)
    }

    /// What is remembered of a receive (S7.19).
    fn attempt(&self, sid: StorageId, attempt: &str, messages: &[Received]) -> Record<'static> {
        let receipts = messages.iter().map(|message| &message.receipt);
        Record::Attempt {
            sid,
            attempt: attempt.to_owned(),
            end_ms: self.now_ms + limits::DEDUPLICATION_MS,
            leased: receipts
                .map(|receipt| (receipt.sequence, receipt.receive))
                .collect(),
        }
    }

    /// S7.19: the messages of an earlier attempt, if all of them still stand as it left them.
    fn repeat_attempt(
        &mut self,
        sid: StorageId,
        config: &Config,
        attempt: &str,
        visible_ms: u64,
    ) -> Result<Option<Vec<Received>>> {
        let Some(earlier) = self.index.attempt(sid, attempt)? else {
            return Ok(None);
        };
        if earlier.end_ms <= self.now_ms {
            return Ok(None);
        }
        let mut entries = Vec::with_capacity(earlier.leased.len());
        for (sequence, receives) in &earlier.leased {
            let Some(entry) = self.index.message(sid, *sequence)? else {
                return Ok(None);
            };
            let standing = &entry.standing;
            let untouched = standing.state == State::InFlight
                && standing.visible_ms > self.now_ms
                && standing.receives == *receives
                && !standing.changed;
            if !untouched {
                return Ok(None);
            }
            entries.push((*sequence, entry));
        }
        let mut messages = self.read_all(sid, config, &entries, visible_ms)?;
        for (message, (_, entry)) in messages.iter_mut().zip(&entries) {
            message.message.receive_count -= 1;
            message.receipt.receive -= 1;
            message.receipt.received_ms = entry.standing.received_ms;
        }
        let fresh = self.index.head(sid)?.map_or(0, |head| head.fresh);
        self.lease_step(&[Record::Lease {
            sid,
            now_ms: self.now_ms,
            visible_ms,
            fresh,
            repeat: true,
            sequences: entries.iter().map(|(sequence, _)| *sequence).collect(),
        }])?;
        Ok(Some(messages))
    }
}

fn received(messages: Vec<Received>, next_due_ms: Option<u64>, wait_s: u32) -> Progress {
    Progress::Answer(Outcome::Received {
        messages,
        next_due_ms,
        wait_s,
    })
}
