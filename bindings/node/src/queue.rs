//! A queue.

use crate::answer::Answer;
use crate::entries::{self, Apart};
use crate::numbered::{self, Numbered};
use crate::numbers::ranged;
use crate::port::Port;
use crate::record;
use crate::requests::{PeekInput, ReceiveInput};
use crate::sent;
use crate::values::{Names, PeekedMessage};
use forebay_ffi::api::{Call, DeleteRequest, Number, Queue, Result, VisibilityRequest};
use napi::bindgen_prelude::BufferSlice;
use napi_derive::napi;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// A queue, in the environment whose port gets its answers.
#[napi]
pub struct NativeQueue {
    inner: Arc<Numbered>,
    /// Its number, once JavaScript asked for it.
    number: Option<u32>,
}

impl Deref for NativeQueue {
    type Target = Numbered;

    fn deref(&self) -> &Numbered {
        &self.inner
    }
}

impl Drop for NativeQueue {
    fn drop(&mut self) {
        // It has one only if it reached JavaScript, and then it is dropped on the same thread.
        if let Some(number) = self.number {
            numbered::remove(number);
        }
    }
}

impl NativeQueue {
    /// Makes the answer of a queue that was found or made.
    pub fn answer(port: &Port) -> impl FnOnce(Queue) -> Answer + Send + 'static {
        let port = Arc::clone(port);
        move |queue| {
            let inner = Arc::new(Numbered { queue, port });
            let number = None;
            Answer::Queue(Self { inner, number })
        }
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

    /// The number by which functions find it, for as long as this object lives.
    #[napi]
    pub fn number(&mut self) -> u32 {
        let inner = &self.inner;
        *self
            .number
            .get_or_insert_with(|| numbered::add(inner.clone()))
    }

    #[napi]
    pub fn delete(&self, id: u32, receipt: String) -> Option<Answer> {
        let call = self.queue.calls().delete(receipt);
        self.port.submit(id, call, |()| Answer::Nothing)
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

/// What a call with a queue's number ends with.
fn with(number: u32, call: impl FnOnce(&Numbered) -> Option<Answer>) -> Option<Answer> {
    numbered::with(number, call).unwrap_or_else(|error| Some(Answer::Failure(error)))
}

/// Sends the one message that was packed; its body may be apart.
#[napi]
pub fn send(
    queue: u32,
    id: u32,
    packed: &[u8],
    length: u32,
    apart: Apart<'_>,
    digests: bool,
) -> Option<Answer> {
    with(queue, |it| {
        let request = entries::send(upto(packed, length), apart);
        let call = request.and_then(|request| it.queue.calls().send(request));
        it.port
            .submit(id, call, move |receipt| sent::answer(&receipt, digests))
    })
}

/// Sends the `count` messages that were packed; `apart` has the bodies that were not.
#[napi]
pub fn send_batch(
    queue: u32,
    id: u32,
    packed: &[u8],
    length: u32,
    count: u32,
    apart: Apart<'_>,
    digests: bool,
) -> Option<Answer> {
    with(queue, |it| {
        let requests = entries::sends(upto(packed, length), count, apart);
        let call = requests.and_then(|requests| it.queue.calls().send_batch(requests));
        it.port
            .submit(id, call, move |results| sent::answers(results, digests))
    })
}

/// Receives; records of messages that can be had at once go into `memory`, from `at` on.
// Values one by one cross faster than an object that has them.
#[allow(clippy::too_many_arguments)]
#[napi]
pub fn receive(
    queue: u32,
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
    with(queue, |it| {
        it.port.receive(id, &it.queue, input.read(), rest)
    })
}

/// Deletes the message whose record is at `at`.
#[napi]
pub fn delete_record(queue: u32, id: u32, bytes: &[u8], at: u32) -> Option<Answer> {
    with(queue, |it| {
        let call = record::receipt(bytes, at)
            .and_then(|receipt| it.queue.calls().delete(DeleteRequest::from(receipt)));
        it.port.submit(id, call, |()| Answer::Nothing)
    })
}

/// Deletes the `count` messages whose receipts were packed.
#[napi]
pub fn delete_batch(queue: u32, id: u32, packed: &[u8], length: u32, count: u32) -> Option<Answer> {
    with(queue, |it| {
        let requests = entries::deletes(upto(packed, length), count);
        let call = requests.and_then(|requests| it.queue.calls().delete_batch(requests));
        it.port.submit(id, call, Answer::entries)
    })
}
