//! One client: random requests, each noted before and after. When its connection breaks it
//! connects again and goes on.

use super::requests::{Request, counted, received};
use crate::load::VISIBILITY_S;
use crate::notes::{Event, Line, Notebook};
use crate::random::Random;
use forebay_server::client::{Connection, Endpoint, Key};
use serde_json::Value;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Groups of the FIFO queue.
const GROUPS: u64 = 8;
/// Pause of a client whose server is not there.
const PAUSE: Duration = Duration::from_millis(5);
/// A client that finds no server for so long gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a client ended, or did not go on: a sentence.
type Result<T> = std::result::Result<T, String>;

/// What the clients have done, as the harness sees it.
pub struct Progress {
    /// Answered requests, by client.
    answered: Vec<AtomicU64>,
    broken: AtomicU64,
    stopped: AtomicBool,
}

impl Progress {
    pub fn new(clients: u32) -> Self {
        Self {
            // One more for the client that drains.
            answered: (0..=clients).map(|_| AtomicU64::new(0)).collect(),
            broken: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        }
    }

    /// Waits until every client has had another answer.
    pub fn wait_all(&self, watchdog: Duration) -> Result<()> {
        let clients = &self.answered[..self.answered.len() - 1];
        let count = |answered: &AtomicU64| answered.load(Ordering::Relaxed);
        let before: Vec<u64> = clients.iter().map(count).collect();
        let started = Instant::now();
        while clients
            .iter()
            .zip(&before)
            .any(|(it, before)| count(it) == *before)
        {
            if started.elapsed() > watchdog {
                let now: Vec<u64> = clients.iter().map(count).collect();
                return Err(format!("a client does not go on: {before:?}, then {now:?}"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Client `who`, from 1 on, had an answer.
    pub fn answered(&self, who: u32) {
        self.answered[who as usize - 1].fetch_add(1, Ordering::Relaxed);
    }

    /// True when the clients are to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The clients end after the request that they are in.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Requests that had no answer.
    pub fn broken(&self) -> u64 {
        self.broken.load(Ordering::Relaxed)
    }
}

/// Makes the queues.
pub async fn create_queues(endpoint: &Endpoint) -> io::Result<()> {
    let mut connection = Connection::open(endpoint, &Key::default()).await?;
    for fifo in [false, true] {
        let Request { action, input } = Request::create(fifo);
        connection
            .call(action, input.to_string().as_bytes())
            .await?
            .ok()?;
    }
    Ok(())
}

/// A client.
pub struct Client {
    endpoint: Endpoint,
    connection: Option<Connection>,
    progress: Arc<Progress>,
    random: Random,
    who: u32,
    sent: u32,
    leases_may_be_lost: bool,
    notebook: Notebook,
}

/// What became of a request.
enum Answer {
    Done(Value),
    /// A FIFO message's receipt that went stale with its timeout.
    Stale,
    /// The connection broke: nobody knows.
    Broken,
}

impl Client {
    /// Client `who`, a number from 1 on that no other client of the same notes has.
    pub fn new(
        endpoint: Endpoint,
        progress: Arc<Progress>,
        who: u32,
        seed: u64,
        notebook: Notebook,
    ) -> Self {
        Self {
            endpoint,
            connection: None,
            progress,
            random: Random::new(seed ^ u64::from(who) << 32),
            who,
            sent: 0,
            leases_may_be_lost: false,
            notebook,
        }
    }

    /// Receipts may go stale at any time, because the machine that knew the leases may be lost.
    pub fn leases_may_be_lost(self) -> Self {
        Self {
            leases_may_be_lost: true,
            ..self
        }
    }

    /// Works until the harness stops it.
    pub async fn work(mut self) -> Result<()> {
        while !self.progress.is_stopped() {
            match self.random.chance(60) {
                true => self.send().await?,
                false => self.receive_and_finish().await?,
            }
        }
        Ok(())
    }

    /// Receives and deletes until both queues are empty.
    pub async fn drain(mut self, watchdog: Duration) -> Result<()> {
        let started = Instant::now();
        loop {
            let mut left = 0;
            for fifo in [false, true] {
                let (ids, receipts, begun) = self.receive(fifo, 10, 0).await?;
                self.delete_together(fifo, ids, receipts, begun).await?;
                match self.call(&Request::count(fifo)).await? {
                    Answer::Done(counts) => left += counted(&counts),
                    _ => return Err("the server is gone".into()),
                }
            }
            if left == 0 {
                return Ok(());
            }
            if started.elapsed() > watchdog {
                return Err(format!("{left} messages are left after {watchdog:?}"));
            }
        }
    }

    fn note(&mut self, event: Event) -> Result<()> {
        let noted = self.notebook.note(&event);
        noted.map_err(|error| format!("write a note: {error}"))
    }

    /// Sends a request, on a new connection if there is none.
    async fn call(&mut self, request: &Request) -> Result<Answer> {
        let started = Instant::now();
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => loop {
                if let Ok(open) = Connection::open(&self.endpoint, &Key::default()).await {
                    break open;
                }
                if started.elapsed() > PATIENCE {
                    return Err(format!("no server within {PATIENCE:?}"));
                }
                tokio::time::sleep(PAUSE).await;
            },
        };
        let body = request.input.to_string();
        let Ok(response) = connection.call(request.action, body.as_bytes()).await else {
            self.progress.broken.fetch_add(1, Ordering::Relaxed);
            return Ok(Answer::Broken);
        };
        self.connection = Some(connection);
        self.progress.answered(self.who);
        let text = String::from_utf8_lossy(&response.body);
        match response.status {
            200 if text.is_empty() => Ok(Answer::Done(Value::Null)),
            200 => {
                let read = serde_json::from_str(&text);
                read.map(Answer::Done)
                    .map_err(|error| format!("{}: {error}: {text}", request.action))
            }
            400 if is_stale(&text) => Ok(Answer::Stale),
            status => Err(format!("{}: status {status}: {text}", request.action)),
        }
    }

    async fn send(&mut self) -> Result<()> {
        let line = match self.random.chance(50) {
            true => Line::Standard,
            false => Line::Group(self.random.below(GROUPS) as u32),
        };
        let count = match self.random.chance(70) {
            true => 1,
            false => 2 + self.random.below(4) as u32,
        };
        let first = u64::from(self.who) << 32 | u64::from(self.sent);
        self.sent += count;
        let ids: Vec<u64> = (first..first + u64::from(count)).collect();
        let request = Request::send(line, &ids);
        self.note(Event::SendBegin(line, ids.clone()))?;
        loop {
            match self.call(&request).await? {
                Answer::Done(answer) if answer["Failed"].is_array() => {
                    return Err(format!("a batch was not sent whole: {answer}"));
                }
                Answer::Done(_) => return self.note(Event::SendDone(ids)),
                Answer::Stale => return Err("a send has no receipt".into()),
                // Deduplication makes a repeat harmless, so this client repeats.
                Answer::Broken if line != Line::Standard => {}
                Answer::Broken => return Ok(()),
            }
        }
    }

    async fn receive_and_finish(&mut self) -> Result<()> {
        let fifo = self.random.chance(50);
        let (max, wait_s) = (1 + self.random.below(10), self.random.below(2));
        let (ids, receipts, begun) = self.receive(fifo, max, wait_s).await?;
        match self.random.below(20) {
            0 => Ok(()), // comes back when its time is over
            1 => self.change(fifo, &ids, &receipts).await,
            2..8 => self.delete_one_by_one(fifo, &ids, &receipts, begun).await,
            _ => self.delete_together(fifo, ids, receipts, begun).await,
        }
    }

    async fn receive(
        &mut self,
        fifo: bool,
        max: u64,
        wait_s: u64,
    ) -> Result<(Vec<u64>, Vec<String>, Instant)> {
        self.note(Event::ReceiveBegin {
            fifo,
            visibility_ms: u64::from(VISIBILITY_S) * 1_000,
        })?;
        let begun = Instant::now();
        let answer = match self.call(&Request::receive(fifo, max, wait_s)).await? {
            Answer::Done(answer) => answer,
            // Received or not, what it held comes back.
            _ => return Ok((Vec::new(), Vec::new(), begun)),
        };
        let (ids, receipts, wrong) = received(&answer);
        self.note(Event::ReceiveDone(ids.clone()))?;
        for text in wrong {
            self.note(Event::Wrong(text))?;
        }
        Ok((ids, receipts, begun))
    }

    async fn change(&mut self, fifo: bool, ids: &[u64], receipts: &[String]) -> Result<()> {
        let Some((id, receipt)) = ids.first().zip(receipts.first()) else {
            return Ok(());
        };
        let timeout_s = self.random.below(2);
        self.note(Event::ChangeBegin(*id))?;
        match self
            .call(&Request::change(fifo, receipt, timeout_s))
            .await?
        {
            Answer::Broken => Ok(()),
            _ => self.note(Event::ChangeDone(*id)),
        }
    }

    async fn delete_one_by_one(
        &mut self,
        fifo: bool,
        ids: &[u64],
        receipts: &[String],
        begun: Instant,
    ) -> Result<()> {
        for (id, receipt) in ids.iter().zip(receipts) {
            self.note(Event::DeleteBegin(vec![*id]))?;
            match self.call(&Request::delete(fifo, receipt)).await? {
                Answer::Done(_) => self.note(Event::DeleteDone(vec![*id]))?,
                Answer::Stale => self.forgive(fifo, begun)?,
                Answer::Broken => {}
            }
        }
        Ok(())
    }

    async fn delete_together(
        &mut self,
        fifo: bool,
        ids: Vec<u64>,
        receipts: Vec<String>,
        begun: Instant,
    ) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        self.note(Event::DeleteBegin(ids.clone()))?;
        let answer = match self.call(&Request::delete_batch(fifo, &receipts)).await? {
            Answer::Done(answer) => answer,
            Answer::Stale => return Err("a batch has no receipt of its own".into()),
            Answer::Broken => return Ok(()),
        };
        for failed in answer["Failed"].as_array().into_iter().flatten() {
            match is_stale(&failed.to_string()) {
                true => self.forgive(fifo, begun)?,
                false => return Err(format!("a delete failed: {failed}")),
            }
        }
        let successful = answer["Successful"].as_array();
        let places = successful.into_iter().flatten().filter_map(|entry| {
            let place: usize = entry["Id"].as_str()?.parse().ok()?;
            ids.get(place).copied()
        });
        let deleted = places.collect();
        self.note(Event::DeleteDone(deleted))
    }

    /// A receipt goes stale on a FIFO queue only, and only with its timeout.
    fn forgive(&self, fifo: bool, begun: Instant) -> Result<()> {
        let timeout = Duration::from_secs(u64::from(VISIBILITY_S)) - Duration::from_millis(50);
        match fifo && (begun.elapsed() > timeout || self.leases_may_be_lost) {
            true => Ok(()),
            false => Err("a receipt was refused before its timeout".into()),
        }
    }
}

/// What is said of a receipt that is no longer the latest, or of a receive that nobody knows of.
fn is_stale(text: &str) -> bool {
    let texts = [
        "The receipt handle has expired",
        "MessageNotInflight",
        "is not available for visibility timeout change",
    ];
    texts.iter().any(|it| text.contains(it))
}
