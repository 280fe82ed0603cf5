//! From an answer to the XML of 2012-11-05 (A0.2, A0.3, A1).

use super::xml::Xml;
use crate::wire::Printed;
use crate::wire::answer::{
    Answer, AttributeOutput, BatchAnswer, DoneEntry, FailedEntry, QueueUrls, ReceivedMessage, Sent,
    SentEntry, Task,
};
use crate::wire::error::Refusal;
use hyper::StatusCode;
use std::collections::BTreeMap;

/// `Content-Type` of answers.
pub const CONTENT_TYPE: &str = "text/xml";

const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";

/// Prints the answer to the action called `action`.
pub fn print(action: &str, answer: &Answer, request_id: &str) -> Printed {
    let mut xml = Xml::new();
    element(&mut xml, NAMESPACE, action, answer, request_id);
    Printed {
        status: StatusCode::OK,
        content_type: Some(CONTENT_TYPE),
        query_error: None,
        body: xml.finish(),
    }
}

/// `<ActionResponse>` of the version with this name space.
pub fn element(xml: &mut Xml, namespace: &str, action: &str, answer: &Answer, request_id: &str) {
    let response = format!("{action}Response");
    xml.open(&format!("{response} xmlns=\"{namespace}\""));
    if *answer != Answer::Nothing {
        let result = format!("{action}Result");
        match is_empty(answer) {
            true => xml.empty(&result),
            false => xml.element(&result, |xml| content(xml, action, answer)),
        }
    }
    xml.element("ResponseMetadata", |xml| xml.leaf("RequestId", request_id));
    xml.close(&response);
}

/// Prints a refusal.
pub fn refusal(refusal: &Refusal, request_id: &str) -> Vec<u8> {
    let side = match refusal.is_sender_fault() {
        true => "Sender",
        false => "Receiver",
    };
    let mut xml = Xml::new();
    xml.open(&format!("ErrorResponse xmlns=\"{NAMESPACE}\""));
    xml.element("Error", |xml| {
        xml.leaf("Type", side);
        xml.leaf("Code", refusal.code());
        xml.leaf("Message", refusal.query_text());
        xml.empty("Detail");
    });
    xml.leaf("RequestId", request_id);
    xml.close("ErrorResponse");
    xml.finish()
}

fn is_empty(answer: &Answer) -> bool {
    match answer {
        Answer::QueueUrls(page) => page.urls.is_empty() && page.next_token.is_none(),
        Answer::Attributes(map) | Answer::Tags(map) => map.is_empty(),
        Answer::Messages(messages) => messages.is_empty(),
        Answer::Tasks(tasks) => tasks.is_empty(),
        _ => false,
    }
}

fn content(xml: &mut Xml, action: &str, answer: &Answer) {
    match answer {
        Answer::Nothing => {}
        Answer::QueueUrl(url) => xml.leaf("QueueUrl", url),
        Answer::QueueUrls(page) => queue_urls(xml, page),
        Answer::Attributes(map) => pairs(xml, "Attribute", "Name", map),
        Answer::Tags(map) => pairs(xml, "Tag", "Key", map),
        Answer::Sent(message) => sent(xml, message),
        Answer::SentBatch(batch) => sent_batch(xml, batch),
        Answer::Batch(batch) => done_batch(xml, action, batch),
        Answer::Messages(messages) => messages.iter().for_each(|it| message(xml, it)),
        Answer::TaskHandle(handle) => xml.leaf("TaskHandle", handle),
        Answer::Moved(count) => {
            xml.leaf("ApproximateNumberOfMessagesMoved", &count.to_string());
        }
        Answer::Tasks(tasks) => tasks.iter().for_each(|it| task(xml, it)),
    }
}

fn queue_urls(xml: &mut Xml, page: &QueueUrls) {
    page.urls.iter().for_each(|url| xml.leaf("QueueUrl", url));
    xml.some("NextToken", page.next_token.as_deref());
}

fn pairs(xml: &mut Xml, element: &str, key: &str, map: &BTreeMap<String, String>) {
    for (name, value) in map {
        xml.pair(element, (key, name), ("Value", value));
    }
}

fn sent(xml: &mut Xml, sent: &Sent) {
    xml.leaf("MessageId", &sent.message_id);
    xml.leaf("MD5OfMessageBody", &sent.md5_of_body);
    xml.some("MD5OfMessageAttributes", sent.md5_of_attributes.as_deref());
    let system = sent.md5_of_system_attributes.as_deref();
    xml.some("MD5OfMessageSystemAttributes", system);
    xml.some("SequenceNumber", sent.sequence_number.as_deref());
}

fn sent_batch(xml: &mut Xml, batch: &BatchAnswer<SentEntry>) {
    for entry in &batch.successful {
        xml.element("SendMessageBatchResultEntry", |xml| {
            xml.leaf("Id", &entry.id);
            sent(xml, &entry.sent);
        });
    }
    failed(xml, &batch.failed);
}

fn done_batch(xml: &mut Xml, action: &str, batch: &BatchAnswer<DoneEntry>) {
    for entry in &batch.successful {
        xml.element(&format!("{action}ResultEntry"), |xml| {
            xml.leaf("Id", &entry.id)
        });
    }
    failed(xml, &batch.failed);
}

fn failed(xml: &mut Xml, entries: &[FailedEntry]) {
    for entry in entries {
        xml.element("BatchResultErrorEntry", |xml| {
            xml.leaf("Id", &entry.id);
            xml.leaf("SenderFault", &entry.sender_fault.to_string());
            xml.leaf("Code", &entry.code);
            xml.leaf("Message", &entry.message);
        });
    }
}

fn message(xml: &mut Xml, message: &ReceivedMessage) {
    xml.element("Message", |xml| {
        xml.leaf("MessageId", &message.message_id);
        xml.leaf("ReceiptHandle", &message.receipt_handle);
        xml.leaf("MD5OfBody", &message.md5_of_body);
        xml.leaf("Body", &message.body);
        for (name, value) in &message.attributes {
            xml.pair("Attribute", ("Name", name), ("Value", value));
        }
        let md5 = message.md5_of_message_attributes.as_deref();
        xml.some("MD5OfMessageAttributes", md5);
        for (name, value) in &message.message_attributes {
            attribute(xml, name, value);
        }
    });
}

fn attribute(xml: &mut Xml, name: &str, value: &AttributeOutput) {
    xml.element("MessageAttribute", |xml| {
        xml.leaf("Name", name);
        xml.element("Value", |xml| {
            xml.some("StringValue", value.string_value.as_deref());
            xml.some("BinaryValue", value.binary_value.as_deref());
            xml.leaf("DataType", &value.data_type);
        });
    });
}

fn task(xml: &mut Xml, task: &Task) {
    xml.element("ListMessageMoveTasksResultEntry", |xml| {
        xml.some("TaskHandle", task.task_handle.as_deref());
        xml.leaf("Status", task.status);
        xml.leaf("SourceArn", &task.source_arn);
        xml.some("DestinationArn", task.destination_arn.as_deref());
        let number = |number: u64| number.to_string();
        let rate = task.max_number_of_messages_per_second;
        let rate = rate.map(|rate| number(rate.into()));
        xml.some("MaxNumberOfMessagesPerSecond", rate.as_deref());
        let moved = number(task.approximate_number_of_messages_moved);
        xml.leaf("ApproximateNumberOfMessagesMoved", &moved);
        let to_move = number(task.approximate_number_of_messages_to_move);
        xml.leaf("ApproximateNumberOfMessagesToMove", &to_move);
        xml.some("FailureReason", task.failure_reason.as_deref());
        xml.leaf("StartedTimestamp", &number(task.started_timestamp));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(action: &str, answer: &Answer) -> String {
        String::from_utf8(print(action, answer, "id").body).unwrap()
    }

    #[test]
    fn a7_an_action_without_output_has_no_result() {
        assert_eq!(
            text("DeleteMessage", &Answer::Nothing),
            "<?xml version=\"1.0\"?><DeleteMessageResponse \
             xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><ResponseMetadata>\
             <RequestId>id</RequestId></ResponseMetadata></DeleteMessageResponse>"
        );
    }

    #[test]
    fn a0_an_empty_result_is_an_empty_element() {
        let text = text("ReceiveMessage", &Answer::Messages(Vec::new()));
        assert!(text.contains("<ReceiveMessageResult/><ResponseMetadata>"));
    }

    #[test]
    fn a0_3_a_refusal() {
        let refused = refusal(&Refusal::missing("X"), "id");
        assert_eq!(
            String::from_utf8(refused).unwrap(),
            "<?xml version=\"1.0\"?><ErrorResponse \
             xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error><Type>Sender</Type>\
             <Code>MissingParameter</Code><Message>The request must contain the parameter X.\
             </Message><Detail/></Error><RequestId>id</RequestId></ErrorResponse>"
        );
    }
}
