//! A disk whose n-th change fails, or that stalls.

use super::{Disk, DiskFile};
use crate::sync::{Condvar, Mutex};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest stall.
const STALL_MAX: Duration = Duration::from_secs(120);

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full.
    NoSpace,
    /// The device fails.
    Io,
    /// A write stops half-way, then the disk is full. Other operations fail like [`Fault::Io`].
    ShortWrite,
}

#[derive(Debug, Default)]
struct Plan {
    /// Writes, syncs, creations, renames and removals so far.
    operations: u64,
    /// Operations `at..at + count` fail.
    failing: Option<(u64, u64, Fault)>,
    /// So many creations find no room.
    refused: u64,
}

impl Plan {
    fn next(plan: &Mutex<Self>) -> Option<Fault> {
        let mut plan = plan.lock();
        let number = plan.operations;
        plan.operations += 1;
        let (at, count, fault) = plan.failing?;
        (number >= at && number - at < count).then_some(fault)
    }

    fn pass_creation(plan: &Mutex<Self>) -> io::Result<()> {
        let mut plan = plan.lock();
        if plan.refused == 0 {
            return Ok(());
        }
        plan.refused -= 1;
        Err(error(Fault::NoSpace))
    }

    /// As [`Plan::next`] for operations that fail as a whole.
    fn pass(plan: &Mutex<Self>) -> io::Result<()> {
        Self::next(plan).map_or(Ok(()), |fault| Err(error(fault)))
    }
}

fn error(fault: Fault) -> io::Error {
    match fault {
        Fault::NoSpace => io::Error::from(io::ErrorKind::StorageFull),
        Fault::Io | Fault::ShortWrite => io::Error::other("injected device failure"),
    }
}

/// Another disk, with failures.
#[derive(Clone)]
pub struct FaultDisk {
    inner: Arc<dyn Disk>,
    plan: Arc<Mutex<Plan>>,
    stall: Arc<Stall>,
}

/// Whether syncs wait.
#[derive(Default)]
struct Stall {
    stalled: Mutex<bool>,
    ended: Condvar,
}

impl Stall {
    fn pass(&self) {
        let start = Instant::now();
        let mut stalled = self.stalled.lock();
        // A test that failed meanwhile ends nevertheless.
        while *stalled && start.elapsed() < STALL_MAX {
            stalled = self.ended.wait_for(stalled, STALL_MAX);
        }
    }
}

impl FaultDisk {
    /// `inner` without failures so far.
    pub fn new(inner: Arc<dyn Disk>) -> Self {
        Self {
            inner,
            plan: Arc::default(),
            stall: Arc::default(),
        }
    }

    /// Changes (writes, syncs, creations, renames, removals) asked for so far.
    pub fn operations(&self) -> u64 {
        self.plan.lock().operations
    }

    /// From now on the changes number `at..at + count` fail, counted from 0 at the start.
    pub fn fail(&self, at: u64, count: u64, fault: Fault) {
        self.plan.lock().failing = Some((at, count, fault));
    }

    /// The next `count` creations find no room, as while somebody else has the last of it.
    pub fn refuse_creations(&self, count: u64) {
        self.plan.lock().refused = count;
    }

    /// No failure any more.
    pub fn heal(&self) {
        let mut plan = self.plan.lock();
        (plan.failing, plan.refused) = (None, 0);
    }

    /// Syncs of files wait until [`FaultDisk::go_on`].
    pub fn stall_syncs(&self) {
        *self.stall.stalled.lock() = true;
    }

    /// Ends [`FaultDisk::stall_syncs`].
    pub fn go_on(&self) {
        *self.stall.stalled.lock() = false;
        self.stall.ended.notify_all();
    }

    fn wrap(&self, inner: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(FaultFile {
            inner,
            plan: self.plan.clone(),
            stall: self.stall.clone(),
        })
    }
}

impl Disk for FaultDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }

    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn DiskFile>> {
        Plan::pass(&self.plan)?;
        Plan::pass_creation(&self.plan)?;
        self.inner.create(name, bytes).map(|file| self.wrap(file))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.inner.open(name).map(|file| self.wrap(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Plan::pass(&self.plan)?;
        self.inner.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        Plan::pass(&self.plan)?;
        self.inner.remove(name)
    }

    fn is_lazy(&self) -> bool {
        self.inner.is_lazy()
    }

    fn sync_dir(&self) -> io::Result<()> {
        Plan::pass(&self.plan)?;
        self.inner.sync_dir()
    }
}

struct FaultFile {
    inner: Arc<dyn DiskFile>,
    plan: Arc<Mutex<Plan>>,
    stall: Arc<Stall>,
}

impl DiskFile for FaultFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        self.inner.read_at(buffer, position)
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        match Plan::next(&self.plan) {
            None => self.inner.write_at(bytes, position),
            Some(Fault::ShortWrite) => {
                self.inner.write_at(&bytes[..bytes.len() / 2], position)?;
                Err(error(Fault::NoSpace))
            }
            Some(fault) => Err(error(fault)),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        self.stall.pass();
        Plan::pass(&self.plan)?;
        self.inner.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
}
