//! Lists of texts, with or without a value: queue names, attributes, tags, findings.

use super::arguments::{Out, invalid};
use super::{guard, tables};
use crate::api::Status;
use forebay_core::{Error, ErrorKind, Result};
use std::ffi::{CString, c_char};

/// A list of texts that a call returned. Freed with `forebay_list_free`; the texts it lends live
/// until then.
pub struct forebay_list {
    _private: [u8; 0],
}

/// A name and a value. As an argument, both texts are copied; in a result they are lent.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_pair {
    /// NUL-terminated UTF-8.
    pub name: *const c_char,
    /// NUL-terminated UTF-8; NULL in lists that have names only.
    pub value: *const c_char,
}

/// What a `forebay_list` stands for.
pub(super) struct List {
    rows: Vec<(CString, Option<CString>)>,
    next_token: Option<CString>,
}

impl List {
    pub(super) fn names(
        names: impl IntoIterator<Item = String>,
        next_token: Option<String>,
    ) -> Result<Self> {
        Ok(Self {
            rows: names
                .into_iter()
                .map(|name| Ok((c_text(name)?, None)))
                .collect::<Result<_>>()?,
            next_token: next_token.map(c_text).transpose()?,
        })
    }

    pub(super) fn pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        Ok(Self {
            rows: pairs
                .into_iter()
                .map(|(name, value)| Ok((c_text(name)?, Some(c_text(value)?))))
                .collect::<Result<_>>()?,
            next_token: None,
        })
    }
}

/// A text that C can read. Texts of a store never hold a NUL, as no rule lets one in.
pub(super) fn c_text(text: impl Into<Vec<u8>>) -> Result<CString> {
    CString::new(text).map_err(|error| {
        Error::new(
            ErrorKind::Internal,
            format!(
                "a text of the store has a NUL byte at offset {}",
                error.nul_position()
            ),
        )
    })
}

/// The element of a result at `index`, or an error that names the bounds.
pub(super) fn at<T>(elements: &[T], index: usize) -> Result<&T> {
    elements.get(index).ok_or_else(|| {
        invalid(format_args!(
            "index is {index}; there are {} elements, counted from 0",
            elements.len()
        ))
    })
}

/// How many rows the list has; 0 for NULL or a freed list.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_list_count(list: *const forebay_list) -> usize {
    guard::value(0, || {
        Ok(tables().lists.get(list.addr(), "list")?.rows.len())
    })
}

/// Row `index`, counted from 0. Its texts live until the list is freed.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_list_get(
    list: *const forebay_list,
    index: usize,
    row: *mut forebay_pair,
) -> Status {
    guard::call(|| {
        let list = tables().lists.get(list.addr(), "list")?;
        // SAFETY: the caller's promise.
        let row = unsafe { Out::new(row, "row") }?;
        let (name, value) = at(&list.rows, index)?;
        row.write(forebay_pair {
            name: name.as_ptr(),
            value: value
                .as_ref()
                .map_or(std::ptr::null(), |value| value.as_ptr()),
        });
        Ok(())
    })
}

/// The token that continues a listing that was cut at its limit; NULL where nothing follows. It
/// lives until the list is freed.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_list_next_token(
    list: *const forebay_list,
    token: *mut *const c_char,
) -> Status {
    guard::call(|| {
        let list = tables().lists.get(list.addr(), "list")?;
        // SAFETY: the caller's promise.
        let token = unsafe { Out::new(token, "token") }?;
        token.write(
            list.next_token
                .as_ref()
                .map_or(std::ptr::null(), |text| text.as_ptr()),
        );
        Ok(())
    })
}

/// Frees a list. NULL or a list freed before: nothing happens.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_list_free(list: *mut forebay_list) {
    guard::quiet(|| drop(tables().lists.remove(list.addr(), "list")));
}
