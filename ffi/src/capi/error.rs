//! Versions, and what a status means.

use super::guard;
use crate::api::Status;
use std::ffi::{CStr, CString, c_char};
use std::sync::LazyLock;

/// The ABI that this header describes; programs may compare it with `forebay_abi_version()`.
/// Within one SONAME of the library it stays the same, and only additions are made.
pub const FOREBAY_ABI_VERSION: u32 = 1;

/// The library's ABI version: `FOREBAY_ABI_VERSION` of the header it was built with.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_abi_version() -> u32 {
    FOREBAY_ABI_VERSION
}

/// The library's version, such as "0.1.0". Never freed.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// The sentence of this thread's last failed call, for people; programs compare the status. It
/// is empty before the first failure, stays over successful calls, and is valid until the next
/// failed call of this thread. A callback has a text of its own, valid until it returns. Never
/// NULL, never freed by the caller.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_last_error() -> *const c_char {
    guard::last_error()
}

/// The name of a status: "OK"; or the SQS error code, such as
/// "AWS.SimpleQueueService.NonExistentQueue"; or one of the library's own, such as
/// "Forebay.DiskFull". A number that this version does not know gives "Unknown". Never NULL,
/// never freed.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_status_name(status: i32) -> *const c_char {
    Status::from_number(status)
        .map_or(c"Unknown", c_name)
        .as_ptr()
}

/// True where the same call may succeed later without any change by the caller.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_status_retryable(status: i32) -> bool {
    Status::from_number(status).is_some_and(Status::retryable)
}

/// The name with the NUL that C wants behind it.
fn c_name(status: Status) -> &'static CStr {
    static NAMES: LazyLock<Vec<(Status, CString)>> = LazyLock::new(|| {
        std::iter::once(Status::Ok)
            .chain(Status::FAILURES)
            .map(|status| (status, CString::new(status.name()).unwrap_or_default()))
            .collect()
    });
    NAMES
        .iter()
        .find(|(known, _)| *known == status)
        .map_or(c"Unknown", |(_, name)| name.as_c_str())
}
