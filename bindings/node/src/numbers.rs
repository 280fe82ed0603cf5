//! JavaScript's numbers as whole ones.

use forebay_ffi::api::{Error, ErrorKind, Number, Result};

/// Above, not every whole number has a double.
const EXACT_MAX: f64 = 9_007_199_254_740_991.0;

/// A whole number for the core, which checks its range; what is none is refused with the range.
pub fn ranged<T: TryFrom<i64>>(number: Number, value: f64) -> Result<T> {
    match value.fract() == 0.0 && value.abs() <= EXACT_MAX {
        true => number.whole(value as i64),
        false => Err(number.refusal(&shown(value))),
    }
}

/// As [`ranged`], where there is a number.
pub fn ranged_if<T: TryFrom<i64>>(number: Number, value: Option<f64>) -> Result<Option<T>> {
    value.map(|value| ranged(number, value)).transpose()
}

/// As JavaScript writes it.
fn shown(value: f64) -> String {
    match value.is_infinite() {
        true if value < 0.0 => "-Infinity".into(),
        true => "Infinity".into(),
        false => value.to_string(),
    }
}

/// A whole number that fits the type asked for. Ranges are the core's matter; here only what
/// cannot be given to it is refused.
pub fn whole<T: TryFrom<u64>>(name: &str, value: f64) -> Result<T> {
    let refused = || {
        let value = shown(value);
        let text = format!("{name} is {value}; it must be a whole number from 0 to {EXACT_MAX}");
        Error::new(ErrorKind::InvalidArgument, text)
    };
    if value.fract() != 0.0 || !(0.0..=EXACT_MAX).contains(&value) {
        return Err(refused());
    }
    T::try_from(value as u64).map_err(|_| refused())
}

/// As [`whole`], where there is a number.
pub fn whole_if<T: TryFrom<u64>>(name: &str, value: Option<f64>) -> Result<Option<T>> {
    value.map(|value| whole(name, value)).transpose()
}

/// A time or count as JavaScript's number: exact up to 2^53.
pub fn number(value: u64) -> f64 {
    value as f64
}
