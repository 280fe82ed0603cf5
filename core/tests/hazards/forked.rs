//! A forked child has copies of its parent's handles and must not use them.

#![cfg(unix)]

use super::{Place, body, drain, queue};
use forebay::sys::testing::in_forked_child;
use forebay::{ErrorKind, ReceiveOptions};

#[test]
fn handles_in_a_child_answer_forked_and_leave_the_parent_alone() {
    let place = Place::new();
    let store = place.open();
    let queue = queue(&store);
    queue.send(body(1)).unwrap();
    let message = queue.receive(&ReceiveOptions::new()).unwrap().remove(0);
    let all_forked = in_forked_child(|| {
        let kinds = [
            queue.send(body(2)).map(drop),
            queue.receive(&ReceiveOptions::new()).map(drop),
            message.delete(),
            store.get_queue("hazard").map(drop),
            store.statistics().map(drop),
        ];
        let forked = kinds
            .iter()
            .filter(|result| matches!(result, Err(error) if error.kind() == ErrorKind::Forked))
            .count();
        // The copies are dropped here, which must not release the parent's locks or files.
        drop((queue.clone(), store.clone()));
        store.close();
        forked == kinds.len()
    });
    assert!(all_forked);
    message.delete().unwrap();
    queue.send(body(3)).unwrap();
    assert_eq!(drain(&queue), [3]);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_child_may_open_the_directory_anew() {
    let place = Place::new();
    let store = place.open();
    let queue = queue(&store);
    queue.send(body(1)).unwrap();
    let sent = in_forked_child(|| {
        let own = place.open();
        let result = super::queue(&own).send(body(2));
        own.close();
        result.is_ok()
    });
    assert!(sent);
    assert_eq!(drain(&queue), [1, 2]);
}
