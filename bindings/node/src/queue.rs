//! A queue.

use crate::answer::Answer;
use crate::entries::{self, Apart};
use crate::numbers::ranged;
use crate::port::{Port, Shared};
use crate::record;
use crate::requests::{PeekInput, ReceiveInput};
use crate::sent;
use crate::values::{Names, PeekedMessage};
use forebay_ffi::api::{Call, DeleteRequest, Number, Queue, Result, VisibilityRequest};
use napi::bindgen_prelude::BufferSlice;
use napi_derive::napi;
use std::collections::HashMap;
use std::sync::Arc;

/// A queue, in the environment whose port gets its answers.
#[napi]
pub struct NativeQueue {
    queue: Queue,
    port: Arc<Shared>,
}

impl NativeQueue {
    /// Makes the answer of a queue that was found or made.
    pub fn answer(port: &Port) -> impl FnOnce(Queue) -> Answer + Send + 'static {
        let port = Arc::clone(port);
        move |queue| Answer::Queue(Self { queue, port })
    }

    fn change_record(&self, bytes: &[u8], at: u32, seconds: f64) -> Result<Call<()>> {
        let receipt = record::receipt(bytes, at)?;
        let seconds: u32 = ranged(Number::Visibility, seconds)?;
        let change = VisibilityRequest::from((receipt, seconds));
        self.queue.calls().change_visibility(change)
    }
}

/// The part of a packer's memory that was packed.
fn upto(packed: &[u8], length: u32) -> &[u8] {
    packed.get(..length as usize).unwrap_or(packed)
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

    /// Sends the one message that was packed; its body may be apart.
    #[napi]
    pub fn send(
        &self,
        id: u32,
        packed: &[u8],
        length: u32,
        apart: Apart<'_>,
        digests: bool,
    ) -> Option<Answer> {
        let request = entries::send(upto(packed, length), apart);
        let call = request.and_then(|request| self.queue.calls().send(request));
        self.port
            .submit(id, call, move |receipt| sent::answer(&receipt, digests))
    }

    /// Sends the `count` messages that were packed; `apart` has the bodies that were not.
    #[napi]
    pub fn send_batch(
        &self,
        id: u32,
        packed: &[u8],
        length: u32,
        count: u32,
        apart: Apart<'_>,
        digests: bool,
    ) -> Option<Answer> {
        let requests = entries::sends(upto(packed, length), count, apart);
        let call = requests.and_then(|requests| self.queue.calls().send_batch(requests));
        self.port
            .submit(id, call, move |results| sent::answers(results, digests))
    }

    /// Receives; records of messages that can be had at once go into `memory`, from `at` on.
    // Values one by one cross faster than an object that has them.
    #[allow(clippy::too_many_arguments)]
    #[napi]
    pub fn receive(
        &self,
        id: u32,
        mut memory: BufferSlice<'_>,
        at: u32,
        max: Option<f64>,
        wait: Option<f64>,
        visibility_timeout: Option<f64>,
        attempt: Option<String>,
    ) -> Option<Answer> {
        let input = ReceiveInput {
            max,
            wait,
            visibility_timeout,
            attempt,
        };
        let rest = memory.get_mut(at as usize..).unwrap_or_default();
        self.port.receive(id, &self.queue, input.read(), rest)
    }

    #[napi]
    pub fn delete(&self, id: u32, receipt: String) -> Option<Answer> {
        let call = self.queue.calls().delete(receipt);
        self.port.submit(id, call, |()| Answer::Nothing)
    }

    /// Deletes the message whose record is at `at`.
    #[napi]
    pub fn delete_record(&self, id: u32, bytes: &[u8], at: u32) -> Option<Answer> {
        let call = record::receipt(bytes, at)
            .and_then(|receipt| self.queue.calls().delete(DeleteRequest::from(receipt)));
        self.port.submit(id, call, |()| Answer::Nothing)
    }

    /// Deletes the `count` messages whose receipts were packed.
    #[napi]
    pub fn delete_batch(&self, id: u32, packed: &[u8], length: u32, count: u32) -> Option<Answer> {
        let requests = entries::deletes(upto(packed, length), count);
        let call = requests.and_then(|requests| self.queue.calls().delete_batch(requests));
        self.port.submit(id, call, Answer::entries)
    }

    #[napi]
    pub fn change_visibility(&self, id: u32, receipt: String, seconds: f64) -> Option<Answer> {
        let call = ranged(Number::Visibility, seconds).and_then(|seconds| {
            let change = VisibilityRequest::new(receipt, seconds);
            self.queue.calls().change_visibility(change)
        });
        self.port.submit(id, call, |()| Answer::Nothing)
    }

    /// Hides the message whose record is at `at` for another time.
    #[napi]
    pub fn change_record_visibility(
        &self,
        id: u32,
        bytes: &[u8],
        at: u32,
        seconds: f64,
    ) -> Option<Answer> {
        let call = self.change_record(bytes, at, seconds);
        self.port.submit(id, call, |()| Answer::Nothing)
    }

    /// Hides the `count` messages whose receipts were packed for other times.
    #[napi]
    pub fn change_visibility_batch(
        &self,
        id: u32,
        packed: &[u8],
        length: u32,
        count: u32,
    ) -> Option<Answer> {
        let changes = entries::changes(upto(packed, length), count);
        let call = changes.and_then(|changes| self.queue.calls().change_visibility_batch(changes));
        self.port.submit(id, call, Answer::entries)
    }

    #[napi]
    pub fn purge(&self, id: u32) -> Option<Answer> {
        self.port
            .submit(id, self.queue.calls().purge(), |()| Answer::Nothing)
    }

    #[napi]
    pub fn attributes(&self, id: u32, names: Vec<String>) -> Option<Answer> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.port
            .submit(id, self.queue.calls().attributes(&names), Answer::texts)
    }

    #[napi]
    pub fn set_attributes(&self, id: u32, attributes: HashMap<String, String>) -> Option<Answer> {
        let call = self.queue.calls().set_attributes(attributes);
        self.port.submit(id, call, |()| Answer::Nothing)
    }

    #[napi]
    pub fn tags(&self, id: u32) -> Option<Answer> {
        self.port.submit(id, self.queue.calls().view(), |view| {
            Answer::texts(view.tags)
        })
    }

    #[napi]
    pub fn tag(&self, id: u32, tags: HashMap<String, String>) -> Option<Answer> {
        self.port
            .submit(id, self.queue.calls().tag(tags), |()| Answer::Nothing)
    }

    #[napi]
    pub fn untag(&self, id: u32, keys: Vec<String>) -> Option<Answer> {
        self.port
            .submit(id, self.queue.calls().untag(keys), |()| Answer::Nothing)
    }

    #[napi]
    pub fn peek(&self, id: u32, options: PeekInput) -> Option<Answer> {
        let options = options.read();
        let call = options.and_then(|options| self.queue.calls().peek(&options));
        self.port.submit(id, call, |messages| {
            Answer::Peeked(messages.iter().map(PeekedMessage::from).collect())
        })
    }

    #[napi]
    pub fn dead_letter_sources(
        &self,
        id: u32,
        limit: f64,
        token: Option<String>,
    ) -> Option<Answer> {
        let call = ranged(Number::Limit, limit).and_then(|limit| {
            let calls = self.queue.calls();
            calls.dead_letter_sources_page(limit, token.as_deref())
        });
        self.port
            .submit(id, call, |page| Answer::Names(Names::from(page)))
    }
}
