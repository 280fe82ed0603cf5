//! Sending.

use super::arguments::{
    Out, Plain, SizedOut, handle, invalid, name_seconds, optional_number, optional_text, options,
    seconds, slice, text,
};
use super::results::{Results, forebay_results};
use super::{guard, queue::forebay_queue, tables};
use crate::api::{Attribute, AttributeValue, Number, SendReceipt, SendRequest, Status};
use bytes::Bytes;
use forebay_core::Result;
use std::ffi::c_char;
use std::fmt;

/// Puts one text into a request.
type SetText = fn(SendRequest, &str) -> SendRequest;

/// A message attribute. In an argument everything is copied; in a result it is lent.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_attribute {
    /// 1 to 256 characters.
    pub name: *const c_char,
    /// "String", "Number" or "Binary", optionally with a label as in "Number.int". NULL in an
    /// argument means "String".
    pub type_name: *const c_char,
    /// The value; UTF-8 unless the type is Binary. Text that is lent has a NUL behind it.
    pub value: *const u8,
    /// Bytes of the value, a NUL behind it not counted.
    pub value_length: usize,
}

/// What a message may have besides its body.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_send_options {
    /// `sizeof (forebay_send_options)`.
    pub size: usize,
    /// Message attributes; NULL for none.
    pub attributes: *const forebay_attribute,
    /// How many, 0 to 10.
    pub attribute_count: usize,
    /// MessageGroupId; NULL for none. FIFO queues need one.
    pub group: *const c_char,
    /// MessageDeduplicationId; NULL for none. For FIFO queues only.
    pub deduplication: *const c_char,
    /// AWSTraceHeader, 1 to 1,024 bytes; NULL for none.
    pub trace_header: *const c_char,
    /// SenderId; NULL for the account of the store.
    pub sender: *const c_char,
    /// 1 if `delay_s` counts, 0 for the delay of the queue.
    pub has_delay_s: i32,
    /// Seconds before the message can be received, 0 to 900.
    pub delay_s: u32,
}

// SAFETY: integers and pointers only.
unsafe impl Plain for forebay_send_options {}

/// One message of a batch.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_send_entry {
    /// The body, any bytes, at least one; copied.
    pub body: *const u8,
    /// Bytes of the body.
    pub body_length: usize,
    /// Everything else; NULL for the defaults.
    pub options: *const forebay_send_options,
    /// The entry's id in the batch, 1 to 80 of [A-Za-z0-9_-], distinct within the batch. NULL in
    /// all entries, or in none.
    pub id: *const c_char,
}

/// An accepted message.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_sent {
    /// Its id, NUL-terminated.
    pub id: [c_char; 40],
    /// Its position in the queue; on a FIFO queue its SequenceNumber.
    pub sequence: u64,
    /// 1 if it was not stored because its deduplication id was sent less than five minutes ago;
    /// id and sequence are then those of the first.
    pub duplicate: i32,
    /// 0.
    pub reserved: i32,
}

// SAFETY: integers only.
unsafe impl Plain for forebay_sent {}

impl From<&SendReceipt> for forebay_sent {
    fn from(receipt: &SendReceipt) -> Self {
        let mut id = [0; 40];
        let text = receipt.message_id().to_string();
        for (target, byte) in id.iter_mut().zip(text.bytes().take(39)) {
            *target = byte as c_char;
        }
        Self {
            id,
            sequence: receipt.sequence(),
            duplicate: receipt.is_duplicate().into(),
            reserved: 0,
        }
    }
}

/// Sends one message: any bytes, at least one, up to the MaximumMessageSize of the queue (1 MiB
/// unless set), attributes included. `options` may be NULL. `sent` may be NULL, else `sent_size`
/// is `sizeof *sent`. When the call returns, the message is as durable as the store promises.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_send(
    queue: *mut forebay_queue,
    body: *const u8,
    body_length: usize,
    options: *const forebay_send_options,
    sent: *mut forebay_sent,
    sent_size: usize,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let ((request, delay_s), out) = unsafe {
            (
                read_request(body, body_length, options, format_args!(""))?,
                SizedOut::optional(sent, sent_size, "sent")?,
            )
        };
        seconds(Number::Delay, delay_s)?;
        let sent = queue.inner.send(request)?;
        if let Some(out) = out {
            out.write(forebay_sent::from(&sent));
        }
        Ok(())
    })
}

/// Sends up to 10,000 messages with one wait for the disk. Entries succeed or fail one by one:
/// the call succeeds if the batch as a whole was fit, and `results` has one result an entry.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_send_batch(
    queue: *mut forebay_queue,
    entries: *const forebay_send_entry,
    count: usize,
    results: *mut *mut forebay_results,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let (entries, results) = unsafe {
            (
                slice(entries, count, "entries")?,
                Out::new(results, "results")?,
            )
        };
        let (requests, delays): (Vec<SendRequest>, Vec<u32>) = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| {
                // SAFETY: the caller's promise.
                unsafe { read_entry(entry, format_args!("entries[{index}].")) }
            })
            .collect::<Result<_>>()?;
        let sent = queue.inner.send_batch(requests)?;
        let sent = Results::sent(name_seconds(sent, delays))?;
        results.write(handle(tables().results.insert(sent)?));
        Ok(())
    })
}

/// As [`read_request`], with the entry's id.
///
/// # Safety
/// The entry's pointers are NULL or valid.
unsafe fn read_entry(
    entry: &forebay_send_entry,
    at: fmt::Arguments<'_>,
) -> Result<(SendRequest, u32)> {
    // SAFETY: the caller's promise.
    unsafe {
        let (request, delay_s) = read_request(entry.body, entry.body_length, entry.options, at)?;
        Ok(match optional_text(entry.id, format_args!("{at}id"))? {
            Some(id) => (request.id(id), delay_s),
            None => (request, delay_s),
        })
    }
}

/// A message, and its delay as it was given, whose range is not checked here: it fails the entry
/// of a batch and not the batch.
///
/// # Safety
/// Pointers are NULL or valid.
unsafe fn read_request(
    body: *const u8,
    body_length: usize,
    given: *const forebay_send_options,
    at: fmt::Arguments<'_>,
) -> Result<(SendRequest, u32)> {
    // SAFETY: the caller's promise.
    let body = unsafe { slice(body, body_length, format_args!("{at}body")) }?;
    let mut request = SendRequest::new(Bytes::copy_from_slice(body));
    if given.is_null() {
        return Ok((request, 0));
    }
    // SAFETY: the caller's promise.
    let given = unsafe { options(given, format_args!("{at}options")) }?;
    // SAFETY: the caller's promise.
    request = request.attributes(unsafe {
        read_attributes(
            given.attributes,
            given.attribute_count,
            format_args!("{at}attributes"),
        )
    }?);
    if let Some(delay_s) = optional_number(given.has_delay_s, given.delay_s, "delay_s")? {
        request = request.delay(delay_s);
    }
    let fields: [(_, _, SetText); 4] = [
        (given.group, "group", |request, text| request.group(text)),
        (given.deduplication, "deduplication", |request, text| {
            request.deduplication(text)
        }),
        (given.trace_header, "trace_header", |request, text| {
            request.trace_header(text)
        }),
        (given.sender, "sender", |request, text| request.sender(text)),
    ];
    for (pointer, name, set) in fields {
        // SAFETY: the caller's promise.
        if let Some(text) = unsafe { optional_text(pointer, format_args!("{at}{name}")) }? {
            request = set(request, text);
        }
    }
    Ok((request, given.delay_s))
}

/// Copies message attributes.
///
/// # Safety
/// Pointers are NULL or valid.
pub(super) unsafe fn read_attributes(
    attributes: *const forebay_attribute,
    count: usize,
    name: impl fmt::Display + Copy,
) -> Result<Vec<Attribute>> {
    // SAFETY: the caller's promise.
    let attributes = unsafe { slice(attributes, count, name) }?;
    attributes
        .iter()
        .enumerate()
        .map(|(index, attribute)| {
            // SAFETY: the caller's promise.
            unsafe { read_attribute(attribute, format_args!("{name}[{index}]")) }
        })
        .collect()
}

/// # Safety
/// Pointers are NULL or valid.
unsafe fn read_attribute(
    attribute: &forebay_attribute,
    at: fmt::Arguments<'_>,
) -> Result<Attribute> {
    // SAFETY: the caller's promise.
    let (name, data_type, value) = unsafe {
        (
            text(attribute.name, format_args!("{at}.name"))?,
            optional_text(attribute.type_name, format_args!("{at}.type_name"))?.unwrap_or("String"),
            slice(
                attribute.value,
                attribute.value_length,
                format_args!("{at}.value"),
            )?,
        )
    };
    let binary = data_type == "Binary" || data_type.starts_with("Binary.");
    let value = if binary {
        AttributeValue::Binary(Bytes::copy_from_slice(value))
    } else {
        let text = std::str::from_utf8(value).map_err(|_| {
            invalid(format_args!(
                "{at}.value is not UTF-8; {data_type} needs it"
            ))
        })?;
        AttributeValue::Text(text.to_owned())
    };
    Ok(Attribute {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        value,
    })
}
