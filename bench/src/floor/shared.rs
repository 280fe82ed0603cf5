//! The floor of several processes. Each keeps its own queue in memory; they share the log file,
//! its end and one lock for syncing, so this is an optimistic ceiling: a queue that the processes
//! really share has more to do.

use super::{Kind, Region, write_record};
use bytes::Bytes;
use forebay::sys::shared::{PageState, SharedPage};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// One process's part.
pub struct SharedFloor {
    region: Region,
    synced: bool,
    /// The library's wrapper of a mapped file, for two counters; nothing else of it is used.
    page: SharedPage,
    sync_lock: File,
    buffer: Vec<u8>,
    messages: VecDeque<(u64, Bytes)>,
    next: u64,
    syncs: u64,
}

fn beside(ring: &Path, name: &str) -> PathBuf {
    ring.with_extension(name)
}

impl SharedFloor {
    /// Prepares the counters beside the ring file.
    pub fn prepare(ring: &Path) -> io::Result<()> {
        File::create(beside(ring, "lock"))?;
        SharedPage::create(&beside(ring, "page"), [0; 16], 0).map_err(io::Error::other)?;
        Ok(())
    }

    /// Joins the ring file `ring`.
    pub fn open(ring: &Path, synced: bool) -> io::Result<Self> {
        let PageState::Usable(page) =
            SharedPage::open(&beside(ring, "page")).map_err(io::Error::other)?
        else {
            return Err(io::Error::other("the floor's shared page is not usable"));
        };
        Ok(Self {
            region: Region::open(ring)?,
            synced,
            page,
            sync_lock: File::open(beside(ring, "lock"))?,
            buffer: Vec::new(),
            messages: VecDeque::new(),
            next: 0,
            syncs: 0,
        })
    }

    /// Stores a message.
    pub fn send(&mut self, body: &Bytes) -> io::Result<()> {
        let id = self.next;
        self.next += 1;
        self.messages.push_back((id, body.clone()));
        self.append(Kind::Send, id, body)
    }

    /// Takes a message.
    pub fn receive(&mut self) -> io::Result<Option<u64>> {
        let Some((id, _)) = self.messages.pop_front() else {
            return Ok(None);
        };
        self.append(Kind::Receive, id, &[])?;
        Ok(Some(id))
    }

    /// Deletes a message that was received.
    pub fn delete(&mut self, id: u64) -> io::Result<()> {
        self.append(Kind::Delete, id, &[])
    }

    /// Waits for the disk by this process.
    pub fn syncs(&self) -> u64 {
        self.syncs
    }

    fn end(&self) -> &AtomicU64 {
        &self.page.appended_lsn
    }

    /// Twice the number of syncs that ended, plus one while another runs.
    fn sync_steps(&self) -> &AtomicU64 {
        &self.page.synced_lsn
    }

    fn append(&mut self, kind: Kind, id: u64, body: &[u8]) -> io::Result<()> {
        self.buffer.clear();
        write_record(&mut self.buffer, kind, id, body);
        let bytes = self.buffer.len() as u64;
        let position = self.end().fetch_add(bytes, Ordering::SeqCst);
        self.region.write(position, &self.buffer)?;
        if self.synced {
            self.wait_synced()?;
        }
        Ok(())
    }

    /// Returns when a sync that began after our write has ended; a sync that is running now may
    /// have begun before it.
    fn wait_synced(&mut self) -> io::Result<()> {
        let now = self.sync_steps().load(Ordering::SeqCst);
        // Steps at the end of the first sync that begins from now on.
        let covered = now + 2 + now % 2;
        self.sync_lock.lock()?;
        if self.sync_steps().load(Ordering::SeqCst) < covered {
            self.sync_steps().fetch_add(1, Ordering::SeqCst);
            let result = self.region.sync();
            self.sync_steps().fetch_add(1, Ordering::SeqCst);
            self.syncs += 1;
            result?;
        }
        self.sync_lock.unlock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_members_append_behind_each_other() {
        let directory = tempfile::tempdir().unwrap();
        let ring = directory.path().join("ring");
        Region::create(&ring, 1 << 20).unwrap();
        SharedFloor::prepare(&ring).unwrap();
        let mut one = SharedFloor::open(&ring, true).unwrap();
        let mut two = SharedFloor::open(&ring, true).unwrap();
        one.send(&Bytes::from_static(b"a")).unwrap();
        two.send(&Bytes::from_static(b"b")).unwrap();
        let id = one.receive().unwrap().unwrap();
        one.delete(id).unwrap();
        assert_eq!(one.receive().unwrap(), None);
        assert_eq!(one.end().load(Ordering::SeqCst), 2 * 65 + 2 * 64);
        assert_eq!(one.sync_steps().load(Ordering::SeqCst), 2 * 4);
        assert_eq!(one.syncs() + two.syncs(), 4);
    }
}
