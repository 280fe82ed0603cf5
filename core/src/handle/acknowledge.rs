//! What a receiver does with messages it holds: delete them, or hide them for another time.

use super::batch::{check_batch_ids, short_answer};
use super::requests::ReceiptSource;
use super::shared::read;
use super::{Call, Calls, DeleteRequest, Queue, VisibilityRequest};
use crate::command::{Command, Outcome};
use crate::error::Result;
use crate::key::QueueKey;
use crate::message::Receipt;
use crate::rules::{receipt, time};

impl Queue {
    /// Deletes one message: its receipt handle, or a [`Message`](super::Message). Deleting what is
    /// gone already succeeds (S2.16).
    ///
    /// Errors: `ReceiptHandleIsInvalid` for a text that is no receipt handle of this queue;
    /// FIFO: `InvalidParameterValue` once the visibility timeout has passed (S2.21).
    pub fn delete(&self, message: impl Into<DeleteRequest>) -> Result<()> {
        self.calls().delete(message)?.run()
    }

    /// Deletes several messages in one step, 1 to 10,000 (10 under SQS's limits). Results have the
    /// order of the requests.
    pub fn delete_batch<D: Into<DeleteRequest>>(
        &self,
        messages: impl IntoIterator<Item = D>,
    ) -> Result<Vec<Result<()>>> {
        self.calls().delete_batch(messages)?.run()
    }

    /// Hides one message for another time, counted from now (S2.7).
    ///
    /// Errors: `InvalidParameterValue` for a timeout over 43,200 s or one that would hide the
    /// message for more than that since its receive (S2.10), for a message that was deleted
    /// (S2.15), and on FIFO queues once the visibility timeout has passed (S2.21b);
    /// `ReceiptHandleIsInvalid` for a text that is no receipt handle of this queue.
    pub fn change_visibility(&self, change: impl Into<VisibilityRequest>) -> Result<()> {
        self.calls().change_visibility(change)?.run()
    }

    /// Hides several messages for other times in one step, 1 to 10,000 (10 under SQS's limits).
    /// Results have the order of the requests.
    pub fn change_visibility_batch<V: Into<VisibilityRequest>>(
        &self,
        changes: impl IntoIterator<Item = V>,
    ) -> Result<Vec<Result<()>>> {
        self.calls().change_visibility_batch(changes)?.run()
    }
}

impl Calls<'_, Queue> {
    /// [`Queue::delete`].
    pub fn delete(&self, message: impl Into<DeleteRequest>) -> Result<Call<()>> {
        let storage = self.handle.shared().storage()?;
        let receipt = read_receipt(message.into().receipt)?;
        let command = Command::Delete {
            queue: self.handle.key().clone(),
            receipts: vec![receipt],
        };
        let read = read!(Outcome::Each(results) => single(results));
        Ok(Call::ask(storage, command, read))
    }

    /// [`Queue::delete_batch`].
    pub fn delete_batch<D: Into<DeleteRequest>>(
        &self,
        messages: impl IntoIterator<Item = D>,
    ) -> Result<Call<Vec<Result<()>>>> {
        // Also where no entry reaches it.
        self.handle.shared().storage()?;
        let requests: Vec<DeleteRequest> = messages.into_iter().map(Into::into).collect();
        let what = "DeleteMessageBatchRequestEntry";
        self.handle.check_batch_count(requests.len(), what)?;
        let (ids, receipts): (Vec<_>, Vec<_>) = requests
            .into_iter()
            .map(|request| (request.id, read_receipt(request.receipt)))
            .unzip();
        check_batch_ids(ids)?;
        self.each_valid(receipts, |queue, receipts| Command::Delete {
            queue,
            receipts,
        })
    }

    /// [`Queue::change_visibility`].
    pub fn change_visibility(&self, change: impl Into<VisibilityRequest>) -> Result<Call<()>> {
        let storage = self.handle.shared().storage()?;
        let entry = read_change(change.into())?;
        let command = Command::ChangeVisibility {
            queue: self.handle.key().clone(),
            entries: vec![entry],
        };
        let read = read!(Outcome::Each(results) => single(results));
        Ok(Call::ask(storage, command, read))
    }

    /// [`Queue::change_visibility_batch`].
    pub fn change_visibility_batch<V: Into<VisibilityRequest>>(
        &self,
        changes: impl IntoIterator<Item = V>,
    ) -> Result<Call<Vec<Result<()>>>> {
        self.handle.shared().storage()?;
        let requests: Vec<VisibilityRequest> = changes.into_iter().map(Into::into).collect();
        let what = "ChangeMessageVisibilityBatchRequestEntry";
        self.handle.check_batch_count(requests.len(), what)?;
        let (ids, entries): (Vec<_>, Vec<_>) = requests
            .into_iter()
            .map(|mut request| (request.id.take(), read_change(request)))
            .unzip();
        check_batch_ids(ids)?;
        self.each_valid(entries, |queue, entries| Command::ChangeVisibility {
            queue,
            entries,
        })
    }

    /// Gives the store the entries that could be read, and puts its results among the others.
    fn each_valid<T>(
        &self,
        entries: Vec<Result<T>>,
        command: impl FnOnce(QueueKey, Vec<T>) -> Command,
    ) -> Result<Call<Vec<Result<()>>>> {
        let mut valid = Vec::with_capacity(entries.len());
        let read: Vec<Result<()>> = entries
            .into_iter()
            .map(|entry| entry.map(|entry| valid.push(entry)))
            .collect();
        if valid.is_empty() {
            return Ok(Call::known(read));
        }
        let command = command(self.handle.key().clone(), valid);
        let merge = read!(Outcome::Each(results) => Ok(merge(read, results)));
        self.handle.shared().call(command, merge)
    }
}

pub(super) fn read_receipt(source: ReceiptSource) -> Result<Receipt> {
    match source {
        ReceiptSource::Text(handle) => receipt::decode(&handle),
        ReceiptSource::Message(receipt) => Ok(receipt),
    }
}

fn read_change(request: VisibilityRequest) -> Result<(Receipt, u32)> {
    let receipt = read_receipt(request.receipt)?;
    time::check_visibility(request.timeout_s)?;
    Ok((receipt, request.timeout_s))
}

/// The store's results among those that needed no store.
fn merge(read: Vec<Result<()>>, results: Vec<Result<()>>) -> Vec<Result<()>> {
    let mut results = results.into_iter();
    read.into_iter()
        .map(|read| read.and_then(|()| results.next().unwrap_or_else(|| Err(short_answer()))))
        .collect()
}

fn single(mut results: Vec<Result<()>>) -> Result<()> {
    results.pop().unwrap_or_else(|| Err(short_answer()))
}
