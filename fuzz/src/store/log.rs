//! The log on a damaged disk: a scan never panics, and what it visits was written so, there.

use crate::damage::{self, Burst};
use crate::{Input, Target};
use forebay::store::embedded::disk::{Disk, SimDisk};
use forebay::store::embedded::log::{EndReason, FRAME_HEADER_BYTES, Log, ScanFrom};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Logs and what is done to their files.
pub const TARGET: Target = Target {
    name: "log",
    about: "a scan of damaged segments visits only what was written, where it was written",
    body,
    seeds,
    words: &[],
    bytes_max: 2_048,
    mutations: 1_000,
};

const STORE_UID: u64 = 0xfeed;
/// The smallest that there is: a few frames fill one.
const SEGMENT_BYTES: u64 = 4_096;
const PAYLOADS_MAX: usize = 40;
const BURSTS_MAX: usize = 4;

fn seeds() -> Vec<Vec<u8>> {
    vec![
        Vec::new(),
        (0..=255).collect(),
        [&[12, 0][..], &[1, 99, 5].repeat(40)[..]].concat(),
        [&[1, 2, 3, 4, 5, 6, 7, 8], &[9; 500][..]].concat(),
    ]
}

fn body(data: &[u8]) {
    let mut input = Input::new(data);
    let cut = input.maybe(|input| input.below(1 << 16));
    let bursts = input.list(BURSTS_MAX, |input| (input.byte(), damage::burst(input)));
    let disk = SimDisk::new();
    let written = write(&disk, &mut input);
    let whole = written.is_some();
    let written = written.unwrap_or_default();
    let untouched = visit(&disk);
    assert!(!whole || untouched == Some(written.clone()));
    spoil(&disk, &bursts, cut);
    let found = visit(&disk).unwrap_or_default();
    for (lsn, payload) in &found {
        assert_eq!(written.get(lsn), Some(payload), "at {lsn}");
    }
}

/// Payloads by their LSNs.
type Payloads = BTreeMap<u64, Vec<u8>>;

fn open(disk: &SimDisk) -> Option<Log> {
    Log::open(Arc::new(disk.clone()), STORE_UID, SEGMENT_BYTES).ok()
}

/// Fills the log; `None` where it refused something.
fn write(disk: &SimDisk, input: &mut Input<'_>) -> Option<Payloads> {
    let log = open(disk)?;
    let mut appender = log.appender(Log::empty_tail());
    let mut written = Payloads::new();
    let mut synced_lsn = Log::empty_tail().lsn;
    for number in 0..input.below(PAYLOADS_MAX) {
        let length = input.below(800);
        let payload = match input.is_empty() {
            true => vec![number as u8; length],
            false => input.take(length).to_vec(),
        };
        appender.restart(appender.end(), synced_lsn);
        let lsn = appender.push(&payload).ok()?;
        let end = appender.flush().ok()?.lsn;
        if number % 3 != 2 {
            log.sync(synced_lsn, end).ok()?;
            synced_lsn = end;
        }
        let read = log.read_verified(lsn, payload.len()).ok()?;
        assert_eq!(read, payload);
        written.insert(lsn, payload);
    }
    Some(written)
}

/// Damages segments, and cuts one short.
fn spoil(disk: &SimDisk, bursts: &[(u8, Burst)], cut: Option<usize>) {
    let mut names = disk.list().unwrap_or_default();
    names.sort();
    if names.is_empty() {
        return;
    }
    for (number, burst) in bursts {
        let name = &names[usize::from(*number) % names.len()];
        if let Ok(mut content) = disk.content(name) {
            burst.apply(&mut content);
            let _ = disk.set_content(name, content);
        }
    }
    if let Some(cut) = cut {
        let name = &names[cut % names.len()];
        if let Ok(mut content) = disk.content(name) {
            content.truncate(cut % SEGMENT_BYTES as usize);
            let _ = disk.set_content(name, content);
        }
    }
}

/// All that scans find, those behind damage included; `None` for a log that does not open.
fn visit(disk: &SimDisk) -> Option<Payloads> {
    let log = open(disk)?;
    let mut found = Payloads::new();
    let mut from = ScanFrom::Oldest;
    loop {
        let end = log.scan(from, |lsn, payload| {
            found.insert(lsn, payload.to_vec());
            Ok(())
        });
        match end.ok()?.end {
            EndReason::Damaged {
                lsn, resume_lsn, ..
            } => {
                assert!(resume_lsn > lsn, "{resume_lsn} is not behind {lsn}");
                let first = resume_lsn + FRAME_HEADER_BYTES;
                assert!(!found.contains_key(&first), "{resume_lsn} was visited");
                from = ScanFrom::Frame(resume_lsn);
            }
            EndReason::Clean | EndReason::Torn { .. } => return Some(found),
        }
    }
}
