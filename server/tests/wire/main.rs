//! The server over real connections, with raw HTTP and expectations written from the
//! descriptions of the protocols.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod attacks;
mod auth;
mod batches;
mod drain;
mod embedded;
mod golden;
mod http;
mod limits;
mod pages;
mod polls;
#[path = "../support/mod.rs"]
mod support;
mod testing;
mod tls;
