//! Calls that are handed in: answered once, in order, together.

use crate::support::{WATCHDOG, Wait, bodies, long, short};
use forebay::store::Durability;
use forebay::{Call, ErrorKind, OpenOptions, Queue, QueueOptions, Result, SendRequest, Store};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

const STORES: [&str; 2] = ["model:", "mem:"];

fn home(location: &str) -> (Store, Queue) {
    let store = Store::open(location).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    (store, queue)
}

/// Hands a call in; the answer comes out of the receiver.
fn submitted<T: Send + 'static>(call: Call<T>) -> Receiver<Result<T>> {
    let (sender, answer) = channel();
    call.submit(move |result| sender.send(result).unwrap());
    answer
}

fn answer<T>(answers: &Receiver<Result<T>>) -> Result<T> {
    answers.recv_timeout(WATCHDOG).expect("an answer must come")
}

#[test]
fn what_is_handed_in_is_carried_out_in_this_order() {
    for location in STORES {
        let (_store, queue) = home(location);
        let sends: Vec<_> = (0..300)
            .map(|number| submitted(queue.calls().send(number.to_string()).unwrap()))
            .collect();
        let view = submitted(queue.calls().view().unwrap());
        for (number, send) in (1..).zip(&sends) {
            assert_eq!(answer(send).unwrap().sequence(), number);
        }
        assert_eq!(answer(&view).unwrap().counts.visible, 300);
        let received = queue.receive(&short().max(300)).unwrap();
        let expected: Vec<String> = (0..300).map(|number| number.to_string()).collect();
        assert_eq!(bodies(&received), expected);
        let deletes = queue.calls().delete_batch(&received).unwrap();
        assert!(
            answer(&submitted(deletes))
                .unwrap()
                .iter()
                .all(Result::is_ok)
        );
        let purge = submitted(queue.calls().purge().unwrap());
        answer(&purge).unwrap();
    }
}

#[test]
fn what_is_handed_in_together_shares_transactions() {
    let directory = tempfile::tempdir().unwrap();
    let (store, queue) = home(directory.path().to_str().unwrap());
    let before = store.statistics().unwrap();
    let sends: Vec<_> = (0..500)
        .map(|_| submitted(queue.calls().send("x").unwrap()))
        .collect();
    sends.iter().for_each(|send| drop(answer(send).unwrap()));
    let after = store.statistics().unwrap();
    // The store's own thread may have given a command, too.
    assert!(after.commands - before.commands >= 500);
    assert!(after.syncs - before.syncs < 250, "{before:?} {after:?}");
}

#[test]
fn errors_come_from_the_check_or_to_the_callback() {
    for location in STORES {
        let (store, queue) = home(location);
        let empty = queue.calls().send("").unwrap_err();
        assert_eq!(empty.kind(), ErrorKind::MissingParameter);
        // No entry is left for the store, so the answer is there at once.
        let batch = queue.calls().send_batch([""]).unwrap();
        let results = submitted(batch).try_recv().unwrap().unwrap();
        assert_eq!(
            results[0].as_ref().unwrap_err().kind(),
            ErrorKind::MissingParameter
        );
        let absent = submitted(store.calls().get_queue("absent").unwrap());
        let error = answer(&absent).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::QueueDoesNotExist);
        let delayed = SendRequest::new("x").delay(901);
        let delayed = submitted(queue.calls().send(delayed).unwrap());
        let error = answer(&delayed).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidParameterValue);
        store.close();
        assert_eq!(
            queue.calls().send("x").unwrap_err().kind(),
            ErrorKind::Closed
        );
    }
}

#[test]
fn a_panic_in_a_callback_harms_no_other_call() {
    let (_store, queue) = home("mem:");
    let call = queue.calls().send("x").unwrap();
    call.submit(|_| panic!("a callback's own fault, as the test wants it"));
    answer(&submitted(queue.calls().send("y").unwrap())).unwrap();
}

#[test]
fn a_close_answers_what_was_handed_in_before() {
    let (store, queue) = home("mem:");
    let sends: Vec<_> = (0..200)
        .map(|_| submitted(queue.calls().send("x").unwrap()))
        .collect();
    store.close();
    drop((store, queue));
    let all = sends
        .iter()
        .all(|send| matches!(send.recv_timeout(WATCHDOG), Ok(Ok(_))));
    assert!(all, "every send is answered");
}

/// A directory and a queue in it.
fn on_disk(durability: Durability) -> (tempfile::TempDir, Store, Queue) {
    let directory = tempfile::tempdir().unwrap();
    let options = OpenOptions::new().durability(durability);
    let store = options.open(directory.path()).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    (directory, store, queue)
}

#[test]
fn what_waits_for_the_disk_is_not_done_now() {
    for durability in [Durability::Full, Durability::Strict] {
        let (_directory, _store, queue) = on_disk(durability);
        let ControlFlow::Continue(send) = queue.calls().send("x").unwrap().run_now() else {
            panic!("{durability:?}: a send was answered without a sync");
        };
        assert_eq!(queue.counts().unwrap().visible, 0);
        send.run().unwrap();
        if durability == Durability::Full {
            let found = at_last(|| queue.receive_now(&short()).unwrap());
            assert_eq!(bodies(&found), ["x"]);
        } else {
            assert!(queue.receive_now(&short()).unwrap().is_none());
        }
    }
}

/// What `attempt` gives when the store's own threads hold no lock.
fn at_last<T>(attempt: impl Fn() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(start.elapsed() < WATCHDOG, "never done at once");
        std::thread::yield_now();
    }
}

fn run_at_last<T: 'static>(call: impl Fn() -> Call<T>) -> T {
    at_last(|| match call().run_now() {
        ControlFlow::Break(answer) => Some(answer.unwrap()),
        ControlFlow::Continue(_) => None,
    })
}

#[test]
fn what_waits_for_nothing_is_done_now() {
    let (_directory, _store, queue) = on_disk(Durability::Os);
    let receipt = run_at_last(|| queue.calls().send("x").unwrap());
    assert_eq!(receipt.sequence(), 1);
    let found = at_last(|| queue.receive_now(&long()).unwrap());
    assert_eq!(bodies(&found), ["x"]);
    run_at_last(|| queue.calls().delete(&found[0]).unwrap());
    // A receive that finds nothing is over only if it does not wait.
    assert!(queue.receive_now(&long()).unwrap().is_none());
    assert!(at_last(|| queue.receive_now(&short()).unwrap()).is_empty());
    let large = SendRequest::new(vec![b'x'; 1 << 20]);
    let large = queue.calls().send(large).unwrap().run_now();
    assert!(matches!(large, ControlFlow::Continue(_)));
}

#[test]
fn a_look_for_now_passes_nobody_who_waits() {
    let (_directory, _store, queue) = on_disk(Durability::Os);
    let wait = Wait::start(&queue, long());
    assert!(queue.receive_now(&long()).unwrap().is_none());
    queue.send("x").unwrap();
    assert_eq!(wait.bodies(), ["x"]);
}

#[test]
fn now_and_later_may_be_mixed_by_many_threads() {
    let (_directory, store, queue) = on_disk(Durability::Os);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..250 {
                    match queue.calls().send("x").unwrap().run_now() {
                        ControlFlow::Break(receipt) => drop(receipt.unwrap()),
                        ControlFlow::Continue(call) => drop(answer(&submitted(call)).unwrap()),
                    }
                    queue.send("y").unwrap();
                }
            });
        }
    });
    assert_eq!(queue.counts().unwrap().visible, 2000);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}
