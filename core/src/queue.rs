//! A queue's attributes as typed values. Their text form, ranges and errors are in
//! [`rules::attributes`](crate::rules::attributes).

use crate::key::QueueKey;
use crate::limits;

/// Which messages a deduplication id is compared with (S7.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeduplicationScope {
    /// All of the queue.
    #[default]
    Queue,
    /// Those of the same group.
    MessageGroup,
}

/// `FifoThroughputLimit` (S7.16); kept and returned, never a limit here (S7.23).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThroughputLimit {
    /// `perQueue`.
    #[default]
    PerQueue,
    /// `perMessageGroupId`.
    PerMessageGroupId,
}

/// Where a queue sends messages that were received too often (S9.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedrivePolicy {
    /// The dead-letter queue.
    pub target: QueueKey,
    /// Receives that a message gets before it moves, 1 to 1,000.
    pub max_receives: u32,
}

/// Which queues may use this one as their dead-letter queue (S9.14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedriveAllowPolicy {
    /// Any queue of the account and region.
    AllowAll,
    /// None.
    DenyAll,
    /// These.
    ByQueue(Vec<QueueKey>),
}

/// All attributes of a queue that can be set (S12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueAttributes {
    /// `FifoQueue`; never changes.
    pub fifo: bool,
    /// `DelaySeconds`.
    pub delay_s: u32,
    /// `MaximumMessageSize`, bytes.
    pub message_bytes_max: u32,
    /// `MessageRetentionPeriod`, seconds.
    pub retention_s: u32,
    /// `ReceiveMessageWaitTimeSeconds`.
    pub wait_s: u32,
    /// `VisibilityTimeout`, seconds.
    pub visibility_s: u32,
    /// `Policy`, as given.
    pub policy: Option<String>,
    /// `RedrivePolicy`.
    pub redrive: Option<RedrivePolicy>,
    /// `RedriveAllowPolicy`.
    pub redrive_allow: Option<RedriveAllowPolicy>,
    /// `KmsMasterKeyId`, as given.
    pub kms_key: Option<String>,
    /// `KmsDataKeyReusePeriodSeconds`.
    pub kms_reuse_s: Option<u32>,
    /// `SqsManagedSseEnabled`.
    pub managed_sse: bool,
    /// `ContentBasedDeduplication`; FIFO only.
    pub content_deduplication: bool,
    /// `DeduplicationScope`; FIFO only.
    pub deduplication_scope: DeduplicationScope,
    /// `FifoThroughputLimit`; FIFO only.
    pub throughput_limit: ThroughputLimit,
}

impl QueueAttributes {
    /// The attributes of a new queue.
    pub fn new(fifo: bool) -> Self {
        Self {
            fifo,
            delay_s: 0,
            message_bytes_max: limits::MESSAGE_BYTES_MAX,
            retention_s: limits::RETENTION_S_DEFAULT,
            wait_s: 0,
            visibility_s: limits::VISIBILITY_S_DEFAULT,
            policy: None,
            redrive: None,
            redrive_allow: None,
            kms_key: None,
            kms_reuse_s: None,
            managed_sse: true,
            content_deduplication: false,
            deduplication_scope: DeduplicationScope::Queue,
            throughput_limit: ThroughputLimit::PerQueue,
        }
    }
}
