//! What both trials on a pair of databases share: two servers and two library stores that name
//! both hosts, clients of each under load, and the audit at the end.

use crate::audit::{Findings, audit};
use crate::load::{Load, Queues, Record};
use crate::notes::{self, Event, Note, Notebook};
use crate::server::{Client, Progress, Server, create_queues};
use crate::{Failure, fleet::WATCHDOG};
use forebay::Store;
use forebay_test_postgres::{Pair, Proxy};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Clients of both servers together; they are numbered from 1 on, and those of the library follow.
pub const HTTP_CLIENTS: u32 = 16;
pub const LIBRARY_CLIENTS: u32 = 4;
const CLIENTS: u32 = HTTP_CLIENTS + LIBRARY_CLIENTS;
/// Servers, and stores of the library.
const SIDES: u32 = 2;

/// A pair of databases under load.
pub struct Scene {
    pub pair: Pair,
    /// In front of the pair's ports, where there are any.
    pub proxies: Vec<Proxy>,
    servers: Vec<Server>,
    runtime: Runtime,
    over_http: JoinSet<Result<(), String>>,
    in_process: Vec<JoinHandle<forebay::Result<()>>>,
    progress: Arc<Progress>,
    location: String,
    notes: PathBuf,
    notebook: Notebook,
}

/// Notes of a client in this process, which are its progress as well.
struct Watched {
    notebook: Notebook,
    progress: Arc<Progress>,
    who: u32,
}

impl Record for Watched {
    fn record(&mut self, event: Event) -> io::Result<()> {
        let is_answer = matches!(
            event,
            Event::SendDone(_) | Event::ReceiveDone(_) | Event::DeleteDone(_)
        );
        self.notebook.note(&event)?;
        if is_answer {
            self.progress.answered(self.who);
        }
        Ok(())
    }
}

impl Scene {
    /// Starts everything, through proxies or not, and returns when every client had an answer.
    /// `program` is the `forebay-crash` binary, which is also the server; notes go under `dir`.
    pub fn start(program: &Path, dir: &Path, seed: u64, proxied: bool) -> Result<Self, Failure> {
        let pair = Pair::start(&[])?;
        let mut ports = pair.ports();
        let mut proxies = Vec::new();
        if proxied {
            for port in &mut ports {
                let proxy = Proxy::start(*port)?;
                *port = proxy.port();
                proxies.push(proxy);
            }
        }
        let location = Pair::location_at(ports, "forebay");
        let notes = dir.join("notes");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let mut servers = Vec::new();
        for _ in 0..SIDES {
            servers.push(Server::start(program, Path::new(&location), None)?);
        }
        runtime.block_on(create_queues(&servers[0].endpoint()))?;
        let mut scene = Self {
            pair,
            proxies,
            servers,
            runtime,
            over_http: JoinSet::new(),
            in_process: Vec::new(),
            progress: Arc::new(Progress::new(CLIENTS)),
            location,
            notebook: Notebook::open(&notes, 0)?,
            notes,
        };
        scene.start_clients(seed)?;
        scene.wait_all()?;
        Ok(scene)
    }

    fn start_clients(&mut self, seed: u64) -> Result<(), Failure> {
        for who in 1..=HTTP_CLIENTS {
            let client = self.client(who, seed)?;
            self.over_http
                .spawn_on(client.work(), self.runtime.handle());
        }
        for side in 0..SIDES {
            let store = Store::open(&self.location)?;
            for place in 0..LIBRARY_CLIENTS / SIDES {
                let who = HTTP_CLIENTS + 1 + side * (LIBRARY_CLIENTS / SIDES) + place;
                let watched = Watched {
                    notebook: Notebook::open(&self.notes, who)?,
                    progress: self.progress.clone(),
                    who,
                };
                let queues = Queues::create(&store)?;
                let load = Load::new(queues, who, seed, watched);
                let mut load = load.text_bodies().leases_may_be_lost();
                let progress = self.progress.clone();
                self.in_process.push(std::thread::spawn(move || {
                    while !progress.is_stopped() {
                        load.step()?;
                    }
                    Ok(())
                }));
            }
        }
        Ok(())
    }

    fn client(&self, who: u32, seed: u64) -> Result<Client, Failure> {
        let server = &self.servers[(who % SIDES) as usize];
        let notebook = Notebook::open(&self.notes, who)?;
        let client = Client::new(
            server.endpoint(),
            self.progress.clone(),
            who,
            seed,
            notebook,
        );
        Ok(client.leases_may_be_lost())
    }

    /// Waits until every client has had another answer. None may end, nor see an error.
    pub fn wait_all(&mut self) -> Result<(), Failure> {
        let Err(text) = self.progress.wait_all(WATCHDOG) else {
            return Ok(());
        };
        let mut causes = vec![text];
        while let Some(ended) = self.over_http.try_join_next() {
            causes.extend(ended?.err());
        }
        for ended in self.in_process.extract_if(.., |it| it.is_finished()) {
            let ended = ended.join().map_err(|_| "a client panicked")?;
            causes.extend(ended.err().map(|error| error.to_string()));
        }
        Err(causes.join("; ").into())
    }

    /// Kills the primary and promotes the standby.
    pub fn fail_over(&mut self) -> Result<(), Failure> {
        self.pair.kill_primary()?;
        // Only now: no answer of the old primary is to come after the note.
        self.notebook.note(&Event::FailedOver)?;
        Ok(self.pair.promote()?)
    }

    /// Ends the load, drains the queues, looks at the tables, and audits.
    pub fn finish(mut self, seed: u64) -> Result<(Findings, Vec<Note>), Failure> {
        self.wait_all()?;
        self.progress.stop();
        while let Some(ended) = self.runtime.block_on(self.over_http.join_next()) {
            if let Err(text) = ended? {
                self.notebook.note(&Event::Wrong(text))?;
            }
        }
        for client in std::mem::take(&mut self.in_process) {
            if let Err(error) = client.join().map_err(|_| "a client panicked")? {
                self.notebook.note(&Event::Wrong(error.to_string()))?;
            }
        }
        let drain = self.client(CLIENTS + 1, seed)?;
        self.runtime.block_on(drain.drain(WATCHDOG))?;
        for server in std::mem::take(&mut self.servers) {
            server.kill()?;
        }
        for problem in Store::open(&self.location)?.check()?.problems {
            self.notebook.note(&Event::Wrong(problem))?;
        }
        let notes = notes::read(&self.notes)?;
        Ok((audit(&notes), notes))
    }
}
