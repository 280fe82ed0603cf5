//! More messages past their retention (S6.1) than one step removes: nobody sees any of them.

use super::*;
use crate::limits;

const COUNT: u64 = 2 * limits::DUE_STEP_MESSAGES_MAX as u64 + 500;
const MINUTE: [(&str, &str); 1] = [("MessageRetentionPeriod", "60")];

fn fill(store: &Embedded, name: &str, group: Option<&str>) {
    for number in 0..COUNT {
        send(store, name, entry(number, 8, group));
    }
}

#[test]
fn no_receive_gives_an_expired_message() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create(&store, "plain", &MINUTE);
    create(&store, "fair", &MINUTE);
    create(&store, "one.fifo", &[MINUTE[0], ("FifoQueue", "true")]);
    let kinds = [
        ("plain", None),
        ("fair", Some("tenant")),
        ("one.fifo", Some("g")),
    ];
    for (name, group) in kinds {
        fill(&store, name, group);
    }
    store.advance_ms(60_000).unwrap();
    for (name, _) in kinds {
        assert_eq!(receive(&store, name, 10), []);
    }
    assert_sound(&store);
}

#[test]
fn no_move_task_moves_an_expired_message() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create(&store, "dead", &MINUTE);
    create(&store, "q", &[]);
    let policy = format!(
        "{{\"deadLetterTargetArn\":\"{}\",\"maxReceiveCount\":1}}",
        queue("dead").arn()
    );
    create(&store, "source", &[("RedrivePolicy", &policy)]);
    fill(&store, "dead", None);
    let start = Command::StartMoveTask {
        source: queue("dead"),
        destination: Some(queue("q")),
        rate: Some(1),
        task: 1,
    };
    store.execute(start).unwrap();
    store.advance_ms(60_000).unwrap();
    store.execute(Command::Work).unwrap();
    // At the start one may have been moved.
    assert!(peek(&store, "q").len() <= 1);
    assert_sound(&store);
}
