//! What a user holds: [`Store`], [`Queue`], [`Message`], [`Ticket`].
//!
//! A handle checks what needs no queue, once, gives the store one
//! [`Command`](crate::command::Command), and turns the answer into something pleasant to hold.
//! Everything that waits is a thin use of [`Queue::receive_start`].

mod acknowledge;
mod batch;
mod birth;
mod call;
#[cfg(all(test, unix))]
mod fork_tests;
mod ids;
#[cfg(feature = "postgres")]
mod joined;
mod location;
mod message;
mod move_task;
mod options;
mod page;
#[cfg(all(test, target_os = "linux"))]
mod process_tests;
mod queue;
mod queue_options;
mod receipt;
mod receive;
mod receive_options;
mod requests;
mod send;
mod shared;
mod store;
mod ticket;
mod waiter;

pub use call::{Call, Calls};
pub use location::show_location;
pub use message::Message;
pub use move_task::MoveTaskEntry;
pub use options::OpenOptions;
pub use page::NamePage;
pub use queue::Queue;
pub use queue_options::QueueOptions;
pub use receipt::SendReceipt;
pub use receive::Started;
pub use receive_options::{PeekOptions, ReceiveOptions};
pub use requests::{DeleteRequest, SendRequest, VisibilityRequest};
pub use store::Store;
pub use ticket::Ticket;
