//! Message bodies: from Python objects to bytes and back.

use bytes::Bytes;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyString};

/// The bytes of `bytes`, `str` (as UTF-8) or any other buffer. The first two never change, so
/// they are lent to the library; a buffer that may change meanwhile is copied, once.
pub fn bytes_of(value: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Bytes::from_owner(PyBackedBytes::from(bytes.clone())));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Bytes::from_owner(Utf8(text.clone().try_into()?)));
    }
    match PyBuffer::<u8>::get(value) {
        Ok(buffer) => Ok(Bytes::from(buffer.to_vec(value.py())?)),
        Err(error) if !is_no_buffer(value.py(), &error) => Err(error),
        Err(_) => {
            let kind = value.get_type();
            let text = format!("expected bytes, str or a buffer of bytes, not {kind}");
            Err(PyTypeError::new_err(text))
        }
    }
}

/// Whether it says that this kind of object has no bytes, and not that these cannot be had.
fn is_no_buffer(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<PyTypeError>(py) || error.is_instance_of::<PyBufferError>(py)
}

/// A text lent as its UTF-8 bytes.
struct Utf8(PyBackedStr);

impl AsRef<[u8]> for Utf8 {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// What a queue's codec makes of a value; without a codec the value itself.
pub fn encode<'py>(
    codec: Option<&Py<PyAny>>,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    match codec {
        None => Ok(value.clone()),
        Some(codec) => codec
            .bind(value.py())
            .call_method1(pyo3::intern!(value.py(), "encode"), (value,)),
    }
}

/// What a queue's codec makes of a body; without a codec the bytes.
pub fn decode<'py>(
    py: Python<'py>,
    codec: Option<&Py<PyAny>>,
    body: &[u8],
) -> PyResult<Bound<'py, PyAny>> {
    let body = PyBytes::new(py, body);
    match codec {
        None => Ok(body.into_any()),
        Some(codec) => codec
            .bind(py)
            .call_method1(pyo3::intern!(py, "decode"), (body,)),
    }
}
