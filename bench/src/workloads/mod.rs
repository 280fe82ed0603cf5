//! Full cycles (send, receive, delete) a second over the public API, beside the floor.

mod cell;
mod members;
mod shape;
mod subject;

pub use cell::{RING_BYTES, Row, durability_from_name, durability_name};
pub use members::serve;
pub use subject::Failure;

use crate::args::Args;
use crate::floor::Region;
use crate::{calibrate, output};

/// Measures every row that the arguments ask for and prints the table as it grows.
pub fn run(args: &Args) -> Result<(), Failure> {
    let cells: Vec<_> = cell::all()
        .into_iter()
        .filter(|cell| cell.name.contains(&args.only))
        .collect();
    if cells.is_empty() {
        return Err(format!("no row's name contains {:?}", args.only).into());
    }
    let private = tempfile::tempdir_in(&args.dir)?;
    let ring = private.path().join("ring");
    drop(Region::create(&ring, RING_BYTES)?);
    println!("{}", calibrate::describe(&args.dir)?);
    println!("{} rounds of {:?}, medians\n", args.rounds, args.time);
    println!("{}", output::ROW_HEAD);
    let mut rows = Vec::new();
    for cell in cells {
        let row = cell.measure(private.path(), &ring, args.rounds, args.time)?;
        println!("{}", output::row_line(&row));
        rows.push(row);
    }
    println!("\n{}", output::LEGEND);
    if let Some(file) = &args.json {
        std::fs::write(file, output::rows_json(&rows))?;
    }
    Ok(())
}
