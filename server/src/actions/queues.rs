//! Queues as such: create, delete, purge, find and list.

use super::attributes::check_policy;
use super::{Call, done, number, required};
use crate::wire::action::{
    CreateQueue, GetQueueUrl, ListDeadLetterSourceQueues, ListQueues, QueueOnly,
};
use crate::wire::answer::{Answer, QueueUrls};
use crate::wire::error::Refusal;
use forebay::key::QueueKey;
use forebay::limits::LIST_PAGE_MAX;
use forebay::rules::paging;
use forebay::{NamePage, QueueOptions, Store};

pub async fn create(store: &Store, call: &Call, input: CreateQueue) -> Result<Answer, Refusal> {
    let name = required(input.queue_name, "QueueName")?;
    let attributes = input.attributes.unwrap_or_default();
    check_policy(&attributes)?;
    let mut options = QueueOptions::new().attributes(attributes);
    for (key, value) in input.tags.unwrap_or_default() {
        options = options.tag(key, value);
    }
    let own = call.own(store);
    let queue = done(own.calls().create_queue(&name, &options)).await?;
    Ok(Answer::QueueUrl(call.url(queue.key())))
}

pub async fn delete(store: &Store, call: &Call, input: QueueOnly) -> Result<Answer, Refusal> {
    let key = call.target(input.queue_url.as_deref())?;
    let scope = store.scope(&key.account, &key.region);
    done(scope.calls().delete_queue(&key.name)).await?;
    Ok(Answer::Nothing)
}

pub async fn purge(store: &Store, call: &Call, input: QueueOnly) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    done(queue.calls().purge()).await?;
    Ok(Answer::Nothing)
}

pub async fn url(store: &Store, call: &Call, input: GetQueueUrl) -> Result<Answer, Refusal> {
    let name = required(input.queue_name, "QueueName")?;
    let account = input.owner.as_deref().unwrap_or(&call.account);
    let scope = store.scope(account, &call.region);
    let queue = done(scope.calls().get_queue(&name)).await?;
    Ok(Answer::QueueUrl(call.url(queue.key())))
}

pub async fn list(store: &Store, call: &Call, input: ListQueues) -> Result<Answer, Refusal> {
    let prefix = input.queue_name_prefix.unwrap_or_default();
    let limit = page_size(input.max_results)?;
    let own = call.own(store);
    let token = input.next_token.as_deref();
    let page = done(own.calls().list_queues_page(&prefix, limit, token)).await?;
    Ok(urls(call, page, &own, input.max_results, false))
}

pub async fn dead_letter_sources(
    store: &Store,
    call: &Call,
    input: ListDeadLetterSourceQueues,
) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let limit = page_size(input.max_results)?;
    let token = input.next_token.as_deref();
    let page = done(queue.calls().dead_letter_sources_page(limit, token)).await?;
    // S9.2: the sources of a queue are of its own account and region.
    let scope = store.scope(&queue.key().account, &queue.key().region);
    Ok(urls(call, page, &scope, input.max_results, true))
}

fn page_size(max_results: Option<i64>) -> forebay::Result<usize> {
    let Some(given) = max_results else {
        return Ok(LIST_PAGE_MAX);
    };
    let size = number(given, |given| paging::check_limit(given, LIST_PAGE_MAX))?;
    Ok(size as usize)
}

/// A2.1: a token only for those who asked for pages.
fn urls(
    call: &Call,
    page: NamePage,
    scope: &Store,
    max_results: Option<i64>,
    dead_letter_sources: bool,
) -> Answer {
    let names = page.names.iter();
    let key = |name: &String| QueueKey::new(scope.account(), scope.region(), name);
    Answer::QueueUrls(QueueUrls {
        urls: names.map(|name| call.url(&key(name))).collect(),
        next_token: page.next_token.filter(|_| max_results.is_some()),
        dead_letter_sources,
    })
}
