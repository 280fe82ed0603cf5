//! Receives that do not block.

use super::arguments::{Out, handle, invalid};
use super::messages::{Batch, forebay_messages};
use super::queue::forebay_queue;
use super::receive::{forebay_receive_options, read_receive_options};
use super::{guard, tables};
use crate::api::{Message, Status, Ticket};
use forebay_core::Result;
use std::ffi::c_void;
use std::time::Duration;

/// A receive under way. Freed with `forebay_ticket_free`.
pub struct forebay_ticket {
    _private: [u8; 0],
}

/// Gets the result of a receive, exactly once, on the thread of the store that serves all waits,
/// so it should return soon; or on the thread that cancels or frees the ticket. With
/// FOREBAY_STATUS_OK, `messages` belongs to the callback, which frees it; it may have no
/// messages. Otherwise it is NULL and forebay_last_error() has the text, until the callback
/// returns. It must return: no longjmp, and no exception of C++.
pub type forebay_receive_callback = Option<
    unsafe extern "C" fn(user: *mut c_void, status: Status, messages: *mut forebay_messages),
>;

/// The caller's pointer on its way to the callback.
struct User(*mut c_void);

// SAFETY: the header says that the callback comes on another thread; what the pointer leads to is
// the caller's to share.
unsafe impl Send for User {}

/// Starts a receive and returns at once. With a callback, the result goes there, perhaps before
/// this returns; should this call fail, the callback is not called. With NULL it stays in the
/// ticket until `forebay_ticket_take`.
///
/// # Safety
/// Pointers are NULL or valid; the callback may be called from another thread.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_queue_receive_start(
    queue: *mut forebay_queue,
    options: *const forebay_receive_options,
    callback: forebay_receive_callback,
    user: *mut c_void,
    ticket: *mut *mut forebay_ticket,
) -> Status {
    guard::call(|| {
        let queue = tables().queues.get(queue.addr(), "queue")?;
        // SAFETY: the caller's promise.
        let (options, out) =
            unsafe { (read_receive_options(options)?, Out::new(ticket, "ticket")?) };
        let started = match callback {
            None => Ticket::start(&queue.inner, options)?,
            Some(function) => {
                let user = User(user);
                Ticket::start_with(&queue.inner, options, move |received| {
                    // Moves `user` as a whole: the pointer alone could not change threads.
                    let user = user;
                    give(function, user.0, received);
                })?
            }
        };
        out.write(handle(tables().tickets.insert(started)?));
        Ok(())
    })
}

fn give(
    function: unsafe extern "C" fn(*mut c_void, Status, *mut forebay_messages),
    user: *mut c_void,
    received: Result<Vec<Message>>,
) {
    guard::aside(|| {
        let mut messages = std::ptr::null_mut();
        let status = guard::call(|| {
            messages = handle(tables().messages.insert(Batch::received(received?)?)?);
            Ok(())
        });
        // SAFETY: the caller gave a function of this type that may be called from any thread.
        unsafe { function(user, status, messages) };
    });
}

/// Whether the receive has ended, and its callback, if there is one, has returned.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_ticket_is_done(
    ticket: *const forebay_ticket,
    done: *mut bool,
) -> Status {
    guard::call(|| {
        let ticket = tables().tickets.get(ticket.addr(), "ticket")?;
        // SAFETY: the caller's promise.
        unsafe { Out::new(done, "done") }?.write(ticket.is_done());
        Ok(())
    })
}

/// Waits until the receive has ended, at most `timeout_ms` milliseconds; below 0 without limit.
/// `done` tells whether it has. Inside a callback, before which the receive cannot end, a wait
/// without limit is FOREBAY_STATUS_INVALID_ARGUMENT.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_ticket_wait(
    ticket: *mut forebay_ticket,
    timeout_ms: i64,
    done: *mut bool,
) -> Status {
    guard::call(|| {
        let ticket = tables().tickets.get(ticket.addr(), "ticket")?;
        // SAFETY: the caller's promise.
        let out = unsafe { Out::new(done, "done") }?;
        let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        if timeout.is_none() && ticket.would_wait_for_itself() {
            return Err(invalid(
                "a wait for a ticket would last for ever inside a callback; give it a limit",
            ));
        }
        out.write(ticket.wait(timeout));
        Ok(())
    })
}

/// A file descriptor that turns readable when the receive has ended, for select, poll, epoll or
/// kqueue. It belongs to the ticket and ends with it: wait for it, but neither read nor close it.
/// UNSUPPORTED_OPERATION on Windows.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_ticket_fd(ticket: *mut forebay_ticket, fd: *mut i32) -> Status {
    guard::call(|| {
        let ticket = tables().tickets.get(ticket.addr(), "ticket")?;
        // SAFETY: the caller's promise.
        let out = unsafe { Out::new(fd, "fd") }?;
        out.write(ticket.descriptor()?);
        Ok(())
    })
}

/// The messages of a receive that has ended, once; they belong to the caller then. The status is
/// that of the receive; UNSUPPORTED_OPERATION before it has ended, for the second time, and where
/// a callback gets the result.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_ticket_take(
    ticket: *mut forebay_ticket,
    messages: *mut *mut forebay_messages,
) -> Status {
    guard::call(|| {
        let ticket = tables().tickets.get(ticket.addr(), "ticket")?;
        // SAFETY: the caller's promise.
        let out = unsafe { Out::new(messages, "messages") }?;
        let batch = Batch::received(ticket.take()?)?;
        out.write(handle(tables().messages.insert(batch)?));
        Ok(())
    })
}

/// Cancels the receive; one that has ended stays as it is. When this returns, the receive has
/// ended: its callback was called or its result is in the ticket, and either that is what was
/// received before the cancel, or the status is FOREBAY_STATUS_CANCELLED and no message was taken.
/// Inside the ticket's own callback this does nothing, and nothing where callbacks on two threads
/// cancel each other's ticket. As it waits for the ticket's callback, if that runs just now, do not
/// hold a lock that the callback takes. Where PostgreSQL holds a look up, this does not wait for
/// it: what the look may find is given back then, as received once more.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_ticket_cancel(ticket: *mut forebay_ticket) -> Status {
    guard::call(|| {
        tables().tickets.get(ticket.addr(), "ticket")?.cancel();
        Ok(())
    })
}

/// Cancels the receive as `forebay_ticket_cancel` does, makes messages that nobody took visible
/// again, and frees the ticket, whatever other threads do with it: their waits for it end. Free
/// tickets before the store is closed: after that their messages come back with their visibility
/// timeout only. NULL or a ticket freed before: nothing happens.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_ticket_free(ticket: *mut forebay_ticket) {
    guard::quiet(|| {
        // Not by dropping it: another thread may be about to use it, or wait for its end.
        if let Ok(ticket) = tables().tickets.remove(ticket.addr(), "ticket") {
            ticket.end();
        }
    });
}
