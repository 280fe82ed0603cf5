//! `forebay-bench`: how fast the embedded store is, as ratios to the floor, how its costs develop
//! with what it holds, and the server beside others. `--help` lists the arguments; docs are in
//! CONTRIBUTING.md.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod args;
mod calibrate;
mod floor;
mod memory;
mod modelled_disk;
mod output;
mod peers;
mod polls;
mod postgres;
mod servers;
mod stats;
mod sweeps;
mod workloads;

use args::{Args, Task};
use std::process::ExitCode;
use workloads::Failure;

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(text) => {
            eprintln!("forebay-bench: {text}");
            return ExitCode::from(2);
        }
    };
    let result = if args.modelled_disk {
        modelled_disk::run()
    } else {
        run(&args).map(|()| ExitCode::SUCCESS)
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("forebay-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    match &args.task {
        Task::Help => print!("{}", args::USAGE),
        Task::Workloads => workloads::run(args)?,
        Task::Peers(file) => peers::run(file, args)?,
        Task::Postgres(file) => postgres::run(file, args)?,
        Task::Servers(file) => servers::run(file, args)?,
        Task::Polls(count) => polls::run(*count, args)?,
        Task::Sweep(name) => sweeps::run(name, args)?,
        Task::Member(words) => match words.split_first() {
            Some((first, rest)) if first == "wake" => sweeps::serve_wake(rest)?,
            Some((first, rest)) if first == "peer" => peers::serve(rest)?,
            Some((first, rest)) if first == "serve" => polls::serve(rest)?,
            _ => workloads::serve(words)?,
        },
    }
    Ok(())
}
