//! Messages: sent, received, hidden, deleted, and what becomes of those that nobody deletes.

use crate::{Failure, Outcome, equal, new_queue};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use std::time::Duration;

const BODY: &str = "line\r\nnext <&> \u{20ac}";
/// Digests of `BODY` and of the attributes below, made by another program.
const BODY_MD5: &str = "7191328d0516a7aed80c0724271c59f1";
const ATTRIBUTES_MD5: &str = "b537655315e640e07203231f2080b9b6";
/// Looks at something that takes a moment; each is followed by a pause.
const LOOKS_MAX: u32 = 400;
const PAUSE: Duration = Duration::from_millis(25);

fn attribute(data_type: &str) -> aws_sdk_sqs::types::builders::MessageAttributeValueBuilder {
    MessageAttributeValue::builder().data_type(data_type)
}

async fn receive(sqs: &Client, url: &str) -> Result<Vec<Message>, Failure> {
    let receive = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("All");
    Ok(receive.send().await?.messages.unwrap_or_default())
}

async fn receive_one(sqs: &Client, url: &str) -> Result<Message, Failure> {
    let mut messages = receive(sqs, url).await?;
    equal(messages.len(), 1)?;
    Ok(messages.remove(0))
}

fn system(message: &Message, name: MessageSystemAttributeName) -> Option<&str> {
    Some(message.attributes.as_ref()?.get(&name)?)
}

pub async fn a_message_with_attributes(sqs: &Client) -> Outcome {
    let url = new_queue(sqs, "messages", &[]).await?;
    let text = attribute("String").string_value("v\u{20ac}<&>").build()?;
    let count = attribute("Number.int").string_value("42").build()?;
    let raw = attribute("Binary").binary_value(Blob::new(*b"\x00\xff\r\n"));
    let raw = raw.build()?;
    let send = sqs.send_message().queue_url(&url).message_body(BODY);
    let send = send
        .message_attributes("Text", text.clone())
        .message_attributes("Count", count.clone())
        .message_attributes("Raw", raw.clone());
    let sent = send.send().await?;
    equal(sent.md5_of_message_body(), Some(BODY_MD5))?;
    equal(sent.md5_of_message_attributes(), Some(ATTRIBUTES_MD5))?;
    let message = receive_one(sqs, &url).await?;
    equal(message.body(), Some(BODY))?;
    equal(message.message_id(), sent.message_id())?;
    equal(message.md5_of_body(), Some(BODY_MD5))?;
    equal(message.md5_of_message_attributes(), Some(ATTRIBUTES_MD5))?;
    let attributes = message.message_attributes.as_ref().ok_or("no attributes")?;
    for (name, value) in [("Text", text), ("Count", count), ("Raw", raw)] {
        equal(attributes.get(name), Some(&value))?;
    }
    let times = system(
        &message,
        MessageSystemAttributeName::ApproximateReceiveCount,
    );
    equal(times, Some("1"))?;
    let delete = sqs.delete_message().queue_url(&url);
    delete
        .set_receipt_handle(message.receipt_handle)
        .send()
        .await?;
    equal(receive(sqs, &url).await?.len(), 0)
}

pub async fn batches(sqs: &Client) -> Outcome {
    let url = new_queue(sqs, "batches", &[]).await?;
    let mut send = sqs.send_message_batch().queue_url(&url);
    for n in 0..10 {
        let entry = SendMessageBatchRequestEntry::builder().id(format!("e{n}"));
        let entry = entry.message_body(format!("b{n}"));
        // One that is refused: the others are sent.
        let entry = entry.set_delay_seconds((n == 9).then_some(901));
        send = send.entries(entry.build()?);
    }
    let sent = send.send().await?;
    equal(sent.successful().len(), 9)?;
    equal(sent.failed().len(), 1)?;
    let failed = &sent.failed()[0];
    equal(
        (failed.id(), failed.code()),
        ("e9", "InvalidParameterValue"),
    )?;
    let messages = receive(sqs, &url).await?;
    equal(messages.len(), 9)?;
    let mut change = sqs.change_message_visibility_batch().queue_url(&url);
    let mut delete = sqs.delete_message_batch().queue_url(&url);
    for (n, message) in messages.into_iter().enumerate() {
        let id = n.to_string();
        let receipt = message.receipt_handle.ok_or("no receipt")?;
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(&id);
        let entry = entry.receipt_handle(&receipt).visibility_timeout(60);
        change = change.entries(entry.build()?);
        let entry = DeleteMessageBatchRequestEntry::builder().id(&id);
        let receipt = if n == 0 { "nonsense".into() } else { receipt };
        delete = delete.entries(entry.receipt_handle(receipt).build()?);
    }
    equal(change.send().await?.successful().len(), 9)?;
    let deleted = delete.send().await?;
    equal(deleted.successful().len(), 8)?;
    equal(deleted.failed()[0].code(), "ReceiptHandleIsInvalid")
}

pub async fn a_fifo_queue(sqs: &Client) -> Outcome {
    let attributes = [("FifoQueue", "true"), ("ContentBasedDeduplication", "true")];
    let url = new_queue(sqs, "order.fifo", &attributes.map(|it| it)).await?;
    let mut sent = Vec::new();
    for body in ["a", "b", "a"] {
        let send = sqs.send_message().queue_url(&url).message_body(body);
        sent.push(send.message_group_id("g").send().await?);
    }
    equal(sent[2].message_id(), sent[0].message_id())?;
    let messages = receive(sqs, &url).await?;
    let bodies: Vec<_> = messages.iter().filter_map(Message::body).collect();
    equal(&bodies, &["a", "b"])?;
    let number = system(&messages[0], MessageSystemAttributeName::SequenceNumber);
    equal(number, sent[0].sequence_number())?;
    equal(receive(sqs, &url).await?.len(), 0)
}

pub async fn visibility(sqs: &Client) -> Outcome {
    let url = new_queue(sqs, "visibility", &[]).await?;
    let send = sqs.send_message().queue_url(&url).message_body("again");
    send.send().await?;
    let first = receive_one(sqs, &url).await?;
    equal(receive(sqs, &url).await?.len(), 0)?;
    let change = sqs.change_message_visibility().queue_url(&url);
    let change = change.set_receipt_handle(first.receipt_handle);
    change.visibility_timeout(0).send().await?;
    let second = receive_one(sqs, &url).await?;
    let times = system(&second, MessageSystemAttributeName::ApproximateReceiveCount);
    equal(times, Some("2"))
}

pub async fn a_long_poll(sqs: &Client) -> Outcome {
    let url = new_queue(sqs, "poll", &[]).await?;
    let poll = sqs.receive_message().queue_url(&url).wait_time_seconds(20);
    let later = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let send = sqs.send_message().queue_url(&url).message_body("later");
        send.send().await
    };
    let (found, sent) = tokio::join!(poll.send(), later);
    let sent = sent?;
    let found = found?;
    equal(found.messages().len(), 1)?;
    equal(found.messages()[0].message_id(), sent.message_id())
}

pub async fn dead_letters_and_redrive(sqs: &Client) -> Outcome {
    let dead = new_queue(sqs, "dead", &[]).await?;
    let ask = sqs.get_queue_attributes().queue_url(&dead);
    let answer = ask
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await?;
    let arn = answer
        .attributes()
        .and_then(|it| it.get(&QueueAttributeName::QueueArn));
    let arn = arn.ok_or("no QueueArn")?;
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"1"}}"#);
    let url = new_queue(sqs, "source", &[("RedrivePolicy", &policy)]).await?;
    let sources = sqs.list_dead_letter_source_queues().queue_url(&dead);
    equal(sources.send().await?.queue_urls(), &[url.clone()])?;
    let send = sqs.send_message().queue_url(&url).message_body("twice");
    send.send().await?;
    let receive_once = sqs.receive_message().queue_url(&url).visibility_timeout(0);
    equal(receive_once.send().await?.messages().len(), 1)?;
    equal(receive(sqs, &url).await?.len(), 0)?;
    let look = sqs.receive_message().queue_url(&dead).visibility_timeout(0);
    equal(look.send().await?.messages()[0].body(), Some("twice"))?;
    let task = sqs.start_message_move_task().source_arn(arn).send().await?;
    if task.task_handle().is_none_or(str::is_empty) {
        return Err("no task handle".into());
    }
    for _ in 0..LOOKS_MAX {
        let tasks = sqs.list_message_move_tasks().source_arn(arn).send().await?;
        let task = tasks.results().first().ok_or("no task")?;
        if task.status() != Some("RUNNING") {
            equal(task.status(), Some("COMPLETED"))?;
            equal(task.approximate_number_of_messages_moved(), 1)?;
            let message = receive_one(sqs, &url).await?;
            return equal(message.body(), Some("twice"));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err("the move task did not end".into())
}
