//! Tickets: order, callbacks, numbers.

use crate::support::{
    Backend, Wait, bodies, eventually, fifo, long, on_every_store, queue, settled, short,
};
use forebay::handle::Started;
use forebay::{ErrorKind, QueueOptions, ReceiveOptions, SendRequest};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

on_every_store! {
    who_came_first_is_served_first,
    a_blocking_receive_stands_in_line,
    a_short_receive_stands_in_no_line,
    messages_at_hand_are_given_at_once,
    a_receive_is_answered_or_started,
    one_send_of_many_serves_many,
    a_repeated_attempt_is_answered_past_the_line,
    ten_thousand_waits_share_one_thread,
    waits_of_many_queues_are_served_in_their_own_queue,
    a_panic_in_a_callback_is_contained,
    a_callback_may_start_the_next_receive,
    a_callback_cannot_block_in_a_wait,
    a_dropped_ticket_runs_on,
    a_wait_keeps_the_store_open_until_it_ends,
    bad_options_are_refused_before_any_wait,
}

fn who_came_first_is_served_first(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let waits: Vec<Wait> = (0..10).map(|_| Wait::start(&queue, long())).collect();
    for (turn, wait) in waits.iter().enumerate() {
        queue.send(turn.to_string()).unwrap();
        assert_eq!(wait.bodies(), [turn.to_string()]);
    }
}

fn a_blocking_receive_stands_in_line(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let first = Wait::start(&queue, long());
    settled(&store);
    let second = queue.clone();
    let second = std::thread::spawn(move || bodies(&second.receive(&long()).unwrap()));
    queue.send("for the first").unwrap();
    assert_eq!(first.bodies(), ["for the first"]);
    queue.send("for the second").unwrap();
    assert_eq!(second.join().unwrap(), ["for the second"]);
}

fn a_short_receive_stands_in_no_line(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let first = Wait::start(&queue, long());
    settled(&store);
    assert!(queue.receive(&short()).unwrap().is_empty());
    assert!(first.now().is_none());
}

fn a_receive_is_answered_or_started(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    queue.send("at hand").unwrap();
    let unused = |_| panic!("the answer was given at once");
    match queue.receive_or_start(&long(), unused).unwrap() {
        Started::Ready(messages) => assert_eq!(bodies(&messages), ["at hand"]),
        Started::Waiting(_) => panic!("there was a message"),
    }
    match queue.receive_or_start(&short(), unused).unwrap() {
        Started::Ready(messages) => assert!(messages.is_empty()),
        Started::Waiting(_) => panic!("a short receive does not wait"),
    }
    let (sender, answer) = mpsc::channel();
    let later = move |received| sender.send(received).unwrap();
    let started = queue.receive_or_start(&long(), later).unwrap();
    queue.send("later").unwrap();
    assert_eq!(bodies(&answer.recv().unwrap().unwrap()), ["later"]);
    assert!(matches!(started, Started::Waiting(_)));
}

fn messages_at_hand_are_given_at_once(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    queue.send_batch(["a", "b", "c"]).unwrap();
    assert_eq!(Wait::start(&queue, long()).bodies(), ["a"]);
    assert_eq!(Wait::start(&queue, ReceiveOptions::new()).bodies(), ["b"]);
    assert_eq!(bodies(&queue.receive(&long()).unwrap()), ["c"]);
}

fn one_send_of_many_serves_many(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let waits: Vec<Wait> = (0..5).map(|_| Wait::start(&queue, long().max(2))).collect();
    settled(&store);
    queue.send_batch(["a", "b", "c", "d", "e"]).unwrap();
    assert_eq!(waits[0].bodies(), ["a", "b"]);
    assert_eq!(waits[1].bodies(), ["c", "d"]);
    assert_eq!(waits[2].bodies(), ["e"]);
    settled(&store);
    assert!(waits[3].now().is_none() && waits[4].now().is_none());
}

fn a_repeated_attempt_is_answered_past_the_line(backend: Backend) {
    let store = backend.manual();
    let queue = fifo(&store);
    queue.send(SendRequest::new("1").group("g")).unwrap();
    let first = queue.receive(&short().attempt("try")).unwrap();
    let ahead = Wait::start(&queue, long());
    settled(&store);
    let blocking = queue.receive(&long().attempt("try")).unwrap();
    let started = Wait::start(&queue, long().attempt("try")).answer().unwrap();
    for again in [&blocking, &started] {
        assert_eq!(bodies(again), ["1"]);
        assert_eq!(again[0].receipt(), first[0].receipt());
        assert_eq!(again[0].receive_count(), 1);
    }
    assert!(ahead.now().is_none());
}

fn ten_thousand_waits_share_one_thread(backend: Backend) {
    const WAITS: usize = 10_000;
    let store = backend.manual();
    let queue = queue(&store);
    let threads = Arc::new(Mutex::new(HashSet::new()));
    let (sender, answers) = mpsc::channel();
    for _ in 0..WAITS {
        let (sender, threads) = (sender.clone(), threads.clone());
        let callback = move |answer: forebay::Result<Vec<forebay::Message>>| {
            threads.lock().unwrap().insert(std::thread::current().id());
            sender.send(answer.unwrap().len()).unwrap();
        };
        queue.receive_start(long(), callback).unwrap();
    }
    let half: Vec<String> = (0..WAITS / 2).map(|n| n.to_string()).collect();
    queue.send_batch(half).unwrap();
    settled(&store);
    assert_eq!(answers.try_iter().sum::<usize>(), WAITS / 2);
    store.advance(20_000).unwrap();
    let rest: Vec<usize> = answers.try_iter().collect();
    assert_eq!(rest, vec![0; WAITS / 2]);
    let threads = threads.lock().unwrap();
    assert_eq!(threads.len(), 1);
    assert!(!threads.contains(&std::thread::current().id()));
}

fn waits_of_many_queues_are_served_in_their_own_queue(backend: Backend) {
    let store = backend.manual();
    let queues: Vec<_> = (0..50)
        .map(|n| {
            let name = format!("q{n}");
            store.create_queue(&name, &QueueOptions::new()).unwrap()
        })
        .collect();
    let waits: Vec<Wait> = queues.iter().map(|q| Wait::start(q, long())).collect();
    settled(&store);
    for queue in queues.iter().rev().step_by(2) {
        queue.send(queue.name().to_string()).unwrap();
    }
    settled(&store);
    for (n, wait) in waits.iter().enumerate() {
        let answer = wait.now().map(|answer| bodies(&answer.unwrap()));
        assert_eq!(answer, (n % 2 == 1).then(|| vec![format!("q{n}")]));
    }
}

fn a_panic_in_a_callback_is_contained(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let ticket = queue
        .receive_start(long(), |_| panic!("this test's callback panics"))
        .unwrap();
    let next = Wait::start(&queue, long());
    queue.send_batch(["lost on the way", "next"]).unwrap();
    assert_eq!(next.bodies(), ["next"]);
    eventually("the panicked ticket is done", || ticket.is_done());
    store.advance(30_000).unwrap();
    assert_eq!(crate::support::take(&queue, 2).len(), 2);
}

fn a_callback_may_start_the_next_receive(backend: Backend) {
    const MESSAGES: usize = 200;
    let store = backend.real();
    let queue = queue(&store);
    let received = Arc::new(AtomicUsize::new(0));

    fn consume(queue: forebay::Queue, received: Arc<AtomicUsize>) {
        let next = queue.clone();
        let callback = move |answer: forebay::Result<Vec<forebay::Message>>| {
            for message in answer.unwrap() {
                message.delete().unwrap();
                received.fetch_add(1, Ordering::Relaxed);
            }
            if received.load(Ordering::Relaxed) < MESSAGES {
                consume(next, received);
            }
        };
        queue.receive_start(long(), callback).unwrap();
    }

    consume(queue.clone(), received.clone());
    for n in 0..MESSAGES {
        queue.send(n.to_string()).unwrap();
    }
    eventually("all messages were consumed", || {
        received.load(Ordering::Relaxed) == MESSAGES
    });
    assert_eq!(queue.counts().unwrap(), Default::default());
}

fn a_callback_cannot_block_in_a_wait(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let (sender, results) = mpsc::channel();
    let inside = queue.clone();
    let callback = move |_| {
        sender.send(inside.receive(&long())).unwrap();
        sender.send(inside.receive(&short())).unwrap();
    };
    queue.receive_start(long(), callback).unwrap();
    queue.send("wake").unwrap();
    let waiting = results.recv().unwrap();
    assert_eq!(waiting.unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert!(results.recv().unwrap().unwrap().is_empty());
}

fn a_dropped_ticket_runs_on(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let (sender, answers) = mpsc::channel();
    let callback = move |answer| sender.send(answer).unwrap();
    drop(queue.receive_start(long(), callback).unwrap());
    queue.send("still").unwrap();
    let answer: forebay::Result<Vec<forebay::Message>> = answers.recv().unwrap();
    assert_eq!(bodies(&answer.unwrap()), ["still"]);
}

fn a_wait_keeps_the_store_open_until_it_ends(backend: Backend) {
    let store = backend.real();
    let queue = queue(&store);
    let wait = Wait::start(&queue, ReceiveOptions::new().wait(1));
    drop(queue);
    drop(store);
    assert!(wait.answer().unwrap().is_empty());
}

fn bad_options_are_refused_before_any_wait(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    for options in [
        ReceiveOptions::new().max(0),
        ReceiveOptions::new().max(10_001),
        ReceiveOptions::new().wait(21),
        ReceiveOptions::new().visibility_timeout(43_201),
    ] {
        let never = |_| panic!("called back for a refused receive");
        let started = queue.receive_start(options.clone(), never).unwrap_err();
        let received = queue.receive(&options).unwrap_err();
        assert_eq!(started.kind(), ErrorKind::InvalidParameterValue);
        assert_eq!(started, received);
    }
    let attempt = queue.receive(&long().attempt("standard")).unwrap_err();
    assert_eq!(attempt.kind(), ErrorKind::InvalidParameterValue);
}
