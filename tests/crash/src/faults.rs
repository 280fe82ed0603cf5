//! Failing calls: the n-th write, sync or change of names of a history fails, for every n until a
//! history passes without meeting its fault.

use crate::Failure;
use crate::audit::Findings;
use crate::sim::{FIRST_BOOT, History};
use forebay::store::embedded::disk::{Fault, FaultDisk, SimDisk};
use std::sync::Arc;

/// What a run of faults gave.
#[derive(Debug, Default)]
pub struct Report {
    /// Histories, each with one fault.
    pub faults: u64,
    /// Of these, histories in which a caller saw an error.
    pub reported: u64,
    /// Findings of the histories that had any, with the number of the failing change.
    pub bad: Vec<(u64, Findings)>,
}

/// Fails each `stride`-th change in the way of `fault`.
pub fn run(operations: u64, stride: u64, fault: Fault, seed: u64) -> Result<Report, Failure> {
    let mut report = Report::default();
    let mut at = seed % stride;
    loop {
        let inner = SimDisk::new();
        let disk = FaultDisk::new(Arc::new(inner));
        disk.fail(at, 1, fault);
        let directory = tempfile::tempdir()?;
        let history = History::play(Arc::new(disk.clone()), directory.path(), operations, seed);
        if disk.operations() <= at {
            return Ok(report);
        }
        disk.heal();
        report.faults += 1;
        report.reported += u64::from(history.error.is_some());
        let findings = history
            .drain_and_audit(Arc::new(disk), directory.path(), FIRST_BOOT)
            .map_err(|error| format!("{fault:?} at change {at}: {error}"))?;
        if !findings.clean() {
            report.bad.push((at, findings));
        }
        at += stride;
    }
}
