//! What is done with a receipt: deleting the message, or hiding it for another time.

use super::arguments::{Out, handle, name_seconds, optional_text, seconds, slice, text};
use super::queue::forebay_queue;
use super::results::{Results, forebay_results};
use super::{guard, tables};
use crate::api::{DeleteRequest, Number, Status, VisibilityRequest};
use forebay_core::Result;
use std::ffi::c_char;

/// One message of a batch to delete.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_delete_entry {
    /// The receipt handle.
    pub receipt: *const c_char,
    /// The entry's id, as in `forebay_send_entry`; NULL for none.
    pub id: *const c_char,
}

/// One message of a batch to hide for another time.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_visibility_entry {
    /// The receipt handle.
    pub receipt: *const c_char,
    /// The entry's id, as in `forebay_send_entry`; NULL for none.
    pub id: *const c_char,
    /// Seconds from now, 0 to 43,200; 0 makes the message visible at once.
    pub timeout_s: u32,
}

/// Deletes the message that a receipt handle names. Deleting a message that is gone succeeds; on
/// a FIFO queue, a handle whose visibility timeout has ended does not.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_delete(
    queue: *mut forebay_queue,
    receipt: *const c_char,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let receipt = unsafe { text(receipt, "receipt") }?;
        queue.inner.delete(receipt)
    })
}

/// Deletes up to 10,000 messages with one wait for the disk; one result an entry.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_delete_batch(
    queue: *mut forebay_queue,
    entries: *const forebay_delete_entry,
    count: usize,
    results: *mut *mut forebay_results,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let (entries, out) = unsafe {
            (
                slice(entries, count, "entries")?,
                Out::new(results, "results")?,
            )
        };
        let requests = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| {
                // SAFETY: the caller's promise.
                let (receipt, id) = unsafe { read_names(entry.receipt, entry.id, index) }?;
                let request = DeleteRequest::new(receipt);
                Ok(match id {
                    Some(id) => request.id(id),
                    None => request,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        give(out, Results::done(queue.inner.delete_batch(requests)?)?)
    })
}

/// Hides a received message until `timeout_s` seconds from now, 0 to 43,200; 0 makes it visible
/// at once.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_change_visibility(
    queue: *mut forebay_queue,
    receipt: *const c_char,
    timeout_s: u32,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let receipt = unsafe { text(receipt, "receipt") }?;
        let timeout_s = seconds(Number::Visibility, timeout_s)?;
        queue.inner.change_visibility((receipt, timeout_s))
    })
}

/// Hides up to 10,000 messages for another time; one result an entry.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_change_visibility_batch(
    queue: *mut forebay_queue,
    entries: *const forebay_visibility_entry,
    count: usize,
    results: *mut *mut forebay_results,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let (entries, out) = unsafe {
            (
                slice(entries, count, "entries")?,
                Out::new(results, "results")?,
            )
        };
        let requests = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| {
                // SAFETY: the caller's promise.
                let (receipt, id) = unsafe { read_names(entry.receipt, entry.id, index) }?;
                let request = VisibilityRequest::new(receipt, entry.timeout_s);
                Ok(match id {
                    Some(id) => request.id(id),
                    None => request,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let changed = queue.inner.change_visibility_batch(requests)?;
        let given = entries.iter().map(|entry| entry.timeout_s);
        give(out, Results::done(name_seconds(changed, given))?)
    })
}

/// # Safety
/// Pointers are NULL or valid.
unsafe fn read_names<'a>(
    receipt: *const c_char,
    id: *const c_char,
    index: usize,
) -> Result<(&'a str, Option<&'a str>)> {
    // SAFETY: the caller's promise.
    unsafe {
        Ok((
            text(receipt, format_args!("entries[{index}].receipt"))?,
            optional_text(id, format_args!("entries[{index}].id"))?,
        ))
    }
}

fn give(out: Out<*mut forebay_results>, results: Results) -> Result<()> {
    out.write(handle(tables().results.insert(results)?));
    Ok(())
}
