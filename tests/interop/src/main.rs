//! `cargo run -p forebay-interop`: for every pair of drivers, two processes share a directory; one
//! writes, the other reads. Uses the drivers of tests/runner and their line protocol.

mod checks;
mod matrix;
mod pair;
mod side;

use forebay_scenarios::drivers::{self, Entry, Paths, StoreForm};
use matrix::Matrix;
use std::process::ExitCode;

const USAGE: &str = "\
forebay-interop [--driver NAME ...]

  --driver NAME  only pairs of these drivers; may be given several times";

fn main() -> ExitCode {
    match read_arguments().and_then(|chosen| run(&chosen)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("forebay-interop: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read_arguments() -> Result<Vec<&'static Entry>, String> {
    let mut words = std::env::args().skip(1);
    let mut names = Vec::new();
    while let Some(word) = words.next() {
        if word != "--driver" {
            return Err(format!("unknown argument {word:?}\n\n{USAGE}"));
        }
        names.push(words.next().ok_or("--driver needs a name")?);
    }
    // A store in memory is shared with nobody.
    let shared = drivers::ALL
        .iter()
        .filter(|entry| entry.store == StoreForm::Directory);
    if names.is_empty() {
        return Ok(shared.collect());
    }
    names
        .iter()
        .map(|name| {
            let mut shared = shared.clone();
            shared
                .find(|entry| entry.name == name)
                .ok_or_else(|| format!("no driver {name:?} opens a directory"))
        })
        .collect()
}

/// True if nothing failed.
fn run(chosen: &[&'static Entry]) -> Result<bool, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let paths = Paths {
        root: forebay_scenarios::root(),
        runner: own.with_file_name("forebay-scenarios"),
    };
    if !paths.runner.exists() {
        return Err(format!(
            "{} is missing: cargo build -p forebay-scenarios",
            paths.runner.display()
        ));
    }
    let matrix = Matrix::measure(chosen, &paths);
    print!("{}", matrix.print());
    Ok(matrix.totals().1 == 0)
}
