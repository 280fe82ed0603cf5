//! Full cycles a second, all subjects taking turns.

use super::external::External;
use super::ours::Ours;
use super::server::Server;
use super::sql::Sql;
use super::subject::{Subject, Work};
use crate::args::Args;
use crate::peers::list;
use crate::stats::median;
use crate::workloads::Failure;
use std::path::Path;

const CLIENTS: [usize; 3] = [1, 8, 64];
const BATCHES: [usize; 3] = [1, 10, 100];
const BYTES: [usize; 2] = [256, 4096];
/// The name in the file of peers whose program is a file of SQL.
const PGMQ: &str = "pgmq";

/// Every subject that can be had, this library first; reasons of the others are printed.
pub fn subjects(server: &Server, names: &Path) -> Result<Vec<Box<dyn Subject>>, Failure> {
    let mut subjects: Vec<Box<dyn Subject>> = vec![Box::new(Ours::open(server, "bench")?)];
    subjects.push(Box::new(Sql::table(server)?));
    let list = list::read(names)?;
    for (name, _, reason) in list.skipped {
        println!("skipped: {name}: {reason}");
    }
    for entry in &list.entries {
        let made = match entry.name.as_str() {
            PGMQ => Sql::pgmq(server, Path::new(&entry.command[0]))
                .map(|it| Box::new(it) as Box<dyn Subject>),
            _ => External::start(entry, server).map(|it| Box::new(it) as Box<dyn Subject>),
        };
        match made {
            Ok(subject) => subjects.push(subject),
            Err(error) => println!("skipped: {}: {error}", entry.name),
        }
    }
    Ok(subjects)
}

/// The table: rows are shapes of work, columns subjects.
pub fn run(server: &Server, names: &Path, args: &Args) -> Result<(), Failure> {
    let mut subjects = subjects(server, names)?;
    println!(
        "messages a second sent, received and deleted; {} rounds of {:?}, medians",
        args.rounds, args.time
    );
    print!("{:<22}", "clients/batch/bytes");
    for subject in &subjects {
        print!("{:>15}", subject.name());
    }
    println!("{:>10}", "to best");
    let filter = args.only.split_once('/').map_or("", |(_, rest)| rest);
    for bytes in BYTES {
        for batch in BATCHES {
            for clients in CLIENTS {
                let name = format!("{clients}/{batch}/{bytes}");
                let time = args.time;
                let work = Work {
                    clients,
                    batch,
                    bytes,
                    time,
                };
                if name.contains(filter) {
                    row(&name, &mut subjects, &work, args.rounds);
                }
            }
        }
    }
    println!();
    for subject in &subjects {
        println!("  {:<15}{}", subject.name(), subject.about());
    }
    Ok(())
}

/// A short round that is not counted, then those that are; each begins with another subject.
fn row(name: &str, subjects: &mut [Box<dyn Subject>], work: &Work, rounds: usize) {
    let count = subjects.len();
    let mut rates: Vec<Result<Vec<f64>, String>> = vec![Ok(Vec::new()); count];
    for round in 0..=rounds {
        for index in 0..count {
            let at = (round + index) % count;
            let Ok(measured) = &mut rates[at] else {
                continue;
            };
            let warm_up = Work {
                time: work.time / 4,
                ..*work
            };
            match subjects[at].work(if round == 0 { &warm_up } else { work }) {
                Ok(done) if round > 0 => measured.push(done.rate()),
                Ok(_) => {}
                Err(error) => rates[at] = Err(error.to_string()),
            }
        }
    }
    print!("{name:<22}");
    let medians: Vec<Option<f64>> = rates
        .iter()
        .map(|rates| rates.as_ref().ok().map(|rates| median(rates)))
        .collect();
    for rate in &medians {
        match rate {
            Some(rate) => print!("{rate:>15.0}"),
            None => print!("{:>15}", "failed"),
        }
    }
    let best = medians[1..].iter().flatten().copied().fold(0.0, f64::max);
    println!("{:>10.2}", medians[0].unwrap_or_default() / best);
    for (subject, error) in subjects.iter().zip(&rates) {
        if let Err(error) = error {
            println!("  {} failed: {error}", subject.name());
        }
    }
}
