//! Power cuts: at every write and every sync of a history, the machine stops. What was synced is
//! there afterwards, and of the rest any part.

use crate::Failure;
use crate::audit::Findings;
use crate::load::portrait;
use crate::sim::{FIRST_BOOT, History, open};
use forebay::store::embedded::disk::SimDisk;
use std::sync::Arc;

/// What a run of power cuts gave.
#[derive(Debug, Default)]
pub struct Report {
    /// Writes, syncs and changes of names of the whole history.
    pub steps: u64,
    /// Power cuts, each with one disk image.
    pub cuts: u64,
    /// Findings of the images that had any, with step and seed.
    pub bad: Vec<(u64, u64, Findings)>,
}

/// Cuts the power at every `stride`-th step of a history of `operations`, and looks at `images`
/// of what may be left each time.
pub fn run(operations: u64, stride: u64, images: u64, seed: u64) -> Result<Report, Failure> {
    let whole = SimDisk::new();
    let directory = tempfile::tempdir()?;
    let history = History::play(Arc::new(whole.clone()), directory.path(), operations, seed);
    if let Some(error) = history.error {
        return Err(format!("without a power cut: {error}").into());
    }
    let mut report = Report {
        steps: whole.operations(),
        ..Report::default()
    };
    let mut at = seed % stride;
    while at < report.steps {
        cut(operations, at, images, seed, &mut report)?;
        at += stride;
    }
    Ok(report)
}

fn cut(
    operations: u64,
    at: u64,
    images: u64,
    seed: u64,
    report: &mut Report,
) -> Result<(), Failure> {
    let disk = SimDisk::new();
    disk.freeze_at(at);
    let directory = tempfile::tempdir()?;
    let place = directory.path();
    let history = History::play(Arc::new(disk.clone()), place, operations, seed);
    let so_far = history.notes.borrow().len();
    for image in 0..images {
        // The last image is the poorest disk that is allowed: nothing but what was synced.
        let left = match image + 1 == images {
            true => disk.crash_losing_all(),
            false => disk.crash(seed ^ at << 20 ^ image),
        };
        history.notes.borrow_mut().truncate(so_far);
        // Index and shared page lie there as the power cut, or the image before, left them.
        let boot = (image % 200) as u8 + FIRST_BOOT + 1;
        let findings = history
            .drain_and_audit(Arc::new(left), place, boot)
            .map_err(|error| format!("power cut at step {at}, image {image}: {error}"))?;
        report.cuts += 1;
        if !findings.clean() {
            report.bad.push((at, image, findings));
        }
    }
    Ok(())
}

/// Plays histories of growing length and compares what is seen through the index with what is
/// seen through one that is built anew from the log. Returns how many were compared.
pub fn rebuild_equals(operations: u64, stride: u64, seed: u64) -> Result<u64, Failure> {
    let mut compared = 0;
    let mut length = stride;
    while length <= operations {
        let disk = SimDisk::new();
        let directory = tempfile::tempdir()?;
        let history = History::play(Arc::new(disk.clone()), directory.path(), length, seed);
        if let Some(error) = history.error {
            return Err(format!("a history of {length}: {error}").into());
        }
        let place = directory.path();
        let before = portrait(&open(Arc::new(disk.clone()), place, FIRST_BOOT)?)?;
        let after = portrait(&open(Arc::new(disk), place, FIRST_BOOT + 1)?)?;
        if before != after {
            let differing = before
                .iter()
                .find(|(key, value)| after.get(*key) != Some(value))
                .map_or_else(
                    || "there is more in the rebuilt one".to_owned(),
                    |(key, value)| format!("{key}: {value}\n  rebuilt: {:?}", after.get(key)),
                );
            return Err(format!("after {length} operations the index differs: {differing}").into());
        }
        compared += 1;
        length += stride;
    }
    Ok(compared)
}
