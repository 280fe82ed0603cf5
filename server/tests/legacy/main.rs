//! The interface of 2006 to 2011: bytes in and out of a running server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod behaviours;
mod documented;
mod grants;
mod hostile;
mod logs;
mod mixed;
mod query_first;
mod query_second;
mod queue;
mod rest;
mod signatures;
mod signer;
mod soap;
mod soap_refusals;
mod soap_signer;
mod spaces;
#[path = "../support/mod.rs"]
mod support;
mod xml;
