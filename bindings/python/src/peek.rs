//! Messages that were looked at and not received.

use crate::attributes::{self, Attribute};
use crate::body;
use crate::queue::Queue;
use forebay_ffi::api::{self, MessageState, PeekOptions, digest, message_attributes};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use pyo3::{PyTraverseError, PyVisit};

const STATES: [(&str, MessageState); 3] = [
    ("visible", MessageState::Visible),
    ("delayed", MessageState::Delayed),
    ("in_flight", MessageState::InFlight),
];

/// Options from arguments.
pub fn options(
    states: &[String],
    group: Option<String>,
    after: u64,
    limit: usize,
) -> PyResult<PeekOptions> {
    let mut options = PeekOptions::new().after(after).limit(limit);
    if let Some(group) = group {
        options = options.group(group);
    }
    for state in states {
        let known = STATES.iter().find(|(name, _)| name == state);
        options = options.state(known.map(|(_, known)| *known).ok_or_else(|| {
            let names = STATES.map(|(name, _)| name).join(", ");
            PyValueError::new_err(format!("{state:?} is no state; there are {names}"))
        })?);
    }
    Ok(options)
}

/// A message as a peek shows it; nothing about it changed.
#[pyclass(module = "forebay", frozen, generic)]
pub struct Peeked {
    queue: Py<Queue>,
    peeked: api::Peeked,
}

impl Peeked {
    pub fn new(queue: Py<Queue>, peeked: api::Peeked) -> Self {
        Self { queue, peeked }
    }

    fn message(&self) -> &api::StoredMessage {
        &self.peeked.message
    }
}

#[pymethods]
impl Peeked {
    /// "visible", "delayed" or "in_flight".
    #[getter]
    fn state(&self) -> &'static str {
        match self.peeked.state {
            MessageState::Visible => "visible",
            MessageState::Delayed => "delayed",
            MessageState::InFlight => "in_flight",
        }
    }

    /// When a delayed message or one in flight becomes visible, milliseconds since the epoch.
    #[getter]
    fn visible_ms(&self) -> Option<u64> {
        self.peeked.visible_ms
    }

    /// The body, as the queue's codec decodes it; without a codec the bytes.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        body::decode(py, self.queue.get().codec(), &self.message().body)
    }

    /// The body, byte for byte as it was sent.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.message().body)
    }

    /// The id given at the send, a UUID.
    #[getter]
    fn id(&self) -> String {
        self.message().id.to_string()
    }

    /// Its position in its queue.
    #[getter]
    fn sequence(&self) -> u64 {
        self.message().sequence
    }

    /// How often it was received.
    #[getter]
    fn receive_count(&self) -> u32 {
        self.message().receive_count
    }

    /// When it was sent, milliseconds since the epoch.
    #[getter]
    fn sent_ms(&self) -> u64 {
        self.message().sent_ms
    }

    /// When it was first received, milliseconds since the epoch.
    #[getter]
    fn first_receive_ms(&self) -> Option<u64> {
        self.message().first_receive_ms
    }

    /// MessageGroupId.
    #[getter]
    fn group(&self) -> Option<&str> {
        self.message().group.as_deref()
    }

    /// MessageDeduplicationId, given or computed; FIFO queues only.
    #[getter]
    fn dedup(&self) -> Option<&str> {
        self.message().deduplication.as_deref()
    }

    /// SenderId.
    #[getter]
    fn sender(&self) -> &str {
        &self.message().sender
    }

    /// AWSTraceHeader.
    #[getter]
    fn trace_header(&self) -> Option<&str> {
        self.message().trace_header.as_deref()
    }

    /// ARN of the queue from which it came to this dead-letter queue.
    #[getter]
    fn dead_letter_source(&self) -> Option<&str> {
        self.message().dead_letter_source.as_deref()
    }

    /// The message attributes as plain values: str, int, float or bytes.
    #[getter]
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        attributes::plain(py, &self.message().attributes)
    }

    /// The attributes that `names` select, as `Message.select_attributes`.
    #[pyo3(signature = (*names))]
    fn select_attributes(&self, names: Vec<String>) -> Vec<(String, Attribute)> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        message_attributes::select(&names, &self.message().attributes)
            .into_iter()
            .map(|attribute| (attribute.name.clone(), Attribute::of(attribute)))
            .collect()
    }

    /// MD5OfBody, lower-case hex.
    fn md5_of_body(&self) -> String {
        digest::md5_hex(&self.message().body)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.queue)
    }

    fn __repr__(&self) -> String {
        format!("<Peeked {} {}>", self.id(), self.state())
    }
}
