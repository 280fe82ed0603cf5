//! What takes other queues on PostgreSQL down: a transaction that stays open elsewhere, much that
//! is stored, and much that has passed through.

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
const FEW_GROUPS: u64 = 100;
const FILL: u64 = 5_000;
/// Messages that pass through each queue unless `--max` says otherwise, and after how many of them
/// sizes are looked at.
const PASSING: u64 = 10_000_000;
const LOOK: u64 = 1_000_000;

/// The work that is compared.
fn work(time: Duration) -> Work {
    Work {
        clients: 8,
        batch: 10,
        bytes: 256,
        time,
    }
}

/// Rates before, while a REPEATABLE READ transaction is open, and after. The last line compares the
/// last quarter of the open time with what is before and after.
pub fn open_transaction(server: &Server, names: &Path, args: &Args) -> Result<(), Failure> {
    let mut subjects = rates::subjects(server, names)?;
    for (at, queue) in ["open.fifo", "open-fair"].into_iter().enumerate() {
        let ours = Ours::with_groups(server, queue, FEW_GROUPS)?;
        subjects.insert(at + 1, Box::new(ours));
    }
    let filter = args.only.split_once('/').map_or("", |(_, rest)| rest);
    subjects.retain(|subject| subject.name().contains(filter));
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
        let mut rates = Vec::with_capacity(subjects.len());
        for subject in subjects {
            let done = subject.work(&work);
            rates.push(done.as_ref().map_or(f64::NAN, |done| done.rate()));
            match done {
                Ok(done) => print!("{:>15.0}", done.rate()),
                Err(error) => print!("{:>15}", error.to_string().replace('\n', " ")),
            }
        }
        println!();
        rates
    };
    turn("first".into(), &mut subjects);
    let mut without = Vec::new();
    let mut with = Vec::new();
    for _ in 0..args.rounds {
        without.push(turn("before".into(), &mut subjects));
    }
    let first = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class";
    let holder = Transaction::begin(&server.plain_location(), first)?;
    let begun = Instant::now();
    while begun.elapsed() < open {
        let at = begun.elapsed().as_secs();
        with.push(turn(format!("transaction open, {at} s"), &mut subjects));
    }
    holder.run("ROLLBACK")?;
    turn("just after".into(), &mut subjects);
    for _ in 0..args.rounds {
        without.push(turn("after".into(), &mut subjects));
    }
    print!("{:<26}", "with to without");
    let last = &with[with.len() - with.len().div_ceil(4)..];
    for at in 0..subjects.len() {
        let of = |turns: &[Vec<f64>]| median(&turns.iter().map(|it| it[at]).collect::<Vec<_>>());
        print!("{:>15.2}", of(last) / of(&without));
    }
    println!();
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
        let mut empty = Ours::with_groups(server, empty, groups.min(FEW_GROUPS))?;
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

/// How large tables are while messages pass through queues that hold nothing for long.
pub fn passing(server: &Server, args: &Args) -> Result<(), Failure> {
    let all = args.max.unwrap_or(PASSING);
    println!("4 clients, batches of 100, 256 bytes");
    for (queue, groups) in [("passing", 0), ("passing.fifo", FEW_GROUPS)] {
        let mut ours = Ours::with_groups(server, queue, groups)?;
        let work = Work {
            clients: 4,
            batch: 100,
            bytes: 256,
            time: Duration::from_secs(2),
        };
        let (mut passed, mut seconds, mut next) = (0, 0.0, LOOK.min(all));
        while passed < all {
            let done = ours.work(&work)?;
            passed += done.messages;
            seconds += done.seconds;
            if passed >= next {
                next = passed / LOOK * LOOK + LOOK;
                let rate = passed as f64 / seconds;
                println!("{}: {passed} messages, {rate:.0} a second", ours.name());
                sizes(server)?;
            }
        }
    }
    Ok(())
}

/// Tables and indexes of the store that hold something, MiB.
fn sizes(server: &Server) -> Result<(), Failure> {
    let rows = server.rows(
        "SELECT regexp_replace(c.relname, '_[0-7]$', ''), \
         round(sum(pg_table_size(c.oid)) / 1048576, 1), \
         round(sum(pg_indexes_size(c.oid)) / 1048576, 1) \
         FROM pg_class c WHERE c.relnamespace = 'forebay'::regnamespace AND c.relkind = 'r' \
         GROUP BY 1 HAVING sum(pg_total_relation_size(c.oid)) >= 1048576 ORDER BY 1",
    )?;
    for row in rows {
        if let [Some(name), Some(table), Some(index)] = &row[..] {
            println!("  {name:<12}{table:>9} MiB, indexes {index:>9} MiB");
        }
    }
    Ok(())
}
