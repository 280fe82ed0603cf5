//! Waits that end while those of other queues are looked for with them.

use super::{WATCHDOG, place};
use forebay::{ErrorKind, Queue, QueueOptions, ReceiveOptions, Store, Ticket};
use forebay_test_postgres::Transaction;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn long() -> ReceiveOptions {
    ReceiveOptions::new().wait(20)
}

fn with_message(store: &Store, name: &str) -> Queue {
    let options = QueueOptions::new().visibility_timeout(3_600);
    let queue = store.create_queue(name, &options).unwrap();
    queue.send("x").unwrap();
    queue
}

/// Starts waits for two queues that have a message each, so that one pass looks for both. Each
/// calls `called` with its number and the other's ticket.
fn start_two(
    store: &Store,
    called: impl Fn(usize, Arc<Ticket>) + Send + Sync + 'static,
) -> [Arc<Ticket>; 2] {
    let queues = [with_message(store, "one"), with_message(store, "two")];
    let gate = with_message(store, "gate");
    let (inside, is_inside) = channel();
    let (open, opened) = channel::<()>();
    let _gate = gate.receive_start(long(), move |_| {
        inside.send(()).unwrap();
        opened.recv_timeout(WATCHDOG).unwrap();
    });
    is_inside.recv_timeout(WATCHDOG).unwrap();
    let tickets = Arc::new(Mutex::new(Vec::<Arc<Ticket>>::new()));
    let called = Arc::new(called);
    for (number, queue) in queues.iter().enumerate() {
        let (tickets, called) = (tickets.clone(), called.clone());
        let to_know = tickets.clone();
        let ticket = queue.receive_start(long(), move |found| {
            assert_eq!(found.unwrap().len(), 1);
            let other = to_know.lock().unwrap()[1 - number].clone();
            called(number, other);
        });
        tickets.lock().unwrap().push(Arc::new(ticket.unwrap()));
    }
    let both = tickets.lock().unwrap().clone();
    open.send(()).unwrap();
    both.try_into().unwrap()
}

/// A program that waits for the first of two frees what the other's callback uses once that is
/// cancelled.
#[test]
fn postgres_a_callback_that_cancels_another_wait_ends_it() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let (told, log) = channel();
    let tell = Mutex::new(told);
    let _tickets = start_two(&store, move |number, other| {
        tell.lock().unwrap().send(("begins", number)).unwrap();
        other.cancel();
        tell.lock().unwrap().send(("ends", number)).unwrap();
    });
    let log = [(); 4].map(|()| log.recv_timeout(WATCHDOG).unwrap());
    let (outer, inner) = (log[0].1, 1 - log[0].1);
    let nested = [
        ("begins", outer),
        ("begins", inner),
        ("ends", inner),
        ("ends", outer),
    ];
    assert_eq!(log, nested);
}

#[test]
fn postgres_a_cancel_waits_for_no_other_callback() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let (inside, is_inside) = channel();
    let (done, is_done) = channel();
    let first = Mutex::new(Some((inside, is_done)));
    start_two(&store, move |_, other| {
        let first = first.lock().unwrap().take();
        if let Some((inside, is_done)) = first {
            inside.send(other).unwrap();
            // Who cancels the other may hold what this callback needs.
            is_done.recv_timeout(WATCHDOG).unwrap();
        }
    });
    let other = is_inside.recv_timeout(WATCHDOG).unwrap();
    let (told, ended) = channel();
    std::thread::spawn(move || {
        other.cancel();
        told.send(other.is_done()).unwrap();
    });
    assert!(ended.recv_timeout(WATCHDOG / 2).unwrap());
    done.send(()).unwrap();
}

/// Somebody holds the queue: the look for a wait that is cancelled then may find a message later.
#[test]
fn postgres_a_wait_whose_look_is_late_ends_at_once_and_keeps_nothing() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let queue = with_message(&store, "q");
    let schema = location.rsplit_once("schema=").unwrap().1;
    let lock = format!("SELECT {schema}.lock_queue(uid) FROM {schema}.queues");
    let holder = Transaction::begin(&location, &lock).unwrap();
    let start = |told: Sender<_>| queue.receive_start(long(), move |it| told.send(it).unwrap());
    let (told, answer) = channel();
    let ticket = start(told).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    ticket.cancel();
    assert!(ticket.is_done());
    let answer = answer.try_recv().unwrap();
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Cancelled);
    holder.run("ROLLBACK").unwrap();
    assert_eq!(queue.receive(&long()).unwrap().len(), 1);
}
