//! A request between its checks and its answer: run in place, or handed in.

use super::{Queue, Store};
use crate::command::{Command, Outcome};
use crate::error::Result;
use crate::store::Storage;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Reads the answer of a command.
type Read<T> = Box<dyn FnOnce(Outcome) -> Result<T> + Send>;

/// A request that was checked and waits to be carried out: made by [`Queue::calls`] and
/// [`Store::calls`]. Every blocking method of these handles is one that is run at once.
#[must_use = "nothing happens before the call is run or submitted"]
pub struct Call<T> {
    step: Step<T>,
}

enum Step<T> {
    /// The checks left nothing to ask the store for.
    Known(T),
    Ask(Arc<dyn Storage>, Command, Read<T>),
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.step {
            Step::Known(_) => f.write_str("Call(known)"),
            Step::Ask(_, command, _) => f.debug_tuple("Call").field(command).finish(),
        }
    }
}

impl<T: 'static> Call<T> {
    pub(super) fn known(answer: T) -> Self {
        Self {
            step: Step::Known(answer),
        }
    }

    pub(super) fn ask(
        storage: Arc<dyn Storage>,
        command: Command,
        read: impl FnOnce(Outcome) -> Result<T> + Send + 'static,
    ) -> Self {
        let read = Box::new(read);
        Self {
            step: Step::Ask(storage, command, read),
        }
    }

    /// Carries it out on this thread, and returns when the answer may be relied upon.
    pub fn run(self) -> Result<T> {
        match self.step {
            Step::Known(answer) => Ok(answer),
            Step::Ask(storage, command, read) => storage.execute(command).and_then(read),
        }
    }

    /// Carries it out on this thread if that needs no wait, neither for a lock that somebody holds
    /// nor for the disk: a small receive, say, or a small send to a store of durability `os`.
    /// It then breaks with the answer. Otherwise nothing is done, and the call continues its way:
    /// submit it.
    pub fn run_now(self) -> ControlFlow<Result<T>, Self> {
        match self.step {
            Step::Known(answer) => ControlFlow::Break(Ok(answer)),
            Step::Ask(storage, command, read) => match storage.execute_now(command) {
                ControlFlow::Break(outcome) => ControlFlow::Break(outcome.and_then(read)),
                ControlFlow::Continue(command) => ControlFlow::Continue(Self {
                    step: Step::Ask(storage, command, read),
                }),
            },
        }
    }

    /// Hands it in and returns at once. `done` gets the answer, exactly once, on a thread of the
    /// store, or on this one where there is nothing to wait for. It should return soon, since
    /// all calls that were handed in share that thread; a panic in it is caught. What is handed
    /// in together is carried out together, in this order, with one sync; on PostgreSQL sends come
    /// before deletes and changes of visibility, and these before receives.
    pub fn submit(self, done: impl FnOnce(Result<T>) + Send + 'static) {
        match self.step {
            Step::Known(answer) => done(Ok(answer)),
            Step::Ask(storage, command, read) => {
                let done = move |outcome: Result<Outcome>| done(outcome.and_then(read));
                storage.submit(command, Box::new(done));
            }
        }
    }
}

/// The verbs of a handle as [`Call`]s, for programs whose threads must not block.
///
/// ```
/// # fn main() -> forebay::Result<()> {
/// let store = forebay::Store::open("mem:")?;
/// let queue = store.create_queue("orders", &forebay::QueueOptions::new())?;
/// let (sender, answer) = std::sync::mpsc::channel();
/// queue.calls().send("any bytes")?.submit(move |receipt| {
///     sender.send(receipt.map(|receipt| receipt.sequence())).unwrap();
/// });
/// assert_eq!(answer.recv().unwrap()?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Calls<'a, H> {
    pub(super) handle: &'a H,
}

impl Queue {
    /// Its verbs, to be handed in instead of waited for.
    pub fn calls(&self) -> Calls<'_, Self> {
        Calls { handle: self }
    }
}

impl Store {
    /// Its verbs, to be handed in instead of waited for.
    pub fn calls(&self) -> Calls<'_, Self> {
        Calls { handle: self }
    }
}
