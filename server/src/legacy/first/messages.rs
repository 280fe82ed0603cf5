//! Messages of the first generation, which go by keys (L3, L11).

use super::super::action::OnQueue;
use super::super::answer::{Message, Told};
use super::super::fault::{Code, Fault};
use super::super::key::Key;
use super::super::version::Version;
use super::queues::hidden_s;
use crate::actions::{self, Call, done};
use crate::service::Service;
use forebay::message::{Peeked, Receipt};
use forebay::rules::receipt;
use forebay::{DeleteRequest, PeekOptions, Queue, ReceiveOptions, SendRequest, VisibilityRequest};
use std::sync::atomic::Ordering;

/// What is asked about messages.
pub async fn perform(
    version: Version,
    service: &Service,
    call: &Call,
    queue: &Queue,
    verb: OnQueue,
) -> Result<Told, Fault> {
    match verb {
        OnQueue::SendMessage { body } => {
            check_body(version, &body)?;
            let told = send(call, queue, body).await?;
            service.metrics.sent.fetch_add(1, Ordering::Relaxed);
            Ok(told)
        }
        OnQueue::ReceiveMessage {
            count,
            visibility_s,
        } => {
            let disorder = service.backend.disorder.as_ref();
            let messages = match disorder.is_some_and(|disorder| disorder.misses()) {
                // L3.7: a receive asked some of the hosts only.
                true => Vec::new(),
                false => receive(queue, count, visibility_s).await?,
            };
            let counters = &service.metrics;
            let count = messages.len() as u64;
            counters.received.fetch_add(count, Ordering::Relaxed);
            let empty = u64::from(messages.is_empty());
            counters.empty_receives.fetch_add(empty, Ordering::Relaxed);
            Ok(Told::Messages(messages))
        }
        OnQueue::PeekMessage { id } => {
            let found = find(queue, parse(&id)?).await?;
            let found = found.ok_or_else(|| Fault::no_message(&id))?;
            Ok(Told::Messages(vec![peeked(&found)]))
        }
        OnQueue::DeleteMessage { id } => {
            delete(version, queue, &id).await?;
            service.metrics.deleted.fetch_add(1, Ordering::Relaxed);
            Ok(Told::Done)
        }
        OnQueue::ChangeMessageVisibility { id, visibility_s } => {
            change_visibility(service, queue, &id, visibility_s).await
        }
        _ => Err(Fault::new(Code::InternalError, "Not about a message.")),
    }
}

fn check_body(version: Version, body: &str) -> Result<(), Fault> {
    let (length, max) = (body.len(), version.body_bytes_max());
    if length <= max {
        return Ok(());
    }
    let text = format!("The message has {length} bytes; it can have {max} at the most.");
    Err(Fault::new(Code::MessageTooLong, text))
}

async fn send(call: &Call, queue: &Queue, body: String) -> Result<Told, Fault> {
    let request = SendRequest::new(body).sender(&*call.sender);
    let sent = done(queue.calls().send(request)).await?;
    let key = Key {
        sequence: sent.sequence(),
        id: sent.message_id(),
    };
    Ok(Told::MessageId(key.text()))
}

/// Never waits: a receive that waits came in 2012.
async fn receive(
    queue: &Queue,
    count: u32,
    visibility_s: Option<u32>,
) -> Result<Vec<Message>, Fault> {
    let mut options = ReceiveOptions::new().max(count).beyond_sqs().wait(0);
    if let Some(seconds) = visibility_s {
        options = options.visibility_timeout(hidden_s(seconds));
    }
    let messages = actions::at_once(queue, options).await?;
    let message = |message: &forebay::Message| Message {
        id: key(message.stored()),
        body: actions::body_text(message.body()).0,
    };
    Ok(messages.iter().map(message).collect())
}

fn key(message: &forebay::message::StoredMessage) -> String {
    let (sequence, id) = (message.sequence, message.id);
    Key { sequence, id }.text()
}

fn peeked(peeked: &Peeked) -> Message {
    Message {
        id: key(&peeked.message),
        body: actions::body_text(&peeked.message.body).0,
    }
}

fn parse(id: &str) -> Result<Key, Fault> {
    let reason = "Must be an id that SendMessage or ReceiveMessage gave.";
    Key::parse(id).ok_or_else(|| Fault::bad_value(id, "MessageId", reason))
}

/// The message of a key, whatever its state; `None` if it is gone, or was another queue's.
async fn find(queue: &Queue, key: Key) -> Result<Option<Peeked>, Fault> {
    let Some(before) = key.sequence.checked_sub(1) else {
        return Ok(None);
    };
    let options = PeekOptions::new().after(before).limit(1);
    let found = done(queue.calls().peek(&options)).await?;
    let mut found = found.into_iter();
    Ok(found.find(|it| it.message.sequence == key.sequence && it.message.id == key.id))
}

/// The identity of the queue first, then the message: what is found under the key is then of
/// that queue, or of a later one, which the receipt does not fit.
async fn identity_and_message(queue: &Queue, key: Key) -> Result<(u64, Option<Peeked>), Fault> {
    let uid = done(queue.calls().view_uncounted()).await?.uid;
    Ok((uid, find(queue, key).await?))
}

/// L11.6: whoever holds the message, or nobody. In 2006 it must be there.
async fn delete(version: Version, queue: &Queue, id: &str) -> Result<(), Fault> {
    let key = parse(id)?;
    let (queue_uid, found) = identity_and_message(queue, key).await?;
    if found.is_none() {
        return match version {
            Version::V2006 => Err(Fault::no_message(id)),
            _ => Ok(()),
        };
    }
    let receipt = Receipt {
        queue_uid,
        sequence: key.sequence,
        receive: Receipt::ANY,
        received_ms: 0,
    };
    let request = DeleteRequest::new(receipt::encode(&receipt));
    match done(queue.calls().delete(request))
        .await
        .map_err(Fault::from)
    {
        // The queue was deleted and created anew in between: the message is gone.
        Err(fault) if fault.code == Code::ReceiptHandleIsInvalid => Ok(()),
        other => other,
    }
}

/// L11.7: counted from now, whoever holds the message.
async fn change_visibility(
    service: &Service,
    queue: &Queue,
    id: &str,
    seconds: u32,
) -> Result<Told, Fault> {
    let key = parse(id)?;
    let (queue_uid, found) = identity_and_message(queue, key).await?;
    let gone = || Fault::no_message(id);
    if found.is_none() {
        return Err(gone());
    }
    let receipt = Receipt {
        queue_uid,
        sequence: key.sequence,
        receive: 1,
        received_ms: service.store.now_ms()?,
    };
    let handle = receipt::encode(&receipt);
    let change = VisibilityRequest::new(&handle, hidden_s(seconds));
    match done(queue.calls().change_visibility(change))
        .await
        .map_err(Fault::from)
    {
        Ok(()) => Ok(Told::Done),
        Err(fault) if fault.code == Code::ReceiptHandleIsInvalid => Err(gone()),
        // It was never received, or is gone by now.
        Err(fault) if fault.text.contains(&handle) => {
            let reason = "The message is not in flight.";
            Err(Fault::bad_value(id, "MessageId", reason))
        }
        Err(fault) => Err(fault),
    }
}
