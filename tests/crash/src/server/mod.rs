//! The SQS server killed under load from many clients, over and over, on one store. Clients
//! connect again and go on; what was acknowledged to them is audited as everywhere.

mod client;
mod process;
mod requests;

pub use client::{Client, Progress, create_queues};
pub use process::{Server, serve};

use crate::audit::{Findings, audit};
use crate::notes::{self, Event, Notebook};
use crate::random::Random;
use crate::{Failure, fleet::WATCHDOG};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Clients under load.
pub const CLIENTS: u32 = 16;
/// Of the kills, percent after which the next waits until every client has gone on. The others
/// may hit a server that has hardly begun.
const PATIENT_PERCENT: u64 = 75;

/// What was found.
#[derive(Debug)]
pub struct Report {
    pub kills: u64,
    /// Requests whose connection broke or could not be made, all of them around kills.
    pub broken: u64,
    /// Longest time from a kill until every client had an answer of the next server.
    pub longest_gap: Duration,
    pub findings: Findings,
}

impl Report {
    /// True if nothing was found that must not be, and the kills were felt.
    pub fn good(&self) -> bool {
        self.findings.clean() && self.broken >= self.kills && self.findings.deleted > 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = self.longest_gap.as_millis();
        writeln!(
            f,
            "{} kills under {CLIENTS} clients, {} requests cut off, all clients went on within \
             {gap} ms",
            self.kills, self.broken
        )?;
        write!(f, "{}", self.findings)
    }
}

/// Kills a server on a store under `dir` so many times. `program` is the `forebay-crash` binary,
/// which is also the server.
pub fn run(program: &Path, dir: &Path, kills: u64, seed: u64) -> Result<Report, Failure> {
    let (store, notes) = (dir.join("store"), dir.join("notes"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let mut server = Server::start(program, &store, None)?;
    let endpoint = server.endpoint();
    runtime.block_on(create_queues(&endpoint))?;
    let progress = Arc::new(Progress::new(CLIENTS));
    let mut clients = JoinSet::new();
    for who in 1..=CLIENTS {
        let notebook = Notebook::open(&notes, who)?;
        let client = Client::new(endpoint.clone(), progress.clone(), who, seed, notebook);
        clients.spawn_on(client.work(), runtime.handle());
    }
    let mut random = Random::new(seed);
    let mut longest_gap = Duration::ZERO;
    progress.wait_all(WATCHDOG)?;
    for _ in 0..kills {
        std::thread::sleep(Duration::from_millis(random.below(250)));
        let killed = Instant::now();
        server.kill()?;
        server = Server::start(program, &store, Some(endpoint.address))?;
        if random.chance(PATIENT_PERCENT) {
            progress.wait_all(WATCHDOG)?;
            longest_gap = longest_gap.max(killed.elapsed());
        }
    }
    progress.wait_all(WATCHDOG)?;
    progress.stop();
    let mut notebook = Notebook::open(&notes, CLIENTS + 1)?;
    while let Some(ended) = runtime.block_on(clients.join_next()) {
        if let Err(text) = ended? {
            notebook.note(&Event::Wrong(text))?;
        }
    }
    let drain = Client::new(endpoint, progress.clone(), CLIENTS + 1, seed, notebook);
    runtime.block_on(drain.drain(WATCHDOG))?;
    server.kill()?;
    examine(&store, &notes)?;
    Ok(Report {
        kills,
        broken: progress.broken(),
        longest_gap,
        findings: audit(&notes::read(&notes)?),
    })
}

/// Looks at the store itself, and notes what is wrong with it.
fn examine(store: &Path, notes: &Path) -> Result<(), Failure> {
    let mut notebook = Notebook::open(notes, CLIENTS + 2)?;
    for problem in forebay::OpenOptions::new().open(store)?.check()?.problems {
        notebook.note(&Event::Wrong(problem))?;
    }
    Ok(())
}
