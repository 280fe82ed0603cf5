//! A receive under way.

use super::event::Event;
use super::{Message, Queue, ReceiveOptions};
use forebay_core::{Error, ErrorKind, Result, handle};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a receive ends with.
type Received = Result<Vec<Message>>;

/// What [`Ticket::receive`] came to at once.
pub enum Receive {
    /// Messages, or none where it does not wait.
    Ready(Vec<Message>),
    /// It waits.
    Waiting(Ticket),
}

/// A receive under way, or its result. Dropping it cancels the receive and gives messages back
/// that nobody took.
pub struct Ticket {
    inner: handle::Ticket,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
    done: bool,
    /// The result until it is taken; stays empty where a callback got it.
    result: Option<Received>,
    event: Option<Event>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is plain data; whoever panicked left it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, result: Option<Received>) {
        let mut state = self.lock();
        state.done = true;
        state.result = result;
        if let Some(event) = &mut state.event {
            event.set();
        }
        self.done.notify_all();
    }
}

/// Marks the receive as ended when it is dropped, so also when a callback panics.
struct Finish(Arc<Shared>);

impl Drop for Finish {
    fn drop(&mut self) {
        self.0.finish(None);
    }
}

impl Ticket {
    /// Starts a receive whose result stays in the ticket until [`Ticket::take`].
    pub fn start(queue: &Queue, options: ReceiveOptions) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let ended = shared.clone();
        let inner = queue.receive_start(options, move |received| ended.finish(Some(received)))?;
        Ok(Self { inner, shared })
    }

    /// Receives at once what can be; where that is nothing and the receive waits, starts the wait.
    /// Unlike [`Ticket::start`] it may take as long as one transaction.
    pub fn receive(queue: &Queue, options: &ReceiveOptions) -> Result<Receive> {
        let shared = Arc::new(Shared::default());
        let ended = shared.clone();
        let started =
            queue.receive_or_start(options, move |received| ended.finish(Some(received)))?;
        Ok(match started {
            handle::Started::Ready(messages) => Receive::Ready(messages),
            handle::Started::Waiting(inner) => Receive::Waiting(Self { inner, shared }),
        })
    }

    /// Starts a receive whose result goes to `callback`, exactly once, on the store's waiter
    /// thread, or with `Cancelled` on the thread that cancels. It may run before this returns.
    /// The ticket counts as done when the callback has returned.
    pub fn start_with(
        queue: &Queue,
        options: ReceiveOptions,
        callback: impl FnOnce(Result<Vec<Message>>) + Send + 'static,
    ) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let ended = Finish(shared.clone());
        let inner = queue.receive_start(options, move |received| {
            callback(received);
            drop(ended);
        })?;
        Ok(Self { inner, shared })
    }

    /// True once the receive has ended.
    pub fn is_done(&self) -> bool {
        self.shared.lock().done
    }

    /// Waits until the receive has ended, at most `timeout`; `None` waits without limit. Returns
    /// whether it has ended.
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        // A timeout beyond what the clock can count is no limit.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.shared.lock();
        while !state.done {
            state = match deadline {
                None => self
                    .shared
                    .done
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    let waited = self.shared.done.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    /// A file descriptor that turns readable when the receive has ended, for an event loop. It
    /// belongs to the ticket: wait for it, but neither read nor close it.
    ///
    /// Errors: `Io` when no descriptor is left; `UnsupportedOperation` where the platform's waits
    /// do not take descriptors.
    pub fn descriptor(&self) -> Result<i32> {
        if cfg!(not(unix)) {
            let text = "this platform has no file descriptors to wait for; use a callback";
            return Err(Error::new(ErrorKind::UnsupportedOperation, text));
        }
        let mut state = self.shared.lock();
        let done = state.done;
        let event = match state.event.take() {
            Some(event) => event,
            None => Event::new()?,
        };
        let event = state.event.insert(event);
        if done {
            event.set();
        }
        Ok(event.descriptor())
    }

    /// The result, once.
    ///
    /// Errors: that of the receive; `UnsupportedOperation` before it has ended, for the second
    /// time, or where a callback gets it.
    pub fn take(&self) -> Result<Vec<Message>> {
        let mut state = self.shared.lock();
        let refused = |text: &str| Err(Error::new(ErrorKind::UnsupportedOperation, text));
        match (state.done, state.result.take()) {
            (_, Some(received)) => received,
            (false, None) => refused("the receive has not ended yet; wait for the ticket first"),
            (true, None) => refused("the result was taken before, or a callback got it"),
        }
    }

    /// True where [`Ticket::wait`] without a limit would never return: inside a callback of the
    /// thread that ends it.
    pub fn would_wait_for_itself(&self) -> bool {
        !self.is_done() && self.inner.is_held_up_here()
    }

    /// Cancels the receive. When this returns, the receive has ended: its callback was called or
    /// its result is in the ticket, and it is either what was received before the cancel or
    /// `Cancelled`, and then no message was taken (but see `forebay_core`'s ticket for databases
    /// that are slow). Inside the receive's own callback this does nothing.
    pub fn cancel(&self) {
        self.inner.cancel();
    }

    /// As [`Ticket::cancel`], without waiting for a look or a callback that runs just now: the
    /// end then comes soon.
    pub fn cancel_soon(&self) {
        self.inner.cancel_soon();
    }
}

impl Ticket {
    /// Cancels the receive and gives messages back that nobody took, as dropping the ticket does:
    /// for whoever shares it with threads that are about to use it.
    pub fn end(&self) {
        self.inner.cancel();
        let untaken = self.shared.lock().result.take();
        for message in untaken.into_iter().flatten().flatten() {
            // Where it cannot be given back, its visibility timeout does so.
            let _ = message.change_visibility(0);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.end();
    }
}
