use super::*;
use crate::store::embedded::index::Index;
use crate::store::embedded::index::keys::table;
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
fn spoil(store: &Embedded, action: impl FnOnce(&mut Index, u32)) {
    spoil_queue(store, "q", action);
}

fn spoil_queue(store: &Embedded, name: &str, action: impl FnOnce(&mut Index, u32)) {
    let engine = store.engine();
    let mut held = engine.held.claim();
    let mut tx = engine.begin(&mut held).unwrap();
    let sid = tx.index.storage(&queue(name)).unwrap();
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

/// What is not listed where it stands is never received, or never becomes visible again.
#[test]
fn a_check_tells_of_what_is_not_listed_where_it_stands() {
    for (name, tables) in [
        ("q", [table::RETURNED, table::DEADLINES].as_slice()),
        ("q.fifo", &[table::MEMBERS, table::RING, table::GROUPS]),
        ("fair", &[table::MEMBERS, table::RING, table::BUSY]),
    ] {
        for table in tables {
            let dir = tempfile::tempdir().unwrap();
            let store = open(dir.path());
            let fifo = ("FifoQueue", "true");
            let attributes = if name == "q.fifo" { &[fifo][..] } else { &[] };
            create(&store, name, attributes);
            for number in 1..=120 {
                let group = (name != "q").then(|| format!("g{}", number % 3));
                send(&store, name, entry(number, 10, group.as_deref()));
            }
            // A group that was received from is locked in a FIFO queue.
            for _ in 0..if name == "q.fifo" { 0 } else { 10 } {
                receive(&store, name, 10);
            }
            let command = Command::ChangeVisibility {
                queue: queue(name),
                entries: receive(&store, name, 10)
                    .iter()
                    .take(5)
                    .map(|one| (one.receipt, 0))
                    .collect(),
            };
            store.execute(command).unwrap();
            assert_sound(&store);
            spoil_queue(&store, name, |index, sid| {
                index.strike_first(sid, *table).unwrap();
            });
            let report = store.check().unwrap();
            let letter = char::from(*table);
            assert!(!report.problems.is_empty(), "{name}, table {letter}");
        }
    }
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
