//! A disk in memory that loses power.
//!
//! It keeps apart what is on disk from what was only written. [`SimDisk::crash`] makes the disk
//! that a restarted machine could find: all that was synced, and of the rest anything.

use super::{Disk, DiskFile};
use crate::sync::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// What a device writes as a whole, bytes.
const SECTOR_BYTES: usize = 512;

#[derive(Debug, Default, Clone)]
struct Inode {
    /// What reads see.
    current: Vec<u8>,
    /// What is on disk.
    durable: Vec<u8>,
    /// Writes since the last sync, in order.
    pending: Vec<(usize, Vec<u8>)>,
}

#[derive(Debug, Clone)]
enum NameChange {
    Create {
        name: String,
        inode: usize,
    },
    Rename {
        from: String,
        to: String,
        inode: usize,
    },
    Remove {
        name: String,
    },
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    pending_names: Vec<NameChange>,
    operations: u64,
    freeze_at: Option<u64>,
    losing_sync: bool,
}

/// Whether an operation takes place.
#[derive(PartialEq)]
enum Step {
    Whole,
    /// The power goes during it: it is begun and not finished.
    Begun,
}

impl State {
    fn frozen(&self) -> bool {
        self.freeze_at.is_some_and(|at| self.operations > at)
    }

    fn step(&mut self) -> io::Result<Step> {
        if self.frozen() {
            return Err(power_is_off());
        }
        self.operations += 1;
        Ok(if self.frozen() {
            Step::Begun
        } else {
            Step::Whole
        })
    }

    fn change_name(&mut self, change: NameChange) -> io::Result<()> {
        let step = self.step()?;
        apply(&mut self.names, &change);
        self.pending_names.push(change);
        finish(step)
    }

    fn write(&mut self, inode: usize, bytes: &[u8], position: u64) -> io::Result<()> {
        let step = self.step()?;
        let position = usize::try_from(position).map_err(io::Error::other)?;
        let inode = &mut self.inodes[inode];
        write_into(&mut inode.current, position, bytes);
        inode.pending.push((position, bytes.to_vec()));
        finish(step)
    }

    fn sync_data(&mut self, inode: usize) -> io::Result<()> {
        finish(self.step()?)?;
        let lost = std::mem::take(&mut self.losing_sync);
        let inode = &mut self.inodes[inode];
        if lost {
            inode.pending.clear();
            return Err(io::Error::other("the simulated device failed"));
        }
        for (position, bytes) in inode.pending.drain(..) {
            write_into(&mut inode.durable, position, &bytes);
        }
        Ok(())
    }

    fn sync_names(&mut self) -> io::Result<()> {
        finish(self.step()?)?;
        self.pending_names.clear();
        self.durable_names.clone_from(&self.names);
        Ok(())
    }

    fn inode(&self, name: &str) -> io::Result<usize> {
        self.names
            .get(name)
            .copied()
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, name.to_owned()))
    }
}

fn power_is_off() -> io::Error {
    io::Error::other("the simulated power is off")
}

fn finish(step: Step) -> io::Result<()> {
    match step {
        Step::Whole => Ok(()),
        Step::Begun => Err(power_is_off()),
    }
}

fn apply(names: &mut BTreeMap<String, usize>, change: &NameChange) {
    match change {
        NameChange::Create { name, inode } => {
            names.insert(name.clone(), *inode);
        }
        NameChange::Rename { from, to, inode } => {
            // After a crash the name may already mean another file or none.
            if names.get(from) == Some(inode) {
                names.remove(from);
            }
            names.insert(to.clone(), *inode);
        }
        NameChange::Remove { name } => {
            names.remove(name);
        }
    }
}

fn write_into(content: &mut Vec<u8>, position: usize, bytes: &[u8]) {
    let end = position + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[position..end].copy_from_slice(bytes);
}

/// A small generator of numbers (splitmix64): a seed gives the same crash on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}

/// The disk in memory. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

impl SimDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Steps so far: writes, syncs, name changes; a creation takes four.
    pub fn operations(&self) -> u64 {
        self.state.lock().operations
    }

    /// The power goes during step `at`, counted from 0: it and everything later fails.
    pub fn freeze_at(&self, at: u64) {
        self.state.lock().freeze_at = Some(at);
    }

    /// The next sync of a file fails, and what it should have written is taken for written from
    /// then on, as Linux does: reads see it, no later sync brings it to the disk.
    pub fn lose_next_sync(&self) {
        self.state.lock().losing_sync = true;
    }

    /// The disk after a power cut now: everything synced, and of each write since then nothing,
    /// all, a beginning cut at any byte, or any of its sectors; of name changes any.
    pub fn crash(&self, seed: u64) -> SimDisk {
        let state = self.state.lock();
        let mut chance = Chance(seed);
        let mut inodes = Vec::new();
        for inode in &state.inodes {
            let mut content = inode.durable.clone();
            for (position, bytes) in &inode.pending {
                write_part(&mut content, *position, bytes, &mut chance);
            }
            inodes.push(Inode {
                current: content.clone(),
                durable: content,
                pending: Vec::new(),
            });
        }
        let mut names = state.durable_names.clone();
        for change in &state.pending_names {
            if chance.coin() {
                apply(&mut names, change);
            }
        }
        SimDisk {
            state: Arc::new(Mutex::new(State {
                inodes,
                durable_names: names.clone(),
                names,
                ..State::default()
            })),
        }
    }

    /// The disk after a power cut that lost everything which was not synced.
    pub fn crash_losing_all(&self) -> SimDisk {
        let state = self.state.lock();
        let keep = |inode: &Inode| Inode {
            current: inode.durable.clone(),
            durable: inode.durable.clone(),
            pending: Vec::new(),
        };
        SimDisk {
            state: Arc::new(Mutex::new(State {
                inodes: state.inodes.iter().map(keep).collect(),
                durable_names: state.durable_names.clone(),
                names: state.durable_names.clone(),
                ..State::default()
            })),
        }
    }

    /// Content of a file, as reads see it.
    pub fn content(&self, name: &str) -> io::Result<Vec<u8>> {
        let state = self.state.lock();
        Ok(state.inodes[state.inode(name)?].current.clone())
    }

    /// Replaces the content of a file, on disk at once: damage that no crash makes.
    pub fn set_content(&self, name: &str, content: Vec<u8>) -> io::Result<()> {
        let mut state = self.state.lock();
        let inode = state.inode(name)?;
        state.inodes[inode] = Inode {
            current: content.clone(),
            durable: content,
            pending: Vec::new(),
        };
        Ok(())
    }
}

fn write_part(content: &mut Vec<u8>, position: usize, bytes: &[u8], chance: &mut Chance) {
    match chance.below(4) {
        0 => {}
        1 => write_into(content, position, bytes),
        2 => {
            let cut = chance.below(bytes.len() + 1);
            write_into(content, position, &bytes[..cut]);
        }
        _ => {
            let mut from = 0;
            while from < bytes.len() {
                // Sectors lie in the file, not in the write.
                let left = SECTOR_BYTES - (position + from) % SECTOR_BYTES;
                let to = (from + left).min(bytes.len());
                if chance.coin() {
                    write_into(content, position + from, &bytes[from..to]);
                }
                from = to;
            }
        }
    }
}

impl Disk for SimDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let state = self.state.lock();
        if state.frozen() {
            return Err(power_is_off());
        }
        Ok(state.names.keys().cloned().collect())
    }

    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state.lock();
        if state.names.contains_key(name) {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                name.to_owned(),
            ));
        }
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.change_name(NameChange::Create {
            name: name.to_owned(),
            inode,
        })?;
        let bytes = usize::try_from(bytes).map_err(io::Error::other)?;
        state.write(inode, &vec![0; bytes], 0)?;
        state.sync_data(inode)?;
        state.sync_names()?;
        drop(state);
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let state = self.state.lock();
        if state.frozen() {
            return Err(power_is_off());
        }
        Ok(Arc::new(SimFile {
            state: self.state.clone(),
            inode: state.inode(name)?,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        let inode = state.inode(from)?;
        if state.names.contains_key(to) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, to.to_owned()));
        }
        state.change_name(NameChange::Rename {
            from: from.to_owned(),
            to: to.to_owned(),
            inode,
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.inode(name)?;
        state.change_name(NameChange::Remove {
            name: name.to_owned(),
        })
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.state.lock().sync_names()
    }
}

struct SimFile {
    state: Arc<Mutex<State>>,
    inode: usize,
}

impl DiskFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        let state = self.state.lock();
        if state.frozen() {
            return Err(power_is_off());
        }
        let position = usize::try_from(position).map_err(io::Error::other)?;
        let content = &state.inodes[self.inode].current;
        let part = content
            .get(position..)
            .and_then(|rest| rest.get(..buffer.len()))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(part);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        self.state.lock().write(self.inode, bytes, position)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.state.lock().sync_data(self.inode)
    }

    fn len(&self) -> io::Result<u64> {
        let state = self.state.lock();
        if state.frozen() {
            return Err(power_is_off());
        }
        Ok(state.inodes[self.inode].current.len() as u64)
    }
}
