//! `forebay convert-elasticmq FILE`.

use clap::Args;
use forebay_server::config::elasticmq;
use std::path::PathBuf;
use std::process::ExitCode;

/// Prints the queue sections of an ElasticMQ configuration as ours.
#[derive(Debug, Args)]
pub struct ConvertElasticmq {
    /// The ElasticMQ configuration, such as elasticmq.conf
    file: PathBuf,
}

/// Prints TOML on standard output, and what has no counterpart on standard error.
pub fn run(arguments: &ConvertElasticmq) -> ExitCode {
    let text = std::fs::read_to_string(&arguments.file).map_err(|error| error.to_string());
    match text.and_then(|text| elasticmq::convert(&text)) {
        Ok(converted) => {
            print!("{}", converted.toml);
            for note in converted.notes {
                eprintln!("note: {note}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!(
                "forebay convert-elasticmq: {}: {error}",
                arguments.file.display()
            );
            ExitCode::FAILURE
        }
    }
}
