//! `forebay send`.

use super::json::{self, Line};
use super::place::{Place, say};
use super::print::Lines;
use super::{Ending, Outcome, both};
use clap::Args;
use forebay::message::Attribute;
use forebay::{Queue, SendRequest};
use serde_json::json;

/// Messages that go in one batch: some, and not more bytes than a batch may have.
#[derive(Default)]
pub struct Bundle {
    requests: Vec<SendRequest>,
    bytes: usize,
}

impl Bundle {
    const MESSAGES_MAX: usize = 100;
    const BYTES_MAX: usize = 8 << 20;

    /// Adds a message that a line of so many bytes described; all of them once they are enough.
    pub fn add(&mut self, request: SendRequest, bytes: usize) -> Option<Vec<SendRequest>> {
        self.requests.push(request);
        self.bytes += bytes;
        let is_full = self.requests.len() >= Self::MESSAGES_MAX || self.bytes >= Self::BYTES_MAX;
        is_full.then(|| self.take()).flatten()
    }

    /// What is left, if there is any.
    pub fn take(&mut self) -> Option<Vec<SendRequest>> {
        self.bytes = 0;
        let requests = std::mem::take(&mut self.requests);
        (!requests.is_empty()).then_some(requests)
    }
}

/// Sends messages: bodies from the command line, or lines of JSON from standard input
#[derive(Debug, Args)]
pub struct Send {
    queue: String,
    /// Bodies; none: lines such as {"body": "text", "attributes": {"kind": "new"}, "delay": 5}
    bodies: Vec<String>,
    /// Seconds before they can be received
    #[arg(long, value_name = "SECONDS", requires = "bodies")]
    delay: Option<u32>,
    /// Message group; FIFO queues need one
    #[arg(long, requires = "bodies")]
    group: Option<String>,
    /// Deduplication id, for a single body on a FIFO queue
    #[arg(long, value_name = "ID", requires = "bodies")]
    dedup: Option<String>,
    /// An attribute of type String; may be repeated
    #[arg(long = "attribute", value_name = "NAME=VALUE", requires = "bodies")]
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
    let mut read = 0;
    let mut bundle = Bundle::default();
    let lines = json::each_line(|line| {
        let request = Line::read(line)?.request()?;
        read += 1;
        let full = bundle.add(request, line.len());
        full.map_or(Ok(()), |full| send(&queue, full).map(drop))
    });
    // The lines before one that cannot be read are sent, so that a second try can begin with it.
    let rest = bundle
        .take()
        .map_or(Ok(Ending::Done), |rest| send(&queue, rest));
    both(lines, rest.map(drop))?;
    Ok(Ending::of(read))
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
