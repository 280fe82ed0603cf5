//! Received messages.

use crate::attributes::{self, Attribute};
use crate::body;
use crate::error::OrRaise;
use crate::numbers;
use crate::queue::Queue;
use forebay_ffi::api;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyType};
use pyo3::{PyTraverseError, PyVisit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// What every received message tells. It can be received again once `visible_ms` has passed.
#[pyclass(module = "forebay", frozen, subclass, generic)]
pub struct Received {
    delivery: Arc<Delivery>,
}

/// A message under the objects that stand for it.
struct Delivery {
    message: api::Message,
    queue: Py<Queue>,
    /// What the queue's codec made of the body: made once, and lent from then on.
    body: OnceLock<Py<PyAny>>,
    /// Deleted or given back by a call on an object of this message.
    settled: AtomicBool,
}

impl Received {
    pub fn new(queue: Py<Queue>, message: api::Message) -> Self {
        Self {
            delivery: Arc::new(Delivery {
                message,
                queue,
                body: OnceLock::new(),
                settled: AtomicBool::new(false),
            }),
        }
    }

    pub fn message(&self) -> &api::Message {
        &self.delivery.message
    }

    /// Notes that its receiver is done with it.
    pub fn settle(&self) {
        self.delivery.settled.store(true, Ordering::Release);
    }

    fn names(names: &[String]) -> Vec<&str> {
        names.iter().map(String::as_str).collect()
    }
}

#[pymethods]
impl Received {
    /// Another object for the same message, of the class that this is called on.
    #[new]
    fn again(received: PyRef<'_, Received>) -> Self {
        let delivery = received.delivery.clone();
        Self { delivery }
    }

    /// The body, as the queue's codec decodes it; without a codec the bytes.
    #[getter]
    fn body(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let cell = &self.delivery.body;
        if let Some(body) = cell.get() {
            return Ok(body.clone_ref(py));
        }
        // Nothing is locked meanwhile: a codec is the program's code, and so is what interrupts
        // it; either may ask for this body. Who is first decides.
        let codec = self.delivery.queue.get().codec();
        let decoded = body::decode(py, codec, self.message().body())?.unbind();
        Ok(cell.get_or_init(|| decoded).clone_ref(py))
    }

    /// The body, byte for byte as it was sent.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.message().body())
    }

    /// The id given at the send, a UUID.
    #[getter]
    fn id(&self) -> String {
        self.message().id().to_string()
    }

    /// The receipt handle of this receive: text for delete and change_visibility, also in another
    /// process.
    #[getter]
    fn receipt(&self) -> String {
        self.message().receipt()
    }

    /// How often it was received, this time included, in all queues it was in.
    #[getter]
    fn receive_count(&self) -> u32 {
        self.message().receive_count()
    }

    /// When it was sent, milliseconds since the epoch.
    #[getter]
    fn sent_ms(&self) -> u64 {
        self.message().sent_ms()
    }

    /// When it was first received, milliseconds since the epoch.
    #[getter]
    fn first_receive_ms(&self) -> Option<u64> {
        self.message().first_receive_ms()
    }

    /// When others can receive it, as this receive left it; milliseconds since the epoch.
    #[getter]
    fn visible_ms(&self) -> u64 {
        self.message().visible_ms()
    }

    /// MessageGroupId.
    #[getter]
    fn group(&self) -> Option<&str> {
        self.message().group()
    }

    /// MessageDeduplicationId, given or computed; FIFO queues only.
    #[getter]
    fn dedup(&self) -> Option<&str> {
        self.message().deduplication()
    }

    /// SequenceNumber, 20 digits; FIFO queues only.
    #[getter]
    fn sequence_number(&self) -> Option<String> {
        self.message().sequence_number()
    }

    /// SenderId.
    #[getter]
    fn sender(&self) -> &str {
        self.message().sender()
    }

    /// AWSTraceHeader.
    #[getter]
    fn trace_header(&self) -> Option<&str> {
        self.message().trace_header()
    }

    /// ARN of the queue from which it came to this dead-letter queue.
    #[getter]
    fn dead_letter_source(&self) -> Option<&str> {
        self.message().dead_letter_source()
    }

    /// The message attributes as plain values: str, int, float or bytes.
    #[getter]
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        attributes::plain(py, self.message().attributes())
    }

    /// True once it was deleted, or made visible, by a method of this object.
    #[getter]
    pub fn settled(&self) -> bool {
        self.delivery.settled.load(Ordering::Acquire)
    }

    /// The attributes that `names` select as MessageAttributeNames does (names, "All", ".*",
    /// "prefix.*"), with their exact types.
    #[pyo3(signature = (*names))]
    fn select_attributes(&self, names: Vec<String>) -> Vec<(String, Attribute)> {
        let selected = self.message().select_attributes(&Self::names(&names));
        selected
            .into_iter()
            .map(|attribute| (attribute.name.clone(), Attribute::of(attribute)))
            .collect()
    }

    /// The system attributes that `names` ask for by their SQS names; "All" asks for all.
    #[pyo3(signature = (*names))]
    fn system_attributes<'py>(
        &self,
        py: Python<'py>,
        names: Vec<String>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let values = PyDict::new(py);
        for (name, value) in self.message().system_attributes(&Self::names(&names)) {
            values.set_item(name, value)?;
        }
        Ok(values)
    }

    /// MD5OfBody, lower-case hex.
    fn md5_of_body(&self) -> String {
        self.message().md5_of_body()
    }

    /// MD5OfMessageAttributes over the attributes that `names` select; None where none are.
    #[pyo3(signature = (*names))]
    fn md5_of_attributes(&self, names: Vec<String>) -> Option<String> {
        self.message().md5_of_attributes(&Self::names(&names))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // Each reference counts once, and several objects may share these.
        if Arc::strong_count(&self.delivery) == 1 {
            visit.call(&self.delivery.queue)?;
            visit.call(self.delivery.body.get())?;
        }
        Ok(())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let this = slf.get();
        Ok(format!(
            "<{} {} of {:?}, received {} times>",
            slf.get_type().name()?,
            this.id(),
            this.message().queue().name(),
            this.receive_count()
        ))
    }
}

/// A received message. Delete it when its work is done, or use it as a context manager:
///
///     with message:
///         work(message.body)
///
/// deletes it on success, and makes it visible again at once if the block raises.
#[pyclass(module = "forebay", frozen, extends = Received, generic)]
pub struct Message;

impl Message {
    pub fn create(py: Python<'_>, queue: Py<Queue>, message: api::Message) -> PyResult<Py<Self>> {
        let base = PyClassInitializer::from(Received::new(queue, message));
        Py::new(py, base.add_subclass(Self))
    }
}

#[pymethods]
impl Message {
    /// Another object for the same message.
    #[new]
    fn again(received: PyRef<'_, Received>) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Received::again(received)).add_subclass(Self)
    }

    /// The queue it was received from.
    #[getter]
    fn queue(slf: &Bound<'_, Self>) -> Py<Queue> {
        let queue = &slf.as_super().get().delivery.queue;
        queue.clone_ref(slf.py())
    }

    /// Deletes it for good. On a FIFO queue this fails once its visibility timeout has passed.
    fn delete(slf: &Bound<'_, Self>) -> PyResult<()> {
        let (py, received) = (slf.py(), slf.as_super().get());
        py.detach(|| received.message().delete()).or_raise(py)?;
        received.settle();
        Ok(())
    }

    /// Hides it for `timeout` seconds from now, 0 to 43,200; 0 gives it back at once.
    fn change_visibility(
        slf: &Bound<'_, Self>,
        #[pyo3(from_py_with = numbers::timeout)] timeout: u32,
    ) -> PyResult<()> {
        let (py, received) = (slf.py(), slf.as_super().get());
        py.detach(|| received.message().change_visibility(timeout))
            .or_raise(py)?;
        if timeout == 0 {
            received.settle();
        }
        Ok(())
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (kind, error, trace))]
    fn __exit__(
        slf: &Bound<'_, Self>,
        kind: Option<&Bound<'_, PyType>>,
        error: Option<&Bound<'_, PyAny>>,
        trace: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let _ = (error, trace);
        if slf.as_super().get().settled() {
            return Ok(());
        }
        if kind.is_none() {
            return Self::delete(slf);
        }
        // The block's own exception matters more than that its message comes back later.
        let _ = Self::change_visibility(slf, 0);
        Ok(())
    }
}
