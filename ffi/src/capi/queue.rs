//! One queue: its handle, attributes, tags, and what empties it.

use super::arguments::{
    Out, Plain, handle, invalid, optional_text, options, slice, switch, text, texts,
};
use super::list::{List, c_text, forebay_list, forebay_pair};
use super::{guard, tables};
use crate::api::{Queue, QueueOptions, Status};
use forebay_core::{Result, limits};
use std::collections::BTreeMap;
use std::ffi::{CString, c_char};

/// A queue of an open store. Freed with `forebay_queue_free`, before or after its store is
/// closed; after that its calls give FOREBAY_STATUS_CLOSED.
pub struct forebay_queue {
    _private: [u8; 0],
}

/// What a queue is created with. What is not named takes SQS's default for a new queue, and any
/// value for one that exists.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_queue_options {
    /// `sizeof (forebay_queue_options)`.
    pub size: usize,
    /// Attributes by their SQS names, such as {"VisibilityTimeout", "30"}; NULL for none.
    pub attributes: *const forebay_pair,
    /// How many.
    pub attribute_count: usize,
    /// Tags of a new queue; NULL for none.
    pub tags: *const forebay_pair,
    /// How many, 0 to 50.
    pub tag_count: usize,
    /// Name or ARN of an existing queue of the same kind, to which messages move that were
    /// received `max_receives` times and not deleted; NULL for none.
    pub dead_letter: *const c_char,
    /// 1 to 1,000 with `dead_letter`, else 0.
    pub max_receives: u32,
    /// 1: a FIFO queue, whose name ends in ".fifo". Short for the attribute FifoQueue.
    pub fifo: i32,
}

// SAFETY: integers and pointers only.
unsafe impl Plain for forebay_queue_options {}

/// What a `forebay_queue` stands for.
pub(super) struct QueueHandle {
    pub(super) inner: Queue,
    name: CString,
    arn: CString,
}

impl QueueHandle {
    pub(super) fn new(inner: Queue) -> Result<Self> {
        Ok(Self {
            name: c_text(inner.name())?,
            arn: c_text(inner.key().arn())?,
            inner,
        })
    }
}

/// # Safety
/// Pointers are NULL or valid.
pub(super) unsafe fn read_queue_options(
    given: *const forebay_queue_options,
) -> Result<QueueOptions> {
    // SAFETY: the caller's promise.
    let (given, attributes, tags, dead_letter) = unsafe {
        let given = options(given, "options")?;
        (
            given,
            read_pairs(
                given.attributes,
                given.attribute_count,
                "options->attributes",
            )?,
            read_pairs(given.tags, given.tag_count, "options->tags")?,
            optional_text(given.dead_letter, "options->dead_letter")?,
        )
    };
    let mut wanted = QueueOptions::new().attributes(attributes);
    for (key, value) in tags {
        wanted = wanted.tag(key, value);
    }
    if switch(given.fifo, "options->fifo")? {
        wanted = wanted.fifo();
    }
    match (dead_letter, given.max_receives) {
        (Some(target), receives) => Ok(wanted.dead_letter(target, receives)),
        (None, 0) => Ok(wanted),
        (None, receives) => Err(invalid(format_args!(
            "options->max_receives is {receives} without a dead_letter"
        ))),
    }
}

/// Copies names and values; no name may come twice.
///
/// # Safety
/// Pointers are NULL or valid.
unsafe fn read_pairs(
    pairs: *const forebay_pair,
    count: usize,
    name: &str,
) -> Result<BTreeMap<String, String>> {
    let mut read = BTreeMap::new();
    // SAFETY: the caller's promise.
    for (index, pair) in unsafe { slice(pairs, count, name) }?.iter().enumerate() {
        // SAFETY: the caller's promise.
        let (key, value) = unsafe {
            (
                text(pair.name, format_args!("{name}[{index}].name"))?,
                text(pair.value, format_args!("{name}[{index}].value"))?,
            )
        };
        if read.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format_args!(
                "{name}[{index}]: {key:?} comes twice"
            )));
        }
    }
    Ok(read)
}

/// The queue's name. It lives until the queue is freed.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_name(
    queue: *const forebay_queue,
    name: *mut *const c_char,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe { lend(queue, name, "name", |queue| queue.name.as_ptr()) }
}

/// The queue's ARN, `arn:aws:sqs:<region>:<account>:<name>`. It lives until the queue is freed.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_arn(
    queue: *const forebay_queue,
    arn: *mut *const c_char,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe { lend(queue, arn, "arn", |queue| queue.arn.as_ptr()) }
}

/// True for a FIFO queue.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_is_fifo(
    queue: *const forebay_queue,
    is_fifo: *mut bool,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe { lend(queue, is_fifo, "is_fifo", |queue| queue.inner.is_fifo()) }
}

/// # Safety
/// Pointers are NULL or valid.
unsafe fn lend<T>(
    queue: *const forebay_queue,
    out: *mut T,
    name: &str,
    give: impl FnOnce(&QueueHandle) -> T,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        unsafe { Out::new(out, name) }?.write(give(&queue));
        Ok(())
    })
}

/// Sets attributes by their SQS names: all of them, or none if one is wrong. An empty value
/// removes Policy, RedrivePolicy, RedriveAllowPolicy and KmsMasterKeyId.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_set_attributes(
    queue: *mut forebay_queue,
    attributes: *const forebay_pair,
    count: usize,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let attributes = unsafe { read_pairs(attributes, count, "attributes") }?;
        queue.inner.set_attributes(attributes)
    })
}

/// Attributes by their SQS names, as a list of names and values: those named, or with the name
/// "All" all of them. Message counts are exact.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_get_attributes(
    queue: *const forebay_queue,
    names: *const *const c_char,
    count: usize,
    attributes: *mut *mut forebay_list,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let (names, out) = unsafe {
            (
                texts(names, count, "names")?,
                Out::new(attributes, "attributes")?,
            )
        };
        give_list(out, List::pairs(queue.inner.attributes(&names)?)?)
    })
}

/// Adds tags; those with the same key are written over.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_tag(
    queue: *mut forebay_queue,
    tags: *const forebay_pair,
    count: usize,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let tags = unsafe { read_pairs(tags, count, "tags") }?;
        queue.inner.tag(tags)
    })
}

/// Removes tags by their keys; absent ones are no error.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_untag(
    queue: *mut forebay_queue,
    keys: *const *const c_char,
    count: usize,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let keys = unsafe { texts(keys, count, "keys") }?;
        queue.inner.untag(keys)
    })
}

/// The queue's tags, as a list of keys and values.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_tags(
    queue: *const forebay_queue,
    tags: *mut *mut forebay_list,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let out = unsafe { Out::new(tags, "tags") }?;
        give_list(out, List::pairs(queue.inner.tags()?)?)
    })
}

/// Removes every message, whatever its state.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_purge(queue: *mut forebay_queue) -> Status {
    guard::call(|| tables().queues.get(queue.addr(), "queue")?.inner.purge())
}

/// The names of the queues that use this one as their dead-letter queue, at most `limit` (0 for
/// 1,000), continued with the token of the list before; NULL to begin.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_dead_letter_sources(
    queue: *const forebay_queue,
    token: *const c_char,
    limit: usize,
    names: *mut *mut forebay_list,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let (token, out) = unsafe { (optional_text(token, "token")?, Out::new(names, "names")?) };
        let page = queue
            .inner
            .dead_letter_sources_page(page_limit(limit), token)?;
        give_list(out, List::names(page.names, page.next_token)?)
    })
}

/// Frees the handle; the queue stays. NULL or a handle freed before: nothing happens.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_queue_free(queue: *mut forebay_queue) {
    guard::quiet(|| drop(tables().queues.remove(queue.addr(), "queue")));
}

/// The page size that a caller's limit stands for.
pub(super) fn page_limit(limit: usize) -> usize {
    if limit == 0 {
        limits::LIST_PAGE_MAX
    } else {
        limit
    }
}

/// Hands a list over.
pub(super) fn give_list(out: Out<*mut forebay_list>, list: List) -> Result<()> {
    out.write(handle(tables().lists.insert(list)?));
    Ok(())
}
