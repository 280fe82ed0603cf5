//! Receiving: waits that a signal can interrupt.

use crate::error::OrRaise;
use crate::given::with;
use crate::mailbox::give_back;
use crate::message::Message;
use crate::queue::Queue;
use forebay_ffi::api::{self, Receive, ReceiveOptions, Ticket};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyType};
use std::time::Duration;

/// Python runs signal handlers in its main thread only, and only when asked: so often does a wait
/// there ask.
const SIGNALS_EVERY: Duration = Duration::from_millis(20);

/// Options from keyword arguments; what is `None` is the library's default.
pub fn options(
    max: u32,
    wait: Option<u32>,
    visibility_timeout: Option<u32>,
    attempt: Option<String>,
) -> ReceiveOptions {
    let mut options = ReceiveOptions::new().max(max);
    options = with(options, wait, ReceiveOptions::wait);
    options = with(
        options,
        visibility_timeout,
        ReceiveOptions::visibility_timeout,
    );
    with(options, attempt, ReceiveOptions::attempt)
}

/// Receives outside the interpreter. A signal handler that raises, such as that of Ctrl-C, ends
/// the wait, and nothing is taken from the queue.
pub fn receive(
    py: Python<'_>,
    queue: &api::Queue,
    options: &ReceiveOptions,
) -> PyResult<Vec<api::Message>> {
    let ticket = match py.detach(|| Ticket::receive(queue, options)).or_raise(py)? {
        Receive::Ready(messages) => {
            // Else the interpreter would raise it on the way to the caller, who never gets them.
            if let Err(raised) = py.check_signals() {
                py.detach(|| give_back(&messages));
                return Err(raised);
            }
            return Ok(messages);
        }
        Receive::Waiting(ticket) => ticket,
    };
    let slice = is_main_thread(py)?.then_some(SIGNALS_EVERY);
    loop {
        let done = py.detach(|| ticket.wait(slice));
        if let Err(raised) = py.check_signals() {
            py.detach(|| drop(ticket));
            return Err(raised);
        }
        if done {
            break;
        }
    }
    ticket.take().or_raise(py)
}

fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import(intern!(py, "threading"))?;
    let main = threading.call_method0(intern!(py, "main_thread"))?;
    let own = threading.call_method0(intern!(py, "get_ident"))?;
    main.getattr(intern!(py, "ident"))?.eq(own)
}

/// `forebay.Batch` of the messages.
pub fn batch<'py>(
    queue: &Bound<'py, Queue>,
    messages: Vec<api::Message>,
) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = queue.py();
    let messages = messages
        .into_iter()
        .map(|message| Message::create(py, queue.clone().unbind(), message))
        .collect::<PyResult<Vec<_>>>()?;
    let class = CLASS.import(py, "forebay._batch", "Batch")?;
    class.call1((PyList::new(py, messages)?,))
}
