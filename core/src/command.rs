//! What can be asked of a store, and what it answers: one [`Command`], one transition, one
//! [`Outcome`]. Both stores and every front end meet here.

use crate::error::Result;
use crate::key::QueueKey;
use crate::message::{Attribute, MessageId, MessageState, Peeked, Receipt, Received};
use crate::queue::QueueAttributes;
use bytes::Bytes;
use std::collections::BTreeMap;

/// A message on its way in. The rules that need no queue have been checked by
/// [`rules::send`](crate::rules::send); those that depend on the queue are checked by the store,
/// with the same module, inside the transition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendEntry {
    /// Given by the caller's side so that a retried command stores the same message.
    pub id: MessageId,
    /// Any bytes, at least one.
    pub body: Bytes,
    /// Message attributes.
    pub attributes: Vec<Attribute>,
    /// `AWSTraceHeader`.
    pub trace_header: Option<String>,
    /// `MessageGroupId`.
    pub group: Option<String>,
    /// `MessageDeduplicationId` as given.
    pub deduplication: Option<String>,
    /// `DelaySeconds`; `None` takes the queue's.
    pub delay_s: Option<u32>,
    /// `SenderId`.
    pub sender: String,
}

/// Which of SQS's switchable strictnesses hold for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strictness {
    /// S5.7, S13.1, S5.5, S16: SQS's character set, batch and receive limits.
    pub sqs_limits: bool,
    /// S11.5, S11.8: the pauses of 60 s after a deletion and a purge.
    pub sixty_second_rules: bool,
}

/// Selects what a peek shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeekFilter {
    /// The states to show; empty shows all.
    pub states: Vec<MessageState>,
    /// Only this group.
    pub group: Option<String>,
    /// Only sequence numbers above this one, for paging.
    pub after: u64,
    /// At most this many messages.
    pub limit: usize,
}

/// One request to a store. Each is carried out wholly or not at all, except that the entries of
/// a batch succeed or fail one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// S11.2: create, or find with equal attributes. Answers [`Outcome::Queue`].
    CreateQueue {
        /// The queue.
        queue: QueueKey,
        /// Attributes as text, checked against the table of S12.
        attributes: BTreeMap<String, String>,
        /// Tags of a new queue.
        tags: BTreeMap<String, String>,
        /// Which pauses hold.
        strictness: Strictness,
    },
    /// S11.6. Answers [`Outcome::Done`].
    DeleteQueue {
        /// The queue.
        queue: QueueKey,
        /// True refuses a queue that holds a message in any state; what is due happens first.
        only_if_empty: bool,
    },
    /// Attributes, counts and tags of a queue. Answers [`Outcome::Queue`].
    GetQueue {
        /// The queue.
        queue: QueueKey,
        /// True does all that is due first. Otherwise the counts may be of before it, and the
        /// answer takes no time where much is.
        counted: bool,
    },
    /// S12.4: all or nothing. Answers [`Outcome::Done`].
    SetAttributes {
        /// The queue.
        queue: QueueKey,
        /// Attributes as text, checked against the table of S12.
        attributes: BTreeMap<String, String>,
    },
    /// S14.1. Answers [`Outcome::Done`].
    Tag {
        /// The queue.
        queue: QueueKey,
        /// Added, or written over equal keys.
        tags: BTreeMap<String, String>,
    },
    /// S14.2. Answers [`Outcome::Done`].
    Untag {
        /// The queue.
        queue: QueueKey,
        /// Removed where present.
        keys: Vec<String>,
    },
    /// S11.9: names in byte order. Answers [`Outcome::Names`].
    ListQueues {
        /// Account and region to list; the name is a prefix.
        prefix: QueueKey,
        /// Only names after this one.
        after: Option<String>,
        /// At most this many.
        limit: usize,
    },
    /// S9.13: names of queues whose redrive policy names `queue`. Answers [`Outcome::Names`].
    ListDeadLetterSources {
        /// The dead-letter queue.
        queue: QueueKey,
        /// Only names after this one.
        after: Option<String>,
        /// At most this many.
        limit: usize,
    },
    /// S11.8. Answers [`Outcome::Done`].
    Purge {
        /// The queue.
        queue: QueueKey,
        /// Which pauses hold.
        strictness: Strictness,
    },
    /// Answers [`Outcome::Sent`], one result an entry, in order.
    Send {
        /// The queue.
        queue: QueueKey,
        /// The messages.
        entries: Vec<SendEntry>,
        /// True for a batch call: other texts, S13.4 applies.
        batch: bool,
    },
    /// Answers [`Outcome::Received`].
    Receive {
        /// The queue.
        queue: QueueKey,
        /// At most this many messages.
        max: u32,
        /// Seconds; `None` takes the queue's.
        visibility_s: Option<u32>,
        /// S7.19; FIFO only.
        attempt: Option<String>,
        /// For how long its caller waits where it finds nothing, seconds; `None` takes the queue's
        /// (S4.1). Over the in-flight limit one that waits stays empty (S6.6).
        wait_s: Option<u32>,
    },
    /// Answers [`Outcome::Each`], one result a receipt, in order.
    Delete {
        /// The queue.
        queue: QueueKey,
        /// The receipts.
        receipts: Vec<Receipt>,
    },
    /// Answers [`Outcome::Each`], one result an entry, in order.
    ChangeVisibility {
        /// The queue.
        queue: QueueKey,
        /// Receipt and new timeout, seconds from now (S2.7).
        entries: Vec<(Receipt, u32)>,
    },
    /// Shows messages in sequence order without any effect. Answers [`Outcome::Peeked`].
    Peek {
        /// The queue.
        queue: QueueKey,
        /// What to show.
        filter: PeekFilter,
    },
    /// S10.1 to S10.6. Answers [`Outcome::Task`].
    StartMoveTask {
        /// The dead-letter queue.
        source: QueueKey,
        /// `None`: back to where each message came from.
        destination: Option<QueueKey>,
        /// Messages a second; `None`: as fast as it goes.
        rate: Option<u32>,
        /// Given by the caller's side, random.
        task: u64,
    },
    /// S10.7. Answers [`Outcome::Task`].
    CancelMoveTask {
        /// The task's source queue.
        source: QueueKey,
        /// The task.
        task: u64,
    },
    /// S10.10: newest first. Answers [`Outcome::Tasks`].
    ListMoveTasks {
        /// The source queue.
        source: QueueKey,
        /// At most this many.
        limit: usize,
    },
    /// One step of every running move task. The store's own keeper gives this command; with a
    /// manual clock each advance does. Answers [`Outcome::Worked`].
    Work,
}

/// What a store answers to a [`Command`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// A queue as it is now.
    Queue(Box<QueueView>),
    /// Queue names in byte order, and whether more follow.
    Names {
        /// The names.
        names: Vec<String>,
        /// True when the limit cut the list.
        more: bool,
    },
    /// Per entry.
    Sent(Vec<Result<Sent>>),
    /// The messages, and if there were none when a look is worth it next.
    Received {
        /// The messages, in delivery order.
        messages: Vec<Received>,
        /// The queue's nearest deadline (a delay or a visibility timeout that ends),
        /// milliseconds since the epoch. Given only with no messages.
        next_due_ms: Option<u64>,
        /// For how long its caller waits where there are none: what it named, or the queue's.
        wait_s: u32,
    },
    /// Per entry.
    Each(Vec<Result<()>>),
    /// Messages in sequence order.
    Peeked(Vec<Peeked>),
    /// A task.
    Task(MoveTask),
    /// Tasks, newest first.
    Tasks(Vec<MoveTask>),
    /// When the next step of a move task is due, milliseconds since the epoch; `None` with no
    /// running task.
    Worked {
        /// Due time.
        next_ms: Option<u64>,
    },
}

/// An accepted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Its id; that of the first message if this one was a duplicate (S7.11).
    pub id: MessageId,
    /// Its position in the queue; shown as `SequenceNumber` on FIFO queues only.
    pub sequence: u64,
    /// True if it was not stored because of S7.11.
    pub duplicate: bool,
}

/// A queue as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// Who it is.
    pub key: QueueKey,
    /// Its identity; a new queue of the same name has another.
    pub uid: u64,
    /// Its attributes.
    pub attributes: QueueAttributes,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// `CreatedTimestamp`, milliseconds since the epoch.
    pub created_ms: u64,
    /// `LastModifiedTimestamp`, milliseconds since the epoch.
    pub modified_ms: u64,
    /// Message counts, exact.
    pub counts: Counts,
}

/// Message counts of a queue (S6.4), exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// `ApproximateNumberOfMessages`.
    pub visible: u64,
    /// `ApproximateNumberOfMessagesNotVisible`.
    pub in_flight: u64,
    /// `ApproximateNumberOfMessagesDelayed`.
    pub delayed: u64,
}

impl Counts {
    /// Messages in any state.
    pub fn total(&self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// State of a message move task (S10.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveStatus {
    /// Moves messages.
    Running,
    /// Everything that was to move has moved.
    Completed,
    /// Will stop at its next step.
    Cancelling,
    /// Was stopped by a cancel.
    Cancelled,
    /// Stopped by itself; the reason is an error name.
    Failed(String),
}

/// A message move task (S10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveTask {
    /// Its number.
    pub task: u64,
    /// The dead-letter queue.
    pub source: QueueKey,
    /// The destination, if one was named.
    pub destination: Option<QueueKey>,
    /// Messages a second, if a rate was named.
    pub rate: Option<u32>,
    /// Where it stands.
    pub status: MoveStatus,
    /// Messages moved so far.
    pub moved: u64,
    /// Messages to move, as counted at the start (S10.11).
    pub to_move: u64,
    /// When it started, milliseconds since the epoch.
    pub started_ms: u64,
}
