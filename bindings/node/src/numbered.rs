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

/// The queues of a thread's environment.
#[derive(Default)]
struct Numbers {
    /// Each at its number; `None` where one is free.
    queues: Vec<Option<Arc<Numbered>>>,
    free: Vec<u32>,
}

thread_local! {
    static NUMBERS: RefCell<Numbers> = RefCell::default();
}

/// Gives a queue a number on this thread, which it has until it is [`remove`]d.
pub fn add(queue: Arc<Numbered>) -> u32 {
    NUMBERS.with_borrow_mut(|numbers| match numbers.free.pop() {
        Some(number) => {
            numbers.queues[number as usize] = Some(queue);
            number
        }
        None => {
            numbers.queues.push(Some(queue));
            numbers.queues.len() as u32 - 1
        }
    })
}

/// Frees the number of a queue.
pub fn remove(number: u32) {
    // A thread that ends has forgotten all of them.
    let removed = NUMBERS.try_with(|numbers| {
        let mut numbers = numbers.borrow_mut();
        let place = numbers.queues.get_mut(number as usize);
        let queue = place.and_then(Option::take)?;
        numbers.free.push(number);
        Some(queue)
    });
    // Its end may end a store: not while the numbers are held.
    drop(removed);
}

/// Calls `work` with a queue. Its answer is a failure only where `lib/` lost the queue itself.
pub fn with<T>(number: u32, work: impl FnOnce(&Numbered) -> T) -> Result<T> {
    // Of its own: what `work` makes for JavaScript may collect garbage, and queues with it.
    let queue =
        NUMBERS.with_borrow(|numbers| numbers.queues.get(number as usize).cloned().flatten());
    match queue {
        Some(queue) => Ok(work(&queue)),
        None => {
            let text = format!("there is no queue of number {number} on this thread");
            Err(Error::new(ErrorKind::Internal, text))
        }
    }
}
