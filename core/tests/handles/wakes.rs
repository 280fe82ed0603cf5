//! What wakes a wait (S4.3), and what ends it (S4.2, S4.4, S4.7, S18.11).

use crate::support::{
    Backend, Wait, bodies, fifo, long, on_every_store, queue, settled, short, take,
};
use forebay::{ErrorKind, QueueOptions, ReceiveOptions, SendRequest};
use std::time::Instant;

on_every_store! {
    a_send_wakes,
    a_send_wakes_in_real_time,
    the_end_of_a_delay_wakes,
    the_end_of_a_delay_wakes_in_real_time,
    the_end_of_a_visibility_timeout_wakes,
    visibility_zero_wakes,
    a_shortened_visibility_timeout_wakes_at_its_new_end,
    a_dead_letter_move_wakes,
    a_move_task_wakes,
    a_delete_that_unlocks_a_group_wakes,
    a_dead_letter_move_that_unlocks_a_group_wakes,
    a_shortened_fifo_delay_wakes,
    a_wait_does_not_wait_for_a_full_batch,
    a_wait_ends_empty_exactly_when_it_is_over,
    a_wait_ends_empty_in_real_time,
    a_send_shortly_before_the_end_is_received,
    the_wait_of_the_queue_holds_unless_another_is_given,
    a_deleted_queue_ends_its_waits,
    an_advance_far_beyond_ends_all_waits,
}

fn a_send_wakes(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let wait = Wait::start(&queue, long());
    settled(&store);
    assert!(wait.now().is_none());
    queue.send("hello").unwrap();
    assert_eq!(wait.bodies(), ["hello"]);
}

fn a_send_wakes_in_real_time(backend: Backend) {
    let store = backend.real();
    let queue = queue(&store);
    let receiver = queue.clone();
    let thread = std::thread::spawn(move || bodies(&receiver.receive(&long()).unwrap()));
    queue.send("hello").unwrap();
    assert_eq!(thread.join().unwrap(), ["hello"]);
}

fn the_end_of_a_delay_wakes(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let wait = Wait::start(&queue, long());
    settled(&store);
    queue.send(SendRequest::new("later").delay(5)).unwrap();
    store.advance(4_999).unwrap();
    assert!(wait.now().is_none());
    store.advance(1).unwrap();
    assert_eq!(bodies(&wait.now().unwrap().unwrap()), ["later"]);
}

fn the_end_of_a_delay_wakes_in_real_time(backend: Backend) {
    let store = backend.real();
    let queue = queue(&store);
    let wait = Wait::start(&queue, long());
    let start = Instant::now();
    queue.send(SendRequest::new("later").delay(1)).unwrap();
    assert_eq!(wait.bodies(), ["later"]);
    assert!(start.elapsed().as_millis() >= 990);
}

fn the_end_of_a_visibility_timeout_wakes(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    queue.send("back").unwrap();
    assert_eq!(
        queue.receive(&short().visibility_timeout(7)).unwrap().len(),
        1
    );
    let wait = Wait::start(&queue, long());
    store.advance(6_999).unwrap();
    assert!(wait.now().is_none());
    store.advance(1).unwrap();
    let messages = wait.now().unwrap().unwrap();
    assert_eq!(messages[0].receive_count(), 2);
}

fn visibility_zero_wakes(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    queue.send("back").unwrap();
    let held = queue.receive(&short()).unwrap();
    let wait = Wait::start(&queue, long());
    settled(&store);
    assert!(wait.now().is_none());
    held[0].change_visibility(0).unwrap();
    assert_eq!(wait.bodies(), ["back"]);
}

fn a_shortened_visibility_timeout_wakes_at_its_new_end(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    queue.send("back").unwrap();
    let held = queue.receive(&short().visibility_timeout(15)).unwrap();
    let wait = Wait::start(&queue, long());
    settled(&store);
    held[0].change_visibility(3).unwrap();
    store.advance(2_999).unwrap();
    assert!(wait.now().is_none());
    store.advance(1).unwrap();
    assert_eq!(bodies(&wait.now().unwrap().unwrap()), ["back"]);
}

fn a_dead_letter_move_wakes(backend: Backend) {
    let store = backend.manual();
    let dead = store.create_queue("dead", &QueueOptions::new()).unwrap();
    let options = QueueOptions::new().dead_letter("dead", 1);
    let source = store.create_queue("source", &options).unwrap();
    source.send("poison").unwrap();
    assert_eq!(take(&source, 1), ["poison"]);
    let wait = Wait::start(&dead, long().wait(20));
    store.advance(19_000).unwrap();
    assert!(wait.now().is_none());
    drop(wait);
    store.advance(11_000).unwrap();
    let wait = Wait::start(&dead, long());
    settled(&store);
    assert!(
        wait.now().is_none(),
        "a message moves when it would be received (S9.4)"
    );
    assert!(take(&source, 1).is_empty());
    let messages = wait.answer().unwrap();
    assert_eq!(bodies(&messages), ["poison"]);
    assert_eq!(
        messages[0].dead_letter_source(),
        Some(source.arn().as_str())
    );
}

fn a_move_task_wakes(backend: Backend) {
    let store = backend.manual();
    let dead = store.create_queue("dead", &QueueOptions::new()).unwrap();
    let options = QueueOptions::new()
        .dead_letter("dead", 1)
        .visibility_timeout(0);
    let source = store.create_queue("source", &options).unwrap();
    source.send("poison").unwrap();
    assert_eq!(take(&source, 1), ["poison"]);
    assert!(take(&source, 1).is_empty());
    let wait = Wait::start(&source, long());
    settled(&store);
    assert!(wait.now().is_none());
    store.start_move_task("dead", None, None).unwrap();
    store.advance(0).unwrap();
    assert_eq!(wait.bodies(), ["poison"]);
    assert_eq!(dead.counts().unwrap().visible, 0);
}

fn a_delete_that_unlocks_a_group_wakes(backend: Backend) {
    let store = backend.manual();
    let queue = fifo(&store);
    queue.send(SendRequest::new("1").group("g")).unwrap();
    queue.send(SendRequest::new("2").group("g")).unwrap();
    let held = queue.receive(&short()).unwrap();
    let wait = Wait::start(&queue, long());
    settled(&store);
    assert!(wait.now().is_none());
    held[0].delete().unwrap();
    assert_eq!(wait.bodies(), ["2"]);
}

fn a_dead_letter_move_that_unlocks_a_group_wakes(backend: Backend) {
    let store = backend.manual();
    let dead = QueueOptions::new().fifo();
    store.create_queue("dead.fifo", &dead).unwrap();
    let options = QueueOptions::new()
        .fifo()
        .content_deduplication(true)
        .dead_letter("dead.fifo", 1);
    let queue = store.create_queue("q.fifo", &options).unwrap();
    queue.send(SendRequest::new("1").group("g")).unwrap();
    queue.send(SendRequest::new("2").group("g")).unwrap();
    assert_eq!(
        queue.receive(&short().visibility_timeout(5)).unwrap().len(),
        1
    );
    let wait = Wait::start(&queue, long());
    store.advance(4_999).unwrap();
    assert!(wait.now().is_none());
    store.advance(1).unwrap();
    assert_eq!(bodies(&wait.now().unwrap().unwrap()), ["2"]);
}

fn a_shortened_fifo_delay_wakes(backend: Backend) {
    let store = backend.manual();
    let options = QueueOptions::new()
        .fifo()
        .content_deduplication(true)
        .delay(60);
    let queue = store.create_queue("q.fifo", &options).unwrap();
    queue.send(SendRequest::new("1").group("g")).unwrap();
    let wait = Wait::start(&queue, long());
    settled(&store);
    queue.set_attributes([("DelaySeconds", "2")]).unwrap();
    store.advance(1_999).unwrap();
    assert!(wait.now().is_none());
    store.advance(1).unwrap();
    assert_eq!(bodies(&wait.now().unwrap().unwrap()), ["1"]);
}

fn a_wait_does_not_wait_for_a_full_batch(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let wait = Wait::start(&queue, long().max(10));
    settled(&store);
    queue.send("only").unwrap();
    assert_eq!(wait.bodies(), ["only"]);
    queue.send_batch(["a", "b", "c"]).unwrap();
    let messages = queue.receive(&long().max(10)).unwrap();
    assert_eq!(bodies(&messages), ["a", "b", "c"]);
}

fn a_wait_ends_empty_exactly_when_it_is_over(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let wait = Wait::start(&queue, ReceiveOptions::new().wait(5));
    store.advance(4_999).unwrap();
    assert!(wait.now().is_none());
    store.advance(1).unwrap();
    assert!(wait.now().unwrap().unwrap().is_empty());
    assert!(wait.ticket.is_done());
}

fn a_wait_ends_empty_in_real_time(backend: Backend) {
    let store = backend.real();
    let queue = queue(&store);
    let start = Instant::now();
    assert!(
        queue
            .receive(&ReceiveOptions::new().wait(1))
            .unwrap()
            .is_empty()
    );
    assert!(start.elapsed().as_millis() >= 990);
}

fn a_send_shortly_before_the_end_is_received(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let wait = Wait::start(&queue, long());
    store.advance(19_900).unwrap();
    assert!(wait.now().is_none());
    queue.send("just in time").unwrap();
    assert_eq!(wait.bodies(), ["just in time"]);
    store.advance(100).unwrap();
    assert!(wait.now().is_none());
}

fn the_wait_of_the_queue_holds_unless_another_is_given(backend: Backend) {
    let store = backend.manual();
    let options = QueueOptions::new().receive_wait(3);
    let queue = store.create_queue("q", &options).unwrap();
    assert!(queue.receive(&short()).unwrap().is_empty());
    let by_queue = Wait::start(&queue, ReceiveOptions::new());
    let behind = Wait::start(&queue, ReceiveOptions::new());
    let own = Wait::start(&queue, long());
    let none = Wait::start(&queue, short());
    store.advance(2_999).unwrap();
    assert!(by_queue.now().is_none() && behind.now().is_none());
    assert!(none.now().unwrap().unwrap().is_empty());
    store.advance(1).unwrap();
    assert!(by_queue.now().unwrap().unwrap().is_empty());
    assert!(behind.now().unwrap().unwrap().is_empty());
    assert!(own.now().is_none());
    queue
        .set_attributes([("ReceiveMessageWaitTimeSeconds", "0")])
        .unwrap();
    assert!(queue.receive(&ReceiveOptions::new()).unwrap().is_empty());
}

fn a_deleted_queue_ends_its_waits(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let waits: Vec<Wait> = (0..3).map(|_| Wait::start(&queue, long())).collect();
    settled(&store);
    store.delete_queue("q").unwrap();
    for wait in waits {
        assert_eq!(
            wait.answer().unwrap_err().kind(),
            ErrorKind::QueueDoesNotExist
        );
    }
}

fn an_advance_far_beyond_ends_all_waits(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let waits: Vec<Wait> = (1..=20)
        .map(|seconds| Wait::start(&queue, ReceiveOptions::new().wait(seconds)))
        .collect();
    store.advance(3_600_000).unwrap();
    for wait in waits {
        assert!(wait.now().unwrap().unwrap().is_empty());
    }
}
