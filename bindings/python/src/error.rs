//! From errors of the library to exceptions of `forebay.errors`.

use forebay_ffi::api::{self, Status};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyType};

/// `(number, name, retryable)` of every failure, for the tests of `forebay.errors`.
#[pyfunction]
pub fn error_table() -> Vec<(i32, &'static str, bool)> {
    Status::FAILURES
        .iter()
        .map(|status| (status.number(), status.name(), status.retryable()))
        .collect()
}

/// The exception that an error is in Python.
pub fn exception<'py>(py: Python<'py>, error: &api::Error) -> PyResult<Bound<'py, PyAny>> {
    class_of(py, Status::from(error))?.call1((error.text(),))
}

fn class_of(py: Python<'_>, status: Status) -> PyResult<Bound<'_, PyAny>> {
    static BY_NUMBER: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let by_number = BY_NUMBER.import(py, "forebay.errors", "BY_NUMBER")?;
    by_number.as_any().get_item(status.number())
}

fn raised(py: Python<'_>, error: &api::Error) -> PyErr {
    // Should the exception not be made, what prevented it is what is raised.
    exception(py, error).map_or_else(|problem| problem, PyErr::from_value)
}

/// Raises what failed.
pub trait OrRaise<T> {
    /// The value, or the exception of the error.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for api::Result<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| raised(py, &error))
    }
}

/// The results of a batch: a list in the order of its entries if all succeeded, else
/// `BatchFailure` with all of them.
pub fn batch_results<'py, T>(
    py: Python<'py>,
    results: Vec<api::Result<T>>,
    mut convert: impl FnMut(T) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let mut failed = false;
    let entries = results.into_iter().map(|result| match result {
        Ok(value) => convert(value),
        Err(error) => {
            failed = true;
            exception(py, &error)
        }
    });
    let entries = entries.collect::<PyResult<Vec<_>>>()?;
    let entries = PyList::new(py, entries)?;
    if failed {
        static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let class = CLASS.import(py, "forebay.errors", "BatchFailure")?;
        return Err(PyErr::from_value(class.call1((entries,))?));
    }
    Ok(entries)
}
