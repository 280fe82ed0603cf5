//! Handles in a forked child.

use super::{Message, OpenOptions, Queue, QueueOptions, ReceiveOptions, Store, Ticket};
use crate::error::{ErrorKind, Result};
use crate::sys::testing::in_forked_child;
use std::sync::mpsc;

fn forked<T>(result: Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::Forked)
}

fn every_call_answers_forked(
    store: &Store,
    queue: &Queue,
    message: &Message,
    ticket: &Ticket,
) -> bool {
    ticket.cancel();
    store.close();
    let wait = ReceiveOptions::new().wait(20);
    !ticket.is_done()
        && forked(store.now_ms())
        && forked(store.advance(1))
        && forked(store.get_queue("q"))
        && forked(store.create_queue("r", &QueueOptions::new()))
        && forked(store.list_queues(""))
        && forked(store.check())
        && forked(queue.send("from the child"))
        && forked(queue.receive(&wait))
        && forked(queue.receive_start(wait, |_| ()))
        && forked(queue.peek(&Default::default()))
        && forked(message.delete())
        && forked(message.change_visibility(0))
}

#[test]
fn a_child_can_use_nothing_and_drops_harmlessly() {
    let store = OpenOptions::new().open("model:").unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    queue.send("first").unwrap();
    let message = queue.receive(&ReceiveOptions::new()).unwrap().remove(0);
    let (sender, answers) = mpsc::channel();
    let callback = move |answer: Result<Vec<Message>>| sender.send(answer).unwrap();
    let ticket = queue
        .receive_start(ReceiveOptions::new().wait(20), callback)
        .unwrap();

    assert!(in_forked_child(|| every_call_answers_forked(
        &store, &queue, &message, &ticket
    )));
    // The child's copies of all handles, dropped in the child only.
    let mut handles = Some((store, queue, message, ticket));
    assert!(in_forked_child(|| {
        drop(handles.take());
        true
    }));

    let (store, queue, message, _ticket) = handles.unwrap();
    message.delete().unwrap();
    queue.send("second").unwrap();
    let answer = answers.recv().unwrap().unwrap();
    assert_eq!(answer[0].body().as_ref(), b"second");
    store.close();
}
