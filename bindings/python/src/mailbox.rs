//! Answers on their way to an event loop of asyncio.
//!
//! Threads of the library must not wait for the interpreter, so they only put an answer into the
//! mailbox of its loop; a pipe wakes the loop, which takes all answers out at once. The pipe
//! holds one byte exactly while there are answers.

use crate::error::{OrRaise, batch_results};
use crate::message::Received;
use crate::numbers;
use crate::queue::{Queue, Target, changes_of, targets};
use crate::receive;
use crate::send::{self, Extras, SendReceipt};
use forebay_ffi::api::{self, Call};
use pyo3::prelude::*;
use pyo3::types::PyList;
use std::collections::{HashMap, VecDeque};
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// How long a cancel waits for its receive, which may look into the queue just now: then the
/// messages that it took are on their way back when the task goes on. A look can last, where
/// another process holds the store, and the loop must not stand still for as long.
const CANCEL_WAIT: Duration = Duration::from_millis(50);

/// Turns an answer into its Python value, or into the exception that it is.
type Convert = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// A future that still waits, whether its answer is an exception, and the answer.
type Delivery = (Py<PyAny>, bool, Py<PyAny>);

/// An answer and the future that waits for it.
struct Letter {
    id: u64,
    future: Py<PyAny>,
    convert: Convert,
}

#[derive(Default)]
struct Letters {
    waiting: VecDeque<Letter>,
    next_id: u64,
    /// Receives whose answers have not come.
    receives: HashMap<u64, Receiving>,
    /// Nobody takes letters any more.
    closed: bool,
}

/// A receive whose answer has not come.
enum Receiving {
    /// Its ticket is being made, or it is this one.
    Wanted(Weak<api::Ticket>),
    /// Nobody wants its answer any more. Letting go of a ticket waits for its receive, so that it
    /// stays until the answer comes.
    Withdrawn { _ticket: Arc<api::Ticket> },
}

struct Shared {
    letters: Mutex<Letters>,
    reader: PipeReader,
    writer: PipeWriter,
    process: u32,
}

impl Shared {
    /// True in a forked child: the pipe is its parent's then, and a lock may stay held for ever.
    fn is_elsewhere(&self) -> bool {
        std::process::id() != self.process
    }

    fn letters(&self) -> MutexGuard<'_, Letters> {
        // Plain data: whoever panicked left it whole. Never held while the interpreter is needed.
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_id(&self) -> u64 {
        let mut letters = self.letters();
        letters.next_id += 1;
        letters.next_id
    }

    fn post(&self, letter: Letter) {
        let mut letters = self.letters();
        let receive = letters.receives.remove(&letter.id);
        if letters.closed || matches!(receive, Some(Receiving::Withdrawn { .. })) {
            // Messages in it go back to their queue, which is no work to do under the lock.
            drop(letters);
            return;
        }
        letters.waiting.push_back(letter);
        if letters.waiting.len() == 1 {
            // One byte fits an empty pipe, and this end is never closed.
            let _ = (&self.writer).write_all(&[1]);
        }
    }

    fn take(&self) -> VecDeque<Letter> {
        let mut letters = self.letters();
        let waiting = std::mem::take(&mut letters.waiting);
        if !waiting.is_empty() {
            self.empty_pipe();
        }
        waiting
    }

    /// Ends the interest in a receive: takes out its letter, or sees to it that none comes.
    fn withdraw(&self, id: u64, ticket: &Arc<api::Ticket>) -> Option<Letter> {
        let mut letters = self.letters();
        if let Some(receive) = letters.receives.get_mut(&id) {
            let _ticket = ticket.clone();
            *receive = Receiving::Withdrawn { _ticket };
            return None;
        }
        let place = letters.waiting.iter().position(|letter| letter.id == id)?;
        let letter = letters.waiting.remove(place);
        if letters.waiting.is_empty() {
            self.empty_pipe();
        }
        letter
    }

    /// A receive is about to start, whose answer may come before its ticket is known.
    fn expect(&self, id: u64) {
        let wanted = Receiving::Wanted(Weak::new());
        self.letters().receives.insert(id, wanted);
    }

    /// Keeps an eye on a receive: it ends with the mailbox.
    fn watch(&self, id: u64, ticket: &Arc<api::Ticket>) {
        let mut letters = self.letters();
        if letters.closed {
            drop(letters);
            ticket.cancel_soon();
        } else if let Some(receive) = letters.receives.get_mut(&id) {
            *receive = Receiving::Wanted(Arc::downgrade(ticket));
        }
    }

    fn close(&self) {
        if self.is_elsewhere() {
            return;
        }
        let tickets: Vec<_> = {
            let mut letters = self.letters();
            letters.closed = true;
            let receives = letters.receives.values();
            let wanted = receives.filter_map(|receive| match receive {
                Receiving::Wanted(ticket) => ticket.upgrade(),
                Receiving::Withdrawn { .. } => None,
            });
            wanted.collect()
        };
        for ticket in tickets {
            ticket.cancel_soon();
        }
        drop(self.take());
    }

    fn empty_pipe(&self) {
        // The byte is there, so that this does not block.
        let _ = (&self.reader).read_exact(&mut [0]);
    }
}

/// The answers for one event loop. Every call names the future that gets its answer.
#[pyclass(module = "forebay._native", frozen)]
pub struct Mailbox {
    shared: Arc<Shared>,
}

#[pymethods]
impl Mailbox {
    #[new]
    fn new() -> PyResult<Self> {
        let (reader, writer) = std::io::pipe()?;
        let letters = Mutex::default();
        let shared = Arc::new(Shared {
            letters,
            reader,
            writer,
            process: std::process::id(),
        });
        Ok(Self { shared })
    }

    /// A file descriptor that is readable while there are answers.
    #[cfg(unix)]
    fn fileno(&self) -> i32 {
        use std::os::fd::AsRawFd;
        self.shared.reader.as_raw_fd()
    }

    /// Takes out all answers whose futures still wait: the future, whether the answer is an
    /// exception, and the answer. Messages of the others go back to their queues.
    fn take(&self, py: Python<'_>) -> PyResult<Vec<Delivery>> {
        let mut answers = Vec::new();
        for letter in self.shared.take() {
            if letter.future.bind(py).call_method0("done")?.is_truthy()? {
                continue;
            }
            answers.push(match (letter.convert)(py) {
                Ok(value) => (letter.future, false, value),
                Err(error) => (letter.future, true, error.into_value(py).into_any()),
            });
        }
        Ok(answers)
    }

    /// Ends all receives, and gives back the messages of all answers: nobody takes any more.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.shared.close());
    }

    /// Starts a receive.
    #[pyo3(signature = (future, queue, max, wait, visibility_timeout, attempt))]
    #[expect(clippy::too_many_arguments, reason = "all that a receive can say")]
    fn receive(
        &self,
        py: Python<'_>,
        future: Py<PyAny>,
        queue: Py<Queue>,
        #[pyo3(from_py_with = numbers::max)] max: u32,
        #[pyo3(from_py_with = numbers::wait)] wait: Option<u32>,
        #[pyo3(from_py_with = numbers::visibility_timeout)] visibility_timeout: Option<u32>,
        attempt: Option<String>,
    ) -> PyResult<Ticket> {
        let options = receive::options(max, wait, visibility_timeout, attempt);
        let (shared, id) = (self.shared.clone(), self.shared.next_id());
        let receiver = queue.get().api().clone();
        shared.expect(id);
        let callback = move |received: api::Result<Vec<api::Message>>| {
            let received = received.map(Held);
            let convert = Box::new(move |py: Python<'_>| {
                let messages = received.or_raise(py)?.keep();
                let messages = messages
                    .into_iter()
                    .map(|message| Received::new(queue.clone_ref(py), message));
                Ok(PyList::new(py, messages.collect::<Vec<_>>())?.into())
            });
            shared.post(Letter {
                id,
                future,
                convert,
            });
        };
        let ticket = py.detach(|| api::Ticket::start_with(&receiver, options, callback));
        if ticket.is_err() {
            self.shared.letters().receives.remove(&id);
        }
        let ticket = Arc::new(ticket.or_raise(py)?);
        self.shared.watch(id, &ticket);
        Ok(Ticket {
            ticket,
            shared: self.shared.clone(),
            id,
        })
    }

    /// Hands in a send.
    #[pyo3(signature = (
        future, queue, body, delay=None, attributes=None, group=None, dedup=None,
        trace_header=None, sender=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "all that a send can say")]
    fn send(
        &self,
        py: Python<'_>,
        future: Py<PyAny>,
        queue: &Bound<'_, Queue>,
        body: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = numbers::delay)] delay: Option<u32>,
        attributes: Option<&Bound<'_, PyAny>>,
        group: Option<String>,
        dedup: Option<String>,
        trace_header: Option<String>,
        sender: Option<String>,
    ) -> PyResult<()> {
        let extras = Extras {
            delay,
            attributes,
            group,
            dedup,
            trace_header,
            sender,
        };
        let queue = queue.get();
        let request = send::request(queue.codec(), body, extras)?;
        let call = queue.api().calls().send(request).or_raise(py)?;
        self.submit(py, future, call, |py, receipt| {
            Ok(Py::new(py, SendReceipt::from(receipt))?.into_any())
        });
        Ok(())
    }

    /// Hands in a batch of sends.
    fn send_batch(
        &self,
        py: Python<'_>,
        future: Py<PyAny>,
        queue: &Bound<'_, Queue>,
        messages: &Bound<'_, PyAny>,
        ids: Option<Vec<String>>,
    ) -> PyResult<()> {
        let queue = queue.get();
        let requests = send::requests(queue.codec(), messages, ids)?;
        let call = queue.api().calls().send_batch(requests).or_raise(py)?;
        self.submit(py, future, call, |py, results| {
            let results = batch_results(py, results, |receipt| {
                Ok(Bound::new(py, SendReceipt::from(receipt))?.into_any())
            })?;
            Ok(results.into_any().unbind())
        });
        Ok(())
    }

    /// Hands in a deletion.
    fn delete(
        &self,
        py: Python<'_>,
        future: Py<PyAny>,
        queue: &Bound<'_, Queue>,
        message: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let target = Target::of(message)?;
        let calls = queue.get().api().calls();
        let call = calls.delete(target.deletion()).or_raise(py)?;
        self.submit(py, future, call, move |py, ()| {
            target.settle();
            Ok(py.None())
        });
        Ok(())
    }

    /// Hands in a batch of deletions.
    fn delete_batch(
        &self,
        py: Python<'_>,
        future: Py<PyAny>,
        queue: &Bound<'_, Queue>,
        messages: &Bound<'_, PyAny>,
        ids: Option<Vec<String>>,
    ) -> PyResult<()> {
        let targets = targets(messages)?;
        let requests = targets.iter().map(Target::deletion).collect();
        let requests = send::with_ids(requests, ids, api::DeleteRequest::id)?;
        let calls = queue.get().api().calls();
        let call = calls.delete_batch(requests).or_raise(py)?;
        self.submit(py, future, call, move |py, results| {
            Target::settle_all(&targets, &results);
            batch_results(py, results, |()| Ok(py.None().into_bound(py)))?;
            Ok(py.None())
        });
        Ok(())
    }

    /// Hands in a change of visibility.
    fn change_visibility(
        &self,
        py: Python<'_>,
        future: Py<PyAny>,
        queue: &Bound<'_, Queue>,
        message: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = numbers::timeout)] timeout: u32,
    ) -> PyResult<()> {
        let target = Target::of(message)?;
        let calls = queue.get().api().calls();
        let call = calls.change_visibility(target.change(timeout));
        self.submit(py, future, call.or_raise(py)?, move |py, ()| {
            if timeout == 0 {
                target.settle();
            }
            Ok(py.None())
        });
        Ok(())
    }

    /// Hands in a batch of changes of visibility.
    fn change_visibility_batch(
        &self,
        py: Python<'_>,
        future: Py<PyAny>,
        queue: &Bound<'_, Queue>,
        changes: &Bound<'_, PyAny>,
        ids: Option<Vec<String>>,
    ) -> PyResult<()> {
        let changes = changes_of(changes)?;
        let requests = changes.requests();
        let requests = send::with_ids(requests, ids, api::VisibilityRequest::id)?;
        let calls = queue.get().api().calls();
        let call = calls.change_visibility_batch(requests).or_raise(py)?;
        self.submit(py, future, call, move |py, results| {
            changes.settle(&results);
            batch_results(py, results, |()| Ok(py.None().into_bound(py)))?;
            Ok(py.None())
        });
        Ok(())
    }
}

impl Mailbox {
    /// Hands a call in; its answer becomes a letter.
    fn submit<T: Send + 'static>(
        &self,
        py: Python<'_>,
        future: Py<PyAny>,
        call: Call<T>,
        convert: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) {
        let (shared, id) = (self.shared.clone(), self.shared.next_id());
        let done = move |answer: api::Result<T>| {
            let convert = Box::new(move |py: Python<'_>| convert(py, answer.or_raise(py)?));
            shared.post(Letter {
                id,
                future,
                convert,
            });
        };
        py.detach(|| call.submit(done));
    }
}

/// A receive under way.
#[pyclass(module = "forebay._native", frozen)]
pub struct Ticket {
    ticket: Arc<api::Ticket>,
    shared: Arc<Shared>,
    id: u64,
}

#[pymethods]
impl Ticket {
    /// Ends the receive. Nothing was taken from the queue then, or it is on its way back, or will
    /// be as soon as the store answers.
    fn cancel(&self, py: Python<'_>) {
        if self.shared.is_elsewhere() {
            return;
        }
        py.detach(|| {
            self.ticket.cancel_soon();
            self.ticket.wait(Some(CANCEL_WAIT));
            drop(self.shared.withdraw(self.id, &self.ticket));
        });
    }
}

/// Messages that nobody has got yet: dropped, they go back to their queue.
struct Held(Vec<api::Message>);

impl Held {
    fn keep(mut self) -> Vec<api::Message> {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back(&self.0);
    }
}

/// Makes messages visible again, without waiting for it. Where that fails they come back when
/// their visibility timeouts end.
pub fn give_back(messages: &[api::Message]) {
    let Some(first) = messages.first() else {
        return;
    };
    let changes = messages
        .iter()
        .map(|message| api::VisibilityRequest::from((message, 0)));
    if let Ok(call) = first.queue().calls().change_visibility_batch(changes) {
        call.submit(|_| ());
    }
}

/// Hands in that messages of one queue become visible again; nothing waits for it.
#[pyfunction]
pub fn release(py: Python<'_>, messages: &Bound<'_, PyAny>) -> PyResult<()> {
    let mut held = Vec::new();
    for message in messages.try_iter()? {
        let message = message?.cast_into::<Received>()?;
        message.get().settle();
        held.push(message.get().message().clone());
    }
    py.detach(|| give_back(&held));
    Ok(())
}
