//! How many bytes are written a byte stored, under a steady load of which one message in a
//! hundred is never deleted, and how much disk the log takes meanwhile.

use crate::args::Args;
use crate::workloads::Failure;
use bytes::Bytes;
use forebay::store::Durability;
use forebay::{OpenOptions, QueueOptions, ReceiveOptions};

const BODY_BYTES: usize = 1 << 10;
const BATCH: u64 = 100;
const MESSAGES_DEFAULT: u64 = 3_000_000;
/// Lines of the table.
const LINES: u64 = 6;

/// Runs the load and returns the result as JSON.
pub fn run(args: &Args) -> Result<String, Failure> {
    let private = tempfile::tempdir_in(&args.dir)?;
    let store = OpenOptions::new()
        .durability(Durability::Os)
        .open(private.path().join("store"))?;
    let options = QueueOptions::new().visibility_timeout(43_200);
    let queue = store.create_queue("steady", &options)?;
    let body = Bytes::from(vec![b'x'; BODY_BYTES]);
    let messages = args.max.unwrap_or(MESSAGES_DEFAULT).max(LINES * BATCH);
    println!("steady load of 1 KiB messages, 1 % never deleted");
    println!(
        "{:>10} {:>10} {:>10} {:>10} {:>10} {:>14}",
        "messages", "live MB", "log MB", "moved MB", "disk MB", "amplification"
    );
    let mut parts = Vec::new();
    let mut sent = 0;
    for line in 1..=LINES {
        while sent < messages * line / LINES {
            for result in queue.send_batch((0..BATCH).map(|_| body.clone()))? {
                result?;
            }
            sent += BATCH;
            let taken = queue.receive(&ReceiveOptions::new().max(BATCH as u32))?;
            for result in queue.delete_batch(taken.iter().skip(1))? {
                result?;
            }
        }
        let numbers = store.statistics()?;
        let live = sent / BATCH * BODY_BYTES as u64;
        let amplification =
            numbers.log_bytes as f64 / (numbers.log_bytes - numbers.moved_bytes) as f64;
        let mb = |bytes: u64| bytes as f64 / 1e6;
        println!(
            "{sent:>10} {:>10.1} {:>10.0} {:>10.1} {:>10.0} {amplification:>14.3}",
            mb(live),
            mb(numbers.log_bytes),
            mb(numbers.moved_bytes),
            mb(numbers.disk_bytes)
        );
        parts.push(format!(
            "{{\"messages\":{sent},\"live_bytes\":{live},\"log_bytes\":{},\"moved_bytes\":{},\
             \"disk_bytes\":{},\"amplification\":{amplification:.4}}}",
            numbers.log_bytes, numbers.moved_bytes, numbers.disk_bytes
        ));
    }
    Ok(format!("[{}]", parts.join(",")))
}
