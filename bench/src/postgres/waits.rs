//! Waits: how soon a receiver in another process is woken, and what many that wait ask of the
//! database.

use super::server::Server;
use crate::args::Args;
use crate::sweeps::measure_wake;
use crate::workloads::Failure;
use forebay::store::Durability;
use forebay::{Queue, QueueOptions, ReceiveOptions, Store};
use std::sync::mpsc::channel;
use std::thread::sleep;
use std::time::{Duration, Instant};

const SENDS: u64 = 500;
/// Between two sends: the receiver deletes, which waits for the disk, before it waits again.
const PAUSE: Duration = Duration::from_millis(60);
/// Waits at once, over this many queues.
const POLLS: usize = 1_000;
const QUEUES: usize = 100;
/// Length of each wait.
const WAIT_S: u32 = 20;
/// When they are watched, counted from their begin: the server counts what a connection did up to
/// ten seconds later.
const WATCHED: [Duration; 2] = [Duration::from_secs(12), Duration::from_secs(19)];

/// Measures both.
pub fn run(server: &Server, args: &Args) -> Result<(), Failure> {
    let location = server.location("forebay");
    let sends = args.max.unwrap_or(SENDS);
    let mut latencies = measure_wake(&location, Durability::Full, sends, PAUSE)?;
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| latencies.percentile_us(share) / 1_000.0);
    println!("from the call of send to the return of receive in another process, ms");
    println!("p50 {p50:.2}, p99 {p99:.2}, highest {max:.2}, of {sends}");
    idle(server)
}

/// Transactions that the server counts while receives wait, and while they begin and end too; and
/// the processor time of server and clients while they wait.
fn idle(server: &Server) -> Result<(), Failure> {
    let store = Store::open(server.location("forebay"))?;
    let queues: Vec<Queue> = (0..QUEUES)
        .map(|number| store.create_queue(&format!("idle-{number}"), &QueueOptions::new()))
        .collect::<Result<_, _>>()?;
    let count = "SELECT xact_commit + xact_rollback FROM pg_stat_database \
                 WHERE datname = current_database()";
    // The first round brings connections and what is remembered.
    for round in 0..2 {
        let before = server.number(count)?;
        let begun = Instant::now();
        let (sender, ended) = channel();
        let mut tickets = Vec::with_capacity(POLLS);
        for number in 0..POLLS {
            let sender = sender.clone();
            let options = ReceiveOptions::new().wait(WAIT_S);
            let queue = &queues[number % QUEUES];
            tickets.push(queue.receive_start(options, move |found| {
                // Nobody listens any more once the benchmark has failed.
                drop(sender.send(found.map(|messages| messages.len())));
            })?);
        }
        let mut watched = Vec::new();
        for at in WATCHED {
            sleep(at.saturating_sub(begun.elapsed()));
            let used = [server.processor_time(), own_processor_time()];
            watched.push((server.number(count)?, Instant::now(), used));
        }
        for _ in 0..POLLS {
            ended.recv()??;
        }
        sleep(Duration::from_secs(11));
        let whole = server.number(count)? - before;
        if round == 1 {
            let quiet = watched[1].0 - watched[0].0;
            let time = (watched[1].1 - watched[0].1).as_secs_f64();
            println!(
                "{POLLS} receives on {QUEUES} queues wait {WAIT_S} s, one process: {:.1} \
                 transactions/s while they wait, {whole:.0} in all with their begins and ends",
                quiet / time
            );
            for (at, who) in ["server", "client"].into_iter().enumerate() {
                if let (Some(from), Some(to)) = (watched[0].2[at], watched[1].2[at]) {
                    let share = to.saturating_sub(from).as_secs_f64() / time;
                    println!("processor time of the {who}: {:.2} %", share * 100.0);
                }
            }
        }
    }
    Ok(())
}

/// Processor time of this process; `None` where Linux does not say.
fn own_processor_time() -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for task in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        let used = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        sum += Duration::from_nanos(used.split_whitespace().next()?.parse().ok()?);
    }
    Some(sum)
}
