//! Where the answers of the store's threads reach one JavaScript thread.
//!
//! One threadsafe function serves all calls of an environment: answers gather in a list, the
//! first one of a list wakes the event loop, and JavaScript takes the whole list at once. So a
//! thousand waits cost a thousand entries in a map, and no thread, handle or descriptor.

use crate::answer::Answer;
use crate::received::Undelivered;
use forebay_ffi::api::{Call, Error, ErrorKind, Queue, ReceiveOptions, Result, Ticket};
use napi::Env;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use std::collections::HashMap;
use std::ops::{ControlFlow, Deref};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Wakes the event loop; weak, so that it keeps no process alive unless told to.
type Wake = ThreadsafeFunction<(), (), Vec<Answer>, napi::Status, false, true>;

/// What all calls of one environment share.
#[derive(Default)]
pub struct Shared {
    inbox: Mutex<Inbox>,
    /// Waits under way. Touched by JavaScript's thread only; apart from the inbox, since a cancel
    /// calls back.
    tickets: Mutex<HashMap<u32, Arc<Ticket>>>,
    /// Calls that were handed in and are not answered yet.
    submitted: AtomicUsize,
    /// Messages among the answers that JavaScript was given last, until it says that it has them:
    /// its environment may end in between. Touched by its thread only.
    crossing: Mutex<Vec<Arc<Undelivered>>>,
}

#[derive(Default)]
struct Inbox {
    answers: Vec<(u32, Answer)>,
    /// `None` once the environment is gone.
    wake: Option<Wake>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Plain data; whoever panicked left it whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Brings the answer of call `id`; on any thread. Without an environment it is dropped, and
    /// messages in it are given back.
    pub fn answer(&self, id: u32, answer: Answer) {
        let mut inbox = lock(&self.inbox);
        let is_first = inbox.answers.is_empty();
        match &inbox.wake {
            Some(wake) => {
                if is_first {
                    // Refused only while the environment ends, which empties the inbox.
                    wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
                }
                inbox.answers.push((id, answer));
            }
            None => {
                drop(inbox);
                drop(answer);
            }
        }
    }

    /// Takes all answers, as a flat list: number of the call, answer, and so on.
    fn take(&self) -> Vec<Answer> {
        let answers = std::mem::take(&mut lock(&self.inbox).answers);
        let mut ended = Vec::new();
        let mut tickets = lock(&self.tickets);
        if !tickets.is_empty() {
            ended.extend(answers.iter().filter_map(|(id, _)| tickets.remove(id)));
        }
        drop(tickets);
        let received = answers.iter().filter_map(|(_, answer)| match answer {
            Answer::Received(messages) => Some(messages.clone()),
            _ => None,
        });
        lock(&self.crossing).extend(received);
        let pairs = answers.into_iter();
        pairs
            .flat_map(|(id, answer)| [Answer::Number(f64::from(id)), answer])
            .collect()
    }

    /// The environment ends: no answer can reach it any more, and waits must take no message.
    fn close(&self) {
        let (wake, answers) = {
            let mut inbox = lock(&self.inbox);
            (inbox.wake.take(), std::mem::take(&mut inbox.answers))
        };
        let tickets = std::mem::take(&mut *lock(&self.tickets));
        for ticket in tickets.values() {
            ticket.cancel();
        }
        let crossing = std::mem::take(&mut *lock(&self.crossing));
        drop((wake, answers, crossing));
    }
}

impl Shared {
    /// Hands a call in, unless it can be answered at once: it failed its checks, or needs no wait
    /// and no other call of this thread is under way that it could overtake.
    pub fn submit<T: 'static>(
        self: &Arc<Self>,
        id: u32,
        call: Result<Call<T>>,
        answer: impl FnOnce(T) -> Answer + Send + 'static,
    ) -> Option<Answer> {
        let call = match call {
            Ok(call) if self.is_idle() => match call.run_now() {
                ControlFlow::Break(result) => {
                    return Some(result.map_or_else(Answer::Failure, answer));
                }
                ControlFlow::Continue(call) => call,
            },
            Ok(call) => call,
            Err(error) => return Some(Answer::Failure(error)),
        };
        let shared = self.clone();
        shared.submitted.fetch_add(1, Ordering::Relaxed);
        call.submit(move |result| {
            shared.submitted.fetch_sub(1, Ordering::Relaxed);
            shared.answer(id, result.map_or_else(Answer::Failure, answer));
        });
        None
    }

    /// True if no call was handed in that is not answered yet.
    fn is_idle(&self) -> bool {
        self.submitted.load(Ordering::Relaxed) == 0
    }

    /// Does something that may take long and is rare on a thread of its own.
    pub fn apart(
        self: &Arc<Self>,
        id: u32,
        work: impl FnOnce() -> Result<Answer> + Send + 'static,
    ) -> Option<Answer> {
        let shared = self.clone();
        let spawned = std::thread::Builder::new()
            .name("forebay-apart".into())
            .spawn(move || shared.answer(id, work().unwrap_or_else(Answer::Failure)));
        let error = spawned.err()?;
        let error = Error::new(ErrorKind::Io, format!("cannot start a thread: {error}"));
        Some(Answer::Failure(error))
    }

    /// Starts a receive, unless there are messages that can be had at once: these are written into
    /// `memory` if they fit.
    pub fn receive(
        self: &Arc<Self>,
        id: u32,
        queue: &Queue,
        options: Result<ReceiveOptions>,
        memory: &mut [u8],
    ) -> Option<Answer> {
        if let Ok(options) = &options
            && self.is_idle()
            && let Ok(Some(messages)) = queue.receive_now(options)
        {
            let written = Undelivered::new(messages).deliver_into(memory);
            return Some(written.map_or_else(
                |messages| {
                    messages.arrived();
                    Answer::Received(Arc::new(messages))
                },
                Answer::Written,
            ));
        }
        let shared = self.clone();
        let started = options.and_then(|options| {
            Ticket::start_with(queue, options, move |received| {
                shared.answer(id, received.map_or_else(Answer::Failure, Answer::received));
            })
        });
        match started {
            // Its answer may be in the inbox already, but nothing takes it before this returns.
            Ok(ticket) => {
                lock(&self.tickets).insert(id, Arc::new(ticket));
                None
            }
            Err(error) => Some(Answer::Failure(error)),
        }
    }
}

/// The place where JavaScript gets its answers.
#[napi]
pub struct Port {
    shared: Arc<Shared>,
}

impl Deref for Port {
    type Target = Arc<Shared>;

    fn deref(&self) -> &Self::Target {
        &self.shared
    }
}

#[napi]
impl Port {
    /// `settle` is called with all answers that have come.
    #[napi(constructor)]
    pub fn new(env: Env, settle: Function<(), ()>) -> napi::Result<Self> {
        let shared = Arc::new(Shared::default());
        // The function belongs to the inbox: a strong handle in it would be a circle.
        let inbox = Arc::downgrade(&shared);
        let wake = settle
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build_callback(move |_| {
                Ok(inbox
                    .upgrade()
                    .map(|shared| shared.take())
                    .unwrap_or_default())
            })?;
        lock(&shared.inbox).wake = Some(wake);
        env.add_env_cleanup_hook(shared.clone(), |shared| shared.close())?;
        Ok(Self { shared })
    }

    /// Keeps the process alive, until `release`.
    #[napi]
    pub fn hold(&self, env: Env) -> napi::Result<()> {
        self.with_wake(|wake| {
            // The way around it keeps the process alive for as long as the function exists.
            #[allow(deprecated)]
            wake.refer(&env)
        })
    }

    /// Lets the process end.
    #[napi]
    pub fn release(&self, env: Env) -> napi::Result<()> {
        self.with_wake(|wake| {
            // As above.
            #[allow(deprecated)]
            wake.unref(&env)
        })
    }

    /// JavaScript has what `settle` was called with last.
    #[napi]
    pub fn arrived(&self) {
        for messages in lock(&self.shared.crossing).drain(..) {
            messages.arrived();
        }
    }

    /// Ends the wait `id` soon; its answer still comes.
    #[napi]
    pub fn cancel(&self, id: u32) {
        let ticket = lock(&self.shared.tickets).get(&id).cloned();
        if let Some(ticket) = ticket {
            ticket.cancel_soon();
        }
    }

    fn with_wake(&self, action: impl FnOnce(&mut Wake) -> napi::Result<()>) -> napi::Result<()> {
        lock(&self.shared.inbox)
            .wake
            .as_mut()
            .map_or(Ok(()), action)
    }
}
