//! What a store can hold much of, how it is filled, and one cycle in its midst.

use crate::workloads::Failure;
use bytes::Bytes;
use forebay::store::Durability;
use forebay::{OpenOptions, Queue, QueueOptions, ReceiveOptions, SendRequest, Store};
use std::path::{Path, PathBuf};

/// Bodies of all sweeps, bytes.
const BODY_BYTES: usize = 256;
/// Messages a call while filling.
const FILL_BATCH: u64 = 1_000;
/// In flight a queue, below SQS's limit of 120,000 so that the measured cycles find room.
const IN_FLIGHT_A_QUEUE: u64 = 100_000;
/// Longer than any run.
const LONG_S: u32 = 43_200;

/// What there is much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// Messages that wait in one standard queue.
    Backlog,
    /// Standard queues; cycles go to all of them in a scattered order.
    Queues,
    /// Groups of one FIFO queue, each with a message that waits; cycles go to any of them.
    Groups,
    /// Messages in flight, 100,000 a queue; cycles go to the first queue.
    InFlight,
    /// Tenants of one fair queue, each with a message that waits; cycles come from any of them.
    Tenants,
}

impl Holding {
    /// By the name of its sweep.
    pub fn named(name: &str) -> Result<Self, Failure> {
        Ok(match name {
            "backlog" => Self::Backlog,
            "queues" => Self::Queues,
            "groups" => Self::Groups,
            "in-flight" => Self::InFlight,
            "tenants" => Self::Tenants,
            _ => return Err(format!("nothing is called {name:?}").into()),
        })
    }

    /// First and last number of things; every step is ten times the one before.
    pub fn range(self) -> (u64, u64) {
        match self {
            Self::Backlog => (1_000, 10_000_000),
            Self::Queues => (1, 100_000),
            Self::Groups => (1, 1_000_000),
            Self::InFlight => (0, 1_000_000),
            Self::Tenants => (1, 100_000),
        }
    }

    /// What stands at the head of the table.
    pub fn title(self) -> &'static str {
        match self {
            Self::Backlog => "messages waiting",
            Self::Queues => "queues",
            Self::Groups => "FIFO groups",
            Self::InFlight => "in flight",
            Self::Tenants => "fair tenants",
        }
    }
}

fn open(dir: &Path, durability: Durability) -> Result<Store, Failure> {
    let options = OpenOptions::new().durability(durability);
    Ok(options.sixty_second_rules(false).open(dir)?)
}

/// A store that is filled step by step.
pub struct Filled {
    holding: Holding,
    dir: PathBuf,
    store: Store,
    queues: Vec<Queue>,
    held: u64,
    cycles: u64,
    body: Bytes,
}

impl Filled {
    /// An empty one in `dir`, open without syncs.
    pub fn new(holding: Holding, dir: &Path) -> Result<Self, Failure> {
        let store = open(dir, Durability::Os)?;
        let options = QueueOptions::new().visibility_timeout(LONG_S);
        let first = match holding {
            Holding::Groups => store.create_queue("bench.fifo", &options.fifo())?,
            _ => store.create_queue("bench", &options)?,
        };
        Ok(Self {
            holding,
            dir: dir.to_owned(),
            store,
            queues: vec![first],
            held: 0,
            cycles: 0,
            body: Bytes::from(vec![b'x'; BODY_BYTES]),
        })
    }

    /// Closes it and opens it anew with another durability.
    pub fn reopen(self, durability: Durability) -> Result<Self, Failure> {
        let names: Vec<String> = self.queues.iter().map(|q| q.name().to_owned()).collect();
        self.store.close();
        drop(self.queues);
        let store = open(&self.dir, durability)?;
        let queues: Result<Vec<Queue>, _> = names.iter().map(|name| store.queue(name)).collect();
        Ok(Self {
            store,
            queues: queues?,
            ..self
        })
    }

    /// Adds until there are `count` things.
    pub fn fill(&mut self, count: u64) -> Result<(), Failure> {
        while self.held < count {
            let more = (count - self.held).min(FILL_BATCH);
            match self.holding {
                Holding::Queues => self.add_queue()?,
                Holding::InFlight => self.add_in_flight(more)?,
                Holding::Backlog | Holding::Groups | Holding::Tenants => self.add_waiting(more)?,
            }
        }
        Ok(())
    }

    fn add_queue(&mut self) -> Result<(), Failure> {
        if self.held > 0 {
            let name = format!("bench-{}", self.held);
            let queue = self.store.create_queue(&name, &QueueOptions::new())?;
            self.queues.push(queue);
        }
        self.held += 1;
        Ok(())
    }

    fn add_waiting(&mut self, more: u64) -> Result<(), Failure> {
        let requests = (self.held..self.held + more).map(|thing| self.request(thing, "fill"));
        for result in self.queues[0].send_batch(requests)? {
            result?;
        }
        self.held += more;
        Ok(())
    }

    fn add_in_flight(&mut self, more: u64) -> Result<(), Failure> {
        let wanted = self.held / IN_FLIGHT_A_QUEUE;
        if wanted >= self.queues.len() as u64 {
            let name = format!("bench-{wanted}");
            let options = QueueOptions::new().visibility_timeout(LONG_S);
            self.queues.push(self.store.create_queue(&name, &options)?);
        }
        let queue = &self.queues[wanted as usize];
        let bodies = (0..more).map(|_| self.body.clone());
        for result in queue.send_batch(bodies)? {
            result?;
        }
        let taken = queue.receive(&ReceiveOptions::new().max(more as u32))?;
        if taken.len() as u64 != more {
            return Err(format!("sent {more} messages, received {}", taken.len()).into());
        }
        self.held += more;
        Ok(())
    }

    fn request(&self, thing: u64, kind: &str) -> SendRequest {
        let request = SendRequest::new(self.body.clone());
        match self.holding {
            Holding::Groups => request
                .group(format!("group-{thing}"))
                .deduplication(format!("{kind}-{thing}-{}", self.cycles)),
            Holding::Tenants => request.group(format!("tenant-{thing}")),
            Holding::Backlog | Holding::Queues | Holding::InFlight => request,
        }
    }

    /// Sends, receives and deletes one message each.
    pub fn cycle(&mut self) -> Result<(), Failure> {
        self.cycles += 1;
        // Steps of a large prime visit all things in a scattered order.
        let thing = self.cycles.wrapping_mul(2_654_435_761) % self.held.max(1);
        let queue = match self.holding {
            Holding::Queues => &self.queues[thing as usize],
            _ => &self.queues[0],
        };
        queue.send(self.request(thing, "cycle"))?;
        let taken = queue.receive(&ReceiveOptions::new())?;
        let [message] = taken.as_slice() else {
            return Err(format!("received {} messages instead of one", taken.len()).into());
        };
        Ok(message.delete()?)
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
