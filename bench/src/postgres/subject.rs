//! What is measured: a queue that carries out cycles.

use crate::workloads::Failure;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Clients at once, each with a connection of its own where the library has none to share.
    pub clients: usize,
    /// Messages in each call.
    pub batch: usize,
    /// Bytes of a body.
    pub bytes: usize,
    pub time: Duration,
}

/// Messages that were sent, received and deleted, and how long that took.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    pub messages: u64,
    pub seconds: f64,
}

impl Done {
    pub fn rate(&self) -> f64 {
        self.messages as f64 / self.seconds
    }
}

/// A queue behind one face.
pub trait Subject {
    fn name(&self) -> &str;
    /// Its version and settings.
    fn about(&self) -> String;
    /// Cycles for the time of the work.
    fn work(&mut self, work: &Work) -> Result<Done, Failure>;
}

/// One client in this process.
pub trait Client: Send {
    /// Sends, receives and deletes once; how many messages were deleted.
    fn cycle(&mut self, batch: usize, body: &[u8]) -> Result<u64, Failure>;
}

/// Lets clients work at the same time, each on a thread of its own.
pub fn together(clients: &mut [Box<dyn Client>], work: &Work) -> Result<Done, Failure> {
    let body = vec![b'x'; work.bytes];
    let begin = Barrier::new(clients.len() + 1);
    std::thread::scope(|scope| {
        let (begin, body) = (&begin, &body);
        let running: Vec<_> = clients
            .iter_mut()
            .map(|client| {
                scope.spawn(move || {
                    begin.wait();
                    let start = Instant::now();
                    let mut messages = 0;
                    while start.elapsed() < work.time {
                        messages += client.cycle(work.batch, body)?;
                    }
                    Ok::<u64, Failure>(messages)
                })
            })
            .collect();
        begin.wait();
        let start = Instant::now();
        let mut messages = 0;
        for thread in running {
            messages += thread.join().map_err(|_| "a client panicked")??;
        }
        Ok(Done {
            messages,
            seconds: start.elapsed().as_secs_f64(),
        })
    })
}
