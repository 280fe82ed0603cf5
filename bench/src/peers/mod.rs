//! Other libraries beside this one. `bench/peers/README.md` says what is measured and how a peer's
//! program talks.

pub mod list;
mod own;
pub mod process;
mod rounds;
mod syncs;
mod table;

pub use own::serve;

use crate::args::Args;
use crate::calibrate;
use crate::workloads::Failure;
use std::path::Path;

/// Measures every peer of the file `names` and prints a table a class.
pub fn run(names: &Path, args: &Args) -> Result<(), Failure> {
    let list = list::read(names)?;
    println!("{}", calibrate::describe(&args.dir)?);
    println!("{} rounds of {:?}, medians", args.rounds, args.time);
    let private = tempfile::tempdir_in(&args.dir)?;
    let counter = syncs::Counter::compile(private.path())?;
    let mut skipped = list.skipped;
    for class in ["full", "os"] {
        let mut contest = rounds::Contest::default();
        for entry in list.entries.iter().filter(|entry| entry.class == class) {
            let folder = private.path().join(format!("{}-{class}", contest.len()));
            if let Err(error) = contest.enter(entry, &folder, &counter) {
                skipped.push((entry.name.clone(), class.into(), error.to_string()));
            }
        }
        contest.measure(args.rounds, args.time);
        print!("{}", table::print(class, contest.finish()));
    }
    for (name, class, reason) in skipped {
        println!("skipped: {name} ({class}): {reason}");
    }
    Ok(())
}
