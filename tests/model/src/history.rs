//! What a history is made of: operations in small numbers, which the runner turns into commands.
//! An operation names queues and receipts by index, so that it keeps a meaning when a shrinking
//! history loses the operations before it.

/// Names of the queues of a history; the index is an operation's `queue`.
pub const QUEUES: [&str; 6] = ["a", "b", "dead", "a.fifo", "b.fifo", "dead.fifo"];

/// What histories are like.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Operations after the setup.
    pub operations: usize,
    /// How much one operation does.
    pub scale: Scale,
}

impl Shape {
    /// What is compared unless asked otherwise.
    pub const USUAL: Self = Self {
        operations: 200,
        scale: Scale::Small,
    };
}

/// How much one operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Messages of up to 60 kB, batches of up to 400.
    Small,
    /// Messages of up to 1 MiB, batches of up to 900.
    Large,
}

/// A whole history: what creates and links the queues, and what then happens.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// In order.
    pub ops: Vec<Op>,
}

/// One operation.
#[derive(Debug, Clone)]
pub enum Op {
    /// CreateQueue.
    Create {
        /// Index into [`QUEUES`], as everywhere.
        queue: usize,
        /// Attributes that are given.
        settings: Vec<Setting>,
        /// Whether the rules of 60 s hold.
        strict: bool,
    },
    /// DeleteQueue.
    DeleteQueue {
        /// The queue.
        queue: usize,
        /// Whether messages keep it.
        only_if_empty: bool,
    },
    /// SetQueueAttributes.
    Set {
        /// The queue.
        queue: usize,
        /// Attributes that are given.
        settings: Vec<Setting>,
    },
    /// GetQueueAttributes and ListQueueTags.
    Get {
        /// The queue.
        queue: usize,
    },
    /// TagQueue; an empty key is refused.
    Tag {
        /// The queue.
        queue: usize,
        /// The key is so many letters long.
        key: usize,
    },
    /// UntagQueue.
    Untag {
        /// The queue.
        queue: usize,
        /// As in `Tag`.
        key: usize,
    },
    /// ListQueues.
    List {
        /// Prefix of the names.
        prefix: &'static str,
        /// Page size.
        limit: usize,
    },
    /// ListDeadLetterSourceQueues.
    ListSources {
        /// The dead-letter queue.
        queue: usize,
        /// Page size.
        limit: usize,
    },
    /// PurgeQueue.
    Purge {
        /// The queue.
        queue: usize,
        /// Whether the rules of 60 s hold.
        strict: bool,
    },
    /// SendMessage or SendMessageBatch.
    Send {
        /// The queue.
        queue: usize,
        /// The messages.
        entries: Vec<Entry>,
    },
    /// A batch of one group, large enough to make its tenant noisy.
    Flood {
        /// The queue.
        queue: usize,
        /// The group.
        group: u8,
        /// So many messages.
        count: usize,
        /// Bytes of each beside its text.
        padding: usize,
    },
    /// ReceiveMessage.
    Receive {
        /// The queue.
        queue: usize,
        /// At most so many.
        max: u32,
        /// Seconds, if not the queue's.
        visibility_s: Option<u32>,
        /// Attempt id.
        attempt: Option<u8>,
        /// Seconds that its caller waits, if not the queue's.
        wait_s: Option<u32>,
    },
    /// DeleteMessageBatch.
    Delete {
        /// The queue.
        queue: usize,
        /// Whose receipts.
        picks: Vec<Pick>,
    },
    /// ChangeMessageVisibilityBatch.
    Change {
        /// The queue.
        queue: usize,
        /// Receipts and seconds.
        entries: Vec<(Pick, u32)>,
    },
    /// Peek.
    Peek {
        /// The queue.
        queue: usize,
        /// Only messages in flight.
        in_flight: bool,
        /// Only this group.
        group: Option<u8>,
        /// Only sequence numbers above.
        after: u64,
        /// At most so many.
        limit: usize,
    },
    /// StartMessageMoveTask.
    StartTask {
        /// The source.
        queue: usize,
        /// The destination, if one is named.
        destination: Option<usize>,
        /// Messages a second, if named.
        rate: Option<u32>,
    },
    /// CancelMessageMoveTask.
    CancelTask {
        /// The source.
        queue: usize,
        /// Counted back from the newest task.
        back: u64,
    },
    /// ListMessageMoveTasks.
    ListTasks {
        /// The source.
        queue: usize,
    },
    /// One step of every move task.
    Work,
    /// Time passes.
    Advance {
        /// Milliseconds.
        by_ms: u64,
    },
    /// Time passes to a known deadline, one millisecond short of it, or one past it.
    AdvanceTo {
        /// Counted from the next deadline on.
        pick: usize,
        /// -1, 0 or 1.
        offset_ms: i64,
    },
    /// The subject is closed and opened again.
    Reopen(Reopen),
    /// What follows is done by another process, as far as the subject can tell.
    Switch,
}

/// How a subject comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reopen {
    /// With everything it left; other processes have it open meanwhile.
    Plain,
    /// Without what it can do without: an index that must be rebuilt.
    WithoutIndex,
    /// A copy that was made while it was open takes its place.
    FromBackup,
}

/// One message to send.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Group; FIFO messages without one take group 0.
    pub group: Option<u8>,
    /// What identifies a FIFO message.
    pub identity: Identity,
    /// `DelaySeconds`, on standard queues.
    pub delay_s: Option<u32>,
    /// Bytes of the body beside its text.
    pub padding: usize,
    /// Lengths of further attributes.
    pub attributes: Vec<usize>,
    /// What is wrong with it.
    pub flaw: Option<Flaw>,
}

/// What a FIFO message is deduplicated by.
#[derive(Debug, Clone)]
pub enum Identity {
    /// An id of its own.
    Unique,
    /// One of a few ids.
    Repeated(u8),
    /// Its content, one of a few bodies.
    Content(u8),
}

/// A reason to refuse a message.
#[derive(Debug, Clone, Copy)]
pub enum Flaw {
    /// Longer than `MaximumMessageSize` may ever be.
    TooLong,
    /// A space in the group id.
    BadGroup,
    /// No group id.
    NoGroup,
    /// A parameter of the other kind of queue.
    WrongKind,
}

/// Chooses a receipt.
#[derive(Debug, Clone, Copy)]
pub struct Pick {
    /// Counted back from the newest.
    pub back: usize,
    /// From the receipts of all queues, not only the addressed one.
    pub any_queue: bool,
}

/// A queue attribute with a value.
#[derive(Debug, Clone)]
pub enum Setting {
    /// `DelaySeconds`; 901 is refused.
    Delay(u32),
    /// `MessageRetentionPeriod`.
    Retention(u32),
    /// `VisibilityTimeout`.
    Visibility(u32),
    /// `ReceiveMessageWaitTimeSeconds`.
    Wait(u32),
    /// `MaximumMessageSize`.
    SizeMax(u32),
    /// `RedrivePolicy`: target and count; `None` removes it.
    Redrive(Option<(usize, u32)>),
    /// `RedriveAllowPolicy`: allowAll or denyAll.
    Allow(bool),
    /// `ContentBasedDeduplication`.
    Content(bool),
    /// `DeduplicationScope`: messageGroup or queue.
    GroupScope(bool),
}
