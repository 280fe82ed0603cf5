//! Messages to send, and what acknowledges them.

use crate::attributes;
use crate::body;
use crate::given::with;
use crate::numbers;
use forebay_ffi::api;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyIterator, PyList, PyMapping, PyString};
use pyo3::{PyTraverseError, PyVisit};

/// A message to send with what it has besides its body; for `Queue.send_batch`.
#[pyclass(module = "forebay", frozen, generic, get_all)]
pub struct SendRequest {
    /// The body, which the queue's codec encodes.
    body: Py<PyAny>,
    /// Seconds before it can be received, 0 to 900; None: as the queue says.
    delay: Option<u32>,
    /// Message attributes by name.
    attributes: Option<Py<PyAny>>,
    /// MessageGroupId.
    group: Option<String>,
    /// MessageDeduplicationId.
    dedup: Option<String>,
    /// AWSTraceHeader.
    trace_header: Option<String>,
    /// SenderId; None: the account.
    sender: Option<String>,
}

#[pymethods]
impl SendRequest {
    #[new]
    #[pyo3(signature = (
        body, *, delay=None, attributes=None, group=None, dedup=None, trace_header=None,
        sender=None
    ))]
    fn new(
        body: Py<PyAny>,
        #[pyo3(from_py_with = numbers::delay)] delay: Option<u32>,
        attributes: Option<&Bound<'_, PyAny>>,
        group: Option<String>,
        dedup: Option<String>,
        trace_header: Option<String>,
        sender: Option<String>,
    ) -> PyResult<Self> {
        Ok(Self {
            body,
            delay,
            attributes: attributes.map(own).transpose()?,
            group,
            dedup,
            trace_header,
            sender,
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.body)?;
        visit.call(&self.attributes)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("SendRequest({})", self.body.bind(py).repr()?))
    }
}

/// A copy of attributes: the caller may fill the mapping anew for the next message, and pairs can
/// perhaps be read only once.
fn own(attributes: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let py = attributes.py();
    let kind = match attributes.cast::<PyMapping>() {
        Ok(_) => py.get_type::<PyDict>().into_any(),
        Err(_) => py.get_type::<PyList>().into_any(),
    };
    kind.call1((attributes,)).map(Bound::unbind)
}

/// The entries of a batch. A text is not the entries that its characters would be, and a mapping,
/// the body of a codec perhaps, not those that its keys would be.
pub fn several<'py>(given: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyIterator>> {
    let is_one = given.is_instance_of::<PyString>()
        || given.is_instance_of::<PyBytes>()
        || given.is_instance_of::<PyByteArray>()
        || given.is_instance_of::<PyDict>();
    if is_one {
        let kind = given.get_type();
        let text = format!("expected the entries of a batch, not one {kind}");
        return Err(PyTypeError::new_err(text));
    }
    given.try_iter()
}

/// What a message has besides its body, as keyword arguments give it.
#[derive(Default)]
pub struct Extras<'a, 'py> {
    pub delay: Option<u32>,
    pub attributes: Option<&'a Bound<'py, PyAny>>,
    pub group: Option<String>,
    pub dedup: Option<String>,
    pub trace_header: Option<String>,
    pub sender: Option<String>,
}

/// A message for the library.
pub fn request(
    codec: Option<&Py<PyAny>>,
    body: &Bound<'_, PyAny>,
    extras: Extras<'_, '_>,
) -> PyResult<api::SendRequest> {
    let mut request = api::SendRequest::new(body::bytes_of(&body::encode(codec, body)?)?);
    if let Some(given) = extras.attributes {
        request = request.attributes(attributes::read(given)?);
    }
    request = with(request, extras.delay, api::SendRequest::delay);
    request = with(request, extras.group, api::SendRequest::group);
    request = with(request, extras.dedup, api::SendRequest::deduplication);
    request = with(request, extras.trace_header, api::SendRequest::trace_header);
    Ok(with(request, extras.sender, api::SendRequest::sender))
}

/// Messages of a batch: bodies, or `SendRequest` where there is more to say; with their ids.
pub fn requests(
    codec: Option<&Py<PyAny>>,
    messages: &Bound<'_, PyAny>,
    ids: Option<Vec<String>>,
) -> PyResult<Vec<api::SendRequest>> {
    let py = messages.py();
    let requests = several(messages)?.map(|message| {
        let message = message?;
        let Ok(given) = message.cast::<SendRequest>() else {
            return request(codec, &message, Extras::default());
        };
        let given = given.get();
        let attributes = given.attributes.as_ref();
        let extras = Extras {
            delay: given.delay,
            attributes: attributes.map(|attributes| attributes.bind(py)),
            group: given.group.clone(),
            dedup: given.dedup.clone(),
            trace_header: given.trace_header.clone(),
            sender: given.sender.clone(),
        };
        request(codec, given.body.bind(py), extras)
    });
    with_ids(
        requests.collect::<PyResult<_>>()?,
        ids,
        api::SendRequest::id,
    )
}

/// Gives the entries of a batch their ids.
pub fn with_ids<T>(
    entries: Vec<T>,
    ids: Option<Vec<String>>,
    with_id: impl Fn(T, String) -> T,
) -> PyResult<Vec<T>> {
    let Some(ids) = ids else { return Ok(entries) };
    if ids.len() != entries.len() {
        let text = format!("{} ids for {} entries", ids.len(), entries.len());
        return Err(PyValueError::new_err(text));
    }
    let pairs = entries.into_iter().zip(ids);
    Ok(pairs.map(|(entry, id)| with_id(entry, id)).collect())
}

/// Acknowledges a send.
#[pyclass(module = "forebay", frozen)]
pub struct SendReceipt {
    receipt: api::SendReceipt,
}

impl From<api::SendReceipt> for SendReceipt {
    fn from(receipt: api::SendReceipt) -> Self {
        Self { receipt }
    }
}

#[pymethods]
impl SendReceipt {
    /// The message's id, a UUID; that of the first message if this one was a duplicate.
    #[getter]
    fn id(&self) -> String {
        self.receipt.message_id().to_string()
    }

    /// Its position in its queue, on both kinds of queue.
    #[getter]
    fn sequence(&self) -> u64 {
        self.receipt.sequence()
    }

    /// SequenceNumber, 20 digits; FIFO queues only.
    #[getter]
    fn sequence_number(&self) -> Option<String> {
        self.receipt.sequence_number()
    }

    /// True if it was not stored because a message with its deduplication id was.
    #[getter]
    fn duplicate(&self) -> bool {
        self.receipt.is_duplicate()
    }

    /// MD5OfMessageBody, lower-case hex.
    fn md5_of_body(&self) -> String {
        self.receipt.md5_of_body()
    }

    /// MD5OfMessageAttributes; None without attributes.
    fn md5_of_attributes(&self) -> Option<String> {
        self.receipt.md5_of_attributes()
    }

    /// MD5OfMessageSystemAttributes; None without a trace header.
    fn md5_of_system_attributes(&self) -> Option<String> {
        self.receipt.md5_of_system_attributes()
    }

    fn __repr__(&self) -> String {
        format!("<SendReceipt {}>", self.id())
    }
}
