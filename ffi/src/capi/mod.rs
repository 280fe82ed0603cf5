//! The C face: include/forebay.h is generated from these files, one for each family of calls,
//! and their documentation is written for its reader. Each function unpacks its arguments, calls
//! [`api`](crate::api), and packs the result.

// The names are C's.
#![allow(non_camel_case_types)]

mod arguments;
mod guard;
mod handles;

// In the order in which the header shows them; the blank lines keep rustfmt from sorting them.
pub mod error;

pub mod store;

pub mod queue;

pub mod send;

pub mod receive;

pub mod messages;

pub mod receipts;

pub mod ticket;

pub mod results;

pub mod list;

pub mod tasks;

pub mod digest;

use crate::api;
use handles::{EPOCHS, Kind, Table};
use std::sync::OnceLock;

/// The handles of this process.
struct Tables {
    stores: Table<api::Store>,
    queues: Table<queue::QueueHandle>,
    messages: Table<messages::Batch>,
    tickets: Table<api::Ticket>,
    results: Table<results::Results>,
    lists: Table<list::List>,
    tasks: Table<tasks::Tasks>,
}

fn tables() -> &'static Tables {
    // One cell for each epoch: after a fork the parent's tables, and its once-cell, may be locked
    // by a thread that the child does not have.
    static TABLES: [OnceLock<Box<Tables>>; EPOCHS] = [const { OnceLock::new() }; EPOCHS];
    TABLES[handles::epoch()].get_or_init(|| {
        Box::new(Tables {
            stores: Table::new(Kind::Store),
            queues: Table::new(Kind::Queue),
            messages: Table::new(Kind::Messages),
            tickets: Table::new(Kind::Ticket),
            results: Table::new(Kind::Results),
            lists: Table::new(Kind::List),
            tasks: Table::new(Kind::Tasks),
        })
    })
}
