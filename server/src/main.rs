//! The program `forebay`: `serve` is in `command`, the commands on a store are in `cli`.

mod cli;
mod command;

use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

/// Exit status of a wrong command line; 2 says that nothing was there.
const USAGE: u8 = 64;

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

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors, and their text goes to standard output.
            let code = if error.use_stderr() { USAGE } else { 0 };
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(_) => ExitCode::FAILURE,
            };
        }
    };
    match arguments.command {
        Command::Serve(arguments) => command::serve::run(&arguments),
        Command::ConvertElasticmq(arguments) => command::convert_elasticmq::run(&arguments),
        Command::Store(command) => cli::run(&command, Arguments::command()),
    }
}
