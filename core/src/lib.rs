//! Forebay: the message queue of Amazon SQS as a library.
//!
//! Rules are cited by their numbers (`S2.10`); docs/SEMANTICS.md lists them all.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod command;
pub mod error;
pub mod handle;
pub mod key;
pub mod limits;
pub mod message;
pub mod queue;
pub mod rules;
pub mod store;
mod sync;
pub mod sys;

pub use bytes::Bytes;
pub use error::{Error, ErrorKind, Result};
pub use handle::{
    Call, Calls, DeleteRequest, Message, MoveTaskEntry, NamePage, OpenOptions, PeekOptions, Queue,
    QueueOptions, ReceiveOptions, SendReceipt, SendRequest, Store, Ticket, VisibilityRequest,
};
#[cfg(feature = "postgres")]
pub use tokio_postgres;

/// The examples of README.md compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
