//! Attacks on a server process of its own, whose memory is read from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bodies;
mod idle;
mod malformed;
mod server;
mod slow;
#[path = "../support/mod.rs"]
mod support;
