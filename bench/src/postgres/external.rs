//! A peer in a process of its own: `cycle CLIENTS BATCH BYTES MILLISECONDS` in,
//! `done MESSAGES NANOSECONDS` out.

use super::server::Server;
use super::subject::{Done, Subject, Work};
use crate::peers::list::Entry;
use crate::peers::process::Peer;
use crate::workloads::Failure;

/// A running peer.
pub struct External {
    name: String,
    peer: Peer,
}

impl External {
    /// Starts its program on the server.
    pub fn start(entry: &Entry, server: &Server) -> Result<Self, Failure> {
        let location = server.plain_location();
        Ok(Self {
            name: entry.name.clone(),
            peer: Peer::start_at(entry, &location)?,
        })
    }
}

impl Subject for External {
    fn name(&self) -> &str {
        &self.name
    }

    fn about(&self) -> String {
        self.peer.about.clone()
    }

    fn work(&mut self, work: &Work) -> Result<Done, Failure> {
        let Work {
            clients,
            batch,
            bytes,
            time,
        } = work;
        let milliseconds = time.as_millis();
        self.peer.tell(format_args!(
            "cycle {clients} {batch} {bytes} {milliseconds}"
        ))?;
        let (messages, seconds) = self.peer.done()?;
        Ok(Done { messages, seconds })
    }
}
