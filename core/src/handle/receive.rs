//! Receiving: one attempt, and what waits for the next.

use super::shared::{answer, unexpected};
use super::waiter::Pending;
use super::{Message, Queue, ReceiveOptions, Ticket};
use crate::command::{Command, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::rules::{batch, time};
use crate::store::Storage;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Gets the answer of a started receive, once.
pub(super) type Callback = Box<dyn FnOnce(Result<Vec<Message>>) + Send>;

/// What a receive came to at once: see [`Queue::receive_or_start`].
#[derive(Debug)]
pub enum Started {
    /// Messages, or none where it does not wait.
    Ready(Vec<Message>),
    /// It waits; its callback gets the answer.
    Waiting(Ticket),
}

/// What the first look gave a receive.
enum Look {
    /// Its answer.
    Answer(Result<Vec<Message>>),
    /// Nothing yet.
    Wait(Wait),
}

/// The wait that is left after the first look.
struct Wait {
    storage: Arc<dyn Storage>,
    options: ReceiveOptions,
    now_ms: u64,
    /// As [`Waiter::join`](super::waiter::Waiter::join) takes it.
    looked: Option<(u64, Option<u64>)>,
}

impl Wait {
    fn join(self, queue: &Queue, callback: Callback) -> Result<u64> {
        let pending = Pending::new(queue.clone(), self.options, self.now_ms, callback);
        let waiter = &queue.shared().waiter;
        waiter.join(&self.storage, pending, self.looked)
    }

    fn block(self, queue: &Queue) -> Result<Vec<Message>> {
        let waiter = &queue.shared().waiter;
        waiter.wait(self.storage, queue, self.options, self.now_ms, self.looked)
    }
}

/// What one look into the queue gave a receive.
pub(super) enum Attempt {
    /// Its answer.
    Answer(Result<Vec<Message>>),
    /// Nothing yet; without any change a look is worth it at this time.
    Nothing { due_ms: Option<u64> },
}

/// Looks once.
fn attempt(storage: &dyn Storage, queue: &Queue, options: &mut ReceiveOptions) -> Attempt {
    let outcome = storage.execute(receive_command(queue, options));
    conclude(queue, options, outcome)
}

/// What the outcome of [`receive_command`] comes to. A receive that named no wait learns the
/// queue's by it.
pub(super) fn conclude(
    queue: &Queue,
    options: &mut ReceiveOptions,
    outcome: Result<Outcome>,
) -> Attempt {
    match outcome {
        Ok(Outcome::Received {
            messages,
            next_due_ms,
            wait_s,
        }) => {
            options.wait_s = Some(wait_s);
            if messages.is_empty() && wait_s > 0 {
                return Attempt::Nothing {
                    due_ms: next_due_ms,
                };
            }
            let message = |received| Message::new(queue.clone(), received);
            Attempt::Answer(Ok(messages.into_iter().map(message).collect()))
        }
        Ok(other) => Attempt::Answer(Err(unexpected(&other))),
        Err(error) => Attempt::Answer(Err(error)),
    }
}

/// One look, as a command.
pub(super) fn receive_command(queue: &Queue, options: &ReceiveOptions) -> Command {
    Command::Receive {
        queue: queue.key().clone(),
        max: options.max,
        visibility_s: options.visibility_s,
        attempt: options.attempt.clone(),
        wait_s: options.wait_s,
    }
}

/// `ReceiveMessageWaitTimeSeconds`.
fn queue_wait_s(storage: &dyn Storage, queue: &QueueKey) -> Result<u32> {
    let command = Command::GetQueue {
        queue: queue.clone(),
        counted: false,
    };
    answer!(storage, command, Outcome::Queue(view) => view.attributes.wait_s)
}

impl Queue {
    /// Receives up to [`ReceiveOptions::max`] messages. With a wait it blocks this thread until
    /// there is at least one, or the wait has ended and there is none.
    ///
    /// Errors: `InvalidParameterValue` for options out of range and for an attempt id on a
    /// standard queue (S7.20); `OverLimit` without a wait on a standard queue with 120,000
    /// messages in flight (S6.6); `QueueDoesNotExist`, also when the queue is deleted during the
    /// wait (S4.7); `Closed` when the store is.
    pub fn receive(&self, options: &ReceiveOptions) -> Result<Vec<Message>> {
        let wait = match self.look(options)? {
            Look::Answer(answer) => return answer,
            Look::Wait(wait) => wait,
        };
        if self.shared().waiter.is_this_thread() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a receive that waits would wait for ever inside a callback; start it instead",
            ));
        }
        wait.block(self)
    }

    /// As [`Queue::receive`], but instead of blocking it starts the wait that is left, as
    /// [`Queue::receive_start`] does. `callback` is called only then.
    pub fn receive_or_start(
        &self,
        options: &ReceiveOptions,
        callback: impl FnOnce(Result<Vec<Message>>) + Send + 'static,
    ) -> Result<Started> {
        match self.look(options)? {
            Look::Answer(answer) => Ok(Started::Ready(answer?)),
            Look::Wait(wait) => {
                let id = wait.join(self, Box::new(callback))?;
                Ok(Started::Waiting(self.ticket(id)))
            }
        }
    }

    /// Looks for messages once, unless others have waited for longer.
    fn look(&self, options: &ReceiveOptions) -> Result<Look> {
        let storage = self.shared().storage()?;
        self.check_options(options)?;
        let waiter = &self.shared().waiter;
        let mut options = options.clone();
        let now_ms = storage.now_ms();
        let mut looked = None;
        let has_line = waiter.has_line(self.key());
        if has_line && options.wait_s.is_none() {
            options.wait_s = Some(queue_wait_s(&*storage, self.key())?);
        }
        // S4.8: among those who wait, who came first comes first. A short receive does not wait,
        // and a repeated attempt takes what is its own.
        let is_short = options.wait_s == Some(0);
        if is_short || options.attempt.is_some() || !has_line {
            let seen = storage.queue_generation(self.key());
            match attempt(&*storage, self, &mut options) {
                Attempt::Answer(answer) => return Ok(Look::Answer(answer)),
                Attempt::Nothing { due_ms } => looked = Some((seen, due_ms)),
            }
        }
        Ok(Look::Wait(Wait {
            storage,
            options,
            now_ms,
            looked,
        }))
    }

    /// Starts a receive and returns at once. `callback` gets the answer, exactly once, on the
    /// store's waiter thread, or for [`Ticket::cancel`] on the thread that cancels. It should
    /// return soon, since all waits of the store share that thread; a panic in it is caught.
    ///
    /// Errors: `InvalidParameterValue` for options out of range, and `Closed`; the callback is
    /// not called then. All other errors go to the callback.
    pub fn receive_start(
        &self,
        options: ReceiveOptions,
        callback: impl FnOnce(Result<Vec<Message>>) + Send + 'static,
    ) -> Result<Ticket> {
        let storage = self.shared().storage()?;
        self.check_options(&options)?;
        let pending = Pending::new(self.clone(), options, storage.now_ms(), Box::new(callback));
        let id = self.shared().waiter.join(&storage, pending, None)?;
        Ok(self.ticket(id))
    }

    fn ticket(&self, id: u64) -> Ticket {
        Ticket::new(self.shared().waiter.clone(), self.shared_key().clone(), id)
    }

    /// A look that waits for nothing: its answer, or `None` where it had to wait for a lock, the
    /// disk, others who wait already (S4.8), or a message. Start a receive then.
    pub fn receive_now(&self, options: &ReceiveOptions) -> Result<Option<Vec<Message>>> {
        let storage = self.shared().storage()?;
        self.check_options(options)?;
        if self.shared().waiter.has_line(self.key()) {
            return Ok(None);
        }
        match storage.execute_now(receive_command(self, options)) {
            ControlFlow::Break(Ok(Outcome::Received {
                messages, wait_s, ..
            })) if wait_s == 0 || !messages.is_empty() => {
                let message = |received| Message::new(self.clone(), received);
                Ok(Some(messages.into_iter().map(message).collect()))
            }
            // Nothing was there or nothing was done: the receive that is started says so.
            _ => Ok(None),
        }
    }

    fn check_options(&self, options: &ReceiveOptions) -> Result<()> {
        let sqs_limits = self.shared().settings.strictness.sqs_limits && !options.beyond_sqs;
        batch::check_receive_max(options.max, sqs_limits)?;
        options.wait_s.map_or(Ok(()), time::check_wait)?;
        options.visibility_s.map_or(Ok(()), time::check_visibility)
    }
}
