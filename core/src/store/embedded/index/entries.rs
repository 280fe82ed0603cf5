//! Values of the index.

use super::super::log::Tail;
use super::super::record::codec::{Reader, Write};
use super::super::record::{Standing, State};
use crate::error::Result;

/// What belongs to the whole store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// The store that this index belongs to.
    pub store_uid: u64,
    /// Bytes of a log segment.
    pub segment_bytes: u64,
    /// The log is carried into the index up to here; 0 until an index that is built anew is whole.
    pub tail_lsn: u64,
    /// Chain value at the tail.
    pub tail_chain: u32,
    /// Nothing before this position of the log is needed.
    pub head_lsn: u64,
    /// Reclamation has carried everything before this position forward.
    pub reclaimed_lsn: u64,
    /// End of the latest record that may have taken the place of an older one: a copy, a message
    /// moved, new attributes of a queue.
    pub carried_lsn: u64,
    /// Segments are ready for writing up to this position.
    pub prepared_lsn: u64,
    /// Bytes of the log that a copy of everything live would take.
    pub live_bytes: u64,
    /// Messages of all queues.
    pub messages: u64,
    /// Bytes of the longest content block since the store was last without messages.
    pub longest: u32,
    /// Latest time seen, milliseconds; a new boot's clock starts no earlier.
    pub now_ms: u64,
    /// Next storage number.
    pub next_sid: u32,
    /// Next queue identity.
    pub next_uid: u64,
    /// Running move tasks.
    pub tasks_running: u32,
}

impl Meta {
    /// An empty store.
    pub fn new(store_uid: u64, segment_bytes: u64, head_lsn: u64) -> Self {
        Self {
            store_uid,
            segment_bytes,
            tail_lsn: head_lsn,
            tail_chain: 0,
            head_lsn,
            reclaimed_lsn: head_lsn,
            carried_lsn: 0,
            prepared_lsn: head_lsn,
            live_bytes: 0,
            messages: 0,
            longest: 0,
            now_ms: 0,
            next_sid: 1,
            next_uid: 1,
            tasks_running: 0,
        }
    }

    /// The end of the log as far as it is in the index.
    pub fn tail(&self) -> Tail {
        Tail {
            lsn: self.tail_lsn,
            chain: self.tail_chain,
        }
    }

    /// Sets [`Meta::tail`].
    pub fn set_tail(&mut self, tail: Tail) {
        (self.tail_lsn, self.tail_chain) = (tail.lsn, tail.chain);
    }

    /// As stored.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(104);
        out.u64(self.store_uid);
        out.u64(self.segment_bytes);
        out.u64(self.tail_lsn);
        out.u32(self.tail_chain);
        out.u64(self.head_lsn);
        out.u64(self.reclaimed_lsn);
        out.u64(self.carried_lsn);
        out.u64(self.prepared_lsn);
        out.u64(self.live_bytes);
        out.u64(self.messages);
        out.u32(self.longest);
        out.u64(self.now_ms);
        out.u32(self.next_sid);
        out.u64(self.next_uid);
        out.u32(self.tasks_running);
        out
    }

    /// From its stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes);
        Ok(Self {
            store_uid: r.u64()?,
            segment_bytes: r.u64()?,
            tail_lsn: r.u64()?,
            tail_chain: r.u32()?,
            head_lsn: r.u64()?,
            reclaimed_lsn: r.u64()?,
            carried_lsn: r.u64()?,
            prepared_lsn: r.u64()?,
            live_bytes: r.u64()?,
            messages: r.u64()?,
            longest: r.u32()?,
            now_ms: r.u64()?,
            next_sid: r.u32()?,
            next_uid: r.u64()?,
            tasks_running: r.u32()?,
        })
    }
}

/// What changes with every message of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Log position of the queue's record: changes with its attributes.
    pub config_at: u64,
    /// Next sequence number.
    pub next_sequence: u64,
    /// Standard: the first message that no receive has looked at. FIFO: the first whose delay
    /// was not seen to end.
    pub fresh: u64,
    /// `ApproximateNumberOfMessages`.
    pub visible: u64,
    /// `ApproximateNumberOfMessagesNotVisible`.
    pub in_flight: u64,
    /// `ApproximateNumberOfMessagesDelayed`.
    pub delayed: u64,
    /// Bytes of the log that a copy of the queue's live records would take.
    pub live_bytes: u64,
    /// Next place at the back of the ring of FIFO groups.
    pub ring_next: u64,
    /// Next group number.
    pub group_next: u64,
    /// Standard: messages from here on are ordered by tenants; 0 while no group was seen.
    pub fair_from: u64,
    /// No deadline of the queue is earlier; `u64::MAX` for none.
    pub due_ms: u64,
    /// No message of the queue was sent earlier; `u64::MAX` for none.
    pub oldest_ms: u64,
}

impl Head {
    /// A queue without messages.
    pub fn new(config_at: u64, next_sequence: u64) -> Self {
        Self {
            config_at,
            next_sequence,
            fresh: next_sequence,
            visible: 0,
            in_flight: 0,
            delayed: 0,
            live_bytes: 0,
            ring_next: 1,
            group_next: 1,
            fair_from: 0,
            due_ms: u64::MAX,
            oldest_ms: u64::MAX,
        }
    }

    /// As stored.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        for field in [
            self.config_at,
            self.next_sequence,
            self.fresh,
            self.visible,
            self.in_flight,
            self.delayed,
            self.live_bytes,
            self.ring_next,
            self.group_next,
            self.fair_from,
            self.due_ms,
            self.oldest_ms,
        ] {
            out.u64(field);
        }
        out
    }

    /// From its stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes);
        Ok(Self {
            config_at: r.u64()?,
            next_sequence: r.u64()?,
            fresh: r.u64()?,
            visible: r.u64()?,
            in_flight: r.u64()?,
            delayed: r.u64()?,
            live_bytes: r.u64()?,
            ring_next: r.u64()?,
            group_next: r.u64()?,
            fair_from: r.u64()?,
            due_ms: r.u64()?,
            oldest_ms: r.u64()?,
        })
    }

    /// Messages stored.
    pub fn messages(&self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }

    /// True when the queue holds no message.
    pub fn is_empty(&self) -> bool {
        self.messages() == 0
    }
}

/// A message: where its content lies and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageEntry {
    /// Log position of the content block.
    pub at: u64,
    /// Bytes of the content block.
    pub length: u32,
    /// Group number; 0 for none.
    pub group: u64,
    /// First message of the deadline bucket that lists this one; only while a deadline runs.
    pub anchor: u64,
    /// How it stands.
    pub standing: Standing,
}

/// Bytes of a stored [`MessageEntry`].
pub const MESSAGE_ENTRY_BYTES: usize = 69;

impl MessageEntry {
    /// As stored: fixed size, so that a change overwrites in place.
    pub fn encode(&self) -> [u8; MESSAGE_ENTRY_BYTES] {
        let standing = &self.standing;
        let mut out = [0; MESSAGE_ENTRY_BYTES];
        out[0] =
            standing.state as u8 | u8::from(standing.changed) << 2 | u8::from(standing.moved) << 3;
        out[1..5].copy_from_slice(&self.length.to_le_bytes());
        out[5..9].copy_from_slice(&standing.receives.to_le_bytes());
        out[9..13].copy_from_slice(&standing.receives_total.to_le_bytes());
        for (slot, field) in [
            self.at,
            self.group,
            self.anchor,
            standing.sent_ms,
            standing.visible_ms,
            standing.first_receive_ms,
            standing.received_ms,
        ]
        .into_iter()
        .enumerate()
        {
            let start = 13 + slot * 8;
            out[start..start + 8].copy_from_slice(&field.to_le_bytes());
        }
        out
    }

    /// From its stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes);
        let flags = r.u8()?;
        let length = r.u32()?;
        let (receives, receives_total) = (r.u32()?, r.u32()?);
        let (at, group, anchor) = (r.u64()?, r.u64()?, r.u64()?);
        Ok(Self {
            at,
            length,
            group,
            anchor,
            standing: Standing {
                state: State::from_number(flags & 3)?,
                changed: flags & 4 != 0,
                moved: flags & 8 != 0,
                receives,
                receives_total,
                sent_ms: r.u64()?,
                visible_ms: r.u64()?,
                first_receive_ms: r.u64()?,
                received_ms: r.u64()?,
            },
        })
    }
}

/// A message group of a FIFO queue, or a tenant of a fair one. It exists while it has messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupEntry {
    /// Messages stored.
    pub count: u64,
    /// Messages in flight.
    pub in_flight: u64,
    /// Last accepted send.
    pub last_sent_ms: u64,
    /// Key in the ring; 0 while not there.
    pub ring: u64,
    /// `MessageGroupId`.
    pub name: String,
}

impl GroupEntry {
    /// As stored.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(36 + self.name.len());
        out.u64(self.count);
        out.u64(self.in_flight);
        out.u64(self.last_sent_ms);
        out.u64(self.ring);
        out.text(&self.name);
        out
    }

    /// From its stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes);
        Ok(Self {
            count: r.u64()?,
            in_flight: r.u64()?,
            last_sent_ms: r.u64()?,
            ring: r.u64()?,
            name: r.text()?.to_owned(),
        })
    }
}

/// What deduplication remembers of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedEntry {
    /// End of the window.
    pub end_ms: u64,
    /// The message's number.
    pub sequence: u64,
    /// The message's id.
    pub id: [u8; 16],
    /// Log position of the record.
    pub at: u64,
}

impl RememberedEntry {
    /// As stored.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(40);
        out.u64(self.end_ms);
        out.u64(self.sequence);
        out.extend_from_slice(&self.id);
        out.u64(self.at);
        out
    }

    /// From its stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes);
        Ok(Self {
            end_ms: r.u64()?,
            sequence: r.u64()?,
            id: r.id()?,
            at: r.u64()?,
        })
    }
}

/// A receive attempt (S7.19).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptEntry {
    /// When it is forgotten.
    pub end_ms: u64,
    /// Log position of the record.
    pub at: u64,
    /// Its messages with the receive counts they had then.
    pub leased: Vec<(u64, u32)>,
}

impl AttemptEntry {
    /// As stored.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(20 + self.leased.len() * 12);
        out.u64(self.end_ms);
        out.u64(self.at);
        super::super::record::encode_leased(&mut out, &self.leased);
        out
    }

    /// From its stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes);
        Ok(Self {
            end_ms: r.u64()?,
            at: r.u64()?,
            leased: super::super::record::decode_leased(&mut r)?,
        })
    }
}
