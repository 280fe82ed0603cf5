//! A queue.

use crate::answer::Answer;
use crate::numbers::ranged;
use crate::port::Port;
use crate::requests::{Body, PeekInput, ReceiptInput, ReceiveInput, SendInput, send_request};
use crate::values::{Names, PeekedMessage};
use forebay_ffi::api::{
    DeleteRequest, Number, Queue, Result, SendReceipt, SendRequest, VisibilityRequest,
};
use napi_derive::napi;
use std::collections::HashMap;

/// A queue.
#[napi]
pub struct NativeQueue {
    queue: Queue,
}

impl NativeQueue {
    /// A queue that was found or made.
    pub fn answer(queue: Queue) -> Answer {
        Answer::Queue(Self { queue })
    }
}

#[napi]
impl NativeQueue {
    #[napi(getter)]
    pub fn name(&self) -> &str {
        self.queue.name()
    }

    #[napi(getter)]
    pub fn arn(&self) -> String {
        self.queue.arn()
    }

    #[napi(getter)]
    pub fn fifo(&self) -> bool {
        self.queue.is_fifo()
    }

    #[napi]
    pub fn send(
        &self,
        port: &Port,
        id: u32,
        body: Body<'_>,
        options: Option<SendInput>,
        digests: bool,
    ) -> Option<Answer> {
        let request = send_request(body, options);
        let call = request.and_then(|request| self.queue.calls().send(request));
        port.submit(id, call, move |receipt| Answer::sent(&receipt, digests))
    }

    #[napi]
    pub fn send_batch(
        &self,
        port: &Port,
        id: u32,
        bodies: Vec<Body<'_>>,
        options: Vec<Option<SendInput>>,
        digests: bool,
    ) -> Option<Answer> {
        let requests: Result<Vec<SendRequest>> = bodies
            .into_iter()
            .zip(options)
            .map(|(body, options)| send_request(body, options))
            .collect();
        let call = requests.and_then(|requests| self.queue.calls().send_batch(requests));
        port.submit(id, call, move |results| {
            let entry = |result: Result<SendReceipt>| match result {
                Ok(receipt) => Answer::sent(&receipt, digests),
                Err(error) => Answer::Failure(error),
            };
            Answer::Entries(results.into_iter().map(entry).collect())
        })
    }

    #[napi]
    pub fn receive(&self, port: &Port, id: u32, options: ReceiveInput) -> Option<Answer> {
        port.receive(id, &self.queue, options.read())
    }

    #[napi]
    pub fn delete(&self, port: &Port, id: u32, receipt: String) -> Option<Answer> {
        let call = self.queue.calls().delete(receipt);
        port.submit(id, call, |()| Answer::Nothing)
    }

    #[napi]
    pub fn delete_batch(
        &self,
        port: &Port,
        id: u32,
        receipts: Vec<ReceiptInput>,
    ) -> Option<Answer> {
        let requests: Vec<DeleteRequest> = receipts.into_iter().map(ReceiptInput::delete).collect();
        port.submit(
            id,
            self.queue.calls().delete_batch(requests),
            Answer::entries,
        )
    }

    #[napi]
    pub fn change_visibility(
        &self,
        port: &Port,
        id: u32,
        receipt: String,
        seconds: f64,
    ) -> Option<Answer> {
        let call = ranged(Number::Visibility, seconds).and_then(|seconds| {
            let change = VisibilityRequest::new(receipt, seconds);
            self.queue.calls().change_visibility(change)
        });
        port.submit(id, call, |()| Answer::Nothing)
    }

    #[napi]
    pub fn change_visibility_batch(
        &self,
        port: &Port,
        id: u32,
        changes: Vec<ReceiptInput>,
    ) -> Option<Answer> {
        let requests: Result<Vec<VisibilityRequest>> =
            changes.into_iter().map(ReceiptInput::change).collect();
        let call =
            requests.and_then(|requests| self.queue.calls().change_visibility_batch(requests));
        port.submit(id, call, Answer::entries)
    }

    #[napi]
    pub fn purge(&self, port: &Port, id: u32) -> Option<Answer> {
        port.submit(id, self.queue.calls().purge(), |()| Answer::Nothing)
    }

    #[napi]
    pub fn attributes(&self, port: &Port, id: u32, names: Vec<String>) -> Option<Answer> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        port.submit(id, self.queue.calls().attributes(&names), Answer::Texts)
    }

    #[napi]
    pub fn set_attributes(
        &self,
        port: &Port,
        id: u32,
        attributes: HashMap<String, String>,
    ) -> Option<Answer> {
        let call = self.queue.calls().set_attributes(attributes);
        port.submit(id, call, |()| Answer::Nothing)
    }

    #[napi]
    pub fn tags(&self, port: &Port, id: u32) -> Option<Answer> {
        port.submit(id, self.queue.calls().view(), |view| {
            Answer::Texts(view.tags)
        })
    }

    #[napi]
    pub fn tag(&self, port: &Port, id: u32, tags: HashMap<String, String>) -> Option<Answer> {
        port.submit(id, self.queue.calls().tag(tags), |()| Answer::Nothing)
    }

    #[napi]
    pub fn untag(&self, port: &Port, id: u32, keys: Vec<String>) -> Option<Answer> {
        port.submit(id, self.queue.calls().untag(keys), |()| Answer::Nothing)
    }

    #[napi]
    pub fn peek(&self, port: &Port, id: u32, options: PeekInput) -> Option<Answer> {
        let options = options.read();
        let call = options.and_then(|options| self.queue.calls().peek(&options));
        port.submit(id, call, |messages| {
            Answer::Peeked(messages.iter().map(PeekedMessage::from).collect())
        })
    }

    #[napi]
    pub fn dead_letter_sources(
        &self,
        port: &Port,
        id: u32,
        limit: f64,
        token: Option<String>,
    ) -> Option<Answer> {
        let call = ranged(Number::Limit, limit).and_then(|limit| {
            let calls = self.queue.calls();
            calls.dead_letter_sources_page(limit, token.as_deref())
        });
        port.submit(id, call, |page| Answer::Names(Names::from(page)))
    }
}
