//! The store on PostgreSQL beside other queues on the same server: who is how fast, what an open
//! transaction and a backlog cost, how large tables get, and what waits cost.
//! `bench/peers/README.md` says how a peer's program talks.

mod external;
mod ours;
mod rates;
mod server;
mod sql;
mod strain;
mod subject;
mod waits;

use crate::args::Args;
use crate::calibrate;
use crate::workloads::Failure;
use server::Server;
use std::path::Path;

/// The parts, in the order in which they run.
const PARTS: [&str; 5] = ["rates", "waits", "open-transaction", "holdings", "passing"];

/// Measures the part that `--only` names, or all of them. `names` is the file of peers.
pub fn run(names: &Path, args: &Args) -> Result<(), Failure> {
    println!("{}", calibrate::describe(&args.dir)?);
    let asked = args.only.split('/').next().unwrap_or_default();
    if !asked.is_empty() && !PARTS.contains(&asked) {
        return Err(format!("no part {asked:?}; there are {}", PARTS.join(", ")).into());
    }
    let chosen = PARTS
        .into_iter()
        .filter(|part| asked.is_empty() || *part == asked);
    for part in chosen {
        let server = Server::start(&args.dir)?;
        println!("\n== {part}; {}", server.about);
        match part {
            "rates" => rates::run(&server, names, args)?,
            "waits" => waits::run(&server, args)?,
            "open-transaction" => strain::open_transaction(&server, names, args)?,
            "holdings" => strain::holdings(&server, args)?,
            _ => strain::passing(&server, args)?,
        }
    }
    Ok(())
}
