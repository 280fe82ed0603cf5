//! The kinds of error, for the classes that the TypeScript layer makes of them.

use forebay_ffi::api::Status;
use napi_derive::napi;

/// A kind of error.
#[napi(object, object_from_js = false)]
pub struct Kind {
    /// The stable number.
    pub number: i32,
    /// The name of its class.
    pub name: String,
    /// The SQS error code, or the library's own.
    pub code: String,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

/// Every kind of error.
#[napi]
pub fn kinds() -> Vec<Kind> {
    let kinds = Status::FAILURES.into_iter().map(|status| Kind {
        number: status.number(),
        name: format!("{status:?}"),
        code: status.name().into(),
        retryable: status.retryable(),
    });
    kinds.collect()
}
