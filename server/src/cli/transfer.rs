//! `forebay export` and `import`.

use super::json::{self, Line};
use super::look;
use super::place::{Place, say};
use super::print::{self, Lines};
use super::send::Bundle;
use super::{Ending, Outcome, both};
use clap::Args;
use forebay::rules::names::is_fifo;
use forebay::{PeekOptions, Queue, SendRequest, Store};
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
    let mut bundles: BTreeMap<String, Bundle> = BTreeMap::new();
    let mut sent = Sent::default();
    let lines = json::each_line(|text| {
        let line = Line::read(text)?;
        let name = arguments.to.clone().or_else(|| line.queue.clone());
        let name = name.ok_or("it names no queue: say where with --to")?;
        let line = match is_fifo(&name) {
            true => line,
            false => line.for_standard(),
        };
        let bundle = bundles.entry(name.clone()).or_default();
        let full = bundle.add(line.request()?, text.len());
        full.map_or(Ok(()), |full| {
            sent.send(&store, &arguments.place, &name, full)
        })
    });
    // The lines before one that cannot be read are sent, so that a second try can begin with it.
    let mut outcome = lines;
    for (name, mut bundle) in bundles {
        if let Some(rest) = bundle.take() {
            outcome = both(outcome, sent.send(&store, &arguments.place, &name, rest));
        }
    }
    outcome?;
    let mut out = Lines::new();
    out.put(&json!({"sent": sent.messages, "duplicates": sent.duplicates}))?;
    out.flush()?;
    Ok(Ending::of(sent.messages + sent.duplicates))
}

/// What became of the lines.
#[derive(Default)]
struct Sent {
    messages: usize,
    duplicates: usize,
}

impl Sent {
    fn send(
        &mut self,
        store: &Store,
        place: &Place,
        name: &str,
        batch: Vec<SendRequest>,
    ) -> Result<(), String> {
        let queue = place.queue(store, name)?;
        let results = queue.send_batch(batch).map_err(|error| say(&error))?;
        let mut failure = None;
        for result in results {
            match result {
                Ok(receipt) if receipt.is_duplicate() => self.duplicates += 1,
                Ok(_) => self.messages += 1,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) => Err(format!("queue {name}: {}", say(&error))),
            None => Ok(()),
        }
    }
}
