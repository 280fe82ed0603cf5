//! `forebay receive`, `delete`, `move`.

use super::filter::Filter;
use super::json;
use super::place::{Place, say};
use super::print::Lines;
use super::relocate::Relocation;
use super::{Ending, Outcome};
use clap::Args;
use forebay::{DeleteRequest, Message, Queue, ReceiveOptions};
use serde_json::Value;

/// Receives messages; with a wait, until one comes
#[derive(Debug, Args)]
pub struct Receive {
    queue: String,
    /// At most this many
    #[arg(long, default_value_t = 1)]
    max: u32,
    /// Seconds to wait for a first one, 0 to 20
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    wait: u32,
    /// Seconds to hide them; default: as the queue says
    #[arg(long, value_name = "SECONDS")]
    visibility_timeout: Option<u32>,
    /// Delete them once they are written out
    #[arg(long)]
    delete: bool,
    #[command(flatten)]
    place: Place,
}

pub fn receive(arguments: &Receive) -> Outcome {
    let store = arguments.place.open()?;
    let queue = arguments.place.queue(&store, &arguments.queue)?;
    let mut options = ReceiveOptions::new()
        .max(arguments.max)
        .wait(arguments.wait);
    if let Some(seconds) = arguments.visibility_timeout {
        options = options.visibility_timeout(seconds);
    }
    let messages = queue.receive(&options).map_err(|error| say(&error))?;
    let mut lines = Lines::new();
    for message in &messages {
        let mut record = json::message(message.stored(), queue.is_fifo());
        record.insert("visible_ms".into(), message.visible_ms().into());
        record.insert("receipt".into(), message.receipt().into());
        lines.put(&Value::Object(record))?;
    }
    // Whoever asked for them has them: only now may they go.
    lines.flush()?;
    if arguments.delete {
        delete_all(&queue, &messages)?;
    }
    Ok(Ending::of(messages.len()))
}

/// Deletes messages; all, or an error.
pub fn delete_all(queue: &Queue, messages: &[Message]) -> Result<(), String> {
    if messages.is_empty() {
        return Ok(());
    }
    for deleted in queue.delete_batch(messages).map_err(|error| say(&error))? {
        deleted.map_err(|error| say(&error))?;
    }
    Ok(())
}

/// Deletes messages by their receipts
#[derive(Debug, Args)]
pub struct Delete {
    queue: String,
    /// Receipts; none: lines with a member "receipt" from standard input, as receive writes them
    receipts: Vec<String>,
    #[command(flatten)]
    place: Place,
}

pub fn delete(arguments: &Delete) -> Outcome {
    let store = arguments.place.open()?;
    let queue = arguments.place.queue(&store, &arguments.queue)?;
    let receipts = match arguments.receipts.as_slice() {
        [] => read_receipts()?,
        given => given.to_vec(),
    };
    for chunk in receipts.chunks(100) {
        let requests = chunk.iter().map(DeleteRequest::new);
        for deleted in queue.delete_batch(requests).map_err(|error| say(&error))? {
            deleted.map_err(|error| say(&error))?;
        }
    }
    Ok(Ending::of(receipts.len()))
}

fn read_receipts() -> Result<Vec<String>, String> {
    let mut receipts = Vec::new();
    json::each_line(|line| {
        let record: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let receipt = record.get("receipt").and_then(Value::as_str);
        receipts.push(receipt.ok_or("it has no member \"receipt\"")?.to_owned());
        Ok(())
    })?;
    Ok(receipts)
}

/// Moves messages that are visible from one queue to another
///
/// On a FIFO queue they get new deduplication ids.
#[derive(Debug, Args)]
pub struct Move {
    from: String,
    to: String,
    /// At most this many; default: all that there are
    #[arg(long)]
    max: Option<u64>,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    place: Place,
}

pub fn move_messages(arguments: &Move) -> Outcome {
    if arguments.from == arguments.to {
        return Err(format!("{:?} cannot be moved to itself", arguments.from));
    }
    let store = arguments.place.open()?;
    let from = arguments.place.queue(&store, &arguments.from)?;
    let to = arguments.place.queue(&store, &arguments.to)?;
    let relocation = Relocation {
        from: &from,
        filter: &arguments.filter,
        max: arguments.max,
        rate: None,
    };
    relocation.run(|_| Ok(to.clone()))?.print()
}
