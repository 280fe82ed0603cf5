//! A file system that is really full: sends are refused, receives and deletes go on until the
//! queue is empty, then sends work again.

mod mount;

pub use mount::Kind;

use crate::{Failure, small_segments};
use forebay::store::{Durability, StoreLimits};
use forebay::{ErrorKind, OpenOptions, Queue, QueueOptions, ReceiveOptions, SendRequest, Store};
use mount::SmallDisk;
use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// Messages that are stored before another program fills the disk.
const BEFORE_FILLER: u64 = 100;
/// Messages of one call when the disk is being filled.
const BATCH: u64 = 10;
/// Groups of a FIFO queue.
const GROUPS: u64 = 20;

/// One way to fill a disk and to drain it.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub disk: Kind,
    pub disk_mib: u64,
    pub segment_bytes: u64,
    pub body_bytes: usize,
    pub fifo: bool,
    /// Another program takes the disk to its last byte while the store holds some messages;
    /// otherwise the store fills it alone.
    pub filler: bool,
    /// The store is closed and opened again before it is drained: whoever drains has not seen a
    /// refused send.
    pub reopened: bool,
    /// And the machine was started anew meanwhile, so that the index is built from the log.
    pub rebooted: bool,
    /// Messages of one receive and one delete.
    pub drained_by: u32,
    /// What another program takes once all is drained, if there is so much.
    pub taken_mib: u64,
    /// How often each message is received; before the last time all of them are, and none deleted.
    pub receives: u32,
    /// Whether answers wait for the disk. It takes the same room either way, and ten times as long.
    pub durability: Durability,
}

impl Case {
    /// Large messages on a standard queue, drained one by one by who sent them.
    pub const PLAIN: Self = Self {
        disk: Kind::Tmpfs,
        disk_mib: 64,
        segment_bytes: 1 << 20,
        body_bytes: 60_000,
        fifo: false,
        filler: false,
        reopened: false,
        rebooted: false,
        drained_by: 1,
        taken_mib: 0,
        receives: 1,
        durability: Durability::Full,
    };
    /// Messages so small that what a drain writes is more than what it drains.
    pub const TINY: Self = Self {
        disk_mib: 64,
        segment_bytes: 4 << 20,
        body_bytes: 16,
        ..Self::PLAIN
    };
    /// As [`Case::TINY`], on a FIFO queue.
    pub const TINY_FIFO: Self = Self {
        fifo: true,
        ..Self::TINY
    };

    /// As [`Case::TINY`], small enough for every run of the tests.
    pub const SHORT: Self = Self {
        disk_mib: 24,
        segment_bytes: 512 << 10,
        ..Self::TINY
    };
    /// Consumers that fail: all messages are received, and given back, twice before they go.
    pub const RETRIED: Self = Self {
        receives: 3,
        ..Self::SHORT
    };

    /// A machine that stopped because its disk was full, and was started again.
    pub const REBOOTED: Self = Self {
        reopened: true,
        rebooted: true,
        fifo: true,
        ..Self::SHORT
    };
    /// What is left once all is drained is enough only if free pages within the index are used.
    pub const TAKEN: Self = Self {
        taken_mib: 2,
        ..Self::REBOOTED
    };

    /// Each of `self` with and without the choices that have two sides.
    pub fn varied(self) -> Vec<Self> {
        let mut cases = Vec::new();
        for choice in 0..8 {
            let case = Self {
                filler: choice & 1 != 0,
                drained_by: if choice & 2 != 0 { 10_000 } else { 1 },
                reopened: choice & 4 != 0,
                ..self
            };
            if case.reopened || !case.rebooted {
                cases.push(case);
            }
        }
        cases
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} of {} MiB filled by {}, segments of {} KiB, {} B on a {} queue ({:?}), drained \
             {} at a time{}, received {} times",
            self.disk,
            self.disk_mib,
            if self.filler { "another" } else { "the store" },
            self.segment_bytes >> 10,
            self.body_bytes,
            if self.fifo { "FIFO" } else { "standard" },
            self.durability,
            self.drained_by,
            match (self.rebooted, self.reopened) {
                (true, _) => " after a reboot",
                (_, true) => " after reopening",
                _ => "",
            },
            self.receives,
        )?;
        match self.taken_mib {
            0 => Ok(()),
            taken => write!(f, ", up to {taken} MiB taken by another afterwards"),
        }
    }
}

/// What happened.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it worked.
    Passed {
        /// Messages that fitted.
        stored: u64,
        /// The text of the refusal.
        refusal: String,
    },
    /// No file system could be made; the text says why.
    Skipped(String),
}

/// Runs a case under `dir`.
pub fn run(dir: &Path, case: &Case) -> Result<Outcome, Failure> {
    let disk = match SmallDisk::mount(case.disk, case.disk_mib, dir) {
        Ok(disk) => disk,
        Err(reason) => return Ok(Outcome::Skipped(reason)),
    };
    let outcome = on_disk(disk.place(), case).map_err(|error| format!("{case}: {error}"))?;
    Ok(outcome)
}

fn on_disk(place: &Path, case: &Case) -> Result<Outcome, Failure> {
    let mut store = open(place, case)?;
    let mut queue = create(&store, case)?;
    let filler = place.join("filler");
    let (stored, refusal) = fill(&queue, case, &filler)?;
    if case.reopened {
        drop(queue);
        store.close();
        // As a child of another thread has it between fork and exec.
        let index = File::open(place.join("store/index/data.mdb"))?;
        if case.rebooted {
            forget_boot(place)?;
        }
        store = open(place, case).map_err(|error| format!("open a full disk: {error}"))?;
        drop(index);
        queue = create(&store, case)?;
    } else {
        refused(&queue, case, stored)?;
    }
    for time in 1..case.receives {
        retry(&queue, case, stored).map_err(|error| format!("time {time}: {error}"))?;
    }
    drain(&queue, case, 0, stored)?;
    take(&place.join("taken"), (case.taken_mib as usize) << 20)?;
    // The other program still has the rest of the disk.
    let again = stored.min(BEFORE_FILLER);
    send_again(&queue, case, stored, again)?;
    if case.filler {
        std::fs::remove_file(&filler)?;
    }
    let problems = store.check()?.problems;
    if !problems.is_empty() {
        return Err(problems.join("; ").into());
    }
    Ok(Outcome::Passed { stored, refusal })
}

/// Takes so many bytes of the disk, or nothing if there are not so many.
fn take(path: &Path, bytes: usize) -> std::io::Result<()> {
    match std::fs::write(path, vec![0; bytes]) {
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => std::fs::remove_file(path),
        written => written,
    }
}

fn open(place: &Path, case: &Case) -> forebay::Result<Store> {
    OpenOptions::new()
        .segment_bytes(case.segment_bytes)
        .durability(case.durability)
        .limits(StoreLimits {
            in_flight: u64::MAX,
            ..small_segments()
        })
        .open(place.join("store"))
}

/// Changes the boot id in the shared page (docs/FORMAT.md).
fn forget_boot(place: &Path) -> Result<(), Failure> {
    let path = place.join("store").join("shared");
    let mut page = File::options().write(true).open(path)?;
    page.seek(SeekFrom::Start(16))?;
    Ok(page.write_all(&[0x5a; 16])?)
}

fn create(store: &Store, case: &Case) -> forebay::Result<Queue> {
    let options = QueueOptions::new().visibility_timeout(3_600);
    match case.fifo {
        true => store.create_queue("full.fifo", &options.fifo()),
        false => store.create_queue("full", &options),
    }
}

fn body(number: u64, case: &Case) -> Vec<u8> {
    let mut body = number.to_le_bytes().to_vec();
    body.resize(case.body_bytes, number as u8);
    body
}

fn request(number: u64, case: &Case) -> SendRequest {
    let request = SendRequest::new(body(number, case));
    match case.fifo {
        false => request,
        true => request
            .group(format!("g{}", number % GROUPS))
            .deduplication(number.to_string()),
    }
}

/// Sends until a send is refused; answers how many were stored, and the refusal.
fn fill(queue: &Queue, case: &Case, filler: &Path) -> Result<(u64, String), Failure> {
    let mut stored = 0;
    loop {
        if case.filler && stored == BEFORE_FILLER {
            fill_to_the_last_byte(filler)?;
        }
        let batch = (stored..stored + BATCH).map(|number| request(number, case));
        match queue.send_batch(batch) {
            Ok(results) => {
                for result in results {
                    result.map_err(|error| format!("send {stored}: {error}"))?;
                }
                stored += BATCH;
            }
            Err(error) if error.kind() == ErrorKind::DiskFull => {
                return Ok((stored, error.to_string()));
            }
            Err(error) => return Err(format!("send {stored}: {error}").into()),
        }
    }
}

/// Refused for as long as the disk is full.
fn refused(queue: &Queue, case: &Case, stored: u64) -> Result<(), Failure> {
    let batch = (stored..stored + BATCH).map(|number| request(number, case));
    match queue.send_batch(batch) {
        Ok(_) => Err(format!("send {stored} was refused and a moment later it was not").into()),
        Err(error) if error.kind() == ErrorKind::DiskFull => Ok(()),
        Err(error) => Err(format!("send {stored} on the full disk: {error}").into()),
    }
}

fn send_again(queue: &Queue, case: &Case, first: u64, count: u64) -> Result<(), Failure> {
    for number in first..first + count {
        queue
            .send(request(number, case))
            .map_err(|error| format!("send {number} after the drain: {error}"))?;
        drain(queue, case, number, 1)?;
    }
    Ok(())
}

/// Large pieces first, then single bytes, as `dd` would leave it.
fn fill_to_the_last_byte(path: &Path) -> Result<(), Failure> {
    let mut file = File::create(path)?;
    for piece in [1 << 16, 1 << 12, 1] {
        let zeros = vec![0u8; piece];
        while file.write_all(&zeros).is_ok() {}
    }
    // What the file system put off takes its blocks now.
    let _ = file.sync_all();
    while file.write_all(&[0]).is_ok() {}
    Ok(())
}

/// Receives all messages and gives them back.
fn retry(queue: &Queue, case: &Case, count: u64) -> Result<(), Failure> {
    let options = ReceiveOptions::new().max(case.drained_by);
    let mut held = Vec::new();
    while (held.len() as u64) < count {
        let messages = queue
            .receive(&options)
            .map_err(|error| format!("receive with {} held: {error}", held.len()))?;
        if messages.is_empty() {
            return Err(format!("{} of {count} messages were received", held.len()).into());
        }
        held.extend(messages);
    }
    for messages in held.chunks(case.drained_by as usize) {
        let given_back = messages.iter().map(|message| (message, 0));
        for result in queue.change_visibility_batch(given_back)? {
            result?;
        }
    }
    Ok(())
}

/// Receives and deletes messages `first` to `first + count`, and finds each once and whole.
fn drain(queue: &Queue, case: &Case, first: u64, count: u64) -> Result<(), Failure> {
    let mut left: HashSet<u64> = (first..first + count).collect();
    let options = ReceiveOptions::new().max(case.drained_by);
    while !left.is_empty() {
        let messages = queue
            .receive(&options)
            .map_err(|error| format!("receive with {} left: {error}", left.len()))?;
        if messages.is_empty() {
            return Err(format!("{} of {count} messages are not there", left.len()).into());
        }
        for message in &messages {
            let bytes = message.body();
            let number = bytes.get(..8).and_then(|bytes| bytes.try_into().ok());
            let number = number.map(u64::from_le_bytes);
            match number {
                Some(number) if *bytes == body(number, case) && left.remove(&number) => {}
                _ => return Err(format!("{number:?} is damaged or came twice").into()),
            }
        }
        let results = queue
            .delete_batch(&messages)
            .map_err(|error| format!("delete with {} left: {error}", left.len()))?;
        for result in results {
            result.map_err(|error| format!("delete with {} left: {error}", left.len()))?;
        }
    }
    Ok(())
}
