//! Every limit of the library, with its unit and the rule it comes from.

/// S3.1: longest delay of a message or queue, seconds.
pub const DELAY_S_MAX: u32 = 900;
/// S12: longest visibility timeout, seconds (12 h).
pub const VISIBILITY_S_MAX: u32 = 43_200;
/// S12: visibility timeout of a new queue, seconds.
pub const VISIBILITY_S_DEFAULT: u32 = 30;
/// S6.1: shortest retention, seconds.
pub const RETENTION_S_MIN: u32 = 60;
/// S6.1: longest retention, seconds (14 days).
pub const RETENTION_S_MAX: u32 = 1_209_600;
/// S6.1: retention of a new queue, seconds (4 days).
pub const RETENTION_S_DEFAULT: u32 = 345_600;
/// S4.1: longest wait of a receive, seconds.
pub const WAIT_S_MAX: u32 = 20;
/// S12: smallest value of `MaximumMessageSize`, bytes.
pub const MESSAGE_BYTES_MIN: u32 = 1_024;
/// S5.1: largest message and default of `MaximumMessageSize`, bytes (1 MiB).
pub const MESSAGE_BYTES_MAX: u32 = 1_048_576;
/// S5.9: message attributes of one message.
pub const ATTRIBUTES_MAX: usize = 10;
/// S5.10: characters of an attribute name.
pub const ATTRIBUTE_NAME_CHARS_MAX: usize = 256;
/// S5.13: bytes of an attribute's whole data type; the type must be shorter than this.
pub const ATTRIBUTE_TYPE_BYTES_LIMIT: usize = 256;
/// S7.1, S7.9, S7.19: characters of a group, deduplication or attempt id.
pub const ID_CHARS_MAX: usize = 128;
/// S7.11: length of the deduplication window and life of a receive attempt, milliseconds.
pub const DEDUPLICATION_MS: u64 = 300_000;
/// S6.6: messages in flight of one queue.
pub const IN_FLIGHT_MAX: u64 = 120_000;
/// S9.1: largest `maxReceiveCount`.
pub const MAX_RECEIVES_MAX: u32 = 1_000;
/// S9.14: queues in a `RedriveAllowPolicy`.
pub const REDRIVE_SOURCES_MAX: usize = 10;
/// S10.6: fastest message move task, messages a second.
pub const MOVE_RATE_MAX: u32 = 500;
/// S10.14: longest message move task, milliseconds (36 h).
pub const MOVE_TASK_MS_MAX: u64 = 129_600_000;
/// S10.14: running message move tasks of one account.
pub const MOVE_TASKS_MAX: usize = 100;
/// S10.10: finished tasks that are remembered per source queue.
pub const MOVE_TASKS_LISTED_MAX: usize = 10;
/// Messages that one receive moves to a dead-letter queue at the most, and no more bytes than
/// [`RECEIVE_BYTES_MAX`].
pub const RECEIVE_MOVES_MAX: usize = 1_000;
/// Messages that one step of a move task moves at the most.
pub const MOVE_STEP_MESSAGES_MAX: usize = 100;
/// Latest time of a manual clock, milliseconds since the epoch: the end of the year 9999.
pub const MANUAL_CLOCK_MS_MAX: u64 = 253_402_300_799_999;
/// S5.19: bytes of an `AWSTraceHeader`.
pub const TRACE_HEADER_BYTES_MAX: usize = 1_024;
/// S5.20: bytes of a `SenderId`.
pub const SENDER_BYTES_MAX: usize = 256;
/// S12: characters of a `KmsMasterKeyId`, the name of a key or its ARN.
pub const KMS_KEY_CHARS_MAX: usize = 2_048;
/// Digits of an account id, part of a queue's ARN.
pub const ACCOUNT_DIGITS: usize = 12;
/// Characters of a region's name, part of a queue's ARN.
pub const REGION_CHARS_MAX: usize = 64;
/// S11.1: characters of a queue name, `.fifo` included.
pub const QUEUE_NAME_CHARS_MAX: usize = 80;
/// S11.5, S11.8: pause after a deletion or a purge, milliseconds.
pub const SIXTY_SECOND_RULE_MS: u64 = 60_000;
/// S11.10: queues on one page.
pub const LIST_PAGE_MAX: usize = 1_000;
/// S13.1: entries of a batch under SQS's limits.
pub const SQS_BATCH_ENTRIES_MAX: usize = 10;
/// S5.5: bytes of a batch under SQS's limits.
pub const SQS_BATCH_BYTES_MAX: usize = 1_048_576;
/// S16: messages of one receive under SQS's limits.
pub const SQS_RECEIVE_MAX: u32 = 10;
/// Entries of a batch, and messages of one receive, where SQS's limits are off.
pub const BATCH_ENTRIES_MAX: usize = 10_000;
/// Bytes of all messages of a batch where SQS's limits are off (64 MiB).
pub const BATCH_BYTES_MAX: usize = 67_108_864;
/// Bytes of all messages that one receive or peek returns; it stops before the one that would
/// exceed it. What a message takes in memory beside its body may count or not.
pub const RECEIVE_BYTES_MAX: usize = 67_108_864;
/// Messages that one step of a peek looks at: one that shows few of many goes on in the next, and
/// others have their turn in between.
pub const PEEK_STEP_MESSAGES_MAX: usize = 10_000;
/// Smallest segment of a store's log, bytes: the longest frame, of a message of 1 MiB behind others
/// of 1 MiB, fits into half of it.
pub const SEGMENT_BYTES_MIN: u64 = 4_194_304;
/// Largest segment of a store's log, bytes.
pub const SEGMENT_BYTES_MAX: u64 = 1_073_741_824;
/// Most disk space that a store may be told to keep, bytes.
pub const RESERVE_BYTES_MAX: u64 = 1 << 40;
/// S13.2: characters of a batch entry id.
pub const BATCH_ID_CHARS_MAX: usize = 80;
/// S14.1: characters of a tag key.
pub const TAG_KEY_CHARS_MAX: usize = 128;
/// S14.1: characters of a tag value.
pub const TAG_VALUE_CHARS_MAX: usize = 256;
/// S14.1: tags of one queue.
pub const TAGS_MAX: usize = 50;
/// S12: bytes of a queue policy.
pub const POLICY_BYTES_MAX: usize = 8_192;
/// S8.4: a tenant with fewer messages in flight than this is never noisy.
pub const NOISY_IN_FLIGHT_MIN: u64 = 30;
/// S8.4: a tenant is noisy with more than one in this many of the queue's messages in flight.
pub const NOISY_SHARE: u64 = 10;
/// S8.6: a tenant that sent nothing for this long is not noisy, milliseconds.
pub const NOISY_QUIET_MS: u64 = 300_000;
/// Messages whose deadline or retention passed that one step of a store handles at the most.
pub const DUE_STEP_MESSAGES_MAX: usize = 1_000;
