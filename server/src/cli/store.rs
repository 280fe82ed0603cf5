//! `forebay backup` and `doctor`.

use super::place::{Place, say};
use super::print::Lines;
use super::{Ending, Outcome};
use clap::Args;
use forebay::Store;
use forebay::handle::show_location;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the disk is measured.
const MEASURE: Duration = Duration::from_millis(300);

/// Copies a store while it is in use
#[derive(Debug, Args)]
pub struct Backup {
    /// An absent or empty directory
    directory: PathBuf,
    #[command(flatten)]
    place: Place,
}

pub fn backup(arguments: &Backup) -> Outcome {
    let store = arguments.place.open()?;
    store
        .backup(&arguments.directory)
        .map_err(|error| say(&error))?;
    Ok(Ending::Done)
}

/// Checks a store: files, free space, speed of the disk, versions, who holds it
///
/// Of a store in PostgreSQL: its tables, and how long an answer takes. Exit status 1 if anything is
/// wrong with files or tables, or the disk takes no more.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    place: Place,
}

pub fn doctor(arguments: &Doctor) -> Outcome {
    let mut lines = Lines::new();
    lines.put(&json!({"check": "version", "forebay": env!("CARGO_PKG_VERSION")}))?;
    let place = arguments.place.location();
    let local = !arguments.place.is_url();
    if local {
        lines.put(&holders(place))?;
    }
    // Opening waits for locks, and says who holds one for too long.
    let opened = arguments.place.open();
    let store = opened.map_err(|text| format!("{}: {text}", show_location(place)))?;
    lines.put(&opening(&store)?)?;
    let what = if local { "files" } else { "tables" };
    let problems = files(&store, what, &mut lines)?;
    let (rate, failure) = match local {
        true => speed(place),
        false => (round_trip(&store)?, None),
    };
    lines.put(&rate)?;
    lines.flush()?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    if problems > 0 {
        return Err(format!(
            "{problems} faults in the {what} of the store; see above"
        ));
    }
    Ok(Ending::Done)
}

/// What opening had to repair, if anything.
fn opening(store: &Store) -> Result<Value, String> {
    let recovery = store.recovery().map_err(|error| say(&error))?;
    Ok(match recovery {
        None => json!({"check": "open", "ok": true}),
        Some(recovery) => json!({
            "check": "open",
            "ok": true,
            "rebuilt_because": recovery.reason,
            "records": recovery.records,
        }),
    })
}

/// Verifies every file; how many faults there are.
fn files(store: &Store, what: &str, lines: &mut Lines) -> Result<usize, String> {
    let report = store.check().map_err(|error| say(&error))?;
    let statistics = store.statistics().map_err(|error| say(&error))?;
    lines.put(&json!({
        "check": what,
        "ok": report.problems.is_empty(),
        "queues": report.queues,
        "messages": report.messages,
        "log_bytes": report.log_bytes,
        "disk_bytes": statistics.disk_bytes,
        "problems": report.problems,
    }))?;
    Ok(report.problems.len())
}

/// Other processes that have a file of the store open, as far as this user may see.
fn holders(place: &Path) -> Value {
    let Ok(place) = place.canonicalize() else {
        return json!({"check": "processes", "known": false});
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let Some(pid) = pid.filter(|pid: &u32| *pid != std::process::id()) else {
            continue;
        };
        let files = std::fs::read_dir(entry.path().join("fd"));
        let mut files = files.into_iter().flatten().flatten();
        let open = |file: std::fs::DirEntry| {
            std::fs::read_link(file.path()).is_ok_and(|target| target.starts_with(&place))
        };
        if files.any(open) {
            let name = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            found.push(json!({"pid": pid, "name": name.trim()}));
        }
    }
    let known = cfg!(target_os = "linux");
    json!({"check": "processes", "known": known, "using_the_store": found})
}

/// How long the database takes to answer, the quickest of some tries.
fn round_trip(store: &Store) -> Result<Value, String> {
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        let listed = store.list_queues_page("", 1, None);
        listed.map_err(|error| say(&error))?;
        best = best.min(start.elapsed());
    }
    let best_ms = best.as_secs_f64() * 1e3;
    Ok(json!({"check": "database", "ok": true, "round_trip_ms": best_ms}))
}

/// Syncs a second of 4 KiB writes beside the store, and free space there; why it could not be
/// written, as on a full disk.
fn speed(place: &Path) -> (Value, Option<String>) {
    // A name that the store takes for its own leftovers, should this be killed.
    let path = place.join(format!("check-{}.tmp", std::process::id()));
    let measured = measure(&path);
    // Gone already where it could not be made.
    let _ = std::fs::remove_file(&path);
    let failure = measured
        .as_ref()
        .err()
        .map(|error| format!("write {}: {error}", path.display()));
    let rate = json!({
        "check": "disk",
        "ok": failure.is_none(),
        "syncs_per_second": measured.ok().map(f64::round),
        "free_bytes": forebay::sys::fs::free_bytes(place).ok(),
    });
    (rate, failure)
}

fn measure(path: &Path) -> std::io::Result<f64> {
    let mut file = File::create_new(path)?;
    let start = Instant::now();
    let mut syncs = 0.0;
    while start.elapsed() < MEASURE {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        syncs += 1.0;
    }
    Ok(syncs / start.elapsed().as_secs_f64())
}
