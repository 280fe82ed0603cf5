//! Queues: attributes, tags, lists, their end; and errors as the SDK's own types.

use crate::{Outcome, equal, new_queue};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::QueueAttributeName;
use std::collections::HashMap;

pub async fn attributes(sqs: &Client) -> Outcome {
    let url = new_queue(sqs, "attributes", &[("VisibilityTimeout", "31")]).await?;
    let change = sqs.set_queue_attributes().queue_url(&url);
    change
        .attributes(QueueAttributeName::DelaySeconds, "1")
        .send()
        .await?;
    let ask = sqs.get_queue_attributes().queue_url(&url);
    let answer = ask.attribute_names(QueueAttributeName::All).send().await?;
    let found = answer.attributes().ok_or("no attributes")?;
    for (name, value) in [
        (QueueAttributeName::VisibilityTimeout, "31"),
        (QueueAttributeName::DelaySeconds, "1"),
        (QueueAttributeName::ApproximateNumberOfMessages, "0"),
    ] {
        equal(found.get(&name).map(String::as_str), Some(value))?;
    }
    Ok(())
}

pub async fn tags(sqs: &Client) -> Outcome {
    let url = new_queue(sqs, "tags", &[]).await?;
    let tag = sqs.tag_queue().queue_url(&url);
    tag.tags("a", "1").tags("b", "\u{20ac}").send().await?;
    sqs.untag_queue()
        .queue_url(&url)
        .tag_keys("a")
        .send()
        .await?;
    let list = sqs.list_queue_tags().queue_url(&url).send().await?;
    let expected = HashMap::from([("b".to_owned(), "\u{20ac}".to_owned())]);
    equal(list.tags(), Some(&expected))
}

pub async fn lists_in_pages(sqs: &Client) -> Outcome {
    let mut expected = Vec::new();
    for n in 0..5 {
        expected.push(new_queue(sqs, &format!("page-{n}"), &[]).await?);
    }
    let prefix = format!("rust-{}-page-", std::process::id());
    let list = sqs.list_queues().queue_name_prefix(prefix).max_results(2);
    let mut pages = list.into_paginator().send();
    let mut urls = Vec::new();
    while let Some(page) = pages.next().await {
        urls.extend(page?.queue_urls.unwrap_or_default());
    }
    equal(urls, expected)
}

pub async fn purge_and_deletion(sqs: &Client) -> Outcome {
    let url = new_queue(sqs, "purge", &[]).await?;
    let send = sqs.send_message().queue_url(&url).message_body("gone");
    send.send().await?;
    sqs.purge_queue().queue_url(&url).send().await?;
    let found = sqs.receive_message().queue_url(&url).send().await?;
    equal(found.messages().len(), 0)?;
    let again = sqs.purge_queue().queue_url(&url).send().await;
    let error = again.err().ok_or("a second purge was accepted")?;
    equal(
        error.into_service_error().is_purge_queue_in_progress(),
        true,
    )?;
    sqs.delete_queue().queue_url(&url).send().await?;
    let send = sqs.send_message().queue_url(&url).message_body("late");
    let error = send
        .send()
        .await
        .err()
        .ok_or("a deleted queue took a message")?;
    // The SDK's model gives SendMessage no type for a missing queue: the code tells.
    equal(
        error.code(),
        Some("AWS.SimpleQueueService.NonExistentQueue"),
    )
}

pub async fn errors_are_typed(sqs: &Client) -> Outcome {
    let missing = sqs.get_queue_url().queue_name("missing").send().await;
    let error = missing.err().ok_or("a missing queue was found")?;
    equal(error.into_service_error().is_queue_does_not_exist(), true)?;
    let url = new_queue(sqs, "errors", &[]).await?;
    let delete = sqs
        .delete_message()
        .queue_url(&url)
        .receipt_handle("nonsense");
    let error = delete.send().await.err().ok_or("nonsense was deleted")?;
    equal(
        error.into_service_error().is_receipt_handle_is_invalid(),
        true,
    )?;
    let batch = sqs
        .send_message_batch()
        .queue_url(&url)
        .set_entries(Some(Vec::new()));
    let error = batch.send().await.err().ok_or("an empty batch was sent")?;
    equal(error.into_service_error().is_empty_batch_request(), true)?;
    let change = sqs.set_queue_attributes().queue_url(&url);
    let change = change.attributes(QueueAttributeName::DelaySeconds, "901");
    let error = change.send().await.err().ok_or("a wrong value was set")?;
    equal(
        error.into_service_error().is_invalid_attribute_value(),
        true,
    )
}
