//! How fast a lost index is rebuilt from the log.

use crate::args::Args;
use crate::workloads::Failure;
use bytes::Bytes;
use forebay::store::Durability;
use forebay::{OpenOptions, QueueOptions};
use std::path::Path;
use std::time::{Duration, Instant};

/// Log bytes of each case.
const LOG_BYTES: u64 = 1 << 30;

/// Measures three body sizes and returns the result as JSON. The log is read from the page
/// cache; a disk slower than that adds its own time.
pub fn run(args: &Args) -> Result<String, Failure> {
    println!("opening with a removed index; all messages live");
    println!(
        "{:>8} {:>10} {:>9} {:>9} {:>8}",
        "body", "messages", "log MB", "seconds", "GB/s"
    );
    let mut parts = Vec::new();
    for body in [256u64, 1 << 10, 64 << 10] {
        let private = tempfile::tempdir_in(&args.dir)?;
        let location = private.path().join("store");
        let mut messages = LOG_BYTES / (body + 64);
        messages = messages.min(args.max.unwrap_or(u64::MAX)).max(1);
        let bytes = fill(&location, body, messages)?;
        std::fs::remove_dir_all(location.join("index"))?;
        let time = reopen(&location, messages)?;
        let seconds = time.as_secs_f64();
        let speed = bytes as f64 / 1e9 / seconds;
        println!(
            "{body:>8} {messages:>10} {:>9.0} {seconds:>9.3} {speed:>8.2}",
            bytes as f64 / 1e6
        );
        parts.push(format!(
            "{{\"body\":{body},\"messages\":{messages},\"log_bytes\":{bytes},\
             \"seconds\":{seconds:.4},\"gb_per_s\":{speed:.3}}}"
        ));
    }
    Ok(format!("[{}]", parts.join(",")))
}

fn fill(location: &Path, body: u64, messages: u64) -> Result<u64, Failure> {
    let store = OpenOptions::new()
        .durability(Durability::Os)
        .open(location)?;
    let queue = store.create_queue("replay", &QueueOptions::new())?;
    let content = Bytes::from(vec![b'x'; body as usize]);
    let mut left = messages;
    while left > 0 {
        let more = left.min(((8 << 20) / body).clamp(1, 1_000));
        for result in queue.send_batch((0..more).map(|_| content.clone()))? {
            result?;
        }
        left -= more;
    }
    let bytes = store.statistics()?.log_bytes;
    store.close();
    Ok(bytes)
}

fn reopen(location: &Path, messages: u64) -> Result<Duration, Failure> {
    let started = Instant::now();
    let store = OpenOptions::new().create(false).open(location)?;
    let time = started.elapsed();
    let counts = store.get_queue("replay")?.counts()?;
    if counts.visible != messages {
        return Err(format!("{messages} messages before, {} after", counts.visible).into());
    }
    Ok(time)
}
