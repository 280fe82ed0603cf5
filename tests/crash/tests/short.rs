//! Short versions of all trials; `cargo xtask crash` runs the long ones.

#![allow(clippy::unwrap_used, clippy::panic)]

use forebay::store::embedded::disk::Fault;
use forebay::store::embedded::fault;
use forebay_crash::fleet::{Fleet, WATCHDOG};
use forebay_crash::full_disk::Case;
use forebay_crash::worker::Worker;
use forebay_crash::{faults, full_disk, kills, orphan, points, power, server};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_forebay-crash"))
}

#[test]
fn killed_workers_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let findings = kills::run(program(), directory.path(), 15, 1).unwrap();
    assert!(findings.clean(), "{findings}");
    assert!(findings.deleted > 0);
}

#[test]
fn a_killed_server_loses_nothing_and_its_clients_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let report = server::run(program(), directory.path(), 4, 1).unwrap();
    assert!(report.good(), "{report}");
}

#[test]
fn a_worker_that_ends_by_itself_is_reported_with_its_words() {
    let directory = tempfile::tempdir().unwrap();
    let mut fleet = Fleet::new(program(), directory.path(), 1).unwrap();
    std::fs::create_dir(fleet.store()).unwrap();
    std::fs::write(fleet.store().join("letter"), "not of a store").unwrap();
    fleet.start().unwrap();
    let error = fleet.wait_progress().unwrap_err().to_string();
    assert!(error.contains("process 1 ended"), "{error}");
    assert!(error.contains("holds no Forebay store"), "{error}");
}

#[test]
fn a_worker_ends_with_the_process_that_started_it() {
    let directory = tempfile::tempdir().unwrap();
    let worker = Worker {
        store: directory.path().join("store"),
        notes: directory.path().join("notes"),
        who: 1,
        seed: 1,
        operations: u64::MAX,
    };
    let mut child = Command::new(program())
        .args(worker.arguments())
        .stdin(orphan::leash())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let noted = || std::fs::metadata(&worker.notes).is_ok_and(|file| file.len() > 1_000);
    while !noted() {
        assert!(started.elapsed() < WATCHDOG, "the worker does nothing");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.try_wait().unwrap().is_none());
    drop(child.stdin.take());
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > 2 * WATCHDOG {
            child.kill().unwrap();
            panic!("the worker runs on");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_death_at_any_point_loses_nothing() {
    for name in fault::NAMES {
        let directory = tempfile::tempdir().unwrap();
        let report = points::run(program(), directory.path(), name, &[1], 1).unwrap();
        assert!(!report.deaths.is_empty(), "nobody died at {name}");
        assert!(report.findings.clean(), "{name}: {}", report.findings);
    }
}

#[test]
fn a_power_cut_loses_nothing_acknowledged() {
    let report = power::run(120, 17, 3, 1).unwrap();
    assert!(report.cuts > 30, "{report:?}");
    assert!(report.bad.is_empty(), "{report:?}");
}

#[test]
fn a_rebuilt_index_is_the_one_before() {
    assert_eq!(power::rebuild_equals(160, 40, 1).unwrap(), 4);
}

#[test]
fn a_failing_call_loses_nothing_acknowledged() {
    for fault in [Fault::NoSpace, Fault::Io, Fault::ShortWrite] {
        // Every change of a new store, and some of a longer life.
        for (operations, stride) in [(8, 1), (60, 13)] {
            let report = faults::run(operations, stride, fault, 1).unwrap();
            assert!(report.reported > 0, "{report:?}");
            assert!(report.bad.is_empty(), "{report:?}");
        }
    }
}

#[test]
fn a_full_disk_refuses_sends_and_drains() {
    let plain = Case::PLAIN;
    let filler = Case {
        filler: true,
        ..plain
    };
    let reopened = Case {
        reopened: true,
        drained_by: 10_000,
        ..Case::TINY
    };
    let cases = [
        plain,
        filler,
        reopened,
        Case::SHORT,
        Case::RETRIED,
        Case::REBOOTED,
        Case::TAKEN,
    ];
    for case in cases {
        let directory = tempfile::tempdir().unwrap();
        match full_disk::run(directory.path(), &case).unwrap() {
            full_disk::Outcome::Passed { stored, .. } => assert!(stored >= 100),
            full_disk::Outcome::Skipped(reason) => {
                println!("SKIPPED: no small file system could be mounted: {reason}");
            }
        }
    }
}
