//! The demo's Rust programs: `run` conducts everything, `worker` counts. README.md in this folder
//! tells the whole; `cargo xtask demo` builds and starts it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod aggregate;
mod conduct;
mod count;
mod processes;
mod queues;
mod report;
mod walk;
mod worker;

use conduct::{Part, Plan};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
forebay-demo run --producer PROGRAM --worker NAME PROGRAM ... --work FOLDER [--files N] FOLDER...
forebay-demo worker STORE STOP-FILE

  --worker NAME PROGRAM            a worker; the second one of the first name is killed
  --script NAME INTERPRETER FILE   a worker that an interpreter runs
  --aggregator NAME INTERPRETER FILE
                                   receives the results and prints each as a line of hexadecimal
                                   digits; without it this program receives them";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((word, rest)) if word == "worker" => work(rest),
        Some((word, rest)) if word == "run" => plan(rest).and_then(|plan| conduct::run(&plan)),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(text) => {
            eprintln!("forebay-demo: {text}");
            ExitCode::from(2)
        }
    }
}

fn work(arguments: &[OsString]) -> Result<bool, String> {
    let [store, stop] = arguments else {
        return Err(USAGE.into());
    };
    worker::run(Path::new(store), Path::new(stop))
        .map(|()| true)
        .map_err(|error| format!("worker: {error}"))
}

fn plan(arguments: &[OsString]) -> Result<Plan, String> {
    let mut plan = Plan {
        producer: PathBuf::new(),
        workers: Vec::new(),
        aggregator: None,
        work: PathBuf::new(),
        files_max: usize::MAX,
        folders: Vec::new(),
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut next = || words.next().ok_or(USAGE);
        match word.to_str() {
            Some("--producer") => plan.producer = next()?.into(),
            Some("--worker") => plan.workers.push(Part::program(next()?, next()?)),
            Some("--script") => plan.workers.push(Part::script(next()?, next()?, next()?)),
            Some("--aggregator") => {
                plan.aggregator = Some(Part::script(next()?, next()?, next()?));
            }
            Some("--work") => plan.work = next()?.into(),
            Some("--files") => {
                let value = next()?.to_string_lossy();
                plan.files_max = value
                    .parse()
                    .ok()
                    .filter(|files| *files > 0)
                    .ok_or_else(|| format!("--files {value:?}: 1 or more is needed"))?;
            }
            _ => plan.folders.push(word.into()),
        }
    }
    let named = !plan.producer.as_os_str().is_empty() && !plan.work.as_os_str().is_empty();
    if !named || plan.workers.len() < 2 {
        return Err(USAGE.into());
    }
    Ok(plan)
}
