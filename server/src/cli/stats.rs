//! `forebay stats` and `top`.

use super::place::{Place, say};
use super::print::{self, Lines};
use super::{Ending, Outcome};
use clap::Args;
use forebay::command::Counts;
use forebay::{ErrorKind, Queue, Store};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::time::Duration;

/// Shows every attribute and tag of queues
#[derive(Debug, Args)]
pub struct Stats {
    /// Queues; none: all of them
    queues: Vec<String>,
    #[command(flatten)]
    place: Place,
}

pub fn stats(arguments: &Stats) -> Outcome {
    let store = arguments.place.open()?;
    let names = match arguments.queues.as_slice() {
        [] => store.list_queues("").map_err(|error| say(&error))?,
        given => given.to_vec(),
    };
    let mut lines = Lines::new();
    let mut shown = 0;
    for name in &names {
        let queue = match arguments.queues.is_empty() {
            true => store.queue(name).map_err(|error| say(&error))?,
            false => arguments.place.queue(&store, name)?,
        };
        match describe(&queue) {
            Ok(record) => lines.put(&record)?,
            // Deleted since it was listed.
            Err(error) if error.kind() == ErrorKind::QueueDoesNotExist => continue,
            Err(error) => return Err(say(&error)),
        }
        shown += 1;
    }
    lines.flush()?;
    Ok(Ending::of(shown))
}

fn describe(queue: &Queue) -> forebay::Result<Value> {
    let (attributes, tags) = (queue.attributes(&["All"])?, queue.tags()?);
    Ok(json!({"name": queue.name(), "attributes": attributes, "tags": tags}))
}

/// Shows the queues with the most messages, again and again
///
/// On a terminal a table that is drawn anew; elsewhere a line of JSON each time.
#[derive(Debug, Args)]
pub struct Top {
    /// Seconds between two looks
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS")]
    every: f64,
    /// End after this many looks
    #[arg(long)]
    count: Option<u64>,
    /// Show this many queues
    #[arg(long, default_value_t = 20)]
    max: usize,
    #[command(flatten)]
    place: Place,
}

pub fn top(arguments: &Top) -> Outcome {
    let every = Duration::try_from_secs_f64(arguments.every)
        .map_err(|_| format!("--every {} is not a number of seconds", arguments.every))?;
    let store = arguments.place.open()?;
    let terminal = std::io::stdout().is_terminal();
    let mut looks = 0;
    let mut shown = 0;
    while arguments.count.is_none_or(|count| looks < count) {
        if looks > 0 {
            std::thread::sleep(every);
        }
        let mut rows = rows(&store)?;
        rows.truncate(arguments.max);
        shown = rows.len();
        if terminal {
            draw(&rows)?;
        } else {
            let mut lines = Lines::new();
            lines.put(&Value::Array(rows.iter().map(record).collect()))?;
            lines.flush()?;
        }
        looks += 1;
    }
    Ok(Ending::of(shown))
}

/// Names and counts, most messages first.
fn rows(store: &Store) -> Result<Vec<(String, Counts)>, String> {
    let mut rows = Vec::new();
    for name in store.list_queues("").map_err(|error| say(&error))? {
        match store.queue(&name).and_then(|queue| queue.counts()) {
            Ok(counts) => rows.push((name, counts)),
            // Deleted since it was listed.
            Err(error) if error.kind() == ErrorKind::QueueDoesNotExist => {}
            Err(error) => return Err(say(&error)),
        }
    }
    rows.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.total()));
    Ok(rows)
}

fn record((name, counts): &(String, Counts)) -> Value {
    json!({
        "name": name,
        "visible": counts.visible,
        "in_flight": counts.in_flight,
        "delayed": counts.delayed,
    })
}

fn draw(rows: &[(String, Counts)]) -> Result<(), String> {
    let mut text = String::from("\x1b[2J\x1b[H");
    let head = ("queue", "visible", "in flight", "delayed");
    text += &format!("{:<50}{:>12}{:>12}{:>12}\n", head.0, head.1, head.2, head.3);
    for (name, counts) in rows {
        let Counts {
            visible,
            in_flight,
            delayed,
        } = counts;
        text += &format!("{name:<50}{visible:>12}{in_flight:>12}{delayed:>12}\n");
    }
    print::text(&text)
}
