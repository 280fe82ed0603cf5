//! The native half of the Python package `forebay`. It translates between Python and
//! [`forebay_ffi::api`], and for servers and the command line [`forebay_server`], and decides
//! nothing; what needs no native code is Python beside it, in `python/forebay`.
//!
//! Documentation comments of classes and methods are their docstrings: they speak of Python.

mod attributes;
mod body;
mod error;
mod given;
mod mailbox;
mod message;
mod messages;
mod move_task;
mod numbers;
mod open;
mod peek;
mod queue;
mod receive;
mod report;
mod send;
mod serve;
mod store;

/// The native half of forebay; import `forebay` instead.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::attributes::Attribute;
    #[pymodule_export]
    use crate::error::error_table;
    #[pymodule_export]
    use crate::mailbox::{Mailbox, Ticket, release};
    #[pymodule_export]
    use crate::message::{Message, Received};
    #[pymodule_export]
    use crate::messages::Messages;
    #[pymodule_export]
    use crate::move_task::MoveTask;
    #[pymodule_export]
    use crate::open::open;
    #[pymodule_export]
    use crate::peek::Peeked;
    #[pymodule_export]
    use crate::queue::Queue;
    #[pymodule_export]
    use crate::report::{CheckReport, Counts, NamePage, Recovery, Statistics};
    #[pymodule_export]
    use crate::send::{SendReceipt, SendRequest};
    #[pymodule_export]
    use crate::serve::{Server, run_program, serve};
    #[pymodule_export]
    use crate::store::Store;

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
