use super::*;
use crate::store::embedded::record::State;

/// Messages of a store that a check looks at in three pieces.
const MESSAGES: u64 = 2_500;

fn filled(directory: &Path) -> Arc<Embedded> {
    let store = open(directory);
    create(&store, "q", &[]);
    for number in 1..=MESSAGES {
        send(&store, "q", entry(number, 10, None));
    }
    store
}

/// Changes the index behind the log's back.
fn spoil(store: &Embedded, action: impl FnOnce(&mut crate::store::embedded::index::Index, u32)) {
    let engine = store.engine();
    let mut held = engine.held.claim();
    let mut tx = engine.begin(&mut held).unwrap();
    let sid = tx.index.storage(&queue("q")).unwrap();
    action(&mut tx.index, sid);
    engine.end(&mut held, tx).unwrap();
}

#[test]
fn a_check_compares_every_message_with_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    assert_sound(&store);
    let changed = [1, 999, 1_000, 1_001, 2_000, MESSAGES];
    spoil(&store, |index, sid| {
        let ready = |entry: &mut crate::store::embedded::index::entries::MessageEntry| {
            entry.standing.state = State::Ready;
        };
        index.change_messages(sid, &changed, ready).unwrap();
    });
    let report = store.check().unwrap();
    assert_eq!(report.messages, MESSAGES);
    let told: Vec<String> = changed
        .iter()
        .map(|number| format!("message {number}: log and index disagree"))
        .collect();
    assert_eq!(report.problems.len(), told.len(), "{report:?}");
    for (problem, text) in report.problems.iter().zip(&told) {
        assert!(problem.ends_with(text), "{problem} is not {text}");
    }
}

#[test]
fn a_check_counts_messages_that_only_the_log_has() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    spoil(&store, |index, sid| {
        let lost: Vec<u64> = (1..=10).chain(1_500..=MESSAGES).collect();
        index.remove_messages(sid, &lost).unwrap();
    });
    let report = store.check().unwrap();
    let lost = 10 + MESSAGES - 1_499;
    assert_eq!(report.messages, MESSAGES - lost);
    let text = format!("{lost} messages of the log are not in the index");
    let problems = report.problems.join("; ");
    assert!(problems.contains(&text), "{problems}");
}

#[test]
fn a_check_tells_of_messages_that_only_the_index_has() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    spoil(&store, |index, sid| {
        let entry = index.message(sid, MESSAGES).unwrap().unwrap();
        index.insert_message(sid, MESSAGES + 7, entry).unwrap();
    });
    let report = store.check().unwrap();
    let text = format!("message {}: log and index disagree", MESSAGES + 7);
    let problems = report.problems.join("; ");
    assert!(problems.contains(&text), "{problems}");
}

/// The second index is as large as the first, and nobody else would ever remove it.
#[test]
fn what_a_killed_check_left_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let left = dir.path().join("check-killed");
    let leave = || {
        std::fs::create_dir(&left).unwrap();
        std::fs::write(left.join("data.mdb"), "left").unwrap();
    };
    drop(open(dir.path()));
    leave();
    let store = open(dir.path());
    assert!(!left.exists());
    leave();
    store.check().unwrap();
    assert!(!left.exists());
}
