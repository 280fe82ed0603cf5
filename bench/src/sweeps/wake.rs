//! How long a send takes to wake a receiver in another process.

use crate::args::Args;
use crate::stats::Latencies;
use crate::workloads::{Failure, durability_from_name, durability_name};
use forebay::store::Durability;
use forebay::{OpenOptions, QueueOptions, ReceiveOptions};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SENDS_DEFAULT: u64 = 1_000;
const PAUSE: Duration = Duration::from_millis(3);

/// Measures both durability classes and returns the result as JSON.
pub fn run(args: &Args) -> Result<String, Failure> {
    println!("from the call of send to the return of receive in another process that waits");
    println!(
        "{:<12} {:>10} {:>10} {:>10}",
        "durability", "p50 us", "p99 us", "max us"
    );
    let mut parts = Vec::new();
    for durability in [Durability::Os, Durability::Full] {
        let private = tempfile::tempdir_in(&args.dir)?;
        let sends = args.max.unwrap_or(SENDS_DEFAULT);
        let location = private.path().join("store");
        let mut latencies = measure(&location.to_string_lossy(), durability, sends, PAUSE)?;
        let name = durability_name(durability);
        let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| latencies.percentile_us(share));
        println!("{name:<12} {p50:>10.1} {p99:>10.1} {max:>10.1}");
        parts.push(format!(
            "{{\"durability\":\"{name}\",\"p50_us\":{p50:.1},\"p99_us\":{p99:.1},\
             \"max_us\":{max:.1}}}"
        ));
    }
    Ok(format!("[{}]", parts.join(",")))
}

/// Sends to a process that waits at the same location, with pauses long enough for it to wait
/// again, and for this thread to have gone to sleep.
pub fn measure(
    location: &str,
    durability: Durability,
    sends: u64,
    pause: Duration,
) -> Result<Latencies, Failure> {
    let store = OpenOptions::new().durability(durability).open(location)?;
    let queue = store.create_queue("wake", &QueueOptions::new())?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["member", "wake"])
        .arg(location)
        .args([durability_name(durability), &sends.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("no standard output")?;
    let mut lines = BufReader::new(output).lines();
    lines.next().ok_or("the receiver ended early")??;
    for _ in 0..sends {
        std::thread::sleep(pause);
        queue.send(now_ns()?.to_le_bytes().to_vec())?;
    }
    let mut latencies = Latencies::default();
    for line in lines {
        latencies.add_ns(line?.parse()?);
    }
    let status = child.wait()?;
    if !status.success() || latencies.all().len() as u64 != sends {
        let got = latencies.all().len();
        return Err(format!("the receiver got {got} of {sends}, and ended with {status}").into());
    }
    Ok(latencies)
}

/// The receiving process.
pub fn serve(words: &[String]) -> Result<(), Failure> {
    let [location, durability, sends] = words else {
        return Err("a receiver is started by the benchmark itself".into());
    };
    let durability = durability_from_name(durability)?;
    let store = OpenOptions::new().durability(durability).open(location)?;
    let queue = store.get_queue("wake")?;
    println!("ready");
    let sends: usize = sends.parse()?;
    let mut times = Vec::new();
    while times.len() < sends {
        for message in queue.receive(&ReceiveOptions::new().wait(20))? {
            let now = now_ns()?;
            let sent = message.body().as_ref().try_into().map(u64::from_le_bytes)?;
            times.push(now.saturating_sub(sent));
            message.delete()?;
        }
    }
    for time in times {
        println!("{}", u32::try_from(time).unwrap_or(u32::MAX));
    }
    Ok(())
}

/// The wall clock is the one clock that two processes share through the standard library.
fn now_ns() -> Result<u64, Failure> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64)
}
