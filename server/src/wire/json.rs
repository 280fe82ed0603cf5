//! AWS JSON 1.0: one object in, one object out (A0).

use super::Printed;
use super::action::Action;
use super::answer::{Answer, QueueUrls};
use super::error::Refusal;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// `Content-Type` of requests and answers.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// Header `X-Amz-Target` is this and an action's name.
pub const TARGET_PREFIX: &str = "AmazonSQS.";

/// Reads the input of the action called `name`.
///
/// Errors: `InvalidAction` for an unknown name, `SerializationException` for a body that is no
/// object or whose members have other types (A0.5). Unknown members are ignored.
pub fn read(name: &str, body: &[u8]) -> Result<Action, Refusal> {
    // Clients may send nothing where an object would be empty.
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    Ok(match name {
        "AddPermission" => Action::AddPermission(object(body)?),
        "CancelMessageMoveTask" => Action::CancelMessageMoveTask(object(body)?),
        "ChangeMessageVisibility" => Action::ChangeMessageVisibility(object(body)?),
        "ChangeMessageVisibilityBatch" => Action::ChangeMessageVisibilityBatch(object(body)?),
        "CreateQueue" => Action::CreateQueue(object(body)?),
        "DeleteMessage" => Action::DeleteMessage(object(body)?),
        "DeleteMessageBatch" => Action::DeleteMessageBatch(object(body)?),
        "DeleteQueue" => Action::DeleteQueue(object(body)?),
        "GetQueueAttributes" => Action::GetQueueAttributes(object(body)?),
        "GetQueueUrl" => Action::GetQueueUrl(object(body)?),
        "ListDeadLetterSourceQueues" => Action::ListDeadLetterSourceQueues(object(body)?),
        "ListMessageMoveTasks" => Action::ListMessageMoveTasks(object(body)?),
        "ListQueueTags" => Action::ListQueueTags(object(body)?),
        "ListQueues" => Action::ListQueues(object(body)?),
        "PurgeQueue" => Action::PurgeQueue(object(body)?),
        "ReceiveMessage" => Action::ReceiveMessage(object(body)?),
        "RemovePermission" => Action::RemovePermission(object(body)?),
        "SendMessage" => Action::SendMessage(object(body)?),
        "SendMessageBatch" => Action::SendMessageBatch(object(body)?),
        "SetQueueAttributes" => Action::SetQueueAttributes(object(body)?),
        "StartMessageMoveTask" => Action::StartMessageMoveTask(object(body)?),
        "TagQueue" => Action::TagQueue(object(body)?),
        "UntagQueue" => Action::UntagQueue(object(body)?),
        other => return Err(Refusal::invalid_action(other)),
    })
}

/// A derived reader also takes a list for a struct; SQS does not.
fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    let start = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if start != Some(&b'{') {
        return Err(Refusal::serialization("The body must be one JSON object."));
    }
    serde_json::from_slice(body)
        .map_err(|error| Refusal::serialization(format!("The body cannot be read: {error}.")))
}

/// Prints an answer. What has no output has no body.
pub fn print(answer: &Answer) -> Printed {
    let body = body(answer);
    Printed {
        status: StatusCode::OK,
        content_type: (!body.is_empty()).then_some(CONTENT_TYPE),
        query_error: None,
        body,
    }
}

fn body(answer: &Answer) -> Vec<u8> {
    match answer {
        Answer::Nothing => Vec::new(),
        Answer::QueueUrl(url) => bytes(&json!({ "QueueUrl": url })),
        Answer::QueueUrls(page) => bytes(&queue_urls(page)),
        Answer::Attributes(map) => bytes(&unless_empty("Attributes", map.is_empty(), map)),
        Answer::Tags(map) => bytes(&unless_empty("Tags", map.is_empty(), map)),
        Answer::Sent(sent) => bytes(sent),
        Answer::SentBatch(batch) => bytes(batch),
        Answer::Batch(batch) => bytes(batch),
        Answer::Messages(messages) => bytes(&Messages { messages }),
        Answer::TaskHandle(handle) => bytes(&json!({ "TaskHandle": handle })),
        Answer::Moved(count) => bytes(&json!({ "ApproximateNumberOfMessagesMoved": count })),
        Answer::Tasks(tasks) => bytes(&json!({ "Results": tasks })),
    }
}

/// Prints a refusal: `__type` and the sentence.
pub fn refusal(refusal: &Refusal) -> Vec<u8> {
    let shape = format!("com.amazonaws.sqs#{}", refusal.shape());
    bytes(&json!({ "__type": shape, "message": refusal.text() }))
}

#[derive(Serialize)]
struct Messages<'a> {
    #[serde(rename = "Messages", skip_serializing_if = "<[_]>::is_empty")]
    messages: &'a [super::answer::ReceivedMessage],
}

fn queue_urls(page: &QueueUrls) -> Value {
    let list = match page.dead_letter_sources {
        true => "queueUrls",
        false => "QueueUrls",
    };
    // ListDeadLetterSourceQueues always has its list, ListQueues only a list that holds something.
    let empty = page.urls.is_empty() && !page.dead_letter_sources;
    let mut object = unless_empty(list, empty, &page.urls);
    if let (Some(token), Value::Object(map)) = (&page.next_token, &mut object) {
        map.insert("NextToken".into(), json!(token));
    }
    object
}

/// A0: what is empty is left out.
fn unless_empty(name: &str, empty: bool, value: impl Serialize) -> Value {
    match empty {
        true => json!({}),
        false => json!({ name: value }),
    }
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    // All maps have text keys and all writes go to memory, so this cannot fail.
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::action::{NAMES, SendMessage};

    fn text(answer: &Answer) -> String {
        String::from_utf8(print(answer).body).unwrap()
    }

    #[test]
    fn every_action_is_read_and_no_other() {
        for name in NAMES {
            assert!(read(name, b"{}").is_ok(), "{name}");
            assert!(read(name, b"").is_ok(), "{name}");
        }
        let error = read("Sendmessage", b"{}").unwrap_err();
        assert_eq!(error.code(), "InvalidAction");
    }

    #[test]
    fn types_are_strict_and_unknown_members_ignored() {
        let body =
            br#"{"MessageBody": "a", "DelaySeconds": 5, "Other": [1], "MessageGroupId": null}"#;
        let expected = SendMessage {
            message_body: Some("a".into()),
            delay_seconds: Some(5),
            ..SendMessage::default()
        };
        assert_eq!(read("SendMessage", body), Ok(Action::SendMessage(expected)));
        for bad in [
            r#"{"DelaySeconds": "5"}"#,
            r#"{"DelaySeconds": 5.5}"#,
            r#"{"MessageBody": 1}"#,
            r#"{"MessageBody": "a"} x"#,
            r#"{"MessageBody": "a""#,
            r#"["a"]"#,
            "null",
            "\"a\"",
        ] {
            let error = read("SendMessage", bad.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "SerializationException", "{bad}");
        }
        assert!(read("SendMessage", b"{\"MessageBody\": \"\xff\"}").is_err());
    }

    #[test]
    fn absent_data_has_no_member() {
        assert_eq!(text(&Answer::Nothing), "");
        assert_eq!(text(&Answer::Messages(Vec::new())), "{}");
        assert_eq!(text(&Answer::Tags(Default::default())), "{}");
        assert_eq!(text(&Answer::Attributes(Default::default())), "{}");
        let mut page = QueueUrls {
            urls: Vec::new(),
            next_token: None,
            dead_letter_sources: false,
        };
        assert_eq!(text(&Answer::QueueUrls(page.clone())), "{}");
        page.dead_letter_sources = true;
        assert_eq!(text(&Answer::QueueUrls(page)), r#"{"queueUrls":[]}"#);
    }
}
