//! Queues by number, for the calls that programs make for every message or batch: a function that
//! takes a number costs half of what a method costs, which must find its object, prove its class
//! and note that it is borrowed.

use crate::port::Shared;
use forebay_ffi::api::{Error, ErrorKind, Queue, Result};
use std::cell::RefCell;
use std::sync::Arc;

/// A queue, and the port of its environment.
pub struct Numbered {
    pub queue: Queue,
    pub port: Arc<Shared>,
}

thread_local! {
    /// The queues of this thread's environment, each at its number; `None` where one is free.
    static QUEUES: RefCell<Vec<Option<Arc<Numbered>>>> = const { RefCell::new(Vec::new()) };
}

/// Gives a queue a number on this thread, which it has until it is [`remove`]d.
pub fn add(queue: Arc<Numbered>) -> u32 {
    QUEUES.with_borrow_mut(|queues| {
        let free = queues.iter().position(Option::is_none);
        let at = free.unwrap_or_else(|| {
            queues.push(None);
            queues.len() - 1
        });
        queues[at] = Some(queue);
        at as u32
    })
}

/// Frees the number of a queue.
pub fn remove(number: u32) {
    // A thread that ends has forgotten all of them.
    let _ = QUEUES.try_with(|queues| {
        let mut queues = queues.borrow_mut();
        if let Some(queue) = queues.get_mut(number as usize) {
            *queue = None;
        }
    });
}

/// Calls `work` with a queue. Its answer is a failure only where `lib/` lost the queue itself.
pub fn with<T>(number: u32, work: impl FnOnce(&Numbered) -> T) -> Result<T> {
    // Of its own: what `work` makes for JavaScript may collect garbage, and queues with it.
    let queue = QUEUES.with_borrow(|queues| queues.get(number as usize).cloned().flatten());
    match queue {
        Some(queue) => Ok(work(&queue)),
        None => {
            let text = format!("there is no queue of number {number} on this thread");
            Err(Error::new(ErrorKind::Internal, text))
        }
    }
}
