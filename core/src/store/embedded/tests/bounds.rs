//! What one command may hold in memory.

use super::*;
use crate::limits;

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
