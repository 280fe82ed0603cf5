//! `forebay convert-elasticmq FILE`.

use crate::cli::{DONE, FAILED};
use crate::config::elasticmq;
use clap::Args;
use std::path::PathBuf;

/// Prints the queue sections of an ElasticMQ configuration as ours.
#[derive(Debug, Args)]
pub struct ConvertElasticmq {
    /// The ElasticMQ configuration, such as elasticmq.conf
    file: PathBuf,
}

/// Prints TOML on standard output, and what has no counterpart on standard error.
pub fn run(arguments: &ConvertElasticmq) -> u8 {
    let text = std::fs::read_to_string(&arguments.file).map_err(|error| error.to_string());
    match text.and_then(|text| elasticmq::convert(&text)) {
        Ok(converted) => {
            print!("{}", converted.toml);
            for note in converted.notes {
                eprintln!("note: {note}");
            }
            DONE
        }
        Err(error) => {
            eprintln!(
                "forebay convert-elasticmq: {}: {error}",
                arguments.file.display()
            );
            FAILED
        }
    }
}
