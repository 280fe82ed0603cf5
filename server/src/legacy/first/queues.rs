//! Queues of the first generation: names, creation, lists, deletion, visibility timeouts.

use super::super::action::{OnQueue, Target};
use super::super::answer::Told;
use super::super::fault::{Code, Fault};
use super::super::second::unknown_attribute;
use super::super::space;
use super::super::version::Version;
use crate::actions::{Call, done};
use forebay::command::QueueView;
use forebay::limits::{LIST_PAGE_MAX, RETENTION_S_MAX, VISIBILITY_S_MAX};
use forebay::rules::names::{check_queue_name, is_fifo};
use forebay::{ErrorKind, Queue, QueueOptions, Store};

/// A name that the version could give: FIFO queues are newer.
///
/// Errors: `InvalidParameterValue`.
pub fn check_name(version: Version, name: &str) -> Result<(), Fault> {
    if !is_fifo(name) && check_queue_name(name).is_ok() {
        return Ok(());
    }
    if version == Version::V2006 {
        // The guide's own sentence (L7.5).
        let text = format!(
            "Value ({name}) for parameter QueueName is invalid. Must be an alphanumeric String of \
             1 to 80 in length"
        );
        return Err(Fault::new(Code::InvalidParameterValue, text));
    }
    let reason =
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    Err(Fault::bad_value(name, "QueueName", reason))
}

/// No queue that an old version sees has another name.
///
/// Errors: `NonExistentQueue`.
pub fn check_target(target: &Target) -> Result<(), Fault> {
    match !is_fifo(&target.name) && check_queue_name(&target.name).is_ok() {
        true => Ok(()),
        false => Err(Fault::no_queue()),
    }
}

/// Names of the caller's queues with that prefix, 1,000 at the most, without FIFO queues.
pub async fn list(store: &Store, call: &Call, prefix: &str) -> Result<Vec<String>, Fault> {
    let own = call.own(store);
    let mut names: Vec<String> = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = own
            .calls()
            .list_queues_page(prefix, LIST_PAGE_MAX, token.as_deref());
        let page = done(page).await?;
        names.extend(page.names.into_iter().filter(|name| !is_fifo(name)));
        token = page.next_token;
        if token.is_none() || names.len() >= LIST_PAGE_MAX {
            names.truncate(LIST_PAGE_MAX);
            return Ok(names);
        }
    }
}

/// L11.1: finds a queue of the name whatever its attributes, or creates one.
pub async fn create(
    store: &Store,
    call: &Call,
    version: Version,
    name: &str,
    visibility_s: Option<u32>,
) -> Result<Told, Fault> {
    let own = call.own(store);
    let url = || Told::QueueUrl(space::url(&call.urls, version, &call.account, name));
    match done(own.calls().get_queue(name)).await.map_err(Fault::from) {
        Ok(_) => return Ok(url()),
        Err(fault) if fault.code == Code::NonExistentQueue => {}
        Err(fault) => return Err(fault),
    }
    let mut options = QueueOptions::new();
    // Messages were kept for 15 days; the longest of today is 14.
    let mut attributes = vec![("MessageRetentionPeriod", RETENTION_S_MAX.to_string())];
    if let Some(seconds) = visibility_s {
        attributes.push(("VisibilityTimeout", hidden_s(seconds).to_string()));
    }
    options = options.attributes(attributes);
    match done(own.calls().create_queue(name, &options))
        .await
        .map_err(Fault::from)
    {
        Ok(_) => Ok(url()),
        // Somebody was faster.
        Err(fault) if fault.code == Code::QueueNameExists => Ok(url()),
        Err(fault) => Err(fault),
    }
}

/// A visibility timeout as queues of today can have it: the first generation allowed 24 hours,
/// today's limit is 12.
pub fn hidden_s(seconds: u32) -> u32 {
    seconds.min(VISIBILITY_S_MAX)
}

/// What is asked of a queue as such.
pub async fn perform(
    version: Version,
    store: &Store,
    queue: &Queue,
    verb: OnQueue,
) -> Result<Told, Fault> {
    match verb {
        OnQueue::DeleteQueue { force } => delete(store, queue, force).await,
        OnQueue::GetVisibilityTimeout => {
            let view = view(queue).await?;
            Ok(Told::VisibilityTimeout(view.attributes.visibility_s))
        }
        OnQueue::SetVisibilityTimeout { visibility_s } => set_timeout(queue, visibility_s).await,
        OnQueue::GetQueueAttributes { names } => attributes(version, queue, &names).await,
        OnQueue::SetQueueAttributes { name, value } => {
            if name != "VisibilityTimeout" {
                // L3: no more than that the queue exists is asked.
                view(queue).await?;
                return Ok(Told::Done);
            }
            let max = version.visibility_s_max();
            let seconds = value.parse().ok().filter(|seconds| *seconds <= max);
            let seconds = seconds.ok_or_else(|| {
                let reason = format!("VisibilityTimeout must be an integer between 0 and {max}.");
                Fault::bad_value(&value, "Value", &reason)
            })?;
            set_timeout(queue, seconds).await
        }
        _ => Err(Fault::new(Code::InternalError, "Not about a queue.")),
    }
}

async fn view(queue: &Queue) -> Result<QueueView, Fault> {
    Ok(done(queue.calls().view()).await?)
}

/// L11.8, L11.9: whether the queue is empty is decided where it is deleted, so that no message that
/// is sent meanwhile goes with it.
async fn delete(store: &Store, queue: &Queue, force: bool) -> Result<Told, Fault> {
    // Unlike today's (S11.6), a second deletion finds no queue.
    view(queue).await?;
    let key = queue.key();
    let scope = store.scope(&key.account, &key.region);
    let calls = scope.calls();
    let deleted = match force {
        true => done(calls.delete_queue(&key.name)).await,
        false => done(calls.delete_queue_if_empty(&key.name)).await,
    };
    deleted.map(|()| Told::Done).map_err(|refusal| {
        // Nothing else makes a deletion impossible.
        let is_kept = refusal.code() == ErrorKind::UnsupportedOperation.name();
        let fault = Fault::from(refusal);
        match is_kept {
            true => Fault::new(Code::NonEmptyQueue, fault.text),
            false => fault,
        }
    })
}

async fn set_timeout(queue: &Queue, seconds: u32) -> Result<Told, Fault> {
    let value = hidden_s(seconds).to_string();
    done(queue.calls().set_attributes([("VisibilityTimeout", value)])).await?;
    Ok(Told::Done)
}

async fn attributes(version: Version, queue: &Queue, names: &[String]) -> Result<Told, Fault> {
    let known = version.queue_attributes();
    let is_known = |name: &&String| *name == "All" || known.contains(&name.as_str());
    if let Some(other) = names.iter().find(|name| !is_known(name)) {
        return Err(unknown_attribute(other));
    }
    let view = view(queue).await?;
    let wanted = |name: &&&'static str| names.iter().any(|it| it == "All" || it == **name);
    let value = |name: &'static str| match name {
        "VisibilityTimeout" => view.attributes.visibility_s.to_string(),
        // L3.6: messages in flight and delayed ones too.
        _ => view.counts.total().to_string(),
    };
    let list = known.iter().filter(wanted).map(|name| (*name, value(name)));
    Ok(Told::Attributes(list.collect()))
}
