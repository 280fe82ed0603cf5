//! The edge itself: no panic crosses it, and every failure leaves its text behind.

use crate::api::Status;
use forebay_core::{Error, ErrorKind, Result};
use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::new(CString::default());
}

/// Runs the body of an exported function.
pub(super) fn call(body: impl FnOnce() -> Result<()>) -> Status {
    // What a panic may have left half done lies behind the core's locks, which poison the store.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Status::Ok,
        Ok(Err(error)) => fail(&error),
        Err(payload) => fail(&panic_error(payload.as_ref())),
    }
}

/// Runs the body of an exported function that has nothing to report, such as a `_free`.
pub(super) fn quiet(body: impl FnOnce()) {
    // The panic hook has printed the message; there is nobody to tell more.
    let _ = catch_unwind(AssertUnwindSafe(body));
}

/// Runs the body of an exported function that gives a plain value, `otherwise` on failure.
pub(super) fn value<T>(otherwise: T, body: impl FnOnce() -> Result<T>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        _ => otherwise,
    }
}

/// Remembers the text for this thread and gives the number.
pub(super) fn fail(error: &Error) -> Status {
    let text: Vec<u8> = error.text().bytes().filter(|byte| *byte != 0).collect();
    // A thread that is ending has no place for the text any more; the number is enough then.
    let _ = LAST_ERROR.try_with(|last| {
        *last.borrow_mut() = CString::new(text).unwrap_or_default();
    });
    Status::from(error)
}

/// Runs a callback with a last error of its own. It may come in the midst of a call of this thread
/// that succeeds, a cancel say, after which the thread's last error is what it was before, and at
/// the same address.
pub(super) fn aside(body: impl FnOnce()) {
    let before = LAST_ERROR.try_with(RefCell::take);
    body();
    if let Ok(before) = before {
        let _ = LAST_ERROR.try_with(|last| last.replace(before));
    }
}

fn panic_error(payload: &(dyn Any + Send)) -> Error {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned());
    Error::new(ErrorKind::Panic, text)
}

/// The text of this thread's last failure.
pub(super) fn last_error() -> *const c_char {
    LAST_ERROR
        .try_with(|last| last.borrow().as_ptr())
        .unwrap_or(c"".as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn text() -> String {
        // SAFETY: the text lives until this thread's next failure.
        unsafe { CStr::from_ptr(last_error()) }
            .to_string_lossy()
            .into_owned()
    }

    #[test]
    fn panics_become_a_status_with_their_text() {
        assert_eq!(call(|| panic!("number {}", 7)), Status::Panic);
        assert_eq!(text(), "number 7");
        assert_eq!(call(|| panic!("plain")), Status::Panic);
        assert_eq!(text(), "plain");
        quiet(|| panic!("dropped"));
        assert_eq!(text(), "plain");
    }

    #[test]
    fn errors_keep_their_text_until_the_next_and_per_thread() {
        let error = Error::new(ErrorKind::Io, "a\0b");
        assert_eq!(call(|| Err(error.clone())), Status::Io);
        assert_eq!(text(), "ab");
        assert_eq!(call(|| Ok(())), Status::Ok);
        assert_eq!(text(), "ab");
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(text(), ""));
        });
    }

    #[test]
    fn a_callback_has_an_error_of_its_own() {
        let error = |text: &str| Error::new(ErrorKind::Io, text);
        assert_eq!(call(|| Err(error("outside"))), Status::Io);
        let address = last_error();
        aside(|| {
            assert_eq!(text(), "");
            assert_eq!(call(|| Err(error("inside"))), Status::Io);
            assert_eq!(text(), "inside");
        });
        assert_eq!((last_error(), text().as_str()), (address, "outside"));
    }
}
