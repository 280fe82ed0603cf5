//! What one command may hold in memory.

use super::*;
use crate::limits;
use crate::message::MessageState;

/// A transaction holds what it appends until it ends, so a receive that moves long messages to a
/// dead-letter queue stops before they are all of them.
#[test]
fn a_receive_moves_no_more_than_it_may_hold() {
    const BODY: usize = limits::MESSAGE_BYTES_MAX as usize;
    const COUNT: u64 = 70;
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        segment_bytes: 4 << 20,
        ..options()
    };
    let store = open_on(dir.path(), &options, &Surroundings::default()).unwrap();
    create(&store, "dead", &[]);
    let policy = format!(
        "{{\"deadLetterTargetArn\":\"{}\",\"maxReceiveCount\":1}}",
        queue("dead").arn()
    );
    let attributes = [
        ("RedrivePolicy", policy.as_str()),
        ("VisibilityTimeout", "5"),
    ];
    create(&store, "q", &attributes);
    for number in 0..COUNT {
        send(&store, "q", entry(number, BODY, None));
    }
    let mut received = 0;
    while received < COUNT {
        received += receive(&store, "q", 10).len() as u64;
    }
    store.advance_ms(5_000).unwrap();
    assert_eq!(receive(&store, "q", 10).len(), 0);
    assert_eq!(
        peek(&store, "dead").len(),
        limits::RECEIVE_BYTES_MAX / BODY - 1
    );
    assert_eq!(receive(&store, "q", 10).len(), 0);
    assert_eq!(peek(&store, "dead").len(), COUNT as usize);
}

/// A peek that shows few of very many looks at them in steps, so that others go on in between, and
/// comes to those behind.
#[test]
fn a_peek_looks_at_many_in_steps() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create(&store, "q", &[]);
    let many = 3 * limits::PEEK_STEP_MESSAGES_MAX as u64;
    for first in (0..many).step_by(1_000) {
        let entries = (first..first + 1_000).map(|number| entry(number, 1, None));
        let command = Command::Send {
            queue: queue("q"),
            entries: entries.collect(),
            batch: true,
        };
        store.execute(command).unwrap();
    }
    let delayed = SendEntry {
        delay_s: Some(900),
        ..entry(many, 1, None)
    };
    send(&store, "q", delayed);
    let look = |states: &[MessageState], after| Command::Peek {
        queue: queue("q"),
        filter: PeekFilter {
            states: states.to_vec(),
            group: None,
            after,
            limit: 10,
        },
    };
    let before = store.statistics().transactions;
    match store.execute(look(&[MessageState::Delayed], 0)).unwrap() {
        Outcome::Peeked(found) => assert_eq!(found.len(), 1),
        other => panic!("{other:?}"),
    }
    assert!(store.statistics().transactions - before >= 4);
    let answer = store.execute(look(&[MessageState::InFlight], 0)).unwrap();
    assert_eq!(answer, Outcome::Peeked(Vec::new()));
}

/// A page ends before it would be more than a receive may hold; the next one goes on.
#[test]
fn a_peek_shows_no_more_than_it_may_hold() {
    const BODY: usize = limits::MESSAGE_BYTES_MAX as usize;
    const COUNT: usize = 70;
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        segment_bytes: 4 << 20,
        ..options()
    };
    let store = open_on(dir.path(), &options, &Surroundings::default()).unwrap();
    create(&store, "q", &[]);
    for number in 0..COUNT as u64 {
        send(&store, "q", entry(number, BODY, None));
    }
    let most = limits::RECEIVE_BYTES_MAX / BODY;
    let mut after = 0;
    for expected in [most, COUNT - most, 0] {
        let found = peek_page(&store, "q", after);
        assert_eq!(found.len(), expected);
        after = found.last().map_or(after, |last| last.message.sequence);
    }
}
