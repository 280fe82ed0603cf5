//! JavaScript's numbers as whole ones.

use forebay_ffi::api::{Error, ErrorKind, Result};

/// A whole number that fits the type asked for. Ranges are the core's matter; here only what
/// cannot be given to it is refused.
pub fn whole<T: TryFrom<u64>>(name: &str, value: f64) -> Result<T> {
    /// Above, not every whole number has a double.
    const EXACT_MAX: f64 = 9_007_199_254_740_991.0;
    let refused = || {
        let text = format!("{name} is {value}; it must be a whole number from 0 on");
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
