//! Message attributes: name, type and value (S5.9 to S5.16).

use crate::body;
use forebay_ffi::api;
use forebay_ffi::api::AttributeValue;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyMapping, PyString};

/// Value of a message attribute with its exact type: "String", "Number" or "Binary", optionally
/// with a label as in "Number.euro". Without a type it is that of the value.
#[pyclass(module = "forebay", frozen, eq)]
#[derive(PartialEq)]
pub struct Attribute {
    data_type: String,
    value: AttributeValue,
}

#[pymethods]
impl Attribute {
    #[new]
    #[pyo3(signature = (value, data_type=None))]
    fn new(value: &Bound<'_, PyAny>, data_type: Option<String>) -> PyResult<Self> {
        let (own, value) = typed(value)?;
        let data_type = data_type.unwrap_or_else(|| own.to_owned());
        // Bytes under a type of text are text, and the other way round.
        let value = match (value, data_type.starts_with("Binary")) {
            (AttributeValue::Text(text), true) => AttributeValue::Binary(text.into_bytes().into()),
            (AttributeValue::Binary(bytes), false) => {
                let text = String::from_utf8(bytes.to_vec());
                AttributeValue::Text(text?)
            }
            (value, _) => value,
        };
        Ok(Self { data_type, value })
    }

    /// The type, label included.
    #[getter]
    fn data_type(&self) -> &str {
        &self.data_type
    }

    /// The value as it was sent: bytes for binary types, else text.
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        exact(py, &self.value)
    }

    fn __hash__(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.data_type.hash(&mut hasher);
        match &self.value {
            AttributeValue::Text(text) => text.hash(&mut hasher),
            AttributeValue::Binary(bytes) => bytes.hash(&mut hasher),
        }
        hasher.finish()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let value = self.value(py).repr()?;
        Ok(format!(
            "Attribute({value}, data_type={:?})",
            self.data_type
        ))
    }
}

impl Attribute {
    /// An attribute of a message.
    pub fn of(attribute: &api::Attribute) -> Self {
        Self {
            data_type: attribute.data_type.clone(),
            value: attribute.value.clone(),
        }
    }
}

fn exact<'py>(py: Python<'py>, value: &AttributeValue) -> Bound<'py, PyAny> {
    match value {
        AttributeValue::Text(text) => PyString::new(py, text).into_any(),
        AttributeValue::Binary(bytes) => PyBytes::new(py, bytes).into_any(),
    }
}

/// The type and value of a plain Python value.
fn typed(value: &Bound<'_, PyAny>) -> PyResult<(&'static str, AttributeValue)> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(("String", AttributeValue::Text(text.to_cow()?.into_owned())));
    }
    if let Some(text) = number(value)? {
        return Ok(("Number", AttributeValue::Text(text)));
    }
    match body::bytes_of(value) {
        Ok(bytes) => Ok(("Binary", AttributeValue::Binary(bytes))),
        Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => {
            Err(PyTypeError::new_err(format!(
                "the value of an attribute is str, int, float, bytes or forebay.Attribute, not {}",
                value.get_type()
            )))
        }
        Err(error) => Err(error),
    }
}

/// A number as it is written. What a class of numbers prints, a member of an enumeration for one,
/// may be anything else.
fn number(value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    let py = value.py();
    let kind = if value.is_instance_of::<PyBool>() {
        return Ok(None);
    } else if value.is_instance_of::<PyInt>() {
        py.get_type::<PyInt>()
    } else if value.is_instance_of::<PyFloat>() {
        py.get_type::<PyFloat>()
    } else {
        return Ok(None);
    };
    let written = kind.call_method1(intern!(py, "__repr__"), (value,))?;
    written.extract().map(Some)
}

/// Attributes to send: a mapping, or pairs, of names and values.
pub fn read(given: &Bound<'_, PyAny>) -> PyResult<Vec<api::Attribute>> {
    let pairs = match given.cast::<PyMapping>() {
        Ok(mapping) => mapping.items()?.into_any(),
        Err(_) => given.clone(),
    };
    pairs
        .try_iter()?
        .map(|pair| {
            let (name, value): (String, Bound<'_, PyAny>) = pair?.extract()?;
            let (data_type, value) = match value.cast::<Attribute>() {
                Ok(attribute) => {
                    let attribute = attribute.get();
                    (attribute.data_type.clone(), attribute.value.clone())
                }
                Err(_) => {
                    let (data_type, value) = typed(&value)?;
                    (data_type.to_owned(), value)
                }
            };
            Ok(api::Attribute {
                name,
                data_type,
                value,
            })
        })
        .collect()
}

/// Attributes of a message as plain values: numbers are `int` where they are whole, else `float`.
pub fn plain<'py>(py: Python<'py>, attributes: &[api::Attribute]) -> PyResult<Bound<'py, PyDict>> {
    let values = PyDict::new(py);
    for attribute in attributes {
        let mut value = exact(py, &attribute.value);
        if attribute.data_type.starts_with("Number") {
            let whole = py.get_type::<PyInt>().call1((&value,));
            value = whole.or_else(|_| py.get_type::<PyFloat>().call1((&value,)))?;
        }
        values.set_item(&attribute.name, value)?;
    }
    Ok(values)
}
