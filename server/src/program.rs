//! The program `forebay`, which is the same in every package that has it: `serve` is in
//! `command`, the commands on a store are in `cli`.

use crate::{cli, command};
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Exit status of a wrong command line; 2 says that nothing was there.
const USAGE: u8 = 64;

/// Exit status after a panic, which has told its reason: what Rust's own programs end with.
const PANICKED: u8 = 101;

/// Durable queues with the interface of Amazon SQS.
#[derive(Debug, Parser)]
#[command(name = "forebay", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(command::serve::Serve),
    ConvertElasticmq(command::convert_elasticmq::ConvertElasticmq),
    #[command(flatten)]
    Store(cli::Command),
}

/// Runs a command line, without the program's name, and returns the exit status. It blocks, and
/// takes the whole process: standard input and output, SIGINT and SIGTERM.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    // Before there is a store or a connection that could get their numbers.
    forebay::sys::fs::keep_standard_streams();
    let words = std::iter::once("forebay".into()).chain(arguments);
    // Python and Node have handlers that would not be served before this returns.
    forebay::sys::process::signals_end_process();
    let status = catch_unwind(AssertUnwindSafe(|| run_words(words))).unwrap_or(PANICKED);
    // In a host's process nothing else writes out what is left; nobody can be told of a failure.
    let _ = std::io::stdout().flush();
    status
}

fn run_words(words: impl Iterator<Item = OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors, and their text goes to standard output.
            let status = if error.use_stderr() { USAGE } else { 0 };
            return error.print().map_or(1, |()| status);
        }
    };
    match arguments.command {
        Command::Serve(arguments) => command::serve::run(&arguments),
        Command::ConvertElasticmq(arguments) => command::convert_elasticmq::run(&arguments),
        Command::Store(command) => cli::run(&command, Arguments::command()),
    }
}
