//! Callers that block in a receive: one of them serves all, and another goes on when it leaves.

use crate::support::{Backend, WATCHDOG, Wait, bodies, eventually, long, on_every_store, queue};
use forebay::command::{Command, Outcome};
use forebay::key::QueueKey;
use forebay::store::embedded::open_memory;
use forebay::store::{CheckReport, Done, Durability, Statistics, Storage, StoreOptions};
use forebay::{
    ErrorKind, Message, OpenOptions, PeekOptions, Queue, QueueOptions, ReceiveOptions, Result,
    SendRequest, Store,
};
use std::cell::{OnceCell, RefCell};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

on_every_store! {
    each_of_many_callers_gets_its_messages,
    callers_of_different_queues_serve_each_other,
    a_ticket_takes_over_from_a_caller,
    an_advance_ends_the_wait_of_a_caller,
    a_close_ends_all_callers,
}

/// A thread that blocks in one receive, and what it got.
fn blocked(queue: &Queue, options: ReceiveOptions) -> Receiver<Result<Vec<String>>> {
    let (sender, answers) = channel();
    let queue = queue.clone();
    std::thread::spawn(move || {
        let answer = queue.receive(&options);
        sender.send(answer.map(|messages| bodies(&messages)))
    });
    // Most times it blocks by then; a test passes if not.
    std::thread::sleep(Duration::from_millis(10));
    answers
}

fn each_of_many_callers_gets_its_messages(backend: Backend) {
    const CALLERS: usize = 8;
    const EACH: usize = 50;
    let store = backend.real();
    let queue = queue(&store);
    let callers: Vec<JoinHandle<()>> = (0..CALLERS)
        .map(|_| {
            let queue = queue.clone();
            std::thread::spawn(move || {
                for _ in 0..EACH {
                    let messages = queue.receive(&long()).unwrap();
                    assert_eq!(messages.len(), 1, "a wait ended though there were messages");
                    messages[0].delete().unwrap();
                }
            })
        })
        .collect();
    for number in 0..CALLERS * EACH {
        queue.send(number.to_string()).unwrap();
        if number % 7 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    for caller in callers {
        caller.join().unwrap();
    }
    assert_eq!(queue.peek(&PeekOptions::new()).unwrap().len(), 0);
}

fn callers_of_different_queues_serve_each_other(backend: Backend) {
    let store = backend.real();
    let queues: Vec<Queue> = (0..4)
        .map(|n| format!("q{n}"))
        .map(|name| store.create_queue(&name, &QueueOptions::new()).unwrap())
        .collect();
    let callers: Vec<_> = queues.iter().map(|queue| blocked(queue, long())).collect();
    // The first to block leads; it leaves in the middle.
    for n in [2, 0, 3, 1] {
        queues[n].send(n.to_string()).unwrap();
        let answer = callers[n].recv_timeout(WATCHDOG).unwrap();
        assert_eq!(answer.unwrap(), [n.to_string()]);
    }
}

fn a_ticket_takes_over_from_a_caller(backend: Backend) {
    let store = backend.real();
    let queue = queue(&store);
    let other = store.create_queue("other", &QueueOptions::new()).unwrap();
    let [one, two] = [blocked(&queue, long()), blocked(&queue, long())];
    let ticket = Wait::start(&other, long());
    other.send("to the ticket").unwrap();
    assert_eq!(ticket.bodies(), ["to the ticket"]);
    queue.send("to a caller").unwrap();
    queue.send("to a caller").unwrap();
    for caller in [one, two] {
        let answer = caller.recv_timeout(WATCHDOG).unwrap();
        assert_eq!(answer.unwrap(), ["to a caller"]);
    }
}

fn an_advance_ends_the_wait_of_a_caller(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    // Long enough for the message not to come back to the other one.
    let options = || long().visibility_timeout(43_200);
    let [one, two] = [blocked(&queue, options()), blocked(&queue, options())];
    queue.send(SendRequest::new("later").delay(5)).unwrap();
    store.advance(5_000).unwrap();
    let answers = RefCell::new(Vec::new());
    let answered = |count| {
        let mut answers = answers.borrow_mut();
        answers.extend(one.try_iter().chain(two.try_iter()).map(Result::unwrap));
        answers.len() == count
    };
    eventually("a caller gets what became visible", || answered(1));
    eventually("the other one's wait ends", || {
        store.advance(20_000).unwrap();
        answered(2)
    });
    assert_eq!(answers.take(), [vec!["later".to_owned()], vec![]]);
}

fn a_close_ends_all_callers(backend: Backend) {
    let store = backend.real();
    let queue = queue(&store);
    let callers: Vec<_> = (0..5).map(|_| blocked(&queue, long())).collect();
    store.close();
    for caller in callers {
        let answer = caller.recv_timeout(WATCHDOG).unwrap();
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::Closed);
    }
}

/// A store that does something when a caller that may lead is about to look.
struct Between {
    inner: Arc<dyn Storage>,
    then: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Storage for Between {
    fn execute(&self, command: Command) -> Result<Outcome> {
        self.inner.execute(command)
    }
    fn submit(&self, command: Command, done: Done) {
        self.inner.submit(command, done);
    }
    fn now_ms(&self) -> u64 {
        self.inner.now_ms()
    }
    fn advance_ms(&self, by_ms: u64) -> Result<u64> {
        self.inner.advance_ms(by_ms)
    }
    fn generation(&self) -> u64 {
        let then = self.then.lock().unwrap().take();
        if let Some(then) = then {
            then();
        }
        self.inner.generation()
    }
    fn queue_generation(&self, queue: &QueueKey) -> u64 {
        self.inner.queue_generation(queue)
    }
    fn wait_change(&self, seen: u64, timeout: Duration) {
        self.inner.wait_change(seen, timeout);
    }
    fn interrupt(&self) {
        self.inner.interrupt();
    }
    fn check(&self) -> Result<CheckReport> {
        self.inner.check()
    }
    fn backup(&self, to: &Path) -> Result<()> {
        self.inner.backup(to)
    }
    fn statistics(&self) -> Statistics {
        self.inner.statistics()
    }
}

/// Callbacks come on the waiter thread, never on one of the program that is in a receive.
#[test]
fn a_caller_that_is_about_to_lead_calls_no_ticket_back() {
    let storage = Arc::new(Between {
        inner: open_memory(&StoreOptions::default()).unwrap(),
        then: Mutex::new(None),
    });
    let store = OpenOptions::new().open_storage(storage.clone()).unwrap();
    let queue = queue(&store);
    let other = store.create_queue("other", &QueueOptions::new()).unwrap();
    let (sender, called) = channel();
    let start = move || {
        other.send("to the ticket").unwrap();
        let callback = move |answer: Result<Vec<Message>>| {
            let thread = std::thread::current().name().map(str::to_owned);
            sender
                .send((answer.map(|messages| messages.len()), thread))
                .unwrap();
        };
        other.receive_start(long(), callback).unwrap();
    };
    *storage.then.lock().unwrap() = Some(Box::new(move || {
        std::thread::spawn(start).join().unwrap();
    }));
    let caller = blocked(&queue, long());
    let (answer, thread) = called.recv_timeout(WATCHDOG).unwrap();
    assert_eq!(answer, Ok(1));
    assert_eq!(thread.as_deref(), Some("forebay-waiter"));
    queue.send("to the caller").unwrap();
    let answer = caller.recv_timeout(WATCHDOG).unwrap();
    assert_eq!(answer.unwrap(), ["to the caller"]);
}

/// A directory that is still open in this process could not be opened with another durability.
#[test]
fn a_close_under_callers_frees_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let durability = match round % 2 {
            0 => Durability::Full,
            _ => Durability::Os,
        };
        let options = OpenOptions::new().durability(durability);
        // A caller that had not begun to wait may hold it for a moment longer than the close.
        let store = opened_soon(&options, folder.path());
        let queue = queue(&store);
        let (sender, begun) = channel();
        let callers: Vec<_> = (0..3)
            .map(|_| {
                let (queue, sender) = (queue.clone(), sender.clone());
                std::thread::spawn(move || {
                    sender.send(()).unwrap();
                    queue.receive(&long()).map(|messages| messages.len())
                })
            })
            .collect();
        begun.iter().take(callers.len()).for_each(drop);
        std::thread::sleep(Duration::from_millis(round % 5));
        store.close();
        drop(callers);
    }
    opened_soon(&OpenOptions::new(), folder.path());
}

fn opened_soon(options: &OpenOptions, folder: &Path) -> Store {
    let store = OnceCell::new();
    eventually("the directory is free", || match options.open(folder) {
        Ok(opened) => store.set(opened).is_ok(),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
            false
        }
    });
    store.into_inner().unwrap()
}
