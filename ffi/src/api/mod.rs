//! The handle API that bindings link: the core's handles and verbs as they are, and what a
//! language boundary needs besides: a [`Status`] number for every outcome, and a [`Ticket`] that
//! can be waited for, polled, or joined to an event loop.

mod event;
mod number;
mod status;
mod ticket;

pub use event::Event;
pub use forebay_core::command::{Counts, MoveStatus, MoveTask};
pub use forebay_core::error::{Error, ErrorKind, Result};
pub use forebay_core::handle::{
    Call, Calls, DeleteRequest, Message, MoveTaskEntry, NamePage, OpenOptions, PeekOptions, Queue,
    QueueOptions, ReceiveOptions, SendReceipt, SendRequest, Store, VisibilityRequest,
};
pub use forebay_core::key::QueueKey;
pub use forebay_core::message::{
    Attribute, AttributeValue, MessageId, MessageState, Peeked, Receipt, StoredMessage,
};
pub use forebay_core::rules::{digest, message_attributes, receipt};
pub use forebay_core::store::{CheckReport, ClockMode, Durability, Recovery, Statistics};
pub use number::Number;
pub use status::Status;
pub use ticket::{Receive, Ticket};

/// Handles cross threads in every host language; this does not compile if one cannot.
const _: () = {
    const fn crosses_threads<T: Send + Sync>() {}
    crosses_threads::<Store>();
    crosses_threads::<Queue>();
    crosses_threads::<Message>();
    crosses_threads::<Ticket>();
    crosses_threads::<Error>();
};
