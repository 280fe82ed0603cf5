//! The endless iterator over a queue.

use crate::error::OrRaise;
use crate::message::Message;
use crate::queue::Queue;
use crate::receive;
use forebay_ffi::api::{self, ErrorKind, ReceiveOptions, Status, VisibilityRequest};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Iterates over the messages of a queue: waits for each, and ends when the store is closed.
/// Messages that were received ahead go back when it is closed or dropped.
#[pyclass(module = "forebay", frozen, generic)]
pub struct Messages {
    queue: Py<Queue>,
    options: ReceiveOptions,
    ahead: Mutex<VecDeque<api::Message>>,
}

impl Messages {
    pub fn new(queue: Py<Queue>, options: ReceiveOptions) -> Self {
        Self {
            queue,
            options,
            ahead: Mutex::default(),
        }
    }

    fn ahead(&self) -> MutexGuard<'_, VecDeque<api::Message>> {
        // Plain data: whoever panicked left it whole. Never held while the interpreter is needed.
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self) -> api::Result<()> {
        let messages = std::mem::take(&mut *self.ahead());
        if messages.is_empty() {
            return Ok(());
        }
        let changes = messages
            .iter()
            .map(|message| VisibilityRequest::from((message, 0)));
        // Single failures are messages that went back by themselves.
        self.queue.get().api().change_visibility_batch(changes)?;
        Ok(())
    }
}

#[pymethods]
impl Messages {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<Message>>> {
        let queue = self.queue.get();
        loop {
            let next = self.ahead().pop_front();
            if let Some(message) = next {
                return Message::create(py, self.queue.clone_ref(py), message).map(Some);
            }
            match receive::receive(py, queue.api(), &self.options) {
                Ok(messages) => self.ahead().extend(messages),
                Err(error) if is_closed(py, &error)? => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.queue)
    }

    /// Gives back what was received ahead.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.give_back()).or_raise(py)
    }
}

fn is_closed(py: Python<'_>, error: &PyErr) -> PyResult<bool> {
    let number = error.value(py).getattr_opt(pyo3::intern!(py, "number"))?;
    let closed = Status::from(ErrorKind::Closed).number();
    number.map_or(Ok(false), |number| number.eq(closed))
}

impl Drop for Messages {
    fn drop(&mut self) {
        // What cannot be given back now comes back when its visibility timeout ends.
        let _ = Python::try_attach(|py| py.detach(|| self.give_back()));
    }
}
