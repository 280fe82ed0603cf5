//! The open store of a driver, its queues and its waits.

use crate::answer::{Answer, Failure, ok};
use crate::wire::Line;
use forebay::handle::{Message, OpenOptions, Queue, Store, Ticket};
use forebay::store::ClockMode;
use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

/// What a driver holds between two requests.
#[derive(Default)]
pub struct Session {
    store: Option<Store>,
    queues: BTreeMap<String, Queue>,
    /// Waits that were started and not yet awaited.
    pub waits: BTreeMap<String, Wait>,
}

/// A started receive.
pub struct Wait {
    /// Ends it.
    pub ticket: Ticket,
    /// Where its callback puts the answer.
    pub answer: Receiver<forebay::Result<Vec<Message>>>,
}

/// What this driver can do.
pub fn hello() -> Line {
    let mut line = ok();
    let capabilities = [
        "manual_clock",
        "durable",
        "tickets",
        "peek",
        "no_limits",
        "scale",
        "explicit_zero",
    ];
    for (index, name) in capabilities.iter().enumerate() {
        line.put(format!("capabilities.{}", index + 1), name);
    }
    line.put("capabilities.count", capabilities.len().to_string());
    line
}

impl Session {
    /// Opens a store; one that is open already is closed first.
    pub fn open(&mut self, request: &Line) -> Answer {
        self.close();
        let mut options = OpenOptions::new()
            .sqs_limits(request.flag("sqs_limits")?)
            .sixty_second_rules(request.flag("sixty_second_rules")?);
        if let Some(start_ms) = request.number("clock_start_ms")? {
            options = options.clock(ClockMode::Manual { start_ms });
        }
        if let Some(account) = request.text("account")? {
            options = options.account(account);
        }
        if let Some(region) = request.text("region")? {
            options = options.region(region);
        }
        self.store = Some(options.open(request.required("location")?)?);
        Ok(ok())
    }

    /// Closes the store under everything that belongs to it.
    pub fn close(&mut self) -> Line {
        if let Some(store) = self.store.take() {
            store.close();
        }
        self.queues.clear();
        self.waits.clear();
        ok()
    }

    /// The open store.
    pub fn store(&self) -> Result<&Store, Failure> {
        self.store
            .as_ref()
            .ok_or_else(|| Failure::Misuse("no store is open".into()))
    }

    /// Keeps a handle, so that it is used later also when its queue is deleted.
    pub fn keep(&mut self, queue: Queue) {
        self.queues.insert(queue.name().to_owned(), queue);
    }

    /// The queue that `request` names: the handle at hand, else a new one.
    pub fn queue(&mut self, request: &Line) -> Result<Queue, Failure> {
        let name = request.required("queue")?;
        if let Some(queue) = self.queues.get(name) {
            return Ok(queue.clone());
        }
        let queue = self.store()?.get_queue(name)?;
        self.keep(queue.clone());
        Ok(queue)
    }

    /// The store's time.
    pub fn now(&self) -> Answer {
        let mut line = ok();
        line.put("now_ms", self.store()?.now_ms()?.to_string());
        Ok(line)
    }

    /// Moves the manual clock on.
    pub fn advance(&self, request: &Line) -> Answer {
        let by_ms = request
            .number("ms")?
            .ok_or_else(|| "advance needs ms".to_owned())?;
        let mut line = ok();
        line.put("now_ms", self.store()?.advance(by_ms)?.to_string());
        Ok(line)
    }
}
