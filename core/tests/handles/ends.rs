//! Closing a store, and what comes after.

use crate::support::{Backend, Wait, fifo, long, on_every_store, queue, settled, short};
use forebay::{ErrorKind, PeekOptions, QueueOptions, Result, Ticket};
use std::sync::mpsc;

on_every_store! {
    a_close_ends_all_waits,
    a_close_ends_a_blocking_receive,
    a_close_inside_a_callback_ends_the_other_waits,
    closing_twice_is_closing_once,
    every_call_after_a_close_answers_closed,
    a_close_from_many_threads_returns_in_each,
}

fn closed<T: std::fmt::Debug>(result: Result<T>) {
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Closed);
}

fn a_close_ends_all_waits(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let waits: Vec<Wait> = (0..100).map(|_| Wait::start(&queue, long())).collect();
    store.close();
    for wait in waits {
        closed(wait.now().expect("called back before close returned"));
        assert!(wait.ticket.is_done());
        wait.ticket.cancel();
    }
}

fn a_close_ends_a_blocking_receive(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let first = Wait::start(&queue, long());
    settled(&store);
    let receiver = queue.clone();
    let thread = std::thread::spawn(move || receiver.receive(&long()));
    std::thread::yield_now();
    store.close();
    closed(first.answer());
    closed(thread.join().unwrap());
}

fn a_close_inside_a_callback_ends_the_other_waits(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let (sender, closes) = mpsc::channel();
    let inside = store.clone();
    let callback = move |_| {
        inside.close();
        sender.send(()).unwrap();
    };
    queue.receive_start(long(), callback).unwrap();
    let other = Wait::start(&queue, long());
    queue.send("close").unwrap();
    closes.recv().unwrap();
    closed(other.answer());
    store.close();
}

fn closing_twice_is_closing_once(backend: Backend) {
    let store = backend.manual();
    let clone = store.clone();
    store.close();
    store.close();
    clone.close();
    closed(clone.list_queues(""));
}

fn every_call_after_a_close_answers_closed(backend: Backend) {
    let store = backend.manual();
    let queue = fifo(&store);
    queue
        .send(forebay::SendRequest::new("1").group("g"))
        .unwrap();
    let message = queue.receive(&short()).unwrap().remove(0);
    let receipt = message.receipt();
    store.close();

    closed(store.create_queue("a", &QueueOptions::new()));
    closed(store.get_queue("q.fifo"));
    closed(store.delete_queue("q.fifo"));
    closed(store.list_queues(""));
    closed(store.list_queues_page("", 10, None));
    closed(store.start_move_task("q.fifo", None, None));
    closed(store.list_move_tasks("q.fifo", 1));
    closed(store.now_ms());
    closed(store.advance(1));
    closed(store.check());
    closed(store.backup("nowhere"));
    closed(store.statistics());

    closed(queue.send(forebay::SendRequest::new("2").group("g")));
    closed(queue.send_batch([forebay::SendRequest::new("2").group("g")]));
    closed(queue.receive(&short()));
    closed(queue.receive(&long()));
    closed(queue.receive_start(long(), |_| panic!("called back after a close")));
    closed(queue.delete(receipt.as_str()));
    closed(queue.delete_batch([receipt.as_str()]));
    closed(queue.delete_batch(["no receipt"]));
    closed(queue.change_visibility((receipt.as_str(), 1)));
    closed(queue.change_visibility_batch([("no receipt", 1)]));
    closed(queue.change_visibility_batch([(receipt.as_str(), 1)]));
    closed(queue.purge());
    closed(queue.view());
    closed(queue.counts());
    closed(queue.attributes(&["All"]));
    closed(queue.set_attributes([("VisibilityTimeout", "1")]));
    closed(queue.tags());
    closed(queue.tag([("a", "b")]));
    closed(queue.untag(["a"]));
    closed(queue.peek(&PeekOptions::new()));
    closed(queue.dead_letter_sources());
    closed(message.delete());
    closed(message.change_visibility(0));
    assert_eq!(message.body().as_ref(), b"1");
}

fn a_close_from_many_threads_returns_in_each(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let start = || queue.receive_start(long(), closed).unwrap();
    let tickets: Vec<Ticket> = (0..50).map(|_| start()).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                store.close();
                assert!(tickets.iter().all(Ticket::is_done));
            });
        }
    });
}
