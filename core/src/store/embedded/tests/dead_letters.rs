//! Receives that move messages to a dead-letter queue (S9).

use super::*;
use crate::limits;

/// More than are due in two steps.
const COUNT: u64 = 2 * limits::DUE_STEP_MESSAGES_MAX as u64 + 500;

/// A queue whose messages are received once, and the dead-letter queue behind it.
fn create_pair(store: &Embedded) {
    create(store, "dead", &[]);
    let policy = format!(
        "{{\"deadLetterTargetArn\":\"{}\",\"maxReceiveCount\":1}}",
        queue("dead").arn()
    );
    create(store, "q", &[("RedrivePolicy", &policy)]);
}

/// `q` holds so many messages that were received as often as they may be, and are due again.
fn use_up(store: &Embedded, count: u64) {
    for number in 0..count {
        send(store, "q", entry(number, 8, None));
    }
    assert_eq!(receive(store, "q", 10_000).len() as u64, count);
    store.advance_ms(30_000).unwrap();
}

/// S9.4: what moved is not looked behind for others, however much is due.
#[test]
fn a_receive_that_moved_messages_does_not_look_a_second_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create_pair(&store);
    use_up(&store, COUNT);
    let moves = options().limits.receive_moves;
    for times in 1..=3 {
        assert_eq!(receive(&store, "q", 10), []);
        let moved = (times * moves).min(COUNT as usize);
        assert_eq!(peek(&store, "dead").len(), moved);
    }
    assert_sound(&store);
}

/// A receive that gives nothing and only moves is kept through a loss of power as others are.
#[test]
fn strict_syncs_a_receive_that_only_moved_messages() {
    let dir = tempfile::tempdir().unwrap();
    let strict = StoreOptions {
        durability: Durability::Strict,
        ..options()
    };
    let keeper = hold_the_keeper_off(dir.path());
    let store = open_on(dir.path(), &strict, &Surroundings::default()).unwrap();
    create_pair(&store);
    use_up(&store, 1);
    let syncs = || store.engine().counters.syncs.load(Ordering::Relaxed);
    let before = syncs();
    assert_eq!(receive(&store, "q", 10), []);
    let after = syncs();
    assert!(after > before, "{before} syncs, then {after}");
    // What found nothing has nothing to keep.
    assert_eq!(receive(&store, "q", 10), []);
    assert_eq!(syncs(), after);
    assert_eq!(peek(&store, "dead").len(), 1);
    drop(keeper);
}
