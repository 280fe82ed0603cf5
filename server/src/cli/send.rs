//! `forebay send`.

use super::json::Line;
use super::place::{Place, say};
use super::print::Lines;
use super::{Ending, Outcome};
use clap::Args;
use forebay::message::Attribute;
use forebay::{Queue, SendRequest};
use serde_json::json;
use std::io::BufRead;

/// Messages of one batch of lines.
const BATCH: usize = 100;

/// Sends messages: bodies from the command line, or lines of JSON from standard input
#[derive(Debug, Args)]
pub struct Send {
    queue: String,
    /// Bodies; none: lines such as {"body": "text", "attributes": {"kind": "new"}, "delay": 5}
    bodies: Vec<String>,
    /// Seconds before they can be received
    #[arg(long, value_name = "SECONDS")]
    delay: Option<u32>,
    /// Message group; FIFO queues need one
    #[arg(long)]
    group: Option<String>,
    /// Deduplication id, for a single body on a FIFO queue
    #[arg(long, value_name = "ID")]
    dedup: Option<String>,
    /// An attribute of type String; may be repeated
    #[arg(long = "attribute", value_name = "NAME=VALUE")]
    attributes: Vec<String>,
    #[command(flatten)]
    place: Place,
}

pub fn run(arguments: &Send) -> Outcome {
    let store = arguments.place.open()?;
    let queue = arguments.place.queue(&store, &arguments.queue)?;
    if !arguments.bodies.is_empty() {
        let requests = arguments.bodies.iter().map(|body| request(arguments, body));
        let requests = requests.collect::<Result<Vec<_>, _>>()?;
        return send(&queue, requests);
    }
    let mut sent = 0;
    let mut batch = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| format!("read standard input: {error}"))?;
        if line.trim().is_empty() {
            continue;
        }
        batch.push(Line::read(&line)?.request()?);
        sent += 1;
        if batch.len() == BATCH {
            send(&queue, std::mem::take(&mut batch))?;
        }
    }
    if !batch.is_empty() {
        send(&queue, batch)?;
    }
    Ok(Ending::of(sent))
}

fn request(arguments: &Send, body: &str) -> Result<SendRequest, String> {
    let mut request = SendRequest::new(body.to_owned());
    if let Some(delay) = arguments.delay {
        request = request.delay(delay);
    }
    if let Some(group) = &arguments.group {
        request = request.group(group);
    }
    if let Some(id) = &arguments.dedup {
        request = request.deduplication(id);
    }
    for text in &arguments.attributes {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| format!("--attribute {text:?} is not NAME=VALUE"))?;
        request = request.attribute(Attribute::text(name, value));
    }
    Ok(request)
}

fn send(queue: &Queue, requests: Vec<SendRequest>) -> Outcome {
    let results = queue.send_batch(requests).map_err(|error| say(&error))?;
    let mut lines = Lines::new();
    let mut failures = Vec::new();
    for result in results {
        match result {
            Ok(sent) => lines.put(&json!({
                "id": sent.message_id().to_string(),
                "sequence": sent.sequence(),
                "duplicate": sent.is_duplicate(),
            }))?,
            Err(error) => failures.push(say(&error)),
        }
    }
    lines.flush()?;
    match failures.first() {
        None => Ok(Ending::Done),
        Some(first) => Err(format!("{} not sent, the first: {first}", failures.len())),
    }
}
