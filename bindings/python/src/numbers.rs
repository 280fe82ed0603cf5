//! Python's ints, which have no bounds, as numbers of the core: its ranges are the core's matter,
//! and here only what cannot be given to it is refused. Names are those of arguments.

use crate::error::OrRaise;
use forebay_ffi::api::{Error, ErrorKind, Number};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;

/// An int, or `None` and how it is written if it is larger than all of the core's.
fn int(given: &Bound<'_, PyAny>) -> PyResult<(Option<i64>, String)> {
    match given.extract::<i64>() {
        Ok(value) => Ok((Some(value), value.to_string())),
        Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => {
            // Python does not write out numbers of thousands of digits.
            let written = given
                .str()
                .map_or("too large a number".into(), |it| it.to_string());
            Ok((None, written))
        }
        Err(error) => Err(error),
    }
}

fn whole<T: TryFrom<i64>>(number: Number, given: &Bound<'_, PyAny>) -> PyResult<T> {
    let (value, written) = int(given)?;
    let value = match value {
        Some(value) => number.whole(value),
        None => Err(number.refusal(&written)),
    };
    value.or_raise(given.py())
}

fn whole_if(number: Number, given: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
    match given.is_none() {
        true => Ok(None),
        false => whole(number, given).map(Some),
    }
}

pub fn delay(given: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
    whole_if(Number::Delay, given)
}

pub fn limit(given: &Bound<'_, PyAny>) -> PyResult<usize> {
    whole(Number::Limit, given)
}

pub fn max(given: &Bound<'_, PyAny>) -> PyResult<u32> {
    whole(Number::Max, given)
}

pub fn max_receives(given: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
    whole_if(Number::MaxReceives, given)
}

pub fn rate(given: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
    whole_if(Number::Rate, given)
}

pub fn timeout(given: &Bound<'_, PyAny>) -> PyResult<u32> {
    whole(Number::Visibility, given)
}

pub fn visibility_timeout(given: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
    whole_if(Number::Visibility, given)
}

pub fn wait(given: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
    whole_if(Number::Wait, given)
}

/// `wait` of an iterator, which always has one.
pub fn each_wait(given: &Bound<'_, PyAny>) -> PyResult<u32> {
    whole(Number::Wait, given)
}

/// Attributes of a new queue.
pub mod attributes {
    use super::{Number, whole_if};
    use pyo3::prelude::*;

    pub fn delay(given: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
        whole_if(Number::Attribute("DelaySeconds"), given)
    }

    pub fn message_bytes_max(given: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
        whole_if(Number::Attribute("MaximumMessageSize"), given)
    }

    pub fn receive_wait(given: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
        whole_if(Number::Attribute("ReceiveMessageWaitTimeSeconds"), given)
    }

    pub fn retention(given: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
        whole_if(Number::Attribute("MessageRetentionPeriod"), given)
    }

    pub fn visibility_timeout(given: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
        whole_if(Number::Attribute("VisibilityTimeout"), given)
    }
}

/// A number of 64 bits without a sign, whose range no rule of SQS says.
fn unsigned(name: &str, given: &Bound<'_, PyAny>) -> PyResult<u64> {
    given.extract().or_else(|error: PyErr| {
        if !error.is_instance_of::<PyOverflowError>(given.py()) {
            return Err(error);
        }
        let (_, written) = int(given)?;
        let text = format!("{name} is {written}; it must be 0 to {}", u64::MAX);
        Err(Error::new(ErrorKind::InvalidArgument, text)).or_raise(given.py())
    })
}

fn unsigned_if(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    match given.is_none() {
        true => Ok(None),
        false => unsigned(name, given).map(Some),
    }
}

pub fn after(given: &Bound<'_, PyAny>) -> PyResult<u64> {
    unsigned("after", given)
}

pub fn clock_start_ms(given: &Bound<'_, PyAny>) -> PyResult<u64> {
    unsigned("clock_start_ms", given)
}

pub fn reserve_bytes(given: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    unsigned_if("reserve_bytes", given)
}

pub fn segment_bytes(given: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    unsigned_if("segment_bytes", given)
}
