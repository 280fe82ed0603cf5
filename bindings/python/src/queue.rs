//! A queue in the hands of a program.

use crate::error::{OrRaise, batch_results};
use crate::message::Received;
use crate::messages::Messages;
use crate::numbers;
use crate::peek::{self, Peeked};
use crate::receive;
use crate::report::{Counts, NamePage};
use crate::send::{self, Extras, SendReceipt};
use forebay_ffi::api::{self, DeleteRequest, VisibilityRequest};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use pyo3::{PyTraverseError, PyVisit};
use std::collections::BTreeMap;

/// A queue of an open store, from any thread. It goes by its name: after a deletion it works
/// again on a new queue of that name.
#[pyclass(module = "forebay", frozen, generic, weakref)]
pub struct Queue {
    queue: api::Queue,
    codec: Option<Py<PyAny>>,
}

impl Queue {
    pub fn new(queue: api::Queue, codec: Option<Py<PyAny>>) -> Self {
        Self { queue, codec }
    }

    pub fn api(&self) -> &api::Queue {
        &self.queue
    }

    pub fn codec(&self) -> Option<&Py<PyAny>> {
        self.codec.as_ref()
    }
}

#[pymethods]
impl Queue {
    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        self.queue.name()
    }

    /// Its ARN.
    #[getter]
    fn arn(&self) -> String {
        self.queue.arn()
    }

    /// Whether it is a FIFO queue.
    #[getter]
    fn is_fifo(&self) -> bool {
        self.queue.is_fifo()
    }

    /// What encodes and decodes its bodies; None: they are bytes.
    #[getter(codec)]
    fn given_codec(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.codec.as_ref().map(|codec| codec.clone_ref(py))
    }

    /// Sends one message. When this returns it has survived what the store's durability promises.
    #[pyo3(signature = (
        body, *, delay=None, attributes=None, group=None, dedup=None, trace_header=None,
        sender=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn send(
        &self,
        py: Python<'_>,
        body: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = numbers::delay)] delay: Option<u32>,
        attributes: Option<&Bound<'_, PyAny>>,
        group: Option<String>,
        dedup: Option<String>,
        trace_header: Option<String>,
        sender: Option<String>,
    ) -> PyResult<SendReceipt> {
        let extras = Extras {
            delay,
            attributes,
            group,
            dedup,
            trace_header,
            sender,
        };
        let request = send::request(self.codec(), body, extras)?;
        let receipt = py.detach(|| self.queue.send(request)).or_raise(py)?;
        Ok(receipt.into())
    }

    /// Sends several messages in one step, in this order: bodies, or `SendRequest` where there is
    /// more to say. Each succeeds or fails on its own: if any fails, `BatchFailure` has all
    /// results. `ids` are SQS's ids of batch entries; they must be distinct.
    #[pyo3(signature = (messages, *, ids=None))]
    fn send_batch<'py>(
        &self,
        py: Python<'py>,
        messages: &Bound<'py, PyAny>,
        ids: Option<Vec<String>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let requests = send::requests(self.codec(), messages, ids)?;
        let results = py.detach(|| self.queue.send_batch(requests)).or_raise(py)?;
        batch_results(py, results, |receipt| {
            Ok(Bound::new(py, SendReceipt::from(receipt))?.into_any())
        })
    }

    /// Receives up to `max` messages, waiting up to `wait` seconds for the first. The list is a
    /// context manager for all of them together. Others cannot receive these messages for
    /// `visibility_timeout` seconds. What is None is as the queue says. `attempt`: see
    /// ReceiveRequestAttemptId of FIFO queues.
    #[pyo3(signature = (max=1, wait=None, *, visibility_timeout=None, attempt=None))]
    fn receive<'py>(
        slf: &Bound<'py, Self>,
        #[pyo3(from_py_with = numbers::max)] max: u32,
        #[pyo3(from_py_with = numbers::wait)] wait: Option<u32>,
        #[pyo3(from_py_with = numbers::visibility_timeout)] visibility_timeout: Option<u32>,
        attempt: Option<String>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = receive::options(max, wait, visibility_timeout, attempt);
        let messages = receive::receive(slf.py(), &slf.get().queue, &options)?;
        receive::batch(slf, messages)
    }

    /// Iterates over messages without end: waits for each, `wait` seconds at a time, and ends
    /// when the store is closed. `batch` messages are received at a time; what the program has
    /// not seen when it leaves the loop goes back at once.
    #[pyo3(signature = (*, batch=1, wait=20, visibility_timeout=None))]
    fn messages(
        slf: Py<Self>,
        #[pyo3(from_py_with = numbers::max)] batch: u32,
        #[pyo3(from_py_with = numbers::each_wait)] wait: u32,
        #[pyo3(from_py_with = numbers::visibility_timeout)] visibility_timeout: Option<u32>,
    ) -> Messages {
        let options = receive::options(batch, Some(wait), visibility_timeout, None);
        Messages::new(slf, options)
    }

    /// Deletes a message, or the one that a receipt handle names. Deleting what is gone already
    /// succeeds.
    fn delete(&self, py: Python<'_>, message: &Bound<'_, PyAny>) -> PyResult<()> {
        let target = Target::of(message)?;
        let request = target.deletion();
        py.detach(|| self.queue.delete(request)).or_raise(py)?;
        target.settle();
        Ok(())
    }

    /// Deletes several messages in one step: messages, or receipt handles. If any cannot be,
    /// `BatchFailure` has all results.
    #[pyo3(signature = (messages, *, ids=None))]
    fn delete_batch(
        &self,
        py: Python<'_>,
        messages: &Bound<'_, PyAny>,
        ids: Option<Vec<String>>,
    ) -> PyResult<()> {
        let targets = targets(messages)?;
        let requests = targets.iter().map(Target::deletion).collect();
        let requests = send::with_ids(requests, ids, DeleteRequest::id)?;
        let results = py
            .detach(|| self.queue.delete_batch(requests))
            .or_raise(py)?;
        Target::settle_all(&targets, &results);
        batch_results(py, results, |()| Ok(py.None().into_bound(py))).map(drop)
    }

    /// Hides a message, or the one that a receipt handle names, for `timeout` seconds from now,
    /// 0 to 43,200; 0 gives it back at once.
    fn change_visibility(
        &self,
        py: Python<'_>,
        message: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = numbers::timeout)] timeout: u32,
    ) -> PyResult<()> {
        let target = Target::of(message)?;
        let request = target.change(timeout);
        py.detach(|| self.queue.change_visibility(request))
            .or_raise(py)?;
        if timeout == 0 {
            target.settle();
        }
        Ok(())
    }

    /// Hides several messages in one step: pairs of a message, or receipt handle, and seconds.
    /// If any cannot be, `BatchFailure` has all results.
    #[pyo3(signature = (changes, *, ids=None))]
    fn change_visibility_batch(
        &self,
        py: Python<'_>,
        changes: &Bound<'_, PyAny>,
        ids: Option<Vec<String>>,
    ) -> PyResult<()> {
        let changes = changes_of(changes)?;
        let requests = send::with_ids(changes.requests(), ids, VisibilityRequest::id)?;
        let results = py
            .detach(|| self.queue.change_visibility_batch(requests))
            .or_raise(py)?;
        changes.settle(&results);
        batch_results(py, results, |()| Ok(py.None().into_bound(py))).map(drop)
    }

    /// Shows messages in the order of their sequence numbers, without any effect on them: those
    /// of the given states ("visible", "delayed", "in_flight"; none given: all) and group, after
    /// the sequence number `after`; at most `limit`, 1 to 10,000, and no more than 64 MiB of them.
    /// There are fewer where many others had to be passed over: only an empty list says that no
    /// more follow.
    #[pyo3(signature = (*states, group=None, after=0, limit=10))]
    fn peek(
        slf: &Bound<'_, Self>,
        states: Vec<String>,
        group: Option<String>,
        #[pyo3(from_py_with = numbers::after)] after: u64,
        #[pyo3(from_py_with = numbers::limit)] limit: usize,
    ) -> PyResult<Vec<Peeked>> {
        let (py, queue) = (slf.py(), slf.get());
        let options = peek::options(&states, group, after, limit)?;
        let found = py.detach(|| queue.queue.peek(&options)).or_raise(py)?;
        let peeked = |found| Peeked::new(slf.clone().unbind(), found);
        Ok(found.into_iter().map(peeked).collect())
    }

    /// How many messages are visible, in flight and delayed; exact.
    fn counts(&self, py: Python<'_>) -> PyResult<Counts> {
        Ok(py.detach(|| self.queue.counts()).or_raise(py)?.into())
    }

    /// Removes all messages: visible, in flight and delayed.
    fn purge(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.queue.purge()).or_raise(py)
    }

    /// The attributes that `names` ask for and that are set, by their SQS names, as text; without
    /// names all.
    #[pyo3(signature = (*names))]
    fn get_attributes(
        &self,
        py: Python<'_>,
        names: Vec<String>,
    ) -> PyResult<BTreeMap<String, String>> {
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        if names.is_empty() {
            names.push("All");
        }
        py.detach(|| self.queue.attributes(&names)).or_raise(py)
    }

    /// Sets attributes by their SQS names, all or none. They hold at once.
    fn set_attributes(&self, py: Python<'_>, attributes: BTreeMap<String, String>) -> PyResult<()> {
        py.detach(|| self.queue.set_attributes(attributes))
            .or_raise(py)
    }

    /// Its tags.
    fn tags(&self, py: Python<'_>) -> PyResult<BTreeMap<String, String>> {
        py.detach(|| self.queue.tags()).or_raise(py)
    }

    /// Adds tags, or writes over those with the same key.
    fn tag(&self, py: Python<'_>, tags: BTreeMap<String, String>) -> PyResult<()> {
        py.detach(|| self.queue.tag(tags)).or_raise(py)
    }

    /// Removes the tags with these keys, where present.
    #[pyo3(signature = (*keys))]
    fn untag(&self, py: Python<'_>, keys: Vec<String>) -> PyResult<()> {
        py.detach(|| self.queue.untag(keys)).or_raise(py)
    }

    /// The queue that gets messages which were received too often here; None where there is none.
    #[pyo3(signature = (*, codec=None))]
    fn dead_letter_queue(
        &self,
        py: Python<'_>,
        codec: Option<Py<PyAny>>,
    ) -> PyResult<Option<Self>> {
        let queue = py.detach(|| self.queue.dead_letter_queue()).or_raise(py)?;
        Ok(queue.map(|queue| Self::new(queue, codec)))
    }

    /// The names of the queues whose dead-letter queue this is, in byte order.
    fn dead_letter_sources(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        py.detach(|| self.queue.dead_letter_sources()).or_raise(py)
    }

    /// One page of `dead_letter_sources`: at most `limit` names, 1 to 1,000. `token` is
    /// `next_token` of the page before.
    #[pyo3(signature = (*, limit=1000, token=None))]
    fn dead_letter_sources_page(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = numbers::limit)] limit: usize,
        token: Option<&str>,
    ) -> PyResult<NamePage> {
        let page = py.detach(|| self.queue.dead_letter_sources_page(limit, token));
        Ok(page.or_raise(py)?.into())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.codec)
    }

    fn __repr__(&self) -> String {
        format!("<Queue {}>", self.queue.arn())
    }
}

/// What a delete or a change of visibility is about.
pub enum Target {
    Message(Py<Received>),
    Receipt(String),
}

impl Target {
    pub fn of(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(message) = given.cast::<Received>() {
            return Ok(Self::Message(message.clone().unbind()));
        }
        match given.cast::<PyString>() {
            Ok(receipt) => Ok(Self::Receipt(receipt.to_cow()?.into_owned())),
            Err(_) => Err(PyTypeError::new_err(format!(
                "expected a message or a receipt handle, not {}",
                given.get_type()
            ))),
        }
    }

    pub fn deletion(&self) -> DeleteRequest {
        match self {
            Self::Message(message) => DeleteRequest::from(message.get().message()),
            Self::Receipt(receipt) => DeleteRequest::new(receipt),
        }
    }

    pub fn change(&self, timeout: u32) -> VisibilityRequest {
        match self {
            Self::Message(message) => VisibilityRequest::from((message.get().message(), timeout)),
            Self::Receipt(receipt) => VisibilityRequest::new(receipt, timeout),
        }
    }

    pub fn settle(&self) {
        if let Self::Message(message) = self {
            message.get().settle();
        }
    }

    /// Settles those whose deletion succeeded.
    pub fn settle_all(targets: &[Self], results: &[api::Result<()>]) {
        let done = targets.iter().zip(results).filter(|(_, done)| done.is_ok());
        done.for_each(|(target, _)| target.settle());
    }
}

pub fn targets(given: &Bound<'_, PyAny>) -> PyResult<Vec<Target>> {
    let given = send::several(given)?;
    given.map(|message| Target::of(&message?)).collect()
}

/// Who is hidden, and for how many seconds.
pub struct Changes(Vec<(Target, u32)>);

pub fn changes_of(given: &Bound<'_, PyAny>) -> PyResult<Changes> {
    let changes = given.try_iter()?.map(|pair| {
        let (message, timeout): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract()?;
        Ok((Target::of(&message)?, numbers::timeout(&timeout)?))
    });
    changes.collect::<PyResult<_>>().map(Changes)
}

impl Changes {
    pub fn requests(&self) -> Vec<VisibilityRequest> {
        let changes = self.0.iter();
        changes
            .map(|(target, timeout)| target.change(*timeout))
            .collect()
    }

    /// Settles those that went back.
    pub fn settle(&self, results: &[api::Result<()>]) {
        for ((target, timeout), done) in self.0.iter().zip(results) {
            if *timeout == 0 && done.is_ok() {
                target.settle();
            }
        }
    }
}
