//! What is measured, behind one face: the library through its public API, and the floor.

use crate::floor::Floor;
use bytes::Bytes;
use forebay::{Message, Queue, QueueOptions, ReceiveOptions, Store};
use std::time::Duration;

/// What ends a benchmark.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A queue under test.
pub trait Subject: Sync {
    /// A message that was received.
    type Taken: Send;

    /// Stores messages, with one call.
    fn send(&self, bodies: &[Bytes]) -> Result<(), Failure>;

    /// Takes up to `max` messages with one call; with `wait`, waits up to a second for the first.
    fn receive(&self, max: usize, wait: bool) -> Result<Vec<Self::Taken>, Failure>;

    /// Deletes messages, with one call.
    fn delete(&self, taken: &[Self::Taken]) -> Result<(), Failure>;

    /// Empties the queue, between rounds.
    fn clear(&self) -> Result<(), Failure>;

    /// Waits for the disk so far.
    fn syncs(&self) -> Result<u64, Failure>;
}

impl Subject for Floor {
    type Taken = u64;

    fn send(&self, bodies: &[Bytes]) -> Result<(), Failure> {
        Ok(Floor::send(self, bodies)?)
    }

    fn receive(&self, max: usize, wait: bool) -> Result<Vec<u64>, Failure> {
        let wait = Duration::from_secs(u64::from(wait));
        let taken = Floor::receive(self, max, wait)?;
        Ok(taken.into_iter().map(|(id, _)| id).collect())
    }

    fn delete(&self, taken: &[u64]) -> Result<(), Failure> {
        Ok(Floor::delete(self, taken)?)
    }

    fn clear(&self) -> Result<(), Failure> {
        Floor::clear(self);
        Ok(())
    }

    fn syncs(&self) -> Result<u64, Failure> {
        Ok(Floor::syncs(self))
    }
}

/// One standard queue of a store.
pub struct Library {
    store: Store,
    queue: Queue,
}

impl Library {
    /// Makes the queue `name`, or finds it.
    pub fn new(store: Store, name: &str) -> Result<Self, Failure> {
        let queue = store.create_queue(name, &QueueOptions::new().visibility_timeout(3_600))?;
        Ok(Self { store, queue })
    }
}

impl Subject for Library {
    type Taken = Message;

    fn send(&self, bodies: &[Bytes]) -> Result<(), Failure> {
        if let [body] = bodies {
            self.queue.send(body.clone())?;
        } else {
            for result in self.queue.send_batch(bodies.iter().cloned())? {
                result?;
            }
        }
        Ok(())
    }

    fn receive(&self, max: usize, wait: bool) -> Result<Vec<Message>, Failure> {
        let options = ReceiveOptions::new().max(max as u32).wait(u32::from(wait));
        Ok(self.queue.receive(&options)?)
    }

    fn delete(&self, taken: &[Message]) -> Result<(), Failure> {
        if let [message] = taken {
            message.delete()?;
        } else {
            for result in self.queue.delete_batch(taken)? {
                result?;
            }
        }
        Ok(())
    }

    fn clear(&self) -> Result<(), Failure> {
        Ok(self.queue.purge()?)
    }

    fn syncs(&self) -> Result<u64, Failure> {
        Ok(self.store.statistics()?.syncs)
    }
}
