//! Messages on their way to JavaScript, and what is asked about them there.

use crate::record;
use crate::values::{AttributeObject, attributes};
use forebay_ffi::api::{Message, Result, digest, message_attributes, receipt};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of one piece of memory with several messages. One that a program keeps keeps it whole.
const CHUNK_BYTES_MAX: usize = 32 << 10;

/// Messages on their way to JavaScript. Where they do not arrive they are given back.
pub struct Undelivered {
    messages: Vec<Message>,
    have_arrived: AtomicBool,
}

impl Undelivered {
    pub fn new(messages: Vec<Message>) -> Self {
        let have_arrived = AtomicBool::new(false);
        Self {
            messages,
            have_arrived,
        }
    }

    /// Writes their records into `memory` if that is large enough; how many bytes they take.
    pub fn deliver_into(self, memory: &mut [u8]) -> std::result::Result<usize, Self> {
        let mut ends = Vec::with_capacity(self.messages.len());
        let mut end = 0;
        for message in &self.messages {
            end += record::length(message);
            ends.push(end);
        }
        if end > memory.len() {
            return Err(self);
        }
        let mut start = 0;
        for (message, end) in self.messages.iter().zip(ends) {
            record::write(message, &mut memory[start..end]);
            start = end;
        }
        self.arrived();
        Ok(end)
    }

    /// Their records in memory of its own. It may be that nobody looks at it: see
    /// [`Undelivered::arrived`].
    pub fn deliver(&self) -> Vec<Buffer> {
        let mut chunks: Vec<Vec<u8>> = Vec::new();
        for message in &self.messages {
            let length = record::length(message);
            let fits = |chunk: &&mut Vec<u8>| chunk.len() + length <= CHUNK_BYTES_MAX;
            match chunks.last_mut().filter(fits) {
                Some(chunk) => append(message, length, chunk),
                None => {
                    let mut chunk = Vec::with_capacity(length);
                    append(message, length, &mut chunk);
                    chunks.push(chunk);
                }
            }
        }
        chunks.into_iter().map(Buffer::from).collect()
    }

    /// They are JavaScript's.
    pub fn arrived(&self) {
        self.have_arrived.store(true, Ordering::Relaxed);
    }
}

fn append(message: &Message, length: usize, chunk: &mut Vec<u8>) {
    let start = chunk.len();
    chunk.resize(start + length, 0);
    record::write(message, &mut chunk[start..]);
}

impl Drop for Undelivered {
    fn drop(&mut self) {
        let have_arrived = self.have_arrived.load(Ordering::Relaxed);
        if let Some(first) = self.messages.first().filter(|_| !have_arrived) {
            let all = self.messages.iter().map(|message| (message, 0));
            // Where it cannot be done, the visibility timeout does it.
            let _ = first.queue().change_visibility_batch(all);
        }
    }
}

/// A failure here means that there is no record at that place.
fn thrown<T>(result: Result<T>) -> napi::Result<T> {
    result.map_err(|error| napi::Error::from_reason(error.text()))
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// The receipt handle of the record at `at`, as are the next ones.
#[napi]
pub fn record_receipt(bytes: &[u8], at: u32) -> napi::Result<String> {
    thrown(record::receipt(bytes, at)).map(|raw| receipt::encode(&raw))
}

/// The message attributes that `names` select (S5.17).
#[napi]
pub fn record_attributes(
    bytes: &[u8],
    at: u32,
    names: Vec<String>,
) -> napi::Result<Vec<AttributeObject>> {
    let all = thrown(record::attributes(bytes, at))?;
    Ok(attributes(message_attributes::select(
        &borrowed(&names),
        &all,
    )))
}

/// The system attributes that `names` ask for (S5.20).
#[napi]
pub fn record_system_attributes(
    bytes: &[u8],
    at: u32,
    names: Vec<String>,
) -> napi::Result<HashMap<String, String>> {
    let record = thrown(record::read(bytes, at))?;
    let found = message_attributes::system(&record.message, record.fifo, &borrowed(&names));
    let found = found.into_iter();
    Ok(found.map(|(name, value)| (name.into(), value)).collect())
}

#[napi]
pub fn record_md5_of_body(bytes: &[u8], at: u32) -> napi::Result<String> {
    thrown(record::body(bytes, at)).map(digest::md5_hex)
}

#[napi]
pub fn record_md5_of_attributes(
    bytes: &[u8],
    at: u32,
    names: Vec<String>,
) -> napi::Result<Option<String>> {
    let all = thrown(record::attributes(bytes, at))?;
    let selected = message_attributes::select(&borrowed(&names), &all);
    Ok(digest::attributes_md5(selected.into_iter()))
}
