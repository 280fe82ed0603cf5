//! Receiving, and looking without receiving.

use super::arguments::{
    Out, Plain, handle, invalid, optional_number, optional_text, options, seconds,
};
use super::messages::{Batch, forebay_messages};
use super::queue::forebay_queue;
use super::{guard, tables};
use crate::api::{MessageState, Number, PeekOptions, ReceiveOptions, Status};
use forebay_core::Result;
use std::ffi::c_char;

/// How messages are received. Zeros: one message, waiting and hidden for as long as the queue
/// says.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_receive_options {
    /// `sizeof (forebay_receive_options)`.
    pub size: usize,
    /// At most this many messages, 1 to 10,000 (10 under SQS's limits); 0 for 1.
    pub max: u32,
    /// 1 if `wait_s` counts, 0 for the ReceiveMessageWaitTimeSeconds of the queue.
    pub has_wait_s: i32,
    /// Wait for a first message this many seconds, 0 to 20.
    pub wait_s: u32,
    /// 1 if `visibility_s` counts, 0 for the VisibilityTimeout of the queue.
    pub has_visibility_s: i32,
    /// Hide the messages this many seconds, 0 to 43,200.
    pub visibility_s: u32,
    /// 0.
    pub reserved: u32,
    /// ReceiveRequestAttemptId, for FIFO queues only: a repeat within five minutes gives the same
    /// messages. NULL for none.
    pub attempt: *const c_char,
}

// SAFETY: integers and pointers only.
unsafe impl Plain for forebay_receive_options {}

/// Bits of `forebay_peek_options.states`.
pub const FOREBAY_PEEK_DELAYED: u32 = 1;
/// See FOREBAY_PEEK_DELAYED.
pub const FOREBAY_PEEK_VISIBLE: u32 = 2;
/// See FOREBAY_PEEK_DELAYED.
pub const FOREBAY_PEEK_IN_FLIGHT: u32 = 4;

/// Which messages a peek shows. Zeros: the first ten of any state.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_peek_options {
    /// `sizeof (forebay_peek_options)`.
    pub size: usize,
    /// Only messages of this group; NULL for any.
    pub group: *const c_char,
    /// Only messages with a sequence above this: that of the last message of the page before.
    pub after: u64,
    /// At most this many, 1 to 10,000, and no more than 64 MiB of them; 0 for 10. There are fewer
    /// where many others had to be passed over: only none says that no more follow.
    pub limit: u32,
    /// Sum of FOREBAY_PEEK_ bits; 0 for all states.
    pub states: u32,
}

// SAFETY: integers and pointers only.
unsafe impl Plain for forebay_peek_options {}

/// # Safety
/// Pointers are NULL or valid.
pub(super) unsafe fn read_receive_options(
    given: *const forebay_receive_options,
) -> Result<ReceiveOptions> {
    // SAFETY: the caller's promise.
    let (given, attempt) = unsafe {
        let given = options(given, "options")?;
        (given, optional_text(given.attempt, "options->attempt")?)
    };
    if given.reserved != 0 {
        let reserved = given.reserved;
        return Err(invalid(format_args!(
            "options->reserved is {reserved}, not 0"
        )));
    }
    let mut wanted = ReceiveOptions::new().max(given.max.max(1));
    if let Some(wait_s) = optional_number(given.has_wait_s, given.wait_s, "wait_s")? {
        wanted = wanted.wait(seconds(Number::Wait, wait_s)?);
    }
    let visibility_s = optional_number(given.has_visibility_s, given.visibility_s, "visibility_s")?;
    if let Some(visibility_s) = visibility_s {
        wanted = wanted.visibility_timeout(seconds(Number::Visibility, visibility_s)?);
    }
    Ok(match attempt {
        Some(id) => wanted.attempt(id),
        None => wanted,
    })
}

/// # Safety
/// Pointers are NULL or valid.
unsafe fn read_peek_options(given: *const forebay_peek_options) -> Result<PeekOptions> {
    // SAFETY: the caller's promise.
    let (given, group) = unsafe {
        let given = options(given, "options")?;
        (given, optional_text(given.group, "options->group")?)
    };
    let mut wanted = PeekOptions::new().after(given.after);
    let mut unknown = given.states;
    for (bit, state) in [
        (FOREBAY_PEEK_DELAYED, MessageState::Delayed),
        (FOREBAY_PEEK_VISIBLE, MessageState::Visible),
        (FOREBAY_PEEK_IN_FLIGHT, MessageState::InFlight),
    ] {
        if given.states & bit != 0 {
            wanted = wanted.state(state);
            unknown &= !bit;
        }
    }
    if unknown != 0 {
        return Err(invalid(format_args!(
            "options->states is {:#x}; the known bits are 0x7",
            given.states
        )));
    }
    if given.limit != 0 {
        wanted = wanted.limit(given.limit as usize);
    }
    Ok(match group {
        Some(group) => wanted.group(group),
        None => wanted,
    })
}

/// Receives messages: those that are there, or those that come while it waits. A wait that ends
/// without messages succeeds with none. `options` may be NULL. The messages belong to the caller.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_receive(
    queue: *mut forebay_queue,
    options: *const forebay_receive_options,
    messages: *mut *mut forebay_messages,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let (options, out) = unsafe {
            (
                read_receive_options(options)?,
                Out::new(messages, "messages")?,
            )
        };
        let batch = Batch::received(queue.inner.receive(&options)?)?;
        out.write(handle(tables().messages.insert(batch)?));
        Ok(())
    })
}

/// Shows messages in the order of their sequence without any effect on them; they have no
/// receipt. `options` may be NULL. The messages belong to the caller.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_peek(
    queue: *const forebay_queue,
    options: *const forebay_peek_options,
    messages: *mut *mut forebay_messages,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let (options, out) =
            unsafe { (read_peek_options(options)?, Out::new(messages, "messages")?) };
        let batch = Batch::peeked(queue.inner.peek(&options)?, queue.inner.is_fifo())?;
        out.write(handle(tables().messages.insert(batch)?));
        Ok(())
    })
}
