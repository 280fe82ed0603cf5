//! `forebay ls`, `create`, `purge`.

use super::place::{Place, say};
use super::print::Lines;
use super::{Ending, Outcome};
use clap::Args;
use forebay::{ErrorKind, QueueOptions};
use serde_json::json;

/// Lists queues with their message counts
#[derive(Debug, Args)]
pub struct Ls {
    /// Only names that start with this
    #[arg(default_value = "")]
    prefix: String,
    #[command(flatten)]
    place: Place,
}

pub fn ls(arguments: &Ls) -> Outcome {
    let store = arguments.place.open()?;
    let names = store
        .list_queues(&arguments.prefix)
        .map_err(|error| say(&error))?;
    let mut lines = Lines::new();
    for name in &names {
        let queue = store.queue(name).map_err(|error| say(&error))?;
        let counts = match queue.counts() {
            Ok(counts) => counts,
            // Deleted since it was listed.
            Err(error) if error.kind() == ErrorKind::QueueDoesNotExist => continue,
            Err(error) => return Err(say(&error)),
        };
        lines.put(&json!({
            "name": name,
            "fifo": queue.is_fifo(),
            "visible": counts.visible,
            "in_flight": counts.in_flight,
            "delayed": counts.delayed,
        }))?;
    }
    lines.flush()?;
    Ok(Ending::of(names.len()))
}

/// Creates a queue, and the store if there is none
#[derive(Debug, Args)]
pub struct Create {
    /// Its name; one that ends in .fifo makes a FIFO queue
    name: String,
    /// Seconds that a received message stays hidden
    #[arg(long, value_name = "SECONDS")]
    visibility_timeout: Option<u32>,
    /// Seconds before a new message can be received
    #[arg(long, value_name = "SECONDS")]
    delay: Option<u32>,
    /// Queue that gets messages received too often
    #[arg(long, value_name = "QUEUE", requires = "max_receives")]
    dead_letter: Option<String>,
    /// How often is too often
    #[arg(long, value_name = "COUNT", requires = "dead_letter")]
    max_receives: Option<u32>,
    /// Any attribute by its SQS name; may be repeated
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = pair)]
    attributes: Vec<(String, String)>,
    /// A tag; may be repeated
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = pair)]
    tags: Vec<(String, String)>,
    #[command(flatten)]
    place: Place,
}

/// A name and a value with an equals sign between them.
pub fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("a name, an equals sign and a value are needed")?;
    Ok((name.into(), value.into()))
}

pub fn create(arguments: &Create) -> Outcome {
    let mut options = QueueOptions::new().attributes(arguments.attributes.iter().cloned());
    if arguments.name.ends_with(".fifo") {
        options = options.fifo();
    }
    if let Some(seconds) = arguments.visibility_timeout {
        options = options.visibility_timeout(seconds);
    }
    if let Some(seconds) = arguments.delay {
        options = options.delay(seconds);
    }
    if let (Some(target), Some(count)) = (&arguments.dead_letter, arguments.max_receives) {
        options = options.dead_letter(target, count);
    }
    for (key, value) in &arguments.tags {
        options = options.tag(key, value);
    }
    let store = arguments.place.open_or_create()?;
    let queue = store
        .create_queue(&arguments.name, &options)
        .map_err(|error| say(&error))?;
    let mut lines = Lines::new();
    lines.put(&json!({"name": queue.name(), "arn": queue.arn(), "fifo": queue.is_fifo()}))?;
    lines.flush()?;
    Ok(Ending::Done)
}

/// Removes every message of a queue, or the queue itself
#[derive(Debug, Args)]
pub struct Purge {
    queue: String,
    /// Delete the queue too
    #[arg(long)]
    delete_queue: bool,
    #[command(flatten)]
    place: Place,
}

pub fn purge(arguments: &Purge) -> Outcome {
    let store = arguments.place.open()?;
    let queue = arguments.place.queue(&store, &arguments.queue)?;
    let done = if arguments.delete_queue {
        store.delete_queue(&arguments.queue)
    } else {
        queue.purge()
    };
    done.map_err(|error| say(&error))?;
    Ok(Ending::Done)
}
