//! `forebay export` and `import`.

use super::json::Line;
use super::look;
use super::place::{Place, say};
use super::print::{self, Lines};
use super::{Ending, Outcome};
use clap::Args;
use forebay::{PeekOptions, Queue, SendRequest, Store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::BufRead;

/// Messages of one batch.
const BATCH: usize = 100;

/// Writes all messages of queues to standard output, without any effect on them
#[derive(Debug, Args)]
pub struct Export {
    /// Queues; none: all of them
    queues: Vec<String>,
    #[command(flatten)]
    place: Place,
}

pub fn export(arguments: &Export) -> Outcome {
    let store = arguments.place.open()?;
    let names = match arguments.queues.as_slice() {
        [] => store.list_queues("").map_err(|error| say(&error))?,
        given => given.to_vec(),
    };
    let queues = names.iter().map(|name| arguments.place.queue(&store, name));
    let queues = queues.collect::<Result<Vec<Queue>, _>>()?;
    let mut total = 0;
    for queue in &queues {
        let counts = queue.counts().map_err(|error| say(&error))?;
        total += counts.total();
    }
    let bar = print::bar(total, "messages");
    let mut lines = Lines::new();
    let mut written = 0;
    for queue in &queues {
        written += look::each(queue, &PeekOptions::new(), usize::MAX, |mut record| {
            record.insert("queue".into(), queue.name().into());
            bar.inc(1);
            lines.put(&Value::Object(record))
        })?;
    }
    lines.flush()?;
    bar.finish_and_clear();
    Ok(Ending::of(written))
}

/// Sends messages that export wrote, from standard input
///
/// They get new ids and times. On FIFO queues those that are there already by their deduplication
/// ids are not stored again.
#[derive(Debug, Args)]
pub struct Import {
    /// Send all of them here; default: each to the queue that its line names
    #[arg(long, value_name = "QUEUE")]
    to: Option<String>,
    #[command(flatten)]
    place: Place,
}

pub fn import(arguments: &Import) -> Outcome {
    let store = arguments.place.open()?;
    let mut batches: BTreeMap<String, Vec<SendRequest>> = BTreeMap::new();
    let mut sent = 0;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| format!("read standard input: {error}"))?;
        if line.trim().is_empty() {
            continue;
        }
        let line = Line::read(&line)?;
        let name = arguments.to.clone().or_else(|| line.queue.clone());
        let name = name.ok_or("a line names no queue: say where with --to")?;
        let batch = batches.entry(name.clone()).or_default();
        batch.push(line.request()?);
        if batch.len() == BATCH {
            sent += send(&store, &arguments.place, &name, std::mem::take(batch))?;
        }
    }
    for (name, batch) in batches {
        if !batch.is_empty() {
            sent += send(&store, &arguments.place, &name, batch)?;
        }
    }
    let mut lines = Lines::new();
    lines.put(&json!({"sent": sent}))?;
    lines.flush()?;
    Ok(Ending::of(sent))
}

fn send(
    store: &Store,
    place: &Place,
    name: &str,
    batch: Vec<SendRequest>,
) -> Result<usize, String> {
    let queue = place.queue(store, name)?;
    let results = queue.send_batch(batch).map_err(|error| say(&error))?;
    let count = results.len();
    for result in results {
        result.map_err(|error| say(&error))?;
    }
    Ok(count)
}
