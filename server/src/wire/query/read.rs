//! From flattened parameters to an action's input (A1).

use super::params::Params;
use crate::wire::Refusal;
use crate::wire::action::{
    Action, AddPermission, AttributeInput, AttributeList, Batch, CancelMessageMoveTask,
    ChangeMessageVisibility, CreateQueue, DeleteEntry, DeleteMessage, GetQueueAttributes,
    GetQueueUrl, ListDeadLetterSourceQueues, ListMessageMoveTasks, ListQueues, QueueOnly,
    ReceiveMessage, RemovePermission, SendEntry, SendMessage, SetQueueAttributes,
    StartMessageMoveTask, TagQueue, UntagQueue, VisibilityEntry,
};
use std::collections::BTreeMap;

/// Reads the input of the action called `name`. `path_url` is the queue that the request's path
/// names; a parameter `QueueUrl` wins over it (A0.8).
///
/// Errors: `InvalidAction` for an unknown name, `InvalidParameterValue` for a number that is none,
/// `MissingParameter` for a value without its name, or a name without its value.
pub fn read(name: &str, params: &Params, path_url: Option<String>) -> Result<Action, Refusal> {
    let queue_url = params.text("QueueUrl").or(path_url);
    let p = params;
    Ok(match name {
        "AddPermission" => Action::AddPermission(AddPermission {
            queue_url,
            label: p.text("Label"),
            accounts: p.list("AWSAccountId"),
            actions: p.list("ActionName"),
        }),
        "RemovePermission" => Action::RemovePermission(RemovePermission {
            queue_url,
            label: p.text("Label"),
        }),
        "CreateQueue" => Action::CreateQueue(CreateQueue {
            queue_name: p.text("QueueName"),
            attributes: attributes(p)?,
            tags: p.map("Tag", "Key", "Value")?,
        }),
        "GetQueueUrl" => Action::GetQueueUrl(GetQueueUrl {
            queue_name: p.text("QueueName"),
            owner: p.text("QueueOwnerAWSAccountId"),
        }),
        "ListQueues" => Action::ListQueues(ListQueues {
            queue_name_prefix: p.text("QueueNamePrefix"),
            max_results: p.integer("MaxResults")?,
            next_token: p.text("NextToken"),
        }),
        "ListDeadLetterSourceQueues" => {
            Action::ListDeadLetterSourceQueues(ListDeadLetterSourceQueues {
                queue_url,
                max_results: p.integer("MaxResults")?,
                next_token: p.text("NextToken"),
            })
        }
        "DeleteQueue" => Action::DeleteQueue(QueueOnly { queue_url }),
        "PurgeQueue" => Action::PurgeQueue(QueueOnly { queue_url }),
        "ListQueueTags" => Action::ListQueueTags(QueueOnly { queue_url }),
        "GetQueueAttributes" => Action::GetQueueAttributes(GetQueueAttributes {
            queue_url,
            attribute_names: p.list("AttributeName"),
        }),
        "SetQueueAttributes" => Action::SetQueueAttributes(SetQueueAttributes {
            queue_url,
            attributes: attributes(p)?,
        }),
        "TagQueue" => Action::TagQueue(TagQueue {
            queue_url,
            tags: p.map("Tag", "Key", "Value")?,
        }),
        "UntagQueue" => Action::UntagQueue(UntagQueue {
            queue_url,
            tag_keys: p.list("TagKey"),
        }),
        _ => return message_action(name, p, queue_url),
    })
}

/// The actions about messages and move tasks.
fn message_action(name: &str, p: &Params, queue_url: Option<String>) -> Result<Action, Refusal> {
    Ok(match name {
        "SendMessage" => Action::SendMessage(send_message(p, queue_url)?),
        "SendMessageBatch" => Action::SendMessageBatch(Batch {
            queue_url,
            entries: entries(p, name, send_entry)?,
        }),
        "ReceiveMessage" => Action::ReceiveMessage(receive(p, queue_url)?),
        "DeleteMessage" => Action::DeleteMessage(DeleteMessage {
            queue_url,
            receipt_handle: p.text("ReceiptHandle"),
        }),
        "DeleteMessageBatch" => Action::DeleteMessageBatch(Batch {
            queue_url,
            entries: entries(p, name, |p, prefix| {
                Ok(DeleteEntry {
                    id: p.text(&format!("{prefix}.Id")),
                    receipt_handle: p.text(&format!("{prefix}.ReceiptHandle")),
                })
            })?,
        }),
        "ChangeMessageVisibility" => Action::ChangeMessageVisibility(ChangeMessageVisibility {
            queue_url,
            receipt_handle: p.text("ReceiptHandle"),
            visibility_timeout: p.integer("VisibilityTimeout")?,
        }),
        "ChangeMessageVisibilityBatch" => Action::ChangeMessageVisibilityBatch(Batch {
            queue_url,
            entries: entries(p, name, |p, prefix| {
                Ok(VisibilityEntry {
                    id: p.text(&format!("{prefix}.Id")),
                    receipt_handle: p.text(&format!("{prefix}.ReceiptHandle")),
                    visibility_timeout: p.integer(&format!("{prefix}.VisibilityTimeout"))?,
                })
            })?,
        }),
        "StartMessageMoveTask" => Action::StartMessageMoveTask(StartMessageMoveTask {
            source_arn: p.text("SourceArn"),
            destination_arn: p.text("DestinationArn"),
            max_number_of_messages_per_second: p.integer("MaxNumberOfMessagesPerSecond")?,
        }),
        "CancelMessageMoveTask" => Action::CancelMessageMoveTask(CancelMessageMoveTask {
            task_handle: p.text("TaskHandle"),
        }),
        "ListMessageMoveTasks" => Action::ListMessageMoveTasks(ListMessageMoveTasks {
            source_arn: p.text("SourceArn"),
            max_results: p.integer("MaxResults")?,
        }),
        other => return Err(Refusal::invalid_action(other)),
    })
}

fn attributes(params: &Params) -> Result<Option<BTreeMap<String, String>>, Refusal> {
    params.map("Attribute", "Name", "Value")
}

fn send_message(params: &Params, queue_url: Option<String>) -> Result<SendMessage, Refusal> {
    Ok(SendMessage {
        queue_url,
        message_body: params.text("MessageBody"),
        delay_seconds: params.integer("DelaySeconds")?,
        message_attributes: message_attributes(params, "MessageAttribute")?,
        message_system_attributes: message_attributes(params, "MessageSystemAttribute")?,
        message_deduplication_id: params.text("MessageDeduplicationId"),
        message_group_id: params.text("MessageGroupId"),
    })
}

fn send_entry(params: &Params, prefix: &str) -> Result<SendEntry, Refusal> {
    let key = |name: &str| format!("{prefix}.{name}");
    Ok(SendEntry {
        id: params.text(&key("Id")),
        message_body: params.text(&key("MessageBody")),
        delay_seconds: params.integer(&key("DelaySeconds"))?,
        message_attributes: message_attributes(params, &key("MessageAttribute"))?,
        message_system_attributes: message_attributes(params, &key("MessageSystemAttribute"))?,
        message_deduplication_id: params.text(&key("MessageDeduplicationId")),
        message_group_id: params.text(&key("MessageGroupId")),
    })
}

fn receive(params: &Params, queue_url: Option<String>) -> Result<ReceiveMessage, Refusal> {
    Ok(ReceiveMessage {
        queue_url,
        max_number_of_messages: params.integer("MaxNumberOfMessages")?,
        visibility_timeout: params.integer("VisibilityTimeout")?,
        wait_time_seconds: params.integer("WaitTimeSeconds")?,
        attribute_names: params.list("AttributeName"),
        message_system_attribute_names: params.list("MessageSystemAttributeName"),
        message_attribute_names: params.list("MessageAttributeName"),
        receive_request_attempt_id: params.text("ReceiveRequestAttemptId"),
    })
}

/// A batch's entries; a list without any is an empty one (S13.6).
fn entries<E>(
    params: &Params,
    action: &str,
    read: impl Fn(&Params, &str) -> Result<E, Refusal>,
) -> Result<Option<Vec<E>>, Refusal> {
    let prefixes = params.numbered(&format!("{action}RequestEntry"));
    let entries: Result<Vec<E>, Refusal> =
        prefixes.iter().map(|prefix| read(params, prefix)).collect();
    entries.map(Some)
}

/// What belongs to no name is refused, as JSON cannot say it.
fn message_attributes(params: &Params, name: &str) -> Result<Option<AttributeList>, Refusal> {
    let mut list = Vec::new();
    for prefix in params.numbered(name) {
        let name = format!("{prefix}.Name");
        let attribute = params.text(&name).ok_or_else(|| Refusal::missing(&name))?;
        let value = |member: &str| format!("{prefix}.Value.{member}");
        let input = AttributeInput {
            data_type: params.text(&value("DataType")),
            string_value: params.text(&value("StringValue")),
            binary_value: params.text(&value("BinaryValue")),
            string_list_values: params.list(&value("StringListValue")),
            binary_list_values: params.list(&value("BinaryListValue")),
        };
        list.push((attribute, input));
    }
    Ok((!list.is_empty()).then_some(AttributeList(list)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::action::NAMES;

    fn read_form(action: &str, form: &str) -> Result<Action, Refusal> {
        let mut params = Params::default();
        params.add(form.as_bytes()).unwrap();
        read(action, &params, Some("path".into()))
    }

    #[test]
    fn every_action_is_read_and_no_other() {
        for name in NAMES {
            assert!(read_form(name, "").is_ok(), "{name}");
        }
        let error = read_form("Nothing", "").unwrap_err();
        assert_eq!(
            error.text(),
            "The action Nothing is not valid for this endpoint."
        );
    }

    #[test]
    fn a0_8_the_parameter_wins_over_the_path() {
        let url = |form| {
            read_form("PurgeQueue", form)
                .unwrap()
                .queue_url()
                .map(String::from)
        };
        assert_eq!(url("").as_deref(), Some("path"));
        assert_eq!(url("QueueUrl=given").as_deref(), Some("given"));
    }

    #[test]
    fn nested_attributes_of_a_batch() {
        let entry = "SendMessageBatchRequestEntry.1";
        let form = format!(
            "{entry}.Id=a&{entry}.MessageBody=test&{entry}.MessageAttribute.1.Name=Foo&\
             {entry}.MessageAttribute.1.Value.DataType=String&\
             {entry}.MessageAttribute.1.Value.StringValue=Bar"
        );
        let Ok(Action::SendMessageBatch(batch)) = read_form("SendMessageBatch", &form) else {
            panic!("another action");
        };
        let attribute = AttributeInput {
            data_type: Some("String".into()),
            string_value: Some("Bar".into()),
            ..AttributeInput::default()
        };
        let expected = SendEntry {
            id: Some("a".into()),
            message_body: Some("test".into()),
            message_attributes: Some(AttributeList(vec![("Foo".into(), attribute)])),
            ..SendEntry::default()
        };
        assert_eq!(batch.entries, Some(vec![expected]));
    }

    #[test]
    fn s13_6_a_missing_list_is_an_empty_batch() {
        let Ok(Action::DeleteMessageBatch(batch)) = read_form("DeleteMessageBatch", "") else {
            panic!("another action");
        };
        assert_eq!(batch.entries, Some(Vec::new()));
    }
}
