//! Transitions: a command is decided against the index, becomes records, and the records are
//! applied. One file per family of commands.

pub mod apply;
mod candidates;
mod due;
mod messages;
mod peek;
mod queues;
mod receive;
mod send;
mod settle;
mod tasks;

use super::fault::point;
use super::index::Index;
use super::log::Appender;
use super::pieces::SHORT_MESSAGES_MAX;
use super::record::Record;
use super::space::Space;
use crate::command::{Command, Outcome};
use crate::error::{Error, Result};
use crate::key::QueueKey;
use crate::store::{ClockMode, Durability, StoreLimits, StoreOptions};
use bytes::Bytes;
use std::sync::Arc;

/// Contents of at least this many bytes are not copied into the frame's buffer first.
const CONTENT_IN_PLACE_BYTES: usize = 4_096;

/// What a command came to.
pub enum Progress {
    /// Its answer.
    Answer(Outcome),
    /// There is more overdue work than one step may do: run the command again.
    Again,
    /// A peek has nothing to show up to this sequence number, and more to look at than one step
    /// may: run it again from there.
    Further(u64),
}

/// An open transaction: the index, the log's end, and what the answers depend on.
pub struct Tx {
    /// The index.
    pub index: Index,
    /// The log's end.
    pub appender: Appender,
    /// The time of the current command.
    pub now_ms: u64,
    /// Up to here the log must be on disk before the current command's answer is given.
    pub sync_lsn: u64,
    /// Contents of messages were appended up to here; 0 if none were.
    pub content_lsn: u64,
    /// Queues of which a message may have become receivable.
    pub touched: Vec<QueueKey>,
    /// A failure of log or index in the middle of a step: nothing of the transaction may stay.
    pub failed: Option<Error>,
    /// Room in log and index.
    pub space: Arc<Space>,
    /// True if leases must be on disk as well.
    strict: bool,
    manual_clock: bool,
    limits: StoreLimits,
    payload: Vec<u8>,
}

impl Tx {
    /// Begins on an open index and the log's end.
    pub fn new(
        index: Index,
        appender: Appender,
        space: Arc<Space>,
        options: &StoreOptions,
    ) -> Self {
        Self {
            index,
            appender,
            now_ms: 0,
            sync_lsn: 0,
            content_lsn: 0,
            touched: Vec::new(),
            failed: None,
            space,
            strict: options.durability == Durability::Strict,
            manual_clock: matches!(options.clock, ClockMode::Manual { .. }),
            limits: options.limits,
            payload: Vec::new(),
        }
    }

    /// Carries out one command at `now_ms`.
    pub fn run(&mut self, command: &Command, now_ms: u64) -> Result<Progress> {
        self.now_ms = now_ms.max(self.index.meta.now_ms);
        self.sync_lsn = 0;
        Ok(Progress::Answer(match command {
            Command::CreateQueue {
                queue,
                attributes,
                tags,
                strictness,
            } => return self.create_queue(queue, attributes, tags, *strictness),
            Command::DeleteQueue {
                queue,
                only_if_empty,
            } => return self.delete_queue(queue, *only_if_empty),
            Command::GetQueue { queue, counted } => return self.get_queue(queue, *counted),
            Command::SetAttributes { queue, attributes } => {
                return self.set_attributes(queue, attributes);
            }
            Command::Tag { queue, tags } => self.tag(queue, tags)?,
            Command::Untag { queue, keys } => self.untag(queue, keys)?,
            Command::ListQueues { .. } | Command::ListDeadLetterSources { .. } => {
                self.list(command)?
            }
            Command::Purge { queue, strictness } => self.purge(queue, *strictness)?,
            Command::Send {
                queue,
                entries,
                batch,
            } => self.send(queue, entries, *batch)?,
            Command::Receive {
                queue,
                max,
                visibility_s,
                attempt,
                wait_s,
            } => {
                let options = receive::Options {
                    max: *max,
                    visibility_s: *visibility_s,
                    attempt: attempt.as_deref(),
                    wait_s: *wait_s,
                };
                return self.receive(queue, &options);
            }
            Command::Delete { queue, receipts } => self.delete(queue, receipts)?,
            Command::ChangeVisibility { queue, entries } => {
                self.change_visibility(queue, entries)?
            }
            Command::Peek { queue, filter } => return self.peek(queue, filter),
            Command::StartMoveTask {
                source,
                destination,
                rate,
                task,
            } => {
                return self.start_task(source, destination.as_ref(), *rate, *task);
            }
            Command::CancelMoveTask { source, task } => self.cancel_task(source, *task)?,
            Command::ListMoveTasks { source, limit } => self.list_tasks(source, *limit)?,
            Command::Work => return self.work(),
        }))
    }

    /// S11.9, S9.13: names of queues.
    fn list(&mut self, command: &Command) -> Result<Outcome> {
        Ok(match command {
            Command::ListQueues {
                prefix,
                after,
                limit,
            } => {
                let (names, more) = self.index.queue_names(prefix, after.as_deref(), *limit)?;
                Outcome::Names { names, more }
            }
            Command::ListDeadLetterSources {
                queue,
                after,
                limit,
            } => {
                self.index.storage(queue)?;
                let (names, more) =
                    self.index
                        .dead_letter_sources(queue, after.as_deref(), *limit)?;
                Outcome::Names { names, more }
            }
            // `run` sends nothing else here.
            _ => Outcome::Done,
        })
    }

    /// One step: its records go into one frame of the log and are applied to the index.
    pub(super) fn step(&mut self, records: &[Record<'_>]) -> Result<()> {
        self.try_step(records)
            .inspect_err(|error| self.failed = Some(error.clone()))
    }

    fn try_step(&mut self, records: &[Record<'_>]) -> Result<()> {
        self.payload.clear();
        // A part ends before each long content, which goes into the log from where it is.
        let mut parts = Vec::new();
        let mut places = Vec::with_capacity(records.len());
        let (mut part_start, mut beside) = (0, 0);
        for record in records {
            let start = self.payload.len();
            match record {
                Record::Put { content, .. } if content.len() >= CONTENT_IN_PLACE_BYTES => {
                    record.encode_head(&mut self.payload);
                    parts.push((part_start..self.payload.len(), *content));
                    part_start = self.payload.len();
                    places.push(part_start + beside);
                    beside += content.len();
                }
                Record::Put { content, .. } => {
                    record.encode(&mut self.payload);
                    places.push(self.payload.len() - content.len() + beside);
                }
                _ => {
                    record.encode(&mut self.payload);
                    places.push(start + beside);
                }
            }
        }
        let lsn = if parts.is_empty() {
            self.appender.push(&self.payload)?
        } else {
            let mut slices: Vec<&[u8]> = Vec::with_capacity(2 * parts.len() + 1);
            for (range, content) in parts {
                slices.extend([&self.payload[range], content]);
            }
            slices.push(&self.payload[part_start..]);
            self.appender.push_parts(&slices)?
        };
        for (record, place) in records.iter().zip(places) {
            apply::apply(&mut self.index, record, lsn + place as u64)?;
        }
        if records.iter().any(apply::carries_more_than_a_message) {
            self.index.meta.carried_lsn = self.appender.end().lsn;
        }
        if records
            .iter()
            .any(|record| matches!(record, Record::Put { .. }))
        {
            self.content_lsn = self.appender.end().lsn;
        }
        point("record-applied");
        Ok(())
    }

    /// As [`Tx::step`], for what an answer promises: the answer waits for the disk.
    fn durable_step(&mut self, records: &[Record<'_>]) -> Result<()> {
        self.step(records)?;
        self.sync_lsn = self.appender.end().lsn;
        Ok(())
    }

    /// As [`Tx::step`], for what brings back a message early if it is lost, or to where it was: a
    /// lease, a move to a dead-letter queue, a step of a move task.
    fn lease_step(&mut self, records: &[Record<'_>]) -> Result<()> {
        self.step(records)?;
        if self.strict {
            self.sync_lsn = self.appender.end().lsn;
        }
        Ok(())
    }

    /// Messages that one step may change: on a full disk the reserve is for many small changes of
    /// the index.
    pub(super) fn short_step(&self, limit: usize) -> usize {
        match self.space.is_short() {
            true => limit.min(SHORT_MESSAGES_MAX),
            false => limit,
        }
    }

    /// Bytes that one step may move to other queues.
    pub(super) fn short_bytes(&self, limit: usize) -> usize {
        match self.space.is_short() {
            true => limit.min(self.space.segment_bytes() as usize / 4),
            false => limit,
        }
    }

    /// The answer tells of something at `lsn`, which must therefore be on disk.
    fn depends_on(&mut self, lsn: u64) {
        self.sync_lsn = self.sync_lsn.max(lsn);
    }

    fn touch(&mut self, queue: &QueueKey) {
        if self.touched.last() != Some(queue) {
            self.touched.push(queue.clone());
        }
    }

    /// The content block of a message.
    pub(super) fn content(&mut self, at: u64, length: u32) -> Result<Bytes> {
        self.appender.read(at, length as usize)
    }
}
