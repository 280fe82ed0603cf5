//! What an action answers. Member names are those of the JSON protocol; the XML printer knows how
//! Query calls them (A1).

use serde::Serialize;
use std::collections::BTreeMap;

/// The answer to an action.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Done, and nothing to tell.
    Nothing,
    /// CreateQueue, GetQueueUrl.
    QueueUrl(String),
    /// ListQueues and, with another name for the list, ListDeadLetterSourceQueues.
    QueueUrls(QueueUrls),
    /// GetQueueAttributes.
    Attributes(BTreeMap<String, String>),
    /// ListQueueTags.
    Tags(BTreeMap<String, String>),
    /// SendMessage.
    Sent(Sent),
    /// SendMessageBatch.
    SentBatch(BatchAnswer<SentEntry>),
    /// DeleteMessageBatch, ChangeMessageVisibilityBatch.
    Batch(BatchAnswer<DoneEntry>),
    /// ReceiveMessage.
    Messages(Vec<ReceivedMessage>),
    /// StartMessageMoveTask.
    TaskHandle(String),
    /// CancelMessageMoveTask: messages moved so far.
    Moved(u64),
    /// ListMessageMoveTasks.
    Tasks(Vec<Task>),
}

/// A page of queue URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrls {
    /// The URLs.
    pub urls: Vec<String>,
    /// Gives the next page.
    pub next_token: Option<String>,
    /// True for ListDeadLetterSourceQueues, whose JSON list is called `queueUrls`.
    pub dead_letter_sources: bool,
}

/// An accepted message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Sent {
    /// `MD5OfMessageBody`.
    #[serde(rename = "MD5OfMessageBody")]
    pub md5_of_body: String,
    /// `MD5OfMessageAttributes`.
    #[serde(
        rename = "MD5OfMessageAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    pub md5_of_attributes: Option<String>,
    /// `MD5OfMessageSystemAttributes`.
    #[serde(
        rename = "MD5OfMessageSystemAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    pub md5_of_system_attributes: Option<String>,
    /// `MessageId`.
    pub message_id: String,
    /// `SequenceNumber`, FIFO only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence_number: Option<String>,
    /// Its place in its queue, which versions of old need; not told.
    #[serde(skip)]
    pub sequence: u64,
    /// True if it was not stored because of S7.11; not told, only counted.
    #[serde(skip)]
    pub duplicate: bool,
}

/// What became of the entries of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchAnswer<E> {
    /// Those that succeeded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub successful: Vec<E>,
    /// Those that did not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedEntry>,
}

/// An accepted entry of SendMessageBatch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentEntry {
    /// `Id` of the entry.
    #[serde(rename = "Id")]
    pub id: String,
    /// The message.
    #[serde(flatten)]
    pub sent: Sent,
}

/// A successful entry of another batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoneEntry {
    /// `Id` of the entry.
    #[serde(rename = "Id")]
    pub id: String,
}

/// An entry that failed (A4.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FailedEntry {
    /// `Id` of the entry.
    pub id: String,
    /// True if the request is at fault.
    pub sender_fault: bool,
    /// The code of the Query protocol, in both.
    pub code: String,
    /// The sentence.
    pub message: String,
}

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReceivedMessage {
    /// `MessageId`.
    pub message_id: String,
    /// Its place in its queue, which versions of old need; not told.
    #[serde(skip)]
    pub sequence: u64,
    /// `ReceiptHandle`.
    pub receipt_handle: String,
    /// `MD5OfBody`.
    #[serde(rename = "MD5OfBody")]
    pub md5_of_body: String,
    /// `Body`.
    pub body: String,
    /// `Attributes`: the system attributes asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<&'static str, String>,
    /// `MD5OfMessageAttributes` of those returned (S5.18).
    #[serde(
        rename = "MD5OfMessageAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    pub md5_of_message_attributes: Option<String>,
    /// `MessageAttributes`: those asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub message_attributes: BTreeMap<String, AttributeOutput>,
    /// Time from the send to this receive if it is the first, milliseconds; not told, only
    /// counted.
    #[serde(skip)]
    pub dwell_ms: Option<u64>,
}

/// Value of a message attribute as returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttributeOutput {
    /// `StringValue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// `BinaryValue`, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
    /// `DataType`.
    pub data_type: String,
}

/// A message move task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    /// `TaskHandle`, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_handle: Option<String>,
    /// `Status`.
    pub status: &'static str,
    /// `SourceArn`.
    pub source_arn: String,
    /// `DestinationArn`, if one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_arn: Option<String>,
    /// `MaxNumberOfMessagesPerSecond`, if a rate was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_number_of_messages_per_second: Option<u32>,
    /// `ApproximateNumberOfMessagesMoved`.
    pub approximate_number_of_messages_moved: u64,
    /// `ApproximateNumberOfMessagesToMove`.
    pub approximate_number_of_messages_to_move: u64,
    /// `FailureReason`, of a failed task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// `StartedTimestamp`, milliseconds since the epoch.
    pub started_timestamp: u64,
}
