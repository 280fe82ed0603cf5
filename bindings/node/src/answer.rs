//! What calls end with, made into JavaScript values on the thread these belong to.

use crate::numbers::number;
use crate::queue::NativeQueue;
use crate::received::Undelivered;
use crate::serve::NativeServer;
use crate::store::NativeStore;
use crate::values::{Checked, Counters, Failure, Names, PeekedMessage, Recovered, Task};
use forebay_ffi::api::{self, Error, Message};
use napi::bindgen_prelude::{Buffer, Latin1String, ToNapiValue};
use napi::{Result, sys};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a call ends with.
pub enum Answer {
    Failure(Error),
    Nothing,
    Number(f64),
    Text(String),
    /// Names and texts, one after the other: an object with names of a program's own could look
    /// like any other answer.
    Texts(Vec<String>),
    Names(Names),
    Store(NativeStore),
    Server(NativeServer),
    Queue(NativeQueue),
    /// What was sent: see [`crate::sent`].
    Sent(String),
    /// The results of a batch, in its order.
    Entries(Vec<Answer>),
    Received(Arc<Undelivered>),
    /// Bytes of received messages that lie in memory JavaScript gave for them.
    Written(usize),
    Peeked(Vec<PeekedMessage>),
    Tasks(Vec<Task>),
    Checked(Box<Checked>),
    Counters(Box<Counters>),
    Recovered(Box<Recovered>),
}

impl Answer {
    /// Received messages, which go back to the queue if they do not reach JavaScript.
    pub fn received(messages: Vec<Message>) -> Self {
        Self::Received(Arc::new(Undelivered::new(messages)))
    }

    /// What a batch ends with, when each entry has nothing to tell but its failure: nothing, if
    /// there is none.
    pub fn entries(results: Vec<api::Result<()>>) -> Self {
        if results.iter().all(api::Result::is_ok) {
            return Self::Nothing;
        }
        let entry = |result: api::Result<()>| result.err().map_or(Self::Nothing, Self::Failure);
        Self::Entries(results.into_iter().map(entry).collect())
    }

    /// Texts by their names.
    pub fn texts(texts: BTreeMap<String, String>) -> Self {
        let texts = texts.into_iter().flat_map(|(name, text)| [name, text]);
        Self::Texts(texts.collect())
    }

    /// A time or a count.
    pub fn count(value: u64) -> Self {
        Self::Number(number(value))
    }
}

impl ToNapiValue for Answer {
    /// Converts by the conversions that napi has for what is in it.
    unsafe fn to_napi_value(env: sys::napi_env, answer: Self) -> Result<sys::napi_value> {
        macro_rules! convert {
            ($type:ty, $value:expr) => {
                // SAFETY: `env` is this environment, on its own thread, as napi called us.
                unsafe { <$type>::to_napi_value(env, $value) }
            };
        }
        match answer {
            Self::Failure(error) => convert!(Failure, Failure::from(&error)),
            Self::Nothing => convert!((), ()),
            Self::Number(value) => convert!(f64, value),
            Self::Text(text) => convert!(String, text),
            Self::Texts(texts) => convert!(Vec<String>, texts),
            Self::Names(names) => convert!(Names, names),
            Self::Store(store) => convert!(NativeStore, store),
            Self::Server(server) => convert!(NativeServer, server),
            Self::Queue(queue) => convert!(NativeQueue, queue),
            Self::Sent(text) => convert!(Latin1String, text.into()),
            Self::Entries(entries) => convert!(Vec<Answer>, entries),
            Self::Received(messages) => convert!(Vec<Buffer>, messages.deliver()),
            Self::Written(bytes) => convert!(f64, bytes as f64),
            Self::Peeked(messages) => convert!(Vec<PeekedMessage>, messages),
            Self::Tasks(tasks) => convert!(Vec<Task>, tasks),
            Self::Checked(report) => convert!(Checked, *report),
            Self::Counters(counters) => convert!(Counters, *counters),
            Self::Recovered(recovery) => convert!(Recovered, *recovery),
        }
    }
}
