//! The native half of the npm package `forebay`. It only translates between JavaScript values and
//! [`forebay_ffi::api`], and for servers and the command line [`forebay_server`]; what users see is
//! the TypeScript layer in `lib/`, which is the only caller of what is exported here.
//!
//! No call blocks JavaScript's thread: each takes a number, is handed in to the store, and its
//! answer arrives at the [`port::Port`] under this number.

// In a test build napi exports nothing, so there nothing is used.
#![cfg_attr(test, allow(dead_code))]

mod answer;
mod entries;
mod kinds;
mod layout;
mod numbered;
mod numbers;
mod packed;
mod port;
mod queue;
mod received;
mod record;
mod requests;
mod sent;
mod serve;
mod store;
mod values;
