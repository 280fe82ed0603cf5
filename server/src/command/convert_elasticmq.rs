//! `forebay convert-elasticmq FILE`.

use crate::cli::{DONE, FAILED, print};
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
    let file = arguments.file.display();
    let text = std::fs::read_to_string(&arguments.file).map_err(|error| error.to_string());
    let converted = text.and_then(|text| elasticmq::convert(&text));
    let outcome = match converted {
        Ok(converted) => print::text(&converted.toml).map(|()| {
            for note in converted.notes {
                print::complain(&format!("note: {note}"));
            }
        }),
        Err(error) => Err(format!("{file}: {error}")),
    };
    match outcome {
        Ok(()) => DONE,
        Err(error) => {
            print::complain(&format!("forebay convert-elasticmq: {error}"));
            FAILED
        }
    }
}
