//! S18.13: two consumers of one queue. A scenario file is one thread, so this is a program.
#![allow(clippy::unwrap_used)]

use forebay::handle::{OpenOptions, Queue, QueueOptions, ReceiveOptions};
use std::collections::BTreeSet;

const MESSAGES: usize = 1_000;

fn consume(queue: &Queue) -> Vec<String> {
    let mut deleted = Vec::new();
    let options = ReceiveOptions::new().max(10).wait(0);
    loop {
        let messages = queue.receive(&options).unwrap();
        if messages.is_empty() {
            return deleted;
        }
        for message in messages {
            message.delete().unwrap();
            deleted.push(String::from_utf8(message.body().to_vec()).unwrap());
        }
    }
}

#[test]
fn each_message_is_deleted_once_and_none_is_lost() {
    let store = OpenOptions::new().open("mem:").unwrap();
    let options = QueueOptions::new().visibility_timeout(43_200);
    let queue = store.create_queue("q", &options).unwrap();
    let bodies: Vec<String> = (0..MESSAGES).map(|number| format!("m{number}")).collect();
    for result in queue.send_batch(bodies.iter().cloned()).unwrap() {
        result.unwrap();
    }
    let other = {
        let queue = queue.clone();
        std::thread::spawn(move || consume(&queue))
    };
    let mut deleted = consume(&queue);
    deleted.extend(other.join().unwrap());
    assert_eq!(deleted.len(), MESSAGES);
    assert_eq!(BTreeSet::from_iter(&deleted), BTreeSet::from_iter(&bodies));
    assert_eq!(
        queue.counts().unwrap().visible + queue.counts().unwrap().in_flight,
        0
    );
}
