//! Answers: what either protocol prints says, read by parsers that others wrote, what was meant.

use super::answers::{children, sayable, text, xml};
use crate::{Input, Target};
use forebay_server::wire::answer::{
    AttributeOutput, BatchAnswer, DoneEntry, FailedEntry, QueueUrls, ReceivedMessage, Sent,
    SentEntry, Task,
};
use forebay_server::wire::{Answer, Printed, Protocol};
use roxmltree::Node;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Answers with any text in them.
pub const TARGET: Target = Target {
    name: "xml",
    about: "answers in XML and JSON, read back by parsers that others wrote",
    body,
    seeds,
    words: &[
        "<", "]]>", "&amp;", "&#13;", "\r\n", "\u{1}", "\u{ffff}", "\u{85}", "\u{fffe}",
    ],
    bytes_max: 1_024,
    mutations: 3_000,
};

fn seeds() -> Vec<Vec<u8>> {
    let script = |kind: u8| {
        [
            &[kind][..],
            &b"\x02\x03<&>\x05\x01\"]]>\r\n\x00'".repeat(20),
        ]
        .concat()
    };
    (0..6).map(script).collect()
}

fn body(data: &[u8]) {
    let input = &mut Input::new(data);
    let kind = input.byte() % 6;
    let id = input.text();
    match kind {
        0 => lists(input, &id),
        1 => maps(input, &id),
        2 => sent(input, &id),
        3 => batch(input, &id),
        4 => messages(input, &id),
        _ => tasks(input, &id),
    }
}

/// Prints an answer in both protocols; `check` gets the element of the result and the object.
fn print(action: &str, answer: &Answer, id: &str, check: impl FnOnce(Node<'_, '_>, &Value)) {
    let printed = Protocol::Query.print(action, answer, id);
    let body = whole(printed);
    let document = xml(&body, &format!("{action}Response"));
    let root = document.root_element();
    let metadata = children(root, "ResponseMetadata")[0];
    assert_eq!(text(metadata, "RequestId"), Some(sayable(id)));
    let name = format!("{action}Result");
    let result = children(root, &name)[0];
    let value: Value =
        serde_json::from_str(&whole(Protocol::Json.print(action, answer, id))).unwrap();
    check(result, &value);
}

fn whole(printed: Printed) -> String {
    assert_eq!((printed.status.as_u16(), printed.query_error), (200, None));
    assert!(printed.content_type.is_some());
    String::from_utf8(printed.body).unwrap()
}

fn same(element: Node<'_, '_>, name: &str, expected: &str) {
    assert_eq!(text(element, name), Some(sayable(expected)), "{name}");
}

fn lists(input: &mut Input<'_>, id: &str) {
    let page = QueueUrls {
        urls: input.list(5, Input::text),
        next_token: input.maybe(Input::text),
        dead_letter_sources: input.flag(),
    };
    let answer = Answer::QueueUrls(page.clone());
    print("ListQueues", &answer, id, |result, value| {
        let urls: Vec<String> = children(result, "QueueUrl")
            .iter()
            .map(|it| it.text().unwrap_or_default().to_owned())
            .collect();
        let expected: Vec<String> = page.urls.iter().map(|it| sayable(it)).collect();
        assert_eq!(urls, expected);
        assert_eq!(
            text(result, "NextToken"),
            page.next_token.as_deref().map(sayable)
        );
        let list = if page.dead_letter_sources {
            "queueUrls"
        } else {
            "QueueUrls"
        };
        let printed = value.get(list).cloned().unwrap_or_else(|| json!([]));
        assert_eq!(printed, json!(page.urls));
        assert_eq!(
            value.get("NextToken"),
            page.next_token.map(|it| json!(it)).as_ref()
        );
    });
}

fn maps(input: &mut Input<'_>, id: &str) {
    let pairs = input.list(5, |input| (input.text(), input.text()));
    let map: BTreeMap<String, String> = pairs.into_iter().collect();
    for (action, answer, element, key, member) in [
        (
            "GetQueueAttributes",
            Answer::Attributes(map.clone()),
            "Attribute",
            "Name",
            "Attributes",
        ),
        (
            "ListQueueTags",
            Answer::Tags(map.clone()),
            "Tag",
            "Key",
            "Tags",
        ),
    ] {
        print(action, &answer, id, |result, value| {
            let elements = children(result, element);
            assert_eq!(elements.len(), map.len());
            for (element, (name, content)) in elements.iter().zip(&map) {
                same(*element, key, name);
                same(*element, "Value", content);
            }
            let printed = value.get(member).cloned().unwrap_or_else(|| json!({}));
            assert_eq!(printed, json!(map));
        });
    }
}

fn any_sent(input: &mut Input<'_>) -> Sent {
    Sent {
        md5_of_body: input.text(),
        md5_of_attributes: input.maybe(Input::text),
        md5_of_system_attributes: input.maybe(Input::text),
        message_id: input.text(),
        sequence_number: input.maybe(Input::text),
        sequence: 0,
        duplicate: input.flag(),
    }
}

fn check_sent(element: Node<'_, '_>, value: &Value, sent: &Sent) {
    let optional = |text: &Option<String>| text.clone();
    for (name, expected) in [
        ("MD5OfMessageBody", Some(sent.md5_of_body.clone())),
        ("MessageId", Some(sent.message_id.clone())),
        ("MD5OfMessageAttributes", optional(&sent.md5_of_attributes)),
        (
            "MD5OfMessageSystemAttributes",
            optional(&sent.md5_of_system_attributes),
        ),
        ("SequenceNumber", optional(&sent.sequence_number)),
    ] {
        assert_eq!(
            text(element, name),
            expected.as_deref().map(sayable),
            "{name}"
        );
        assert_eq!(
            value.get(name),
            expected.map(|it| json!(it)).as_ref(),
            "{name}"
        );
    }
}

fn sent(input: &mut Input<'_>, id: &str) {
    let sent = any_sent(input);
    let answer = Answer::Sent(sent.clone());
    print("SendMessage", &answer, id, |result, value| {
        check_sent(result, value, &sent)
    });
}

fn batch(input: &mut Input<'_>, id: &str) {
    let successful = input.list(3, |input| SentEntry {
        id: input.text(),
        sent: any_sent(input),
    });
    let failed = input.list(3, |input| FailedEntry {
        id: input.text(),
        sender_fault: input.flag(),
        code: input.text(),
        message: input.text(),
    });
    let done: Vec<DoneEntry> = successful
        .iter()
        .map(|it| DoneEntry { id: it.id.clone() })
        .collect();
    let answer = BatchAnswer {
        successful: successful.clone(),
        failed: failed.clone(),
    };
    print(
        "SendMessageBatch",
        &Answer::SentBatch(answer),
        id,
        |result, value| {
            let elements = children(result, "SendMessageBatchResultEntry");
            assert_eq!(elements.len(), successful.len());
            for (at, entry) in successful.iter().enumerate() {
                same(elements[at], "Id", &entry.id);
                let value = &value["Successful"][at];
                assert_eq!(value["Id"], entry.id);
                check_sent(elements[at], value, &entry.sent);
            }
            check_failed(result, value, &failed);
        },
    );
    let answer = Answer::Batch(BatchAnswer {
        successful: done.clone(),
        failed: failed.clone(),
    });
    print("DeleteMessageBatch", &answer, id, |result, value| {
        let elements = children(result, "DeleteMessageBatchResultEntry");
        assert_eq!(elements.len(), done.len());
        for (at, entry) in done.iter().enumerate() {
            same(elements[at], "Id", &entry.id);
            assert_eq!(value["Successful"][at]["Id"], entry.id);
        }
        check_failed(result, value, &failed);
    });
}

fn check_failed(result: Node<'_, '_>, value: &Value, failed: &[FailedEntry]) {
    let elements = children(result, "BatchResultErrorEntry");
    assert_eq!(elements.len(), failed.len());
    for (at, entry) in failed.iter().enumerate() {
        same(elements[at], "Id", &entry.id);
        same(elements[at], "SenderFault", &entry.sender_fault.to_string());
        same(elements[at], "Code", &entry.code);
        same(elements[at], "Message", &entry.message);
        let value = &value["Failed"][at];
        assert_eq!(value["Message"], entry.message);
        assert_eq!(value["SenderFault"], entry.sender_fault);
    }
}

fn messages(input: &mut Input<'_>, id: &str) {
    let messages = input.list(3, |input| ReceivedMessage {
        message_id: input.text(),
        sequence: 0,
        receipt_handle: input.text(),
        md5_of_body: input.text(),
        body: input.text(),
        attributes: input
            .maybe(|input| ("SenderId", input.text()))
            .into_iter()
            .collect(),
        md5_of_message_attributes: input.maybe(Input::text),
        message_attributes: input
            .list(3, |input| {
                let value = AttributeOutput {
                    string_value: input.maybe(Input::text),
                    binary_value: input.maybe(Input::text),
                    data_type: input.text(),
                };
                (input.text(), value)
            })
            .into_iter()
            .collect(),
        dwell_ms: None,
    });
    let answer = Answer::Messages(messages.clone());
    print("ReceiveMessage", &answer, id, |result, value| {
        let elements = children(result, "Message");
        assert_eq!(elements.len(), messages.len());
        for (at, message) in messages.iter().enumerate() {
            check_message(elements[at], &value["Messages"][at], message);
        }
    });
}

fn check_message(element: Node<'_, '_>, value: &Value, message: &ReceivedMessage) {
    same(element, "Body", &message.body);
    same(element, "ReceiptHandle", &message.receipt_handle);
    same(element, "MessageId", &message.message_id);
    same(element, "MD5OfBody", &message.md5_of_body);
    assert_eq!(value["Body"], message.body);
    assert_eq!(value["ReceiptHandle"], message.receipt_handle);
    let sender = message.attributes.get("SenderId");
    let attribute = children(element, "Attribute");
    assert_eq!(attribute.len(), message.attributes.len());
    if let Some(sender) = sender {
        same(attribute[0], "Value", sender);
        assert_eq!(&value["Attributes"]["SenderId"], sender);
    }
    let attributes = children(element, "MessageAttribute");
    assert_eq!(attributes.len(), message.message_attributes.len());
    for (element, (name, own)) in attributes.iter().zip(&message.message_attributes) {
        same(*element, "Name", name);
        let inner = children(*element, "Value")[0];
        same(inner, "DataType", &own.data_type);
        let text_of = |name| text(inner, name);
        assert_eq!(
            text_of("StringValue"),
            own.string_value.as_deref().map(sayable)
        );
        assert_eq!(
            text_of("BinaryValue"),
            own.binary_value.as_deref().map(sayable)
        );
        let value = &value["MessageAttributes"][name];
        assert_eq!(
            value.get("StringValue"),
            own.string_value.as_ref().map(|it| json!(it)).as_ref()
        );
        assert_eq!(value["DataType"], own.data_type);
    }
}

fn tasks(input: &mut Input<'_>, id: &str) {
    let tasks = input.list(3, |input| Task {
        task_handle: input.maybe(Input::text),
        status: "RUNNING",
        source_arn: input.text(),
        destination_arn: input.maybe(Input::text),
        max_number_of_messages_per_second: input.maybe(Input::u32),
        approximate_number_of_messages_moved: input.u64(),
        approximate_number_of_messages_to_move: input.u64(),
        failure_reason: input.maybe(Input::text),
        started_timestamp: input.u64(),
    });
    let answer = Answer::Tasks(tasks.clone());
    print("ListMessageMoveTasks", &answer, id, |result, value| {
        let elements = children(result, "ListMessageMoveTasksResultEntry");
        assert_eq!(elements.len(), tasks.len());
        for (at, task) in tasks.iter().enumerate() {
            let (element, value) = (elements[at], &value["Results"][at]);
            same(element, "SourceArn", &task.source_arn);
            let moved = task.approximate_number_of_messages_moved;
            same(
                element,
                "ApproximateNumberOfMessagesMoved",
                &moved.to_string(),
            );
            assert_eq!(value["ApproximateNumberOfMessagesMoved"], moved);
            let reason = text(element, "FailureReason");
            assert_eq!(reason, task.failure_reason.as_deref().map(sayable));
            assert_eq!(value["SourceArn"], task.source_arn);
        }
    });
}
