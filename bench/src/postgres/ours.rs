//! This library: all clients are threads of one process and share a store.

use super::server::Server;
use super::subject::{Client, Done, Subject, Work, together};
use crate::workloads::Failure;
use forebay::{Queue, QueueOptions, ReceiveOptions, Store};
use std::sync::atomic::{AtomicU64, Ordering};

/// A queue of a store on PostgreSQL.
pub struct Ours {
    name: &'static str,
    queue: Queue,
    /// Groups that messages go to in turn; 0 for none.
    groups: u64,
}

impl Ours {
    /// A queue of this name in the schema `forebay`.
    pub fn open(server: &Server, queue: &str) -> Result<Self, Failure> {
        Self::with_groups(server, queue, 0)
    }

    /// A FIFO queue where the name ends so, else a fair one, whose messages belong to groups.
    pub fn with_groups(server: &Server, queue: &str, groups: u64) -> Result<Self, Failure> {
        let store = Store::open(server.location("forebay"))?;
        let mut options = QueueOptions::new();
        if queue.ends_with(".fifo") {
            options = options.fifo();
        }
        let name = match (queue.ends_with(".fifo"), groups) {
            (true, _) => "forebay FIFO",
            (false, 0) => "forebay",
            (false, _) => "forebay fair",
        };
        let queue = store.create_queue(queue, &options)?;
        Ok(Self {
            name,
            queue,
            groups,
        })
    }

    /// The queue itself.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Clients that share the store.
    pub fn clients(&self, count: usize) -> Vec<Box<dyn Client>> {
        let client = |number: usize| {
            Box::new(Sharing {
                queue: self.queue.clone(),
                groups: self.groups,
                // Only so that clients do not begin with the same group.
                next: number as u64 * 7919,
                number: CLIENTS.fetch_add(1, Ordering::Relaxed),
            }) as Box<dyn Client>
        };
        (0..count).map(client).collect()
    }
}

impl Subject for Ours {
    fn name(&self) -> &str {
        self.name
    }

    fn about(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        format!("{version}; durability full; the clients of one process share a store")
    }

    fn work(&mut self, work: &Work) -> Result<Done, Failure> {
        together(&mut self.clients(work.clients), work)
    }
}

/// Clients so far: no two have the same deduplication ids.
static CLIENTS: AtomicU64 = AtomicU64::new(0);

struct Sharing {
    queue: Queue,
    groups: u64,
    next: u64,
    number: u64,
}

impl Client for Sharing {
    fn cycle(&mut self, batch: usize, body: &[u8]) -> Result<u64, Failure> {
        let fifo = self.queue.name().ends_with(".fifo");
        let entries = (0..batch).map(|_| {
            self.next += 1;
            let entry = forebay::SendRequest::new(body.to_vec());
            if self.groups == 0 {
                return entry;
            }
            let entry = entry.group(format!("g{}", self.next % self.groups));
            match fifo {
                true => entry.deduplication(format!("{}-{}", self.number, self.next)),
                false => entry,
            }
        });
        let entries: Vec<_> = entries.collect();
        for sent in self.queue.send_batch(entries)? {
            sent?;
        }
        let messages = self
            .queue
            .receive(&ReceiveOptions::new().max(batch as u32))?;
        // In a FIFO queue others may hold every group.
        if messages.is_empty() {
            return Ok(0);
        }
        let mut deleted = 0;
        for result in self.queue.delete_batch(&messages)? {
            result?;
            deleted += 1;
        }
        Ok(deleted)
    }
}
