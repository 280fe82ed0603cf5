//! What takes other queues on PostgreSQL down: a transaction that stays open elsewhere, and much
//! that is stored.

use super::ours::Ours;
use super::rates;
use super::server::Server;
use super::subject::{Subject, Work};
use crate::args::Args;
use crate::stats::median;
use crate::workloads::Failure;
use forebay::SendRequest;
use forebay_test_postgres::Transaction;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the transaction stays open unless `--max` says otherwise, seconds.
const OPEN_S: u64 = 120;
/// Messages of the backlog unless `--max` says otherwise.
const BACKLOG: u64 = 1_000_000;
const GROUPS: u64 = 100_000;
const FILL: u64 = 5_000;

/// The work that is compared.
fn work(time: Duration) -> Work {
    Work {
        clients: 8,
        batch: 10,
        bytes: 256,
        time,
    }
}

/// Rates before, while a REPEATABLE READ transaction is open, and after.
pub fn open_transaction(server: &Server, names: &Path, args: &Args) -> Result<(), Failure> {
    let mut subjects = rates::subjects(server, names)?;
    let work = work(args.time.max(Duration::from_secs(2)));
    let open = Duration::from_secs(args.max.unwrap_or(OPEN_S));
    println!("messages a second, 8 clients, batches of 10, 256 bytes, subjects taking turns");
    print!("{:<26}", "");
    for subject in &subjects {
        print!("{:>15}", subject.name());
    }
    println!();
    let turn = |label: String, subjects: &mut [Box<dyn Subject>]| {
        print!("{label:<26}");
        for subject in subjects {
            match subject.work(&work) {
                Ok(done) => print!("{:>15.0}", done.rate()),
                Err(error) => print!("{:>15}", error.to_string().replace('\n', " ")),
            }
        }
        println!();
    };
    for _ in 0..2 {
        turn("before".into(), &mut subjects);
    }
    let first = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class";
    let holder = Transaction::begin(&server.plain_location(), first)?;
    let begun = Instant::now();
    while begun.elapsed() < open {
        let at = begun.elapsed().as_secs();
        turn(format!("transaction open, {at} s"), &mut subjects);
    }
    holder.run("ROLLBACK")?;
    turn("after".into(), &mut subjects);
    Ok(())
}

/// Rates of queues that hold much beside those of queues that hold nothing, and how large tables
/// are when all is gone.
pub fn holdings(server: &Server, args: &Args) -> Result<(), Failure> {
    let backlog = args.max.unwrap_or(BACKLOG);
    println!("messages a second, 8 clients, batches of 10, 256 bytes; backlog {backlog}");
    let pairs = [
        ("backlog", "empty", "full", 0, backlog),
        ("FIFO groups", "empty.fifo", "full.fifo", GROUPS, GROUPS),
        (
            "tenants of a fair queue",
            "empty-fair",
            "full-fair",
            GROUPS,
            GROUPS,
        ),
    ];
    for (label, empty, full, groups, fill) in pairs {
        // The empty one has the same kind of messages, in few groups.
        let mut empty = Ours::with_groups(server, empty, groups.min(100))?;
        let mut full = Ours::with_groups(server, full, groups)?;
        fill_up(&full, fill, groups)?;
        let work = work(args.time);
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..=args.rounds {
            without.push(empty.work(&work)?.rate());
            with.push(full.work(&work)?.rate());
        }
        let (without, with) = (median(&without[1..]), median(&with[1..]));
        println!(
            "{label:<26}{without:>10.0} without{with:>10.0} with{:>8.2}",
            with / without
        );
    }
    sizes(server)
}

fn fill_up(queue: &Ours, count: u64, groups: u64) -> Result<(), Failure> {
    let fifo = queue.queue().name().ends_with(".fifo");
    let body = vec![b'b'; 256];
    for from in (0..count).step_by(FILL as usize) {
        let entries = (from..count.min(from + FILL)).map(|n| {
            let entry = SendRequest::new(body.clone());
            match groups {
                0 => entry,
                _ if fifo => entry
                    .group(format!("g{}", n % groups))
                    .deduplication(n.to_string()),
                _ => entry.group(format!("g{}", n % groups)),
            }
        });
        for sent in queue.queue().send_batch(entries.collect::<Vec<_>>())? {
            sent?;
        }
    }
    Ok(())
}

/// Tables and indexes of the store, MiB.
fn sizes(server: &Server) -> Result<(), Failure> {
    for (what, names) in [
        ("messages", "messages\\_%"),
        ("live", "live"),
        ("heads", "heads"),
        ("ring", "ring"),
    ] {
        let size = |kind: &str| {
            server.number(&format!(
                "SELECT coalesce(sum({kind}(c.oid)), 0) / 1048576.0 FROM pg_class c \
                 WHERE c.relnamespace = 'forebay'::regnamespace AND c.relkind = 'r' \
                 AND c.relname LIKE '{names}'"
            ))
        };
        let (table, index) = (size("pg_table_size")?, size("pg_indexes_size")?);
        println!("{what:<12}{table:>9.1} MiB, indexes {index:>9.1} MiB");
    }
    Ok(())
}
