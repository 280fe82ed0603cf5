//! Everything that reads or writes through a caller's pointer: checked once here, so that the
//! exported functions only say what they want.

use crate::api::Number;
use forebay_core::{Error, ErrorKind, Result};
use std::ffi::{CStr, c_char};
use std::fmt;

/// A handle as C holds it: the number as a pointer that nobody may follow.
pub(super) fn handle<T>(number: usize) -> *mut T {
    std::ptr::without_provenance_mut(number)
}

/// `InvalidArgument` with a sentence.
pub(super) fn invalid(text: impl fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidArgument, text.to_string())
}

fn check_pointer<T>(pointer: *const T, name: impl fmt::Display + Copy) -> Result<()> {
    if pointer.is_null() {
        return Err(invalid(format_args!("{name} is NULL")));
    }
    if !pointer.is_aligned() {
        return Err(invalid(format_args!(
            "{name} is {pointer:p}, not aligned to {} bytes",
            align_of::<T>()
        )));
    }
    Ok(())
}

/// NUL as it is written where a byte 0 cannot be, which is not UTF-8. `forebay.hpp` hands it in for
/// a text that has NUL in it.
const NUL_INSIDE: &[u8] = b"\xC0\x80";

/// A text that must be there.
///
/// # Safety
/// `pointer` is NULL or a NUL-terminated text that outlives `'a`.
pub(super) unsafe fn text<'a>(
    pointer: *const c_char,
    name: impl fmt::Display + Copy,
) -> Result<&'a str> {
    check_pointer(pointer, name)?;
    // SAFETY: not NULL; by the caller's promise NUL-terminated and alive.
    let bytes = unsafe { CStr::from_ptr(pointer) }.to_bytes();
    std::str::from_utf8(bytes).map_err(|error| match bytes.starts_with(NUL_INSIDE) {
        true => invalid(format_args!("{name} has NUL in it, where a text of C ends")),
        false => invalid(format_args!(
            "{name} is not UTF-8: wrong byte at offset {}",
            error.valid_up_to()
        )),
    })
}

/// A text where NULL means none.
///
/// # Safety
/// As [`text`].
pub(super) unsafe fn optional_text<'a>(
    pointer: *const c_char,
    name: impl fmt::Display + Copy,
) -> Result<Option<&'a str>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise is the same.
    unsafe { text(pointer, name) }.map(Some)
}

/// `length` elements from `pointer`; NULL is allowed with length 0.
///
/// # Safety
/// `pointer` is NULL or points at `length` readable elements that outlive `'a`.
pub(super) unsafe fn slice<'a, T>(
    pointer: *const T,
    length: usize,
    name: impl fmt::Display + Copy,
) -> Result<&'a [T]> {
    if length == 0 {
        return Ok(&[]);
    }
    check_pointer(pointer, name)?;
    if length > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(invalid(format_args!(
            "length of {name} is {length}, more than memory can hold"
        )));
    }
    // SAFETY: not NULL, aligned, of a possible size; by the caller's promise readable and alive.
    Ok(unsafe { std::slice::from_raw_parts(pointer, length) })
}

/// `count` texts from an array of pointers.
///
/// # Safety
/// As [`slice`], and each element is NULL or a NUL-terminated text that outlives `'a`.
pub(super) unsafe fn texts<'a>(
    pointer: *const *const c_char,
    count: usize,
    name: impl fmt::Display + Copy,
) -> Result<Vec<&'a str>> {
    // SAFETY: the caller's promise is the same.
    let pointers = unsafe { slice(pointer, count, name) }?;
    pointers
        .iter()
        .enumerate()
        .map(|(index, pointer)| {
            // SAFETY: by the caller's promise.
            unsafe { text(*pointer, format_args!("{name}[{index}]")) }
        })
        .collect()
}

/// A place for a result, known to be writable; written only on success.
pub(super) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// # Safety
    /// `pointer` is NULL or points at room for a `T` that stays until the call ends.
    pub(super) unsafe fn new(pointer: *mut T, name: impl fmt::Display + Copy) -> Result<Self> {
        check_pointer(pointer.cast_const(), name)?;
        Ok(Self(pointer))
    }

    /// As [`Out::new`], where NULL means that the caller does not want the result.
    ///
    /// # Safety
    /// As [`Out::new`].
    pub(super) unsafe fn optional(
        pointer: *mut T,
        name: impl fmt::Display + Copy,
    ) -> Result<Option<Self>> {
        if pointer.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller's promise is the same.
        unsafe { Self::new(pointer, name) }.map(Some)
    }

    pub(super) fn write(self, value: T) {
        // SAFETY: checked by `new`; plain data, so nothing old needs dropping.
        unsafe { self.0.write(value) }
    }
}

/// A place for a result structure of which the caller knows the first `size` bytes.
pub(super) struct SizedOut<T> {
    pointer: *mut T,
    size: usize,
}

impl<T: Plain> SizedOut<T> {
    /// # Safety
    /// `pointer` is NULL or points at `size` writable bytes that stay until the call ends.
    pub(super) unsafe fn new(
        pointer: *mut T,
        size: usize,
        name: impl fmt::Display + Copy,
    ) -> Result<Self> {
        check_pointer(pointer.cast_const(), name)?;
        check_size::<T>(size, format_args!("size of {name}"))?;
        Ok(Self { pointer, size })
    }

    /// As [`SizedOut::new`], where NULL means that the caller does not want the result.
    ///
    /// # Safety
    /// As [`SizedOut::new`].
    pub(super) unsafe fn optional(
        pointer: *mut T,
        size: usize,
        name: impl fmt::Display + Copy,
    ) -> Result<Option<Self>> {
        if pointer.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller's promise is the same.
        unsafe { Self::new(pointer, size, name) }.map(Some)
    }

    pub(super) fn write(self, value: T) {
        let known = self.size.min(size_of::<T>());
        let target = self.pointer.cast::<u8>();
        // SAFETY: `size` bytes are writable (checked by `new`); `value` has `known` bytes. What
        // a newer caller knows beyond them is zeroed.
        unsafe {
            target.copy_from_nonoverlapping((&raw const value).cast(), known);
            target.add(known).write_bytes(0, self.size - known);
        }
    }
}

/// Largest size of a structure that any version is expected to have, bytes.
const STRUCT_BYTES_MAX: usize = 4096;

/// A `repr(C)` structure of integers and pointers only, for which every bit pattern is valid.
///
/// # Safety
/// The implementor has no field (`bool`, enumeration, reference) with invalid bit patterns.
pub(super) unsafe trait Plain: Copy {
    /// Its size in the first version of the library. A structure that grows states where the first
    /// field begins that was added.
    const FIRST_BYTES: usize = size_of::<Self>();
}

/// What is shorter than the first version had it is no older structure but a mistake, such as the
/// sizeof of a pointer to one, which would leave out nearly all without a word.
fn check_size<T: Plain>(size: usize, name: impl fmt::Display + Copy) -> Result<()> {
    let (step, least) = (align_of::<T>(), T::FIRST_BYTES);
    if (least..=STRUCT_BYTES_MAX).contains(&size) && size.is_multiple_of(step) {
        return Ok(());
    }
    Err(invalid(format_args!(
        "{name} is {size}; it must be the sizeof of the structure, which is {} in this library, \
         and in any version a multiple of {step} from {least} to {STRUCT_BYTES_MAX}",
        size_of::<T>()
    )))
}

/// Reads an option structure that begins with its own size; NULL means all defaults, which are
/// zeros. An older caller's structure is shorter, a newer one's longer; of the latter the part
/// that this library does not know must be zero, lest a wish be ignored in silence.
///
/// # Safety
/// `pointer` is NULL or points at a `size_t` and, together with it, that many readable bytes.
pub(super) unsafe fn options<T: Plain>(
    pointer: *const T,
    name: impl fmt::Display + Copy,
) -> Result<T> {
    let mut known = std::mem::MaybeUninit::<T>::zeroed();
    if !pointer.is_null() {
        check_pointer(pointer, name)?;
        // SAFETY: not NULL, aligned; every option structure begins with its size.
        let size = unsafe { pointer.cast::<usize>().read() };
        check_size::<T>(size, format_args!("{name}->size"))?;
        // SAFETY: by the caller's promise `size` bytes are readable.
        let given = unsafe { std::slice::from_raw_parts(pointer.cast::<u8>(), size) };
        let common = size.min(size_of::<T>());
        if let Some(offset) = given[common..].iter().position(|byte| *byte != 0) {
            return Err(invalid(format_args!(
                "{name} sets a field at byte {} that this library (version {}) does not have",
                common + offset,
                env!("CARGO_PKG_VERSION")
            )));
        }
        // SAFETY: both have `common` bytes and are different objects.
        unsafe {
            let target = known.as_mut_ptr().cast::<u8>();
            target.copy_from_nonoverlapping(given.as_ptr(), common);
        }
    }
    // SAFETY: zeros or the caller's bytes, both valid for a `Plain` type.
    Ok(unsafe { known.assume_init() })
}

/// Reads a switch: an `int32_t` in C, where `true` and `false` fit, so that a stray value can be
/// named instead of being undefined behaviour.
pub(super) fn switch(value: i32, name: impl fmt::Display + Copy) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(invalid(format_args!("{name} is {value}, neither 0 nor 1"))),
    }
}

/// Seconds. A negative int of the caller has become a large number: it is named as both.
pub(super) fn seconds(number: Number, given: u32) -> Result<u32> {
    match i32::try_from(given) {
        Ok(_) => Ok(given),
        Err(_) => Err(number.refusal(&both(given))),
    }
}

/// The outcomes of a batch, whose entries fail one by one, with such seconds named as both too.
pub(super) fn name_seconds<T>(
    outcomes: Vec<Result<T>>,
    given: impl IntoIterator<Item = u32>,
) -> Vec<Result<T>> {
    let named = outcomes.into_iter().zip(given).map(|(outcome, given)| {
        outcome.map_err(|error| match i32::try_from(given) {
            Ok(_) => error,
            Err(_) => {
                let text = error.text().replace(&given.to_string(), &both(given));
                Error::new(error.kind(), text)
            }
        })
    });
    named.collect()
}

fn both(given: u32) -> String {
    format!("{given} ({})", given.cast_signed())
}

/// A number that counts only where its `has_` switch is on.
pub(super) fn optional_number(
    has: i32,
    value: u32,
    name: impl fmt::Display + Copy,
) -> Result<Option<u32>> {
    let has = switch(has, format_args!("has_{name}"))?;
    if !has && value != 0 {
        return Err(invalid(format_args!(
            "{name} is {value} but has_{name} is 0: set both, or neither"
        )));
    }
    Ok(has.then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A structure to which `added` was added after the first version.
    #[repr(C)]
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Grown {
        size: usize,
        old: usize,
        added: usize,
    }

    // SAFETY: integers only.
    unsafe impl Plain for Grown {
        const FIRST_BYTES: usize = std::mem::offset_of!(Grown, added);
    }

    const OLDER: usize = Grown::FIRST_BYTES;

    #[test]
    fn an_older_program_sets_and_gets_what_it_knows() {
        let given = Grown {
            size: OLDER,
            old: 5,
            added: 77,
        };
        // SAFETY: points at as many bytes as it says.
        let read = unsafe { options(&raw const given, "options") }.unwrap();
        assert_eq!((read.old, read.added), (5, 0));
        let mut got = given;
        // SAFETY: there are more bytes than are named.
        let out = unsafe { SizedOut::new(&raw mut got, OLDER, "out") }.unwrap();
        out.write(Grown {
            size: 1,
            old: 2,
            added: 3,
        });
        assert_eq!((got.size, got.old, got.added), (1, 2, 77));
    }

    #[test]
    fn no_version_was_as_short_as_a_pointer() {
        for size in [0, size_of::<usize>(), OLDER - 1, OLDER + 1] {
            let given = Grown {
                size,
                old: 0,
                added: 0,
            };
            // SAFETY: there are more bytes than it says.
            let read = unsafe { options(&raw const given, "options") };
            let text = read.unwrap_err().text().to_owned();
            assert!(text.contains(&format!("size is {size};")), "{text}");
        }
    }
}
