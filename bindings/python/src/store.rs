//! A store in the hands of a program.

use crate::error::OrRaise;
use crate::given::with;
use crate::move_task::MoveTask;
use crate::numbers;
use crate::queue::Queue;
use crate::report::{CheckReport, NamePage, Recovery, Statistics};
use forebay_ffi::api::{self, QueueOptions};
use forebay_server::embed::Source;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// An open store, from any thread. Close it, or use it as a context manager; it also ends with
/// the last object that belongs to it.
#[pyclass(module = "forebay", frozen, weakref)]
pub struct Store {
    store: api::Store,
    location: String,
}

impl Store {
    pub fn new(store: api::Store, location: String) -> Self {
        Self { store, location }
    }

    /// This store as what a server serves, and what it is called.
    pub fn served(&self) -> (Source, String) {
        (Source::Open(self.store.clone()), self.location.clone())
    }
}

#[pymethods]
impl Store {
    /// What was opened.
    #[getter]
    fn location(&self) -> &str {
        &self.location
    }

    /// The account of plain queue names.
    #[getter]
    fn account(&self) -> &str {
        self.store.account()
    }

    /// The region of plain queue names.
    #[getter]
    fn region(&self) -> &str {
        self.store.region()
    }

    /// The same store, with names that belong to another account, 12 digits, and region, 1 to 64
    /// of [A-Za-z0-9._/-]. For others, whatever names a queue raises InvalidParameterValue.
    fn scope(&self, account: &str, region: &str) -> Self {
        Self::new(self.store.scope(account, region), self.location.clone())
    }

    /// Creates a queue, or finds one whose attributes are those named here. What is None is SQS's
    /// default for a new queue, and anything for one that exists.
    ///
    /// Times are seconds. dead_letter: name or ARN of the queue for messages that were received
    /// max_receives times and not deleted. attributes: any others, by their SQS names. codec:
    /// what encodes and decodes bodies, such as those of forebay.codecs.
    #[pyo3(signature = (
        name, *, codec=None, fifo=None, content_deduplication=None, visibility_timeout=None,
        delay=None, retention=None, receive_wait=None, message_bytes_max=None, dead_letter=None,
        max_receives=None, attributes=None, tags=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn create_queue(
        &self,
        py: Python<'_>,
        name: &str,
        codec: Option<Py<PyAny>>,
        fifo: Option<bool>,
        content_deduplication: Option<bool>,
        #[pyo3(from_py_with = numbers::attributes::visibility_timeout)] visibility_timeout: Option<
            u32,
        >,
        #[pyo3(from_py_with = numbers::attributes::delay)] delay: Option<u32>,
        #[pyo3(from_py_with = numbers::attributes::retention)] retention: Option<u32>,
        #[pyo3(from_py_with = numbers::attributes::receive_wait)] receive_wait: Option<u32>,
        #[pyo3(from_py_with = numbers::attributes::message_bytes_max)] message_bytes_max: Option<
            u32,
        >,
        dead_letter: Option<String>,
        #[pyo3(from_py_with = numbers::max_receives)] max_receives: Option<u32>,
        attributes: Option<BTreeMap<String, String>>,
        tags: Option<BTreeMap<String, String>>,
    ) -> PyResult<Queue> {
        let mut options = QueueOptions::new().attributes(attributes.unwrap_or_default());
        options = with(options, fifo.filter(|on| *on), |options, _| options.fifo());
        let on = content_deduplication;
        options = with(options, on, QueueOptions::content_deduplication);
        options = with(
            options,
            visibility_timeout,
            QueueOptions::visibility_timeout,
        );
        options = with(options, delay, QueueOptions::delay);
        options = with(options, retention, QueueOptions::retention);
        options = with(options, receive_wait, QueueOptions::receive_wait);
        options = with(options, message_bytes_max, QueueOptions::message_bytes_max);
        options = match (dead_letter, max_receives) {
            (Some(target), Some(max_receives)) => options.dead_letter(target, max_receives),
            (None, None) => options,
            _ => {
                let text = "dead_letter and max_receives come together";
                return Err(PyTypeError::new_err(text));
            }
        };
        for (key, value) in tags.into_iter().flatten() {
            options = options.tag(key, value);
        }
        let queue = py.detach(|| self.store.create_queue(name, &options));
        Ok(Queue::new(queue.or_raise(py)?, codec))
    }

    /// Finds a queue by its name.
    #[pyo3(signature = (name, *, codec=None))]
    fn get_queue(&self, py: Python<'_>, name: &str, codec: Option<Py<PyAny>>) -> PyResult<Queue> {
        let queue = py.detach(|| self.store.get_queue(name)).or_raise(py)?;
        Ok(Queue::new(queue, codec))
    }

    /// Deletes a queue with its messages. Waits on it end with `QueueDoesNotExist`.
    fn delete_queue(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        py.detach(|| self.store.delete_queue(name)).or_raise(py)
    }

    /// The names of all queues that start with `prefix`, in byte order.
    #[pyo3(signature = (prefix=""))]
    fn list_queues(&self, py: Python<'_>, prefix: &str) -> PyResult<Vec<String>> {
        py.detach(|| self.store.list_queues(prefix)).or_raise(py)
    }

    /// One page of `list_queues`: at most `limit` names, 1 to 1,000. `token` is `next_token` of
    /// the page before.
    #[pyo3(signature = (prefix="", *, limit=1000, token=None))]
    fn list_queues_page(
        &self,
        py: Python<'_>,
        prefix: &str,
        #[pyo3(from_py_with = numbers::limit)] limit: usize,
        token: Option<&str>,
    ) -> PyResult<NamePage> {
        let page = py.detach(|| self.store.list_queues_page(prefix, limit, token));
        Ok(page.or_raise(py)?.into())
    }

    /// Moves the visible messages of the dead-letter queue `source` to `destination`, or back to
    /// where they came from, in the background; queues by name or ARN, at most `rate` messages a
    /// second, 1 to 500. Returns the task's handle.
    #[pyo3(signature = (source, destination=None, *, rate=None))]
    fn start_move_task(
        &self,
        py: Python<'_>,
        source: &str,
        destination: Option<&str>,
        #[pyo3(from_py_with = numbers::rate)] rate: Option<u32>,
    ) -> PyResult<String> {
        py.detach(|| self.store.start_move_task(source, destination, rate))
            .or_raise(py)
    }

    /// Stops a running move task. Returns how many messages it had moved; they stay moved.
    fn cancel_move_task(&self, py: Python<'_>, handle: &str) -> PyResult<u64> {
        py.detach(|| self.store.cancel_move_task(handle))
            .or_raise(py)
    }

    /// The move tasks of a source queue, by name or ARN, newest first; 1 to 10.
    #[pyo3(signature = (source, *, limit=10))]
    fn list_move_tasks(
        &self,
        py: Python<'_>,
        source: &str,
        #[pyo3(from_py_with = numbers::limit)] limit: usize,
    ) -> PyResult<Vec<MoveTask>> {
        let tasks = py.detach(|| self.store.list_move_tasks(source, limit));
        Ok(tasks.or_raise(py)?.into_iter().map(Into::into).collect())
    }

    /// The store's time, milliseconds since the epoch. It never goes back.
    fn now_ms(&self, py: Python<'_>) -> PyResult<u64> {
        py.detach(|| self.store.now_ms()).or_raise(py)
    }

    /// Moves a manual clock on by `seconds`, to the millisecond, and returns the new time in
    /// milliseconds since the epoch. What is due by then has happened when this returns.
    fn advance(&self, py: Python<'_>, seconds: f64) -> PyResult<u64> {
        let by = Duration::try_from_secs_f64(seconds).map_err(|_| {
            let text = format!("cannot advance by {seconds} s; it must be 0 or more, and finite");
            PyValueError::new_err(text)
        })?;
        let by_ms = (by.as_secs_f64() * 1000.0).round() as u64;
        py.detach(|| self.store.advance(by_ms)).or_raise(py)
    }

    /// Verifies the store's files against each other, while they are in use.
    ///
    /// It reads all that is stored, and all other calls on the store wait meanwhile: those of other
    /// processes fail with `Busy` where that takes longer than their lock timeout.
    fn check(&self, py: Python<'_>) -> PyResult<CheckReport> {
        Ok(py.detach(|| self.store.check()).or_raise(py)?.into())
    }

    /// Writes a consistent copy to an absent or empty directory, while the store is in use.
    fn backup(&self, py: Python<'_>, to: PathBuf) -> PyResult<()> {
        py.detach(|| self.store.backup(&to)).or_raise(py)
    }

    /// Numbers about the store's work since it was opened in this process.
    fn statistics(&self, py: Python<'_>) -> PyResult<Statistics> {
        Ok(py.detach(|| self.store.statistics()).or_raise(py)?.into())
    }

    /// What opening had to repair; None if nothing.
    fn recovery(&self, py: Python<'_>) -> PyResult<Option<Recovery>> {
        let recovery = py.detach(|| self.store.recovery()).or_raise(py)?;
        Ok(recovery.map(Into::into))
    }

    /// Closes the store under all that belongs to it: waits end with `Closed`, and so do later
    /// calls. Closing again does nothing.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.store.close());
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, pyo3::types::PyTuple>) {
        self.close(py);
    }

    fn __repr__(&self) -> String {
        format!("<Store {:?}>", self.location)
    }
}
