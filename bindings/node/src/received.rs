//! Messages that a receive returned, still in the core's form: JavaScript asks for what it needs.

use crate::answer::Answer;
use crate::numbers::{number, ranged};
use crate::port::Port;
use crate::values::{AttributeObject, attributes};
use forebay_ffi::api::{Error, ErrorKind, Message, Number, Result, VisibilityRequest};
use napi::Env;
use napi::bindgen_prelude::BufferSlice;
use napi_derive::napi;
use std::collections::HashMap;

/// Messages on their way to JavaScript. Where they do not arrive they are given back.
pub struct Undelivered {
    messages: Vec<Message>,
}

impl Undelivered {
    pub fn new(messages: Vec<Message>) -> Self {
        Self { messages }
    }

    /// They have arrived.
    pub fn deliver(mut self) -> Received {
        Received {
            messages: std::mem::take(&mut self.messages),
        }
    }
}

impl Drop for Undelivered {
    fn drop(&mut self) {
        if let Some(first) = self.messages.first() {
            let all = self.messages.iter().map(|message| (message, 0));
            // Where it cannot be done, the visibility timeout does it.
            let _ = first.queue().change_visibility_batch(all);
        }
    }
}

/// The messages of one receive. A message is named by its place in it.
#[napi]
pub struct Received {
    messages: Vec<Message>,
}

/// What a message has beside body, receipt and attributes.
#[napi(object, object_from_js = false)]
pub struct Facts {
    pub id: String,
    pub receive_count: u32,
    pub sent_ms: f64,
    pub first_receive_ms: Option<f64>,
    pub visible_ms: f64,
    pub sender: String,
    pub group: Option<String>,
    pub dedup: Option<String>,
    pub sequence_number: Option<String>,
    pub trace_header: Option<String>,
    pub dead_letter_source: Option<String>,
}

impl Received {
    fn at(&self, index: u32) -> Result<&Message> {
        self.messages.get(index as usize).ok_or_else(|| {
            let text = format!("no message {index} of {}", self.messages.len());
            Error::new(ErrorKind::InvalidArgument, text)
        })
    }

    fn get(&self, index: u32) -> napi::Result<&Message> {
        self.at(index)
            .map_err(|error| napi::Error::from_reason(error.text()))
    }
}

#[napi]
impl Received {
    /// How many there are.
    #[napi(getter)]
    pub fn length(&self) -> u32 {
        self.messages.len() as u32
    }

    #[napi]
    pub fn body<'env>(&self, env: &'env Env, index: u32) -> napi::Result<BufferSlice<'env>> {
        BufferSlice::copy_from(env, self.get(index)?.body())
    }

    /// The body as UTF-8; what is not becomes U+FFFD, as in a TextDecoder.
    #[napi]
    pub fn text(&self, index: u32) -> napi::Result<String> {
        Ok(String::from_utf8_lossy(self.get(index)?.body()).into_owned())
    }

    #[napi]
    pub fn receipt(&self, index: u32) -> napi::Result<String> {
        Ok(self.get(index)?.receipt())
    }

    #[napi]
    pub fn facts(&self, index: u32) -> napi::Result<Facts> {
        let message = self.get(index)?;
        let text = |text: Option<&str>| text.map(str::to_owned);
        Ok(Facts {
            id: message.id().to_string(),
            receive_count: message.receive_count(),
            sent_ms: number(message.sent_ms()),
            first_receive_ms: message.first_receive_ms().map(number),
            visible_ms: number(message.visible_ms()),
            sender: message.sender().to_owned(),
            group: text(message.group()),
            dedup: text(message.deduplication()),
            sequence_number: message.sequence_number(),
            trace_header: text(message.trace_header()),
            dead_letter_source: text(message.dead_letter_source()),
        })
    }

    /// The message attributes that `names` select (S5.17).
    #[napi]
    pub fn attributes(&self, index: u32, names: Vec<String>) -> napi::Result<Vec<AttributeObject>> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Ok(attributes(self.get(index)?.select_attributes(&names)))
    }

    /// The system attributes that `names` ask for (S5.20).
    #[napi]
    pub fn system_attributes(
        &self,
        index: u32,
        names: Vec<String>,
    ) -> napi::Result<HashMap<String, String>> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = self.get(index)?.system_attributes(&names);
        let found = found.into_iter();
        Ok(found.map(|(name, value)| (name.into(), value)).collect())
    }

    #[napi]
    pub fn md5_of_body(&self, index: u32) -> napi::Result<String> {
        Ok(self.get(index)?.md5_of_body())
    }

    #[napi]
    pub fn md5_of_attributes(
        &self,
        index: u32,
        names: Vec<String>,
    ) -> napi::Result<Option<String>> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Ok(self.get(index)?.md5_of_attributes(&names))
    }

    #[napi]
    pub fn delete(&self, port: &Port, id: u32, index: u32) -> Option<Answer> {
        let call = self
            .at(index)
            .and_then(|message| message.queue().calls().delete(message));
        port.submit(id, call, |()| Answer::Nothing)
    }

    #[napi]
    pub fn change_visibility(
        &self,
        port: &Port,
        id: u32,
        index: u32,
        seconds: f64,
    ) -> Option<Answer> {
        let call = self.at(index).and_then(|message| {
            let seconds: u32 = ranged(Number::Visibility, seconds)?;
            let change = VisibilityRequest::from((message, seconds));
            message.queue().calls().change_visibility(change)
        });
        port.submit(id, call, |()| Answer::Nothing)
    }

    /// Makes the messages from `index` on visible again. There must be one.
    #[napi]
    pub fn give_back(&self, port: &Port, id: u32, index: u32) -> Option<Answer> {
        let call = self.at(index).and_then(|first| {
            let rest = self.messages.iter().skip(index as usize);
            let changes = rest.map(|message| (message, 0));
            first.queue().calls().change_visibility_batch(changes)
        });
        port.submit(id, call, Answer::entries)
    }
}
