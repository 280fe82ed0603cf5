//! Sending.

use super::batch::{check_batch_ids, short_answer};
use super::receipt::{Kept, SendReceipt};
use super::shared::read;
use super::{Call, Calls, Queue, SendRequest};
use crate::command::{Command, Outcome, SendEntry, Sent};
use crate::error::Result;
use crate::rules::send;

impl Queue {
    /// Sends one message: a body, or a [`SendRequest`]. When it returns the message has survived
    /// what the store's durability promises.
    ///
    /// Errors: `MissingParameter` for an empty body or a missing group, `InvalidParameterValue` for
    /// what is too long or out of range, `InvalidMessageContents` under SQS's limits (S5.7),
    /// `QueueDoesNotExist`, `DiskFull`.
    pub fn send(&self, message: impl Into<SendRequest>) -> Result<SendReceipt> {
        self.calls().send(message)?.run()
    }

    /// Sends several messages in one step, in this order: up to 10,000 and 64 MiB together, or
    /// SQS's 10 and 1 MiB with [`OpenOptions::sqs_limits`](super::OpenOptions::sqs_limits). Each
    /// succeeds or fails on its own, results have the order of the messages (S13.3); an error of
    /// the whole call means that none was stored (S13.1, S13.2, S13.4, S5.5).
    pub fn send_batch<M: Into<SendRequest>>(
        &self,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Vec<Result<SendReceipt>>> {
        self.calls().send_batch(messages)?.run()
    }

    /// The checks of S5 and S13, the command for what passed, and what the answer lacks.
    fn prepare(&self, mut requests: Vec<SendRequest>, is_batch: bool) -> Result<Prepared> {
        if is_batch {
            self.check_batch_count(requests.len(), "SendMessageBatchRequestEntry")?;
            let ids = requests.iter_mut().map(|request| request.id.take());
            check_batch_ids(ids.collect())?;
        }
        let entries: Vec<SendEntry> = requests
            .into_iter()
            .map(|request| self.entry(request))
            .collect();
        let strictness = self.shared().settings.strictness;
        let checks = send::check(&entries, strictness, is_batch)?;
        let (kept, entries) = split_valid(entries, checks);
        let command = (!entries.is_empty()).then(|| Command::Send {
            queue: self.key().clone(),
            entries,
            batch: is_batch,
        });
        let fifo = self.is_fifo();
        Ok(Prepared {
            command,
            kept,
            fifo,
        })
    }

    pub(super) fn entry(&self, request: SendRequest) -> SendEntry {
        SendEntry {
            id: self.shared().ids.message_id(),
            body: request.body,
            attributes: request.attributes,
            trace_header: request.trace_header,
            group: request.group,
            deduplication: request.deduplication,
            delay_s: request.delay_s,
            sender: request.sender.unwrap_or_else(|| self.key().account.clone()),
        }
    }
}

impl Calls<'_, Queue> {
    /// [`Queue::send`].
    pub fn send(&self, message: impl Into<SendRequest>) -> Result<Call<SendReceipt>> {
        let storage = self.handle.shared().storage()?;
        let prepared = self.handle.prepare(vec![message.into()], false)?;
        let single = |mut receipts: Receipts| {
            let receipt = receipts.pop();
            receipt.unwrap_or_else(|| Err(short_answer()))
        };
        let (kept, fifo) = (prepared.kept, prepared.fifo);
        match prepared.command {
            Some(command) => Ok(Call::ask(
                storage,
                command,
                read!(Outcome::Sent(sent) => single(receipts(kept, sent, fifo))),
            )),
            None => single(receipts(kept, Vec::new(), fifo)).map(Call::known),
        }
    }

    /// [`Queue::send_batch`].
    pub fn send_batch<M: Into<SendRequest>>(
        &self,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Call<Receipts>> {
        let storage = self.handle.shared().storage()?;
        let requests = messages.into_iter().map(Into::into).collect();
        let prepared = self.handle.prepare(requests, true)?;
        let (kept, fifo) = (prepared.kept, prepared.fifo);
        Ok(match prepared.command {
            Some(command) => Call::ask(
                storage,
                command,
                read!(Outcome::Sent(sent) => Ok(receipts(kept, sent, fifo))),
            ),
            None => Call::known(receipts(kept, Vec::new(), fifo)),
        })
    }
}

/// One result an entry.
type Receipts = Vec<Result<SendReceipt>>;

/// Messages that were checked.
struct Prepared {
    /// `None` where none passed.
    command: Option<Command>,
    kept: Vec<Result<Kept>>,
    fifo: bool,
}

/// The store's answers among the errors that needed no store.
fn receipts(kept: Vec<Result<Kept>>, sent: Vec<Result<Sent>>, fifo: bool) -> Receipts {
    let mut sent = sent.into_iter();
    let receipts = kept.into_iter().map(|kept| {
        let kept = kept?;
        let sent = sent.next().unwrap_or_else(|| Err(short_answer()))?;
        Ok(kept.receipt(sent, fifo))
    });
    receipts.collect()
}

/// Keeps of each entry what its receipt needs, or its error; and the entries to be sent.
fn split_valid(
    entries: Vec<SendEntry>,
    checks: Vec<Result<()>>,
) -> (Vec<Result<Kept>>, Vec<SendEntry>) {
    let mut valid = Vec::with_capacity(entries.len());
    let kept = entries.into_iter().zip(checks).map(|(entry, check)| {
        check.map(|()| {
            let kept = Kept::of(&entry);
            valid.push(entry);
            kept
        })
    });
    (kept.collect(), valid)
}
