//! The three steps, each on many connections at a time: send for as long as it is given, receive
//! what was sent, delete what was received.

use super::messages;
use super::row::Row;
use crate::client::{Connection, Endpoint, Key};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::timeout_at;

/// Receives without a message, one after the other, after which a connection gives up: some
/// servers miss messages that are there.
const EMPTY_MAX: u32 = 20;

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// SendMessage, or SendMessageBatch.
    Send,
    /// ReceiveMessage.
    Receive,
    /// DeleteMessage, or DeleteMessageBatch.
    Delete,
}

impl Step {
    /// In their order.
    pub const ALL: [Self; 3] = [Self::Send, Self::Receive, Self::Delete];

    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Delete => "delete",
        }
    }
}

/// What is measured together.
#[derive(Debug, Clone)]
pub struct Cell {
    pub endpoint: Endpoint,
    pub key: Key,
    /// The queue.
    pub url: String,
    pub connections: usize,
    /// Messages in a request.
    pub batch: usize,
    pub body_bytes: usize,
    /// Of a step, at most.
    pub time: Duration,
    /// And of the requests that are under way then.
    pub patience: Duration,
    /// Sent, at most.
    pub messages_max: i64,
}

/// What the connections of a step share.
struct Shared {
    cell: Cell,
    step: Step,
    until: Instant,
    /// Messages that are still to be sent or received.
    left: AtomicI64,
}

/// What one connection did.
#[derive(Default)]
struct Part {
    messages: u64,
    /// Of each request, nanoseconds.
    times_ns: Vec<u64>,
    receipts: Vec<String>,
    /// The end of the last request that carried a message.
    last: Option<Instant>,
}

impl Part {
    fn add(&mut self, messages: usize, begun: Instant) {
        let now = Instant::now();
        self.messages += messages as u64;
        self.times_ns.push((now - begun).as_nanos() as u64);
        self.last = Some(now);
    }
}

/// Runs the steps, and adds a row for each.
pub async fn run(cell: &Cell, rows: &mut Vec<Row>) -> io::Result<()> {
    let mut connections = Vec::new();
    for _ in 0..cell.connections {
        connections.push(Connection::open(&cell.endpoint, &cell.key).await?);
    }
    let mut left = cell.messages_max;
    let mut receipts = Vec::new();
    for step in Step::ALL {
        let begun = Instant::now();
        let shared = Arc::new(Shared {
            cell: cell.clone(),
            step,
            until: begun + cell.time,
            left: AtomicI64::new(left),
        });
        let (back, part) = together(&shared, connections, receipts).await?;
        let Some(last) = part.last else {
            return Err(io::Error::other("no message in the whole time"));
        };
        let seconds = (last - begun).as_secs_f64();
        rows.push(Row::new(step, cell, part.messages, seconds, part.times_ns));
        (connections, receipts) = (back, part.receipts);
        left = part.messages as i64;
    }
    Ok(())
}

/// Every connection does its part of a step; receipts are dealt out to them.
async fn together(
    shared: &Arc<Shared>,
    connections: Vec<Connection>,
    mut receipts: Vec<String>,
) -> io::Result<(Vec<Connection>, Part)> {
    let mut tasks = JoinSet::new();
    let share = receipts.len().div_ceil(connections.len().max(1));
    for connection in connections {
        let rest = receipts.split_off(share.min(receipts.len()));
        let own = std::mem::replace(&mut receipts, rest);
        tasks.spawn(work(shared.clone(), connection, own));
    }
    let mut sum = Part::default();
    let mut back = Vec::new();
    let end = (shared.until + shared.cell.patience).into();
    let late = |_| {
        let patience = shared.cell.patience;
        io::Error::other(format!("no answer {patience:?} after the end of the step"))
    };
    while let Some(ended) = timeout_at(end, tasks.join_next()).await.map_err(late)? {
        let (connection, part) = ended.map_err(io::Error::other)??;
        back.push(connection);
        sum.messages += part.messages;
        sum.times_ns.extend(part.times_ns);
        sum.receipts.extend(part.receipts);
        sum.last = sum.last.max(part.last);
    }
    Ok((back, sum))
}

async fn work(
    shared: Arc<Shared>,
    mut connection: Connection,
    receipts: Vec<String>,
) -> io::Result<(Connection, Part)> {
    let mut part = Part::default();
    match shared.step {
        Step::Send => send(&shared, &mut connection, &mut part).await?,
        Step::Receive => receive(&shared, &mut connection, &mut part).await?,
        Step::Delete => delete(&shared, &mut connection, &mut part, &receipts).await?,
    }
    Ok((connection, part))
}

async fn send(shared: &Shared, connection: &mut Connection, part: &mut Part) -> io::Result<()> {
    let cell = &shared.cell;
    let request = messages::send(&cell.url, cell.batch, cell.body_bytes);
    let batch = cell.batch as i64;
    while Instant::now() < shared.until && shared.left.fetch_sub(batch, Ordering::Relaxed) >= batch
    {
        let begun = Instant::now();
        let answer = connection.call(request.action, &request.body).await?.ok()?;
        messages::check(&answer, cell.batch)?;
        part.add(cell.batch, begun);
    }
    Ok(())
}

async fn receive(shared: &Shared, connection: &mut Connection, part: &mut Part) -> io::Result<()> {
    let cell = &shared.cell;
    let request = messages::receive(&cell.url, cell.batch);
    let mut empty = 0;
    while Instant::now() < shared.until
        && shared.left.load(Ordering::Relaxed) > 0
        && empty < EMPTY_MAX
    {
        let begun = Instant::now();
        let answer = connection.call(request.action, &request.body).await?.ok()?;
        let found = messages::receipts(&answer, cell.body_bytes)?;
        if found.is_empty() {
            empty += 1;
            continue;
        }
        empty = 0;
        shared.left.fetch_sub(found.len() as i64, Ordering::Relaxed);
        part.add(found.len(), begun);
        part.receipts.extend(found);
    }
    Ok(())
}

async fn delete(
    shared: &Shared,
    connection: &mut Connection,
    part: &mut Part,
    receipts: &[String],
) -> io::Result<()> {
    let cell = &shared.cell;
    for some in receipts.chunks(cell.batch) {
        if Instant::now() >= shared.until {
            break;
        }
        let request = messages::delete(&cell.url, some, cell.batch > 1);
        let begun = Instant::now();
        let answer = connection.call(request.action, &request.body).await?.ok()?;
        if cell.batch > 1 {
            messages::check(&answer, some.len())?;
        }
        part.add(some.len(), begun);
    }
    Ok(())
}
