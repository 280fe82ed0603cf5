//! Cancelling: a cancelled wait swallows no message.

use crate::support::{Backend, Wait, bodies, long, on_every_store, queue, settled, take};
use forebay::{ErrorKind, Message, ReceiveOptions, Result, Ticket};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

on_every_store! {
    a_cancelled_wait_takes_nothing,
    a_cancel_after_the_answer_does_nothing,
    cancelling_one_of_a_line_leaves_the_order,
    a_cancel_inside_its_own_callback_returns,
    two_threads_may_cancel_one_ticket,
    cancelling_soon_ends_a_wait_that_nobody_serves,
    cancel_storms_lose_nothing,
}

fn a_cancelled_wait_takes_nothing(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let wait = Wait::start(&queue, long());
    wait.ticket.cancel();
    let answer = wait.now().expect("called back before cancel returned");
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(wait.ticket.is_done());
    queue.send("kept").unwrap();
    settled(&store);
    assert_eq!(take(&queue, 1), ["kept"]);
}

fn a_cancel_after_the_answer_does_nothing(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let wait = Wait::start(&queue, long());
    queue.send("given").unwrap();
    assert_eq!(wait.bodies(), ["given"]);
    wait.ticket.cancel();
    wait.ticket.cancel();
    assert!(wait.now().is_none());
}

fn cancelling_one_of_a_line_leaves_the_order(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let waits: Vec<Wait> = (0..4).map(|_| Wait::start(&queue, long())).collect();
    waits[0].ticket.cancel();
    waits[2].ticket.cancel();
    queue.send("a").unwrap();
    assert_eq!(waits[1].bodies(), ["a"]);
    queue.send("b").unwrap();
    assert_eq!(waits[3].bodies(), ["b"]);
}

fn cancelling_soon_ends_a_wait_that_nobody_serves(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let wait = Wait::start(&queue, long());
    settled(&store);
    wait.ticket.cancel_soon();
    let answer = wait
        .now()
        .expect("nothing ran, so nothing was left for later");
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Cancelled);
    queue.send("kept").unwrap();
    settled(&store);
    assert_eq!(take(&queue, 1), ["kept"]);
}

fn a_cancel_inside_its_own_callback_returns(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let slot: Arc<OnceLock<Ticket>> = Arc::default();
    let own = slot.clone();
    let (sender, answers) = std::sync::mpsc::channel();
    let callback = move |answer: Result<Vec<Message>>| {
        let ticket = own.wait();
        ticket.cancel();
        assert!(!ticket.is_done());
        sender.send(answer).unwrap();
    };
    slot.set(queue.receive_start(long(), callback).unwrap())
        .unwrap();
    queue.send("given").unwrap();
    assert_eq!(bodies(&answers.recv().unwrap().unwrap()), ["given"]);
}

fn two_threads_may_cancel_one_ticket(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    for _ in 0..200 {
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = calls.clone();
        let callback = move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
        };
        let ticket = queue.receive_start(long(), callback).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    ticket.cancel();
                    assert_eq!(calls.load(Ordering::SeqCst), 1);
                });
            }
        });
    }
}

/// Every message that a live producer sends is received exactly once, however many waits are
/// cancelled around it, and the store can go on.
fn cancel_storms_lose_nothing(backend: Backend) {
    const CANCELS: usize = 10_000;
    let store = backend.real();
    let queue = queue(&store);
    let received: Arc<Mutex<Vec<String>>> = Arc::default();
    let done = AtomicBool::new(false);
    let sent = std::thread::scope(|scope| {
        let producer = scope.spawn(|| {
            let mut sent = 0;
            while !done.load(Ordering::Relaxed) {
                queue.send(sent.to_string()).unwrap();
                sent += 1;
            }
            sent
        });
        let storms: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| storm(&queue, &received, CANCELS / 2)))
            .collect();
        for storm in storms {
            storm.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        producer.join().unwrap()
    });
    loop {
        let rest = take(&queue, 1_000);
        if rest.is_empty() {
            break;
        }
        received.lock().unwrap().extend(rest);
    }
    let received = received.lock().unwrap();
    let distinct: HashSet<&String> = received.iter().collect();
    assert_eq!(distinct.len(), received.len(), "a message was given twice");
    assert_eq!(received.len(), sent, "a message was lost");
    assert_eq!(queue.counts().unwrap().in_flight as usize, sent);
}

/// Starts waits in small bunches and cancels each; counts on one callback for every one.
fn storm(queue: &forebay::Queue, received: &Arc<Mutex<Vec<String>>>, cancels: usize) {
    const BUNCH: usize = 10;
    for _ in 0..cancels / BUNCH {
        let calls = Arc::new(AtomicUsize::new(0));
        let tickets: Vec<Ticket> = (0..BUNCH)
            .map(|_| {
                let (received, calls) = (received.clone(), calls.clone());
                let callback = move |answer: Result<Vec<Message>>| {
                    match answer {
                        Ok(messages) => received.lock().unwrap().extend(bodies(&messages)),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled),
                    }
                    calls.fetch_add(1, Ordering::SeqCst);
                };
                // Long hidden, so that nothing comes back while the storm lasts.
                let options = ReceiveOptions::new().wait(20).visibility_timeout(3_600);
                queue.receive_start(options, callback).unwrap()
            })
            .collect();
        for ticket in &tickets {
            ticket.cancel();
        }
        assert_eq!(calls.load(Ordering::SeqCst), BUNCH);
    }
}
