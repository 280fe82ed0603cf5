//! The handle API, on every store. A test is a function over a [`support::Backend`]; the macro
//! makes one test of it for each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

mod callers;
mod calls;
mod cancels;
mod ends;
mod hostile;
mod lists;
mod messages;
mod requests;
mod tickets;
mod wakes;
