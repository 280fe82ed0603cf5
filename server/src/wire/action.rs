//! What a request asks for: one variant an action, one struct its input (A2).
//!
//! Names of members are those of the JSON protocol, case included. A member that was not given is
//! `None` or empty; whether it had to be given is decided by `actions`, for both protocols.

use super::bounded::{self, MESSAGE_ATTRIBUTES_MAX, Pairs};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Adds a statement to a queue's policy.
    AddPermission(AddPermission),
    /// Stops a move task.
    CancelMessageMoveTask(CancelMessageMoveTask),
    /// Hides a message for another time.
    ChangeMessageVisibility(ChangeMessageVisibility),
    /// Hides messages for other times.
    ChangeMessageVisibilityBatch(Batch<VisibilityEntry>),
    /// Creates a queue or finds an equal one.
    CreateQueue(CreateQueue),
    /// Deletes a message.
    DeleteMessage(DeleteMessage),
    /// Deletes messages.
    DeleteMessageBatch(Batch<DeleteEntry>),
    /// Deletes a queue.
    DeleteQueue(QueueOnly),
    /// Attributes of a queue.
    GetQueueAttributes(GetQueueAttributes),
    /// The URL of a queue by its name.
    GetQueueUrl(GetQueueUrl),
    /// Queues that name this one as their dead-letter queue.
    ListDeadLetterSourceQueues(ListDeadLetterSourceQueues),
    /// Move tasks of a source.
    ListMessageMoveTasks(ListMessageMoveTasks),
    /// Tags of a queue.
    ListQueueTags(QueueOnly),
    /// Queues of the account and region.
    ListQueues(ListQueues),
    /// Removes all messages.
    PurgeQueue(QueueOnly),
    /// Receives messages.
    ReceiveMessage(ReceiveMessage),
    /// Removes a statement of a queue's policy.
    RemovePermission(RemovePermission),
    /// Sends a message.
    SendMessage(SendMessage),
    /// Sends messages.
    SendMessageBatch(Batch<SendEntry>),
    /// Sets attributes of a queue.
    SetQueueAttributes(SetQueueAttributes),
    /// Starts a move task.
    StartMessageMoveTask(StartMessageMoveTask),
    /// Adds tags.
    TagQueue(TagQueue),
    /// Removes tags.
    UntagQueue(UntagQueue),
}

/// Every action's name.
pub const NAMES: [&str; 23] = [
    "AddPermission",
    "CancelMessageMoveTask",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "CreateQueue",
    "DeleteMessage",
    "DeleteMessageBatch",
    "DeleteQueue",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "RemovePermission",
    "SendMessage",
    "SendMessageBatch",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

/// `name` as one of [`NAMES`], if it is.
pub fn known(name: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|known| *known == name)
}

impl Action {
    /// The URL of the queue that the action is about, if it has such a member and it was given.
    pub fn queue_url(&self) -> Option<&str> {
        match self {
            Self::AddPermission(input) => input.queue_url.as_deref(),
            Self::ChangeMessageVisibility(input) => input.queue_url.as_deref(),
            Self::ChangeMessageVisibilityBatch(input) => input.queue_url.as_deref(),
            Self::DeleteMessage(input) => input.queue_url.as_deref(),
            Self::DeleteMessageBatch(input) => input.queue_url.as_deref(),
            Self::DeleteQueue(input) | Self::ListQueueTags(input) | Self::PurgeQueue(input) => {
                input.queue_url.as_deref()
            }
            Self::GetQueueAttributes(input) => input.queue_url.as_deref(),
            Self::ListDeadLetterSourceQueues(input) => input.queue_url.as_deref(),
            Self::ReceiveMessage(input) => input.queue_url.as_deref(),
            Self::RemovePermission(input) => input.queue_url.as_deref(),
            Self::SendMessage(input) => input.queue_url.as_deref(),
            Self::SendMessageBatch(input) => input.queue_url.as_deref(),
            Self::SetQueueAttributes(input) => input.queue_url.as_deref(),
            Self::TagQueue(input) => input.queue_url.as_deref(),
            Self::UntagQueue(input) => input.queue_url.as_deref(),
            Self::CancelMessageMoveTask(_)
            | Self::CreateQueue(_)
            | Self::GetQueueUrl(_)
            | Self::ListMessageMoveTasks(_)
            | Self::ListQueues(_)
            | Self::StartMessageMoveTask(_) => None,
        }
    }
}

/// Input of AddPermission.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AddPermission {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
    /// `Label`.
    pub label: Option<String>,
    /// `AWSAccountIds`.
    #[serde(rename = "AWSAccountIds")]
    #[serde(deserialize_with = "bounded::list")]
    pub accounts: Option<Vec<String>>,
    /// `Actions`.
    #[serde(deserialize_with = "bounded::list")]
    pub actions: Option<Vec<String>>,
}

/// Input of RemovePermission.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RemovePermission {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
    /// `Label`.
    pub label: Option<String>,
}

/// Input of CreateQueue.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateQueue {
    /// `QueueName`.
    pub queue_name: Option<String>,
    /// `Attributes`.
    #[serde(deserialize_with = "bounded::map")]
    pub attributes: Option<BTreeMap<String, String>>,
    /// `tags`: this action's member is written small.
    #[serde(rename = "tags")]
    #[serde(deserialize_with = "bounded::map")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// Input of the actions that take nothing but a queue.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct QueueOnly {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
}

/// Input of GetQueueUrl.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetQueueUrl {
    /// `QueueName`.
    pub queue_name: Option<String>,
    /// `QueueOwnerAWSAccountId`.
    #[serde(rename = "QueueOwnerAWSAccountId")]
    pub owner: Option<String>,
}

/// Input of ListQueues.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListQueues {
    /// `QueueNamePrefix`.
    pub queue_name_prefix: Option<String>,
    /// `MaxResults`.
    pub max_results: Option<i64>,
    /// `NextToken`.
    pub next_token: Option<String>,
}

/// Input of ListDeadLetterSourceQueues.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListDeadLetterSourceQueues {
    /// `QueueUrl` of the dead-letter queue.
    pub queue_url: Option<String>,
    /// `MaxResults`.
    pub max_results: Option<i64>,
    /// `NextToken`.
    pub next_token: Option<String>,
}

/// Input of GetQueueAttributes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetQueueAttributes {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
    /// `AttributeNames`.
    #[serde(deserialize_with = "bounded::list")]
    pub attribute_names: Option<Vec<String>>,
}

/// Input of SetQueueAttributes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SetQueueAttributes {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
    /// `Attributes`.
    #[serde(deserialize_with = "bounded::map")]
    pub attributes: Option<BTreeMap<String, String>>,
}

/// Input of TagQueue.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TagQueue {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
    /// `Tags`.
    #[serde(deserialize_with = "bounded::map")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// Input of UntagQueue.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct UntagQueue {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
    /// `TagKeys`.
    #[serde(deserialize_with = "bounded::list")]
    pub tag_keys: Option<Vec<String>>,
}

/// Value of a message attribute as sent, of any type.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AttributeInput {
    /// `DataType`.
    pub data_type: Option<String>,
    /// `StringValue`.
    pub string_value: Option<String>,
    /// `BinaryValue`, in base64.
    pub binary_value: Option<String>,
    /// `StringListValues`: reserved (A3.3).
    #[serde(deserialize_with = "bounded::list")]
    pub string_list_values: Option<Vec<String>>,
    /// `BinaryListValues`: reserved (A3.3).
    #[serde(deserialize_with = "bounded::list")]
    pub binary_list_values: Option<Vec<String>>,
}

/// Message attributes by name, in the order sent. A name that is given twice stays twice, so that
/// the library refuses it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AttributeList(pub Vec<(String, AttributeInput)>);

impl<'de> Deserialize<'de> for AttributeList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Pairs::<_, MESSAGE_ATTRIBUTES_MAX>::deserialize(deserializer)?;
        Ok(Self(pairs.0))
    }
}

/// Input of SendMessage.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SendMessage {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
    /// `MessageBody`.
    pub message_body: Option<String>,
    /// `DelaySeconds`.
    pub delay_seconds: Option<i64>,
    /// `MessageAttributes`.
    pub message_attributes: Option<AttributeList>,
    /// `MessageSystemAttributes`.
    pub message_system_attributes: Option<AttributeList>,
    /// `MessageDeduplicationId`.
    pub message_deduplication_id: Option<String>,
    /// `MessageGroupId`.
    pub message_group_id: Option<String>,
}

/// Input of a batch action: the queue and the entries.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[serde(bound(deserialize = "E: Deserialize<'de>"))]
pub struct Batch<E> {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
    /// `Entries`; `None` if the member is missing.
    #[serde(deserialize_with = "bounded::list")]
    pub entries: Option<Vec<E>>,
}

// By hand: deriving it would ask the same of the entries.
impl<E> Default for Batch<E> {
    fn default() -> Self {
        Self {
            queue_url: None,
            entries: None,
        }
    }
}

/// An entry of SendMessageBatch.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SendEntry {
    /// `Id`.
    pub id: Option<String>,
    /// `MessageBody`.
    pub message_body: Option<String>,
    /// `DelaySeconds`.
    pub delay_seconds: Option<i64>,
    /// `MessageAttributes`.
    pub message_attributes: Option<AttributeList>,
    /// `MessageSystemAttributes`.
    pub message_system_attributes: Option<AttributeList>,
    /// `MessageDeduplicationId`.
    pub message_deduplication_id: Option<String>,
    /// `MessageGroupId`.
    pub message_group_id: Option<String>,
}

/// Input of ReceiveMessage.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReceiveMessage {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
    /// `MaxNumberOfMessages`.
    pub max_number_of_messages: Option<i64>,
    /// `VisibilityTimeout`.
    pub visibility_timeout: Option<i64>,
    /// `WaitTimeSeconds`.
    pub wait_time_seconds: Option<i64>,
    /// `AttributeNames`, the older name of `MessageSystemAttributeNames`.
    #[serde(deserialize_with = "bounded::list")]
    pub attribute_names: Option<Vec<String>>,
    /// `MessageSystemAttributeNames`.
    #[serde(deserialize_with = "bounded::list")]
    pub message_system_attribute_names: Option<Vec<String>>,
    /// `MessageAttributeNames`.
    #[serde(deserialize_with = "bounded::list")]
    pub message_attribute_names: Option<Vec<String>>,
    /// `ReceiveRequestAttemptId`.
    pub receive_request_attempt_id: Option<String>,
}

/// Input of DeleteMessage.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteMessage {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
    /// `ReceiptHandle`.
    pub receipt_handle: Option<String>,
}

/// An entry of DeleteMessageBatch.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteEntry {
    /// `Id`.
    pub id: Option<String>,
    /// `ReceiptHandle`.
    pub receipt_handle: Option<String>,
}

/// Input of ChangeMessageVisibility.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ChangeMessageVisibility {
    /// `QueueUrl`.
    pub queue_url: Option<String>,
    /// `ReceiptHandle`.
    pub receipt_handle: Option<String>,
    /// `VisibilityTimeout`.
    pub visibility_timeout: Option<i64>,
}

/// An entry of ChangeMessageVisibilityBatch.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VisibilityEntry {
    /// `Id`.
    pub id: Option<String>,
    /// `ReceiptHandle`.
    pub receipt_handle: Option<String>,
    /// `VisibilityTimeout`.
    pub visibility_timeout: Option<i64>,
}

/// Input of StartMessageMoveTask.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct StartMessageMoveTask {
    /// `SourceArn`.
    pub source_arn: Option<String>,
    /// `DestinationArn`.
    pub destination_arn: Option<String>,
    /// `MaxNumberOfMessagesPerSecond`.
    pub max_number_of_messages_per_second: Option<i64>,
}

/// Input of CancelMessageMoveTask.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CancelMessageMoveTask {
    /// `TaskHandle`.
    pub task_handle: Option<String>,
}

/// Input of ListMessageMoveTasks.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListMessageMoveTasks {
    /// `SourceArn`.
    pub source_arn: Option<String>,
    /// `MaxResults`.
    pub max_results: Option<i64>,
}
