//! The floor: the least that an honest queue on a log has to do, written without any of the
//! library's code.
//!
//! Every operation appends one record to a preallocated and pre-written file; a send's record
//! carries the body. The queue itself is memory. With syncs, an operation returns once its record
//! is on disk, and one `fdatasync` serves everybody who waits. Send, receive and delete are all
//! synced (the *three-sync floor*); a store that need not sync its receives can therefore be
//! faster than this.

mod log;
mod region;
mod shared;

pub use region::Region;
pub use shared::SharedFloor;

use self::log::GroupLog;
use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

/// Bytes of a record beside the body: length, checksum, position, kind, queue, message id, time.
pub const RECORD_HEAD_BYTES: usize = 64;
/// Bytes of the record of a receive or a delete.
pub const SMALL_RECORD_BYTES: usize = 64;

/// What a record stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A message, with its body.
    Send = 1,
    /// A lease.
    Receive = 2,
    /// A deletion.
    Delete = 3,
}

/// Appends a record to `out`, as a log has to write it: checked by a CRC32C over all of it.
pub fn write_record(out: &mut Vec<u8>, kind: Kind, message: u64, body: &[u8]) {
    let start = out.len();
    out.extend_from_slice(&(body.len() as u64).to_le_bytes());
    out.extend_from_slice(&(kind as u64).to_le_bytes());
    out.extend_from_slice(&message.to_le_bytes());
    out.resize(start + RECORD_HEAD_BYTES, 0);
    out.extend_from_slice(body);
    let checksum = crc32c::crc32c(&out[start..]);
    out[start + 24..start + 28].copy_from_slice(&checksum.to_le_bytes());
}

/// A queue of one process on a log: the floor of every workload but the one with processes.
pub struct Floor {
    log: GroupLog,
    queue: Mutex<Ready>,
    filled: Condvar,
}

#[derive(Default)]
struct Ready {
    messages: VecDeque<(u64, Bytes)>,
    next: u64,
}

impl Floor {
    /// A floor on `region`; `synced` decides whether operations wait for the disk.
    pub fn new(region: Region, synced: bool) -> Self {
        Self {
            log: GroupLog::new(region, synced),
            queue: Mutex::new(Ready::default()),
            filled: Condvar::new(),
        }
    }

    /// Stores messages.
    pub fn send(&self, bodies: &[Bytes]) -> io::Result<()> {
        let mut ready = self.queue.lock();
        let first = ready.next;
        ready.next += bodies.len() as u64;
        for (id, body) in (first..).zip(bodies) {
            ready.messages.push_back((id, body.clone()));
        }
        drop(ready);
        self.filled.notify_one();
        self.log.append(bodies.len(), |out| {
            for (id, body) in (first..).zip(bodies) {
                write_record(out, Kind::Send, id, body);
            }
        })
    }

    /// Takes up to `max` messages, waiting up to `wait` for the first. One log order makes this
    /// safe before the send is synced: the sync of the receive covers it.
    pub fn receive(&self, max: usize, wait: Duration) -> io::Result<Vec<(u64, Bytes)>> {
        let mut ready = self.queue.lock();
        if ready.messages.is_empty() && !wait.is_zero() {
            self.filled.wait_for(&mut ready, wait);
        }
        let count = max.min(ready.messages.len());
        let taken: Vec<_> = ready.messages.drain(..count).collect();
        drop(ready);
        if !taken.is_empty() {
            self.log.append(taken.len(), |out| {
                for (id, _) in &taken {
                    write_record(out, Kind::Receive, *id, &[]);
                }
            })?;
        }
        Ok(taken)
    }

    /// Deletes messages that were received.
    pub fn delete(&self, ids: &[u64]) -> io::Result<()> {
        self.log.append(ids.len(), |out| {
            for id in ids {
                write_record(out, Kind::Delete, *id, &[]);
            }
        })
    }

    /// Forgets what is stored.
    pub fn clear(&self) {
        self.queue.lock().messages.clear();
    }

    /// Waits for the disk so far.
    pub fn syncs(&self) -> u64 {
        self.log.syncs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_received_once_and_each_step_waits_for_a_sync() {
        let directory = tempfile::tempdir().unwrap();
        let region = Region::create(&directory.path().join("ring"), 1 << 20).unwrap();
        let floor = Floor::new(region, true);
        floor.send(&[Bytes::from_static(b"one")]).unwrap();
        let taken = floor.receive(10, Duration::ZERO).unwrap();
        assert_eq!(taken.len(), 1);
        assert_eq!(&taken[0].1[..], b"one");
        floor.delete(&[taken[0].0]).unwrap();
        assert_eq!(floor.syncs(), 3);
        assert!(floor.receive(10, Duration::ZERO).unwrap().is_empty());
    }

    #[test]
    fn a_record_is_its_head_and_its_body() {
        let mut out = Vec::new();
        write_record(&mut out, Kind::Send, 7, b"body");
        assert_eq!(out.len(), RECORD_HEAD_BYTES + 4);
        write_record(&mut out, Kind::Delete, 7, &[]);
        assert_eq!(out.len(), RECORD_HEAD_BYTES + 4 + SMALL_RECORD_BYTES);
    }
}
