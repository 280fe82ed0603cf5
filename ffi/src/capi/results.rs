//! What became of the entries of a batch.

use super::arguments::{Out, SizedOut};
use super::list::{at, c_text};
use super::send::forebay_sent;
use super::{guard, tables};
use crate::api::{SendReceipt, Status};
use forebay_core::Result;
use std::ffi::{CString, c_char};

/// The results of a batch, one an entry, in the order of the entries. Freed with
/// `forebay_results_free`.
pub struct forebay_results {
    _private: [u8; 0],
}

struct Row {
    status: Status,
    error: CString,
    sent: Option<SendReceipt>,
}

/// What a `forebay_results` stands for.
pub(super) struct Results {
    rows: Vec<Row>,
    failed: usize,
}

impl Results {
    pub(super) fn sent(entries: impl IntoIterator<Item = Result<SendReceipt>>) -> Result<Self> {
        Self::collect(entries.into_iter().map(|entry| entry.map(Some)))
    }

    pub(super) fn done(entries: impl IntoIterator<Item = Result<()>>) -> Result<Self> {
        Self::collect(entries.into_iter().map(|entry| entry.map(|()| None)))
    }

    fn collect(entries: impl Iterator<Item = Result<Option<SendReceipt>>>) -> Result<Self> {
        let rows: Vec<Row> = entries
            .map(|entry| {
                Ok(match entry {
                    Ok(sent) => Row {
                        status: Status::Ok,
                        error: CString::default(),
                        sent,
                    },
                    Err(error) => Row {
                        status: Status::from(&error),
                        error: c_text(error.text())?,
                        sent: None,
                    },
                })
            })
            .collect::<Result<_>>()?;
        let failed = rows.iter().filter(|row| row.status != Status::Ok).count();
        Ok(Self { rows, failed })
    }
}

/// How many entries the batch had; 0 for NULL or freed results.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_results_count(results: *const forebay_results) -> usize {
    guard::value(0, || {
        Ok(tables().results.get(results.addr(), "results")?.rows.len())
    })
}

/// How many entries of the batch failed; 0 for NULL or freed results.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_results_failed(results: *const forebay_results) -> usize {
    guard::value(0, || {
        Ok(tables().results.get(results.addr(), "results")?.failed)
    })
}

/// What became of entry `index`, counted from 0. `error` may be NULL; its text is empty for
/// success and lives until the results are freed. The call itself succeeds for failed entries too.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_results_get(
    results: *const forebay_results,
    index: usize,
    status: *mut Status,
    error: *mut *const c_char,
) -> Status {
    guard::call(|| {
        let results = tables().results.get(results.addr(), "results")?;
        // SAFETY: the caller's promise.
        let (status, error) =
            unsafe { (Out::new(status, "status")?, Out::optional(error, "error")?) };
        let row = at(&results.rows, index)?;
        status.write(row.status);
        if let Some(error) = error {
            error.write(row.error.as_ptr());
        }
        Ok(())
    })
}

/// The message that entry `index` of a send became. `size` is `sizeof *sent`. For an entry that
/// failed, its own status and text; UNSUPPORTED_OPERATION for batches that send nothing.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_results_sent(
    results: *const forebay_results,
    index: usize,
    sent: *mut forebay_sent,
    size: usize,
) -> Status {
    guard::call(|| {
        let results = tables().results.get(results.addr(), "results")?;
        // SAFETY: the caller's promise.
        let out = unsafe { SizedOut::new(sent, size, "sent") }?;
        let row = at(&results.rows, index)?;
        out.write(forebay_sent::from(row.sent()?));
        Ok(())
    })
}

impl Row {
    fn sent(&self) -> Result<&SendReceipt> {
        use forebay_core::{Error, ErrorKind};
        let failure = |kind, text: &str| Error::new(kind, text);
        match (&self.sent, self.status.kind()) {
            (Some(sent), _) => Ok(sent),
            (None, Some(kind)) => Err(failure(kind, &self.error.to_string_lossy())),
            (None, None) => Err(failure(
                ErrorKind::UnsupportedOperation,
                "these results are not those of a send",
            )),
        }
    }
}

/// Frees results. NULL or results freed before: nothing happens.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_results_free(results: *mut forebay_results) {
    guard::quiet(|| drop(tables().results.remove(results.addr(), "results")));
}
