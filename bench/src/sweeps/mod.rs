//! How one cost develops with what the store holds. Costs are those of one message sent, received
//! and deleted on one thread: without syncs, so that nothing hides behind the disk, and with them,
//! which is what a program sees.

mod amplification;
mod holdings;
mod replay;
mod steps;
mod wake;

pub use wake::{measure as measure_wake, serve as serve_wake};

use crate::args::Args;
use crate::calibrate;
use crate::workloads::Failure;
use holdings::Holding;

/// Names of the sweeps, in the order in which `all` runs them.
const NAMES: [&str; 8] = [
    "backlog",
    "queues",
    "groups",
    "in-flight",
    "tenants",
    "wake",
    "replay",
    "amplification",
];

/// Runs the sweep `name`, or every one for `all`.
pub fn run(name: &str, args: &Args) -> Result<(), Failure> {
    let names: Vec<&str> = NAMES
        .into_iter()
        .filter(|known| name == "all" || name == *known)
        .collect();
    if names.is_empty() {
        let known = NAMES.join(", ");
        return Err(format!("no sweep {name:?}; there are {known}, all").into());
    }
    println!("{}", calibrate::describe(&args.dir)?);
    let mut parts = Vec::new();
    for name in names {
        println!();
        let json = match name {
            "wake" => wake::run(args)?,
            "replay" => replay::run(args)?,
            "amplification" => amplification::run(args)?,
            _ => steps::run(Holding::named(name)?, args)?,
        };
        parts.push(format!("\"{name}\":{json}"));
    }
    if let Some(file) = &args.json {
        std::fs::write(file, format!("{{{}}}\n", parts.join(",\n")))?;
    }
    Ok(())
}
