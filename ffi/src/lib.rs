//! Forebay for other languages. [`api`] is the handle API as safe Rust, which the Python and Node
//! packages link; [`capi`] is the same API with a C face, which is libforebay.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod api;
pub mod capi;
