//! `forebay receive`, `delete`, `move`.

use super::json;
use super::place::{Place, say};
use super::print::{self, Lines};
use super::{Ending, Outcome};
use clap::Args;
use forebay::{DeleteRequest, Message, Queue, ReceiveOptions, SendRequest};
use serde_json::{Value, json};
use std::io::BufRead;

/// Messages of one receive of a long work.
const BATCH: u32 = 10;

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

fn delete_all(queue: &Queue, messages: &[Message]) -> Result<(), String> {
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
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| format!("read standard input: {error}"))?;
        if line.trim().is_empty() {
            continue;
        }
        let record: Value =
            serde_json::from_str(&line).map_err(|error| format!("{line:?}: {error}"))?;
        let receipt = record.get("receipt").and_then(Value::as_str);
        let receipt = receipt.ok_or_else(|| format!("{line:?} has no receipt"))?;
        receipts.push(receipt.to_owned());
    }
    Ok(receipts)
}

/// Moves messages that are visible from one queue to another
#[derive(Debug, Args)]
pub struct Move {
    from: String,
    to: String,
    /// At most this many; default: all that there are
    #[arg(long)]
    max: Option<u64>,
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
    let there = from.counts().map_err(|error| say(&error))?.visible;
    let total = arguments.max.map_or(there, |max| max.min(there));
    let bar = print::bar(total, "messages");
    let mut moved = 0;
    while moved < total {
        let max = u32::try_from(total - moved).map_or(BATCH, |left| left.min(BATCH));
        let options = ReceiveOptions::new().max(max);
        let messages = from.receive(&options).map_err(|error| say(&error))?;
        if messages.is_empty() {
            break;
        }
        // Sent before they are deleted: who dies in between leaves them in both, not in neither.
        let copies = messages.iter().map(copy);
        for sent in to.send_batch(copies).map_err(|error| say(&error))? {
            sent.map_err(|error| say(&error))?;
        }
        delete_all(&from, &messages)?;
        moved += messages.len() as u64;
        bar.set_position(moved);
    }
    bar.finish_and_clear();
    let mut lines = Lines::new();
    lines.put(&json!({"moved": moved}))?;
    lines.flush()?;
    Ok(if moved == 0 {
        Ending::Nothing
    } else {
        Ending::Done
    })
}

/// The same message, to be sent again.
fn copy(message: &Message) -> SendRequest {
    let mut request = SendRequest::new(message.body().clone())
        .attributes(message.attributes().iter().cloned())
        .sender(message.sender());
    if let Some(group) = message.group() {
        request = request.group(group);
    }
    if let Some(id) = message.deduplication() {
        request = request.deduplication(id);
    }
    if let Some(header) = message.trace_header() {
        request = request.trace_header(header);
    }
    request
}
