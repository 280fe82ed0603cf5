//! Log records: every change of the store is one of these, and nothing else is. A frame of the
//! log carries the records of one step, which is done wholly or not at all.

pub mod codec;
pub mod content;

use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use codec::{Reader, Write};
use std::collections::BTreeMap;

/// Number of a queue's storage. A purge gives the queue a new one, so that everything stored
/// under the old one is gone at once and swept later. The lowest bit is the queue's kind, so that
/// a record can be applied before the queue's own record was seen: reclamation may have moved
/// that one behind it.
pub type StorageId = u32;

/// The storage number made of a counter and the queue's kind.
pub fn storage_id(counter: u32, fifo: bool) -> StorageId {
    counter << 1 | u32::from(fifo)
}

/// True for the storage of a FIFO queue.
pub fn is_fifo(sid: StorageId) -> bool {
    sid & 1 == 1
}

/// State of a message within its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Never offered. Standard: at or after the queue's cursor. FIFO: its delay runs.
    Fresh = 0,
    /// Its own delay runs (standard queues).
    Delayed = 1,
    /// Can be received.
    Ready = 2,
    /// Received; its visibility timeout runs.
    InFlight = 3,
}

impl State {
    /// The state of a stored number.
    pub fn from_number(number: u8) -> Result<Self> {
        match number {
            0 => Ok(Self::Fresh),
            1 => Ok(Self::Delayed),
            2 => Ok(Self::Ready),
            3 => Ok(Self::InFlight),
            _ => Err(Error::new(
                ErrorKind::Corrupt,
                format!("message state {number}, not 0 to 3"),
            )),
        }
    }
}

/// What changes about a message while it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub state: State,
    /// A lease was changed since its receive (S7.19).
    pub changed: bool,
    /// Moved in by a dead-letter move: `sent_ms` may be older than that of its neighbours.
    pub moved: bool,
    /// Receives in this queue.
    pub receives: u32,
    /// Receives in all queues.
    pub receives_total: u32,
    /// `SentTimestamp`.
    pub sent_ms: u64,
    /// End of the delay or of the visibility timeout.
    pub visible_ms: u64,
    /// First receive; 0 for none.
    pub first_receive_ms: u64,
    /// Latest receive; 0 for none.
    pub received_ms: u64,
}

impl Standing {
    /// A message that has just been accepted.
    pub fn new(sent_ms: u64) -> Self {
        Self {
            state: State::Fresh,
            changed: false,
            moved: false,
            receives: 0,
            receives_total: 0,
            sent_ms,
            visible_ms: 0,
            first_receive_ms: 0,
            received_ms: 0,
        }
    }
}

/// A message in deduplication's memory (S7.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Scope and id as the index keys it.
    pub key: Vec<u8>,
    /// End of the window.
    pub end_ms: u64,
}

/// Everything about a queue but its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRecord {
    /// Where its messages are stored.
    pub sid: StorageId,
    /// Its identity.
    pub uid: u64,
    /// Its name.
    pub key: QueueKey,
    /// The next message gets this number or a higher one.
    pub next_sequence: u64,
    /// When it was created.
    pub created_ms: u64,
    /// When its attributes last changed.
    pub modified_ms: u64,
    /// When it was last purged; 0 for never.
    pub purged_ms: u64,
    /// Attributes in wire text.
    pub attributes: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A message move task as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRecord {
    /// The task as it is answered.
    pub task: crate::command::MoveTask,
    /// Identity of its source queue: another queue of that name is not meant.
    pub source_uid: u64,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record<'a> {
    /// A queue was created or its attributes or tags changed, or reclamation copied it.
    Queue(QueueRecord),
    /// A queue was deleted.
    Drop {
        /// Its storage.
        sid: StorageId,
        /// Its name.
        key: QueueKey,
        /// When.
        now_ms: u64,
    },
    /// A name was deleted lately; written by reclamation.
    Tombstone {
        /// The name.
        key: QueueKey,
        /// When.
        deleted_ms: u64,
    },
    /// A queue was purged: it goes on under another storage number.
    Purge {
        /// The old storage.
        old: StorageId,
        /// The new storage.
        new: StorageId,
        /// When.
        now_ms: u64,
    },
    /// A message was accepted or moved in, or reclamation copied it.
    Put {
        /// The queue.
        sid: StorageId,
        /// Its number.
        sequence: u64,
        /// Where it stands.
        standing: Standing,
        /// What deduplication remembers of it.
        remembered: Option<Remembered>,
        /// When.
        now_ms: u64,
        /// The content block.
        content: &'a [u8],
    },
    /// Messages were received.
    Lease {
        /// The queue.
        sid: StorageId,
        /// When.
        now_ms: u64,
        /// When they become visible again.
        visible_ms: u64,
        /// The queue's cursor after this.
        fresh: u64,
        /// True for a repeated attempt: counts do not rise.
        repeat: bool,
        /// The messages.
        sequences: Vec<u64>,
    },
    /// Messages were deleted or moved away.
    Delete {
        /// The queue.
        sid: StorageId,
        /// The messages.
        sequences: Vec<u64>,
    },
    /// A visibility timeout was set anew.
    Visibility {
        /// The queue.
        sid: StorageId,
        /// The message.
        sequence: u64,
        /// When it becomes visible.
        visible_ms: u64,
        /// When.
        now_ms: u64,
    },
    /// Up to `limit` deadlines and retentions that had passed at `now_ms` were carried out.
    Due {
        /// The queue.
        sid: StorageId,
        /// The time they are compared with.
        now_ms: u64,
        /// The queue's retention then.
        retention_ms: u64,
        /// The queue's delay then; FIFO only.
        delay_ms: u64,
        /// At most this many of each.
        limit: u32,
    },
    /// A move task began or went on.
    Task(TaskRecord),
    /// Deduplication's memory of a message that is gone; written by reclamation.
    Remember {
        /// The queue.
        sid: StorageId,
        /// The memory.
        remembered: Remembered,
        /// The message's number.
        sequence: u64,
        /// The message's id.
        id: [u8; 16],
    },
    /// A receive attempt (S7.19), beside its lease. It tells the counts itself: when an index is
    /// built anew its messages may come behind it.
    Attempt {
        /// The queue.
        sid: StorageId,
        /// Its id.
        attempt: String,
        /// When it is forgotten.
        end_ms: u64,
        /// The messages with the receive counts they had.
        leased: Vec<(u64, u32)>,
    },
    /// A manual clock was advanced.
    Clock {
        /// To this time.
        now_ms: u64,
    },
    /// What the next queue is called inside, if the latest one is gone: a receipt of that one must
    /// never fit another. Written by reclamation.
    NextQueue {
        /// Its identity.
        uid: u64,
    },
}

mod kind {
    pub const QUEUE: u8 = 1;
    pub const DROP: u8 = 2;
    pub const TOMBSTONE: u8 = 3;
    pub const PURGE: u8 = 4;
    pub const PUT: u8 = 5;
    pub const LEASE: u8 = 6;
    pub const DELETE: u8 = 7;
    pub const VISIBILITY: u8 = 8;
    pub const DUE: u8 = 9;
    pub const TASK: u8 = 10;
    pub const REMEMBER: u8 = 11;
    pub const ATTEMPT: u8 = 12;
    pub const CLOCK: u8 = 13;
    pub const NEXT_QUEUE: u8 = 14;
}

impl Record<'_> {
    /// Messages, or other things, that it changes at the most.
    pub fn changes(&self) -> u64 {
        match self {
            Self::Lease { sequences, .. } | Self::Delete { sequences, .. } => {
                (sequences.len() as u64).max(1)
            }
            Self::Due { limit, .. } => 2 * u64::from(*limit),
            _ => 1,
        }
    }

    /// Appends the record: kind, then its fields, as docs/FORMAT.md draws them.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.encode_head(out);
        out.extend_from_slice(self.content());
    }

    /// As [`Record::encode`], all but a Put's content, which must follow.
    pub fn encode_head(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.u32(0);
        self.encode_fields(out);
        let length = (out.len() - start - 4 + self.content().len()) as u32;
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }

    fn content(&self) -> &[u8] {
        match self {
            Self::Put { content, .. } => content,
            _ => &[],
        }
    }

    fn encode_fields(&self, out: &mut Vec<u8>) {
        match self {
            Self::Queue(queue) => {
                out.u8(kind::QUEUE);
                encode_queue(out, queue);
            }
            Self::Drop { sid, key, now_ms } => {
                out.u8(kind::DROP);
                out.u32(*sid);
                encode_key(out, key);
                out.u64(*now_ms);
            }
            Self::Tombstone { key, deleted_ms } => {
                out.u8(kind::TOMBSTONE);
                encode_key(out, key);
                out.u64(*deleted_ms);
            }
            Self::Purge { old, new, now_ms } => {
                out.u8(kind::PURGE);
                out.u32(*old);
                out.u32(*new);
                out.u64(*now_ms);
            }
            Self::Task(task) => {
                out.u8(kind::TASK);
                encode_task(out, task);
            }
            Self::Remember {
                sid,
                remembered,
                sequence,
                id,
            } => {
                out.u8(kind::REMEMBER);
                out.u32(*sid);
                encode_remembered(out, remembered);
                out.u64(*sequence);
                out.extend_from_slice(id);
            }
            Self::Attempt {
                sid,
                attempt,
                end_ms,
                leased,
            } => {
                out.u8(kind::ATTEMPT);
                out.u32(*sid);
                out.text(attempt);
                out.u64(*end_ms);
                encode_leased(out, leased);
            }
            Self::Clock { now_ms } => {
                out.u8(kind::CLOCK);
                out.u64(*now_ms);
            }
            Self::NextQueue { uid } => {
                out.u8(kind::NEXT_QUEUE);
                out.u64(*uid);
            }
            _ => self.encode_message_fields(out),
        }
    }

    /// The records about messages.
    fn encode_message_fields(&self, out: &mut Vec<u8>) {
        match self {
            Self::Put {
                sid,
                sequence,
                standing,
                remembered,
                now_ms,
                content: _,
            } => {
                out.u8(kind::PUT);
                out.u32(*sid);
                out.u64(*sequence);
                encode_standing(out, standing);
                out.u64(*now_ms);
                out.u8(u8::from(remembered.is_some()));
                if let Some(remembered) = remembered {
                    encode_remembered(out, remembered);
                }
            }
            Self::Lease {
                sid,
                now_ms,
                visible_ms,
                fresh,
                repeat,
                sequences,
            } => {
                out.u8(kind::LEASE);
                out.u32(*sid);
                out.u64(*now_ms);
                out.u64(*visible_ms);
                out.u64(*fresh);
                out.u8(u8::from(*repeat));
                encode_sequences(out, sequences);
            }
            Self::Delete { sid, sequences } => {
                out.u8(kind::DELETE);
                out.u32(*sid);
                encode_sequences(out, sequences);
            }
            _ => self.encode_time_fields(out),
        }
    }

    /// The records about deadlines.
    fn encode_time_fields(&self, out: &mut Vec<u8>) {
        match self {
            Self::Visibility {
                sid,
                sequence,
                visible_ms,
                now_ms,
            } => {
                out.u8(kind::VISIBILITY);
                out.u32(*sid);
                out.u64(*sequence);
                out.u64(*visible_ms);
                out.u64(*now_ms);
            }
            Self::Due {
                sid,
                now_ms,
                retention_ms,
                delay_ms,
                limit,
            } => {
                out.u8(kind::DUE);
                out.u32(*sid);
                out.u64(*now_ms);
                out.u64(*retention_ms);
                out.u64(*delay_ms);
                out.u32(*limit);
            }
            // `encode_fields` sends nothing else here.
            _ => {}
        }
    }
}

/// A record read from a payload, and where in the payload it lies.
pub struct Located<'a> {
    /// The record.
    pub record: Record<'a>,
    /// Offset by which the index names it: that of a Put's content block, else of the record.
    pub at: usize,
}

/// Reads the records of a payload one after the other.
pub struct Records<'a> {
    payload: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    /// Reads `payload`.
    pub fn new(payload: &'a [u8]) -> Self {
        Self { payload, at: 0 }
    }

    /// The next record; `None` at the end.
    pub fn advance(&mut self) -> Result<Option<Located<'a>>> {
        if self.at == self.payload.len() {
            return Ok(None);
        }
        let mut reader = Reader::new(&self.payload[self.at..]);
        let length = reader.u32()? as usize;
        let body = reader.take(length)?;
        let end = self.at + 4 + length;
        let record = decode(body)?;
        let at = match &record {
            Record::Put { content, .. } => end - content.len(),
            _ => self.at,
        };
        self.at = end;
        Ok(Some(Located { record, at }))
    }
}

fn decode(body: &[u8]) -> Result<Record<'_>> {
    let mut reader = Reader::new(body);
    let r = &mut reader;
    Ok(match r.u8()? {
        kind::QUEUE => Record::Queue(decode_queue(r)?),
        kind::DROP => Record::Drop {
            sid: r.u32()?,
            key: decode_key(r)?,
            now_ms: r.u64()?,
        },
        kind::TOMBSTONE => Record::Tombstone {
            key: decode_key(r)?,
            deleted_ms: r.u64()?,
        },
        kind::PURGE => Record::Purge {
            old: r.u32()?,
            new: r.u32()?,
            now_ms: r.u64()?,
        },
        number @ kind::PUT..=kind::DUE => decode_message(number, r)?,
        kind::TASK => Record::Task(decode_task(r)?),
        kind::REMEMBER => Record::Remember {
            sid: r.u32()?,
            remembered: decode_remembered(r)?,
            sequence: r.u64()?,
            id: r.id()?,
        },
        kind::ATTEMPT => Record::Attempt {
            sid: r.u32()?,
            attempt: r.text()?.to_owned(),
            end_ms: r.u64()?,
            leased: decode_leased(r)?,
        },
        kind::CLOCK => Record::Clock { now_ms: r.u64()? },
        kind::NEXT_QUEUE => Record::NextQueue { uid: r.u64()? },
        other => {
            return Err(Error::new(
                ErrorKind::UnsupportedFormat,
                format!("log record of kind {other}; this version knows 1 to 14"),
            ));
        }
    })
}

/// The records about messages.
fn decode_message<'a>(number: u8, r: &mut Reader<'a>) -> Result<Record<'a>> {
    Ok(match number {
        kind::PUT => Record::Put {
            sid: r.u32()?,
            sequence: r.u64()?,
            standing: decode_standing(r)?,
            now_ms: r.u64()?,
            remembered: if r.u8()? != 0 {
                Some(decode_remembered(r)?)
            } else {
                None
            },
            content: r.rest(),
        },
        kind::LEASE => Record::Lease {
            sid: r.u32()?,
            now_ms: r.u64()?,
            visible_ms: r.u64()?,
            fresh: r.u64()?,
            repeat: r.u8()? != 0,
            sequences: decode_sequences(r)?,
        },
        kind::DELETE => Record::Delete {
            sid: r.u32()?,
            sequences: decode_sequences(r)?,
        },
        kind::VISIBILITY => Record::Visibility {
            sid: r.u32()?,
            sequence: r.u64()?,
            visible_ms: r.u64()?,
            now_ms: r.u64()?,
        },
        kind::DUE => Record::Due {
            sid: r.u32()?,
            now_ms: r.u64()?,
            retention_ms: r.u64()?,
            delay_ms: r.u64()?,
            limit: r.u32()?,
        },
        other => {
            return Err(Error::new(
                ErrorKind::Internal,
                format!("record kind {other} is about no message"),
            ));
        }
    })
}

mod fields;
use fields::{
    decode_key, decode_remembered, decode_sequences, decode_standing, encode_key,
    encode_remembered, encode_sequences, encode_standing,
};
pub use fields::{
    decode_leased, decode_queue, decode_task, encode_leased, encode_queue, encode_task,
};
