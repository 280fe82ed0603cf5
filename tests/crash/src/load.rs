//! The load: random sends, receives, deletes and changes of visibility on a standard queue and
//! on the groups of a FIFO queue, each noted before and after.

use crate::body;
use crate::notes::{Event, Line, Note};
use crate::random::Random;
use forebay::{
    Bytes, ErrorKind, Message, Queue, QueueOptions, ReceiveOptions, Result, SendRequest, Store,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Groups of the FIFO queue.
const GROUPS: u64 = 8;
/// Timeout of the load's receives, seconds.
pub const VISIBILITY_S: u32 = 1;
/// Names of the queues.
pub const STANDARD: &str = "load";
pub const FIFO: &str = "load.fifo";

/// Where notes go.
pub trait Record {
    /// Keeps a note; the load ends if that fails.
    fn record(&mut self, event: Event) -> std::io::Result<()>;
}

impl Record for crate::notes::Notebook {
    fn record(&mut self, event: Event) -> std::io::Result<()> {
        self.note(&event)
    }
}

/// The two queues.
pub struct Queues {
    pub standard: Queue,
    pub fifo: Queue,
}

impl Queues {
    /// Makes them, or finds them.
    pub fn create(store: &Store) -> Result<Self> {
        let options = QueueOptions::new().visibility_timeout(VISIBILITY_S);
        Ok(Self {
            standard: store.create_queue(STANDARD, &options)?,
            fifo: store.create_queue(FIFO, &options.fifo())?,
        })
    }
}

/// One client's load.
pub struct Load<R> {
    queues: Queues,
    random: Random,
    who: u32,
    sent: u32,
    leases_may_be_lost: bool,
    text_bodies: bool,
    record: R,
}

impl<R: Record> Load<R> {
    /// The load of client `who`, a number that no other client of the same notes has.
    pub fn new(queues: Queues, who: u32, seed: u64, record: R) -> Self {
        Self {
            queues,
            random: Random::new(seed ^ u64::from(who) << 32),
            who,
            sent: 0,
            leases_may_be_lost: false,
            text_bodies: false,
            record,
        }
    }

    /// Bodies are text, for queues that clients of a server use as well.
    pub fn text_bodies(self) -> Self {
        Self {
            text_bodies: true,
            ..self
        }
    }

    /// Receipts may go stale at any time, because the machine that knew the leases may be lost.
    pub fn leases_may_be_lost(self) -> Self {
        Self {
            leases_may_be_lost: true,
            ..self
        }
    }

    fn note(&mut self, event: Event) -> Result<()> {
        self.record
            .record(event)
            .map_err(|error| forebay::Error::io("write a note", &error))
    }

    /// One random operation: a send, or a receive with what follows from it. An error leaves
    /// what was noted as begun undecided.
    pub fn step(&mut self) -> Result<()> {
        if self.random.chance(60) {
            self.send()
        } else {
            self.receive_and_finish()
        }
    }

    fn send(&mut self) -> Result<()> {
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
        let delay = line == Line::Standard && self.random.chance(5);
        let requests: Vec<SendRequest> = ids
            .iter()
            .map(|id| request(self.body(*id), *id, line, delay))
            .collect();
        self.note(Event::SendBegin(line, ids.clone()))?;
        let queue = match line {
            Line::Standard => &self.queues.standard,
            Line::Group(_) => &self.queues.fifo,
        };
        if count == 1 {
            for request in requests {
                queue.send(request)?;
            }
        } else {
            for result in queue.send_batch(requests)? {
                result?;
            }
        }
        self.note(Event::SendDone(ids))
    }

    fn body(&self, id: u64) -> Bytes {
        match self.text_bodies {
            true => body::make_text(id).into(),
            false => body::make(id),
        }
    }

    fn receive_and_finish(&mut self) -> Result<()> {
        let fifo = self.random.chance(50);
        let max = 1 + self.random.below(10) as u32;
        let (messages, ids, received) = self.receive(fifo, max)?;
        match self.random.below(20) {
            0 => Ok(()), // comes back when its time is over
            1 => self.change(&messages, &ids),
            2..8 => self.delete_one_by_one(&messages, &ids, received),
            _ => self.delete_together(fifo, &messages, ids, received),
        }
    }

    fn receive(&mut self, fifo: bool, max: u32) -> Result<(Vec<Message>, Vec<u64>, Instant)> {
        let queue = match fifo {
            true => self.queues.fifo.clone(),
            false => self.queues.standard.clone(),
        };
        let options = ReceiveOptions::new()
            .max(max)
            .visibility_timeout(VISIBILITY_S);
        self.note(Event::ReceiveBegin {
            fifo,
            visibility_ms: u64::from(VISIBILITY_S) * 1_000,
        })?;
        let begun = Instant::now();
        let messages = queue.receive(&options)?;
        let ids = self.read_bodies(&messages)?;
        self.note(Event::ReceiveDone(ids.clone()))?;
        Ok((messages, ids, begun))
    }

    fn read_bodies(&mut self, messages: &[Message]) -> Result<Vec<u64>> {
        let mut ids = Vec::new();
        for message in messages {
            let read = match self.text_bodies {
                true => body::read_text(message.body()),
                false => body::read(message.body()),
            };
            match read {
                Ok(id) => ids.push(id),
                Err(text) => self.note(Event::Wrong(text))?,
            }
        }
        Ok(ids)
    }

    fn change(&mut self, messages: &[Message], ids: &[u64]) -> Result<()> {
        if let Some((message, id)) = messages.first().zip(ids.first()) {
            let seconds = self.random.below(2) as u32;
            self.note(Event::ChangeBegin(*id))?;
            match message.change_visibility(seconds) {
                Err(error) if !is_stale(&error) => return Err(error),
                _ => self.note(Event::ChangeDone(*id))?,
            }
        }
        Ok(())
    }

    fn delete_one_by_one(
        &mut self,
        messages: &[Message],
        ids: &[u64],
        received: Instant,
    ) -> Result<()> {
        for (message, id) in messages.iter().zip(ids) {
            self.note(Event::DeleteBegin(vec![*id]))?;
            match message.delete() {
                Ok(()) => self.note(Event::DeleteDone(vec![*id]))?,
                Err(error) => self.forgive(error, received)?,
            }
        }
        Ok(())
    }

    fn delete_together(
        &mut self,
        fifo: bool,
        messages: &[Message],
        ids: Vec<u64>,
        received: Instant,
    ) -> Result<()> {
        if messages.is_empty() {
            return Ok(());
        }
        let queue = match fifo {
            true => &self.queues.fifo,
            false => &self.queues.standard,
        };
        let queue = queue.clone();
        self.note(Event::DeleteBegin(ids.clone()))?;
        let mut deleted = Vec::new();
        for (result, id) in queue.delete_batch(messages)?.into_iter().zip(ids) {
            match result {
                Ok(()) => deleted.push(id),
                Err(error) => self.forgive(error, received)?,
            }
        }
        self.note(Event::DeleteDone(deleted))
    }

    /// A receipt of a FIFO message goes stale with its timeout, and only with it.
    fn forgive(&self, error: forebay::Error, received: Instant) -> Result<()> {
        let timeout = Duration::from_secs(u64::from(VISIBILITY_S));
        let ended = received.elapsed() > timeout - Duration::from_millis(50);
        if is_stale(&error) && (ended || self.leases_may_be_lost) {
            Ok(())
        } else {
            Err(error)
        }
    }

    /// Receives and deletes until both queues are empty; `idle` lets time pass when everything
    /// that is left is in flight or delayed.
    pub fn drain(&mut self, mut idle: impl FnMut() -> Result<()>) -> Result<()> {
        loop {
            let mut taken = 0;
            for fifo in [false, true] {
                let (messages, ids, received) = self.receive(fifo, 10)?;
                taken += messages.len();
                self.delete_together(fifo, &messages, ids, received)?;
            }
            if taken == 0 {
                if self.left()? == 0 {
                    return Ok(());
                }
                idle()?;
            }
        }
    }

    fn left(&self) -> Result<u64> {
        let mut left = 0;
        for queue in [&self.queues.standard, &self.queues.fifo] {
            let counts = queue.counts()?;
            left += counts.total();
        }
        Ok(left)
    }
}

fn request(body: Bytes, id: u64, line: Line, delay: bool) -> SendRequest {
    let request = SendRequest::new(body);
    match line {
        Line::Standard => request.delay(u32::from(delay)),
        Line::Group(group) => request
            .group(format!("group-{group}"))
            .deduplication(id.to_string()),
    }
}

/// The answers to a receipt that is no longer the latest.
fn is_stale(error: &forebay::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidParameterValue | ErrorKind::MessageNotInflight
    )
}

/// Notes kept in memory, with the time of a store; clients in one thread share them.
pub struct Memory {
    pub who: u32,
    pub notes: Rc<RefCell<Vec<Note>>>,
    pub store: Store,
}

impl Record for Memory {
    fn record(&mut self, event: Event) -> std::io::Result<()> {
        let time_ms = self.store.now_ms().map_err(std::io::Error::other)?;
        self.notes.borrow_mut().push(Note {
            time_us: time_ms * 1_000,
            who: self.who,
            event,
        });
        Ok(())
    }
}

/// Everything that can be seen of a store: its queues' attributes and counts, and each message
/// with its state. Two stores that look alike behave alike.
pub fn portrait(store: &Store) -> Result<BTreeMap<String, String>> {
    let mut seen = BTreeMap::new();
    for name in store.list_queues("")? {
        let queue = store.get_queue(&name)?;
        seen.insert(name.clone(), format!("{:?}", queue.view()?));
        let options = forebay::PeekOptions::new().limit(10_000);
        for peeked in queue.peek(&options)? {
            let key = format!("{name}/{:020}", peeked.message.sequence);
            seen.insert(key, format!("{peeked:?}"));
        }
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::audit;
    use forebay::OpenOptions;
    use forebay::store::ClockMode;
    use forebay::store::model::Model;
    use std::sync::Arc;

    /// The auditor must agree with the reference store, or its findings would mean nothing.
    #[test]
    fn three_clients_of_the_reference_store_are_clean() {
        let clock = ClockMode::Manual {
            start_ms: 1_000_000,
        };
        let store = OpenOptions::new()
            .clock(clock)
            .open_storage(Arc::new(Model::new(clock)))
            .unwrap();
        let notes = Rc::new(RefCell::new(Vec::new()));
        let client = |who| {
            let memory = Memory {
                who,
                notes: notes.clone(),
                store: store.clone(),
            };
            Load::new(Queues::create(&store).unwrap(), who, 7, memory)
        };
        let mut clients = [client(1), client(2), client(3)];
        for step in 0..1_500 {
            clients[step % 3].step().unwrap();
            if step % 10 == 0 {
                store.advance(150).unwrap();
            }
        }
        let idle = || store.advance(200).map(drop);
        clients[0].drain(idle).unwrap();
        let findings = audit(&notes.borrow());
        assert!(findings.clean(), "{findings}");
        assert!(findings.sent > 1_000 && findings.again > 0, "{findings}");
        assert_eq!(findings.sent, findings.deleted);
    }
}
