//! The MD5 digests that SQS clients compare.

use super::arguments::{Out, slice};
use super::guard;
use super::send::{forebay_attribute, read_attributes};
use crate::api::{self, Status};
use std::ffi::c_char;

/// Length of an MD5 digest as hexadecimal text, with its NUL.
pub const FOREBAY_MD5_LENGTH: usize = 33;

/// Copies a digest with its NUL behind it.
pub(super) fn digest_text(hex: &str) -> [c_char; FOREBAY_MD5_LENGTH] {
    let mut text = [0; FOREBAY_MD5_LENGTH];
    for (target, byte) in text
        .iter_mut()
        .zip(hex.bytes().take(FOREBAY_MD5_LENGTH - 1))
    {
        *target = byte as c_char;
    }
    text
}

/// MD5OfMessageBody: the MD5 of `length` bytes as 32 hexadecimal digits and a NUL.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_md5(
    body: *const u8,
    length: usize,
    digest: *mut [c_char; FOREBAY_MD5_LENGTH],
) -> Status {
    guard::call(|| {
        // SAFETY: the caller's promise.
        let (body, digest) = unsafe { (slice(body, length, "body")?, Out::new(digest, "digest")?) };
        digest.write(digest_text(&api::digest::md5_hex(body)));
        Ok(())
    })
}

/// MD5OfMessageAttributes as SQS computes it, as 32 hexadecimal digits and a NUL; an empty text
/// without attributes, as SQS gives none then. They are in any order.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_md5_attributes(
    attributes: *const forebay_attribute,
    count: usize,
    digest: *mut [c_char; FOREBAY_MD5_LENGTH],
) -> Status {
    guard::call(|| {
        // SAFETY: the caller's promise.
        let attributes = unsafe { read_attributes(attributes, count, "attributes") }?;
        // SAFETY: the caller's promise.
        let digest = unsafe { Out::new(digest, "digest") }?;
        let hex = api::digest::attributes_md5(attributes.iter()).unwrap_or_default();
        digest.write(digest_text(&hex));
        Ok(())
    })
}
