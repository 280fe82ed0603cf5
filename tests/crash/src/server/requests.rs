//! Requests of the load, and what their answers say.

use crate::body;
use crate::load::{FIFO, STANDARD, VISIBILITY_S};
use crate::notes::Line;
use serde_json::{Value, json};

/// An action and its input.
#[derive(Debug, Clone)]
pub struct Request {
    pub action: &'static str,
    pub input: Value,
}

impl Request {
    pub fn new(action: &'static str, input: Value) -> Self {
        Self { action, input }
    }

    /// Makes one of the queues.
    pub fn create(fifo: bool) -> Self {
        let mut attributes = json!({ "VisibilityTimeout": VISIBILITY_S.to_string() });
        if fifo {
            attributes["FifoQueue"] = json!("true");
        }
        let name = if fifo { FIFO } else { STANDARD };
        let input = json!({ "QueueName": name, "Attributes": attributes });
        Self::new("CreateQueue", input)
    }

    /// Sends the messages with these numbers: one alone, or several as a batch.
    pub fn send(line: Line, ids: &[u64]) -> Self {
        let fifo = line != Line::Standard;
        let message = |id: &u64| {
            let mut input = json!({ "MessageBody": body::make_text(*id) });
            if let Line::Group(group) = line {
                input["MessageGroupId"] = json!(format!("group-{group}"));
                input["MessageDeduplicationId"] = json!(id.to_string());
            }
            input
        };
        if let [id] = ids {
            let mut input = message(id);
            input["QueueUrl"] = json!(url(fifo));
            return Self::new("SendMessage", input);
        }
        let entry = |id: &u64| {
            let mut entry = message(id);
            entry["Id"] = json!(id.to_string());
            entry
        };
        let entries: Vec<Value> = ids.iter().map(entry).collect();
        let input = json!({ "QueueUrl": url(fifo), "Entries": entries });
        Self::new("SendMessageBatch", input)
    }

    pub fn receive(fifo: bool, max: u64, wait_s: u64) -> Self {
        let input = json!({
            "QueueUrl": url(fifo), "MaxNumberOfMessages": max, "WaitTimeSeconds": wait_s,
            "VisibilityTimeout": VISIBILITY_S,
        });
        Self::new("ReceiveMessage", input)
    }

    pub fn delete(fifo: bool, receipt: &str) -> Self {
        let input = json!({ "QueueUrl": url(fifo), "ReceiptHandle": receipt });
        Self::new("DeleteMessage", input)
    }

    /// Deletes as a batch; an entry's id is its place.
    pub fn delete_batch(fifo: bool, receipts: &[String]) -> Self {
        let entries = receipts.iter().enumerate();
        let entries: Vec<Value> = entries
            .map(|(id, receipt)| json!({ "Id": id.to_string(), "ReceiptHandle": receipt }))
            .collect();
        let input = json!({ "QueueUrl": url(fifo), "Entries": entries });
        Self::new("DeleteMessageBatch", input)
    }

    pub fn change(fifo: bool, receipt: &str, timeout_s: u64) -> Self {
        let input = json!({
            "QueueUrl": url(fifo), "ReceiptHandle": receipt, "VisibilityTimeout": timeout_s,
        });
        Self::new("ChangeMessageVisibility", input)
    }

    /// How many messages the queue holds, in whatever state.
    pub fn count(fifo: bool) -> Self {
        let input = json!({ "QueueUrl": url(fifo), "AttributeNames": ["All"] });
        Self::new("GetQueueAttributes", input)
    }
}

fn url(fifo: bool) -> String {
    let name = if fifo { FIFO } else { STANDARD };
    format!("http://localhost/000000000000/{name}")
}

/// Numbers and receipts of received messages, and what is wrong with those that are damaged.
pub fn received(answer: &Value) -> (Vec<u64>, Vec<String>, Vec<String>) {
    let (mut ids, mut receipts, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for message in answer["Messages"].as_array().into_iter().flatten() {
        let text = message["Body"].as_str().unwrap_or_default();
        match body::read_text(text.as_bytes()) {
            Ok(id) => {
                ids.push(id);
                let receipt = message["ReceiptHandle"].as_str();
                receipts.push(receipt.unwrap_or_default().to_owned());
            }
            Err(text) => wrong.push(text),
        }
    }
    (ids, receipts, wrong)
}

/// The sum of a queue's counts.
pub fn counted(answer: &Value) -> u64 {
    let names = ["", "NotVisible", "Delayed"];
    let count = |name: &str| {
        let name = format!("ApproximateNumberOfMessages{name}");
        let text = answer["Attributes"][name].as_str();
        // A count that is absent must not look like an empty queue.
        text.and_then(|text| text.parse().ok()).unwrap_or(1)
    };
    names.into_iter().map(count).sum()
}
