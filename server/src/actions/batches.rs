//! The three batch actions (S13).

use super::messages::{self, Parts, sent};
use super::{Call, done, number, required};
use crate::wire::action::{Batch, DeleteEntry, SendEntry, VisibilityEntry};
use crate::wire::answer::{Answer, BatchAnswer, DoneEntry, FailedEntry, SentEntry};
use crate::wire::error::Refusal;
use forebay::rules::{send as rules, time};
use forebay::{DeleteRequest, Error, Result as Outcome, Store, VisibilityRequest};

pub async fn send(store: &Store, call: &Call, input: Batch<SendEntry>) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let mut ids = Ids::new("SendMessageBatchRequestEntry");
    let mut early = Vec::new();
    let mut requests = Vec::new();
    for entry in required(input.entries, "Entries")? {
        let id = ids.add(entry.id)?;
        let delay = entry.delay_seconds;
        let (delay_s, error) = optional_number(delay, rules::check_delay);
        let parts = Parts {
            // An empty body fails its entry only (S5.4).
            body: entry.message_body.unwrap_or_default(),
            attributes: entry.message_attributes,
            system_attributes: entry.message_system_attributes,
            deduplication: entry.message_deduplication_id,
            group: entry.message_group_id,
            delay_s,
        };
        let (mut request, fits) = messages::request(call, parts)?;
        let error = error.or(fits.err());
        if error.is_some() {
            request = request.delay(FAR_OUT_OF_RANGE);
        }
        early.push(error);
        requests.push(request.id(id));
    }
    let results = done(queue.calls().send_batch(requests)).await?;
    let results = or_early(results, early);
    Ok(Answer::SentBatch(ids.answer(results, |id, receipt| {
        let sent = sent(&receipt);
        SentEntry { id, sent }
    })))
}

pub async fn delete(
    store: &Store,
    call: &Call,
    input: Batch<DeleteEntry>,
) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let mut ids = Ids::new("DeleteMessageBatchRequestEntry");
    let mut requests = Vec::new();
    for entry in required(input.entries, "Entries")? {
        let id = ids.add(entry.id)?;
        let receipt = entry.receipt_handle.unwrap_or_default();
        requests.push(DeleteRequest::new(receipt).id(id));
    }
    let results = done(queue.calls().delete_batch(requests)).await?;
    Ok(Answer::Batch(
        ids.answer(results, |id, ()| DoneEntry { id }),
    ))
}

pub async fn change_visibility(
    store: &Store,
    call: &Call,
    input: Batch<VisibilityEntry>,
) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let mut ids = Ids::new("ChangeMessageVisibilityBatchRequestEntry");
    let mut early = Vec::new();
    let mut requests = Vec::new();
    for entry in required(input.entries, "Entries")? {
        let name = ids.member("VisibilityTimeout");
        let id = ids.add(entry.id)?;
        let timeout = required(entry.visibility_timeout, &name)?;
        let (timeout_s, error) = optional_number(Some(timeout), time::check_visibility);
        early.push(error);
        let receipt = entry.receipt_handle.unwrap_or_default();
        requests.push(VisibilityRequest::new(receipt, timeout_s.unwrap_or_default()).id(id));
    }
    let results = done(queue.calls().change_visibility_batch(requests)).await?;
    let results = or_early(results, early);
    Ok(Answer::Batch(
        ids.answer(results, |id, ()| DoneEntry { id }),
    ))
}

/// Seconds that no entry can have: it fails in its place.
const FAR_OUT_OF_RANGE: u32 = u32::MAX;

/// A number of an entry. One that the library's type cannot hold is put far out of range, so
/// that the entry fails in its place, and its error is kept.
fn optional_number(
    given: Option<i64>,
    check: fn(i64) -> Outcome<()>,
) -> (Option<u32>, Option<Error>) {
    match given.map(|given| number(given, check)) {
        None => (None, None),
        Some(Ok(number)) => (Some(number), None),
        Some(Err(error)) => (Some(FAR_OUT_OF_RANGE), Some(error)),
    }
}

fn or_early<T>(results: Vec<Outcome<T>>, early: Vec<Option<Error>>) -> Vec<Outcome<T>> {
    let pairs = results.into_iter().zip(early);
    pairs
        .map(|(result, early)| early.map_or(result, Err))
        .collect()
}

/// The ids of a batch's entries, in order.
struct Ids {
    entry: &'static str,
    ids: Vec<String>,
}

impl Ids {
    fn new(entry: &'static str) -> Self {
        Self {
            entry,
            ids: Vec::new(),
        }
    }

    /// Name of a member of the next entry, as refusals call it.
    fn member(&self, name: &str) -> String {
        format!("{}.{}.{name}", self.entry, self.ids.len() + 1)
    }

    fn add(&mut self, id: Option<String>) -> Result<String, Refusal> {
        let id = required(id, &self.member("Id"))?;
        self.ids.push(id.clone());
        Ok(id)
    }

    /// Results have the order of the entries.
    fn answer<T, E>(
        self,
        results: Vec<Outcome<T>>,
        entry: impl Fn(String, T) -> E,
    ) -> BatchAnswer<E> {
        let mut answer = BatchAnswer {
            successful: Vec::new(),
            failed: Vec::new(),
        };
        for (id, result) in self.ids.into_iter().zip(results) {
            match result {
                Ok(value) => answer.successful.push(entry(id, value)),
                Err(error) => answer.failed.push(failed(id, error)),
            }
        }
        answer
    }
}

/// A4.3: the bare code of the Query protocol.
fn failed(id: String, error: Error) -> FailedEntry {
    let refusal = Refusal::from(error);
    FailedEntry {
        id,
        sender_fault: refusal.is_sender_fault(),
        code: refusal.code().into(),
        message: refusal.text().into(),
    }
}
