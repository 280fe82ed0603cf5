//! What a queue knows of itself: attributes and tags.

use super::{Call, done, required};
use crate::auth::policy;
use crate::wire::action::{
    GetQueueAttributes, QueueOnly, SetQueueAttributes, TagQueue, UntagQueue,
};
use crate::wire::answer::Answer;
use crate::wire::error::Refusal;
use forebay::Store;
use std::collections::BTreeMap;

/// A2.1: without names there are no attributes, but the queue must exist.
pub async fn get(store: &Store, call: &Call, input: GetQueueAttributes) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let names = input.attribute_names.unwrap_or_default();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let attributes = done(queue.calls().attributes(&names)).await?;
    Ok(Answer::Attributes(attributes))
}

pub async fn set(store: &Store, call: &Call, input: SetQueueAttributes) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let attributes = required(input.attributes, "Attributes")?;
    check_policy(&attributes)?;
    done(queue.calls().set_attributes(attributes)).await?;
    Ok(Answer::Nothing)
}

/// U8.2: the library keeps any JSON object as a policy; here it must be one that can be used.
pub fn check_policy(attributes: &BTreeMap<String, String>) -> forebay::Result<()> {
    match attributes.get("Policy").filter(|text| !text.is_empty()) {
        Some(text) => policy::parse(text).map(|_| ()),
        None => Ok(()),
    }
}

pub async fn tags(store: &Store, call: &Call, input: QueueOnly) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    Ok(Answer::Tags(
        done(queue.calls().view_uncounted()).await?.tags,
    ))
}

pub async fn tag(store: &Store, call: &Call, input: TagQueue) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    done(queue.calls().tag(required(input.tags, "Tags")?)).await?;
    Ok(Answer::Nothing)
}

pub async fn untag(store: &Store, call: &Call, input: UntagQueue) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    done(queue.calls().untag(required(input.tag_keys, "TagKeys")?)).await?;
    Ok(Answer::Nothing)
}
