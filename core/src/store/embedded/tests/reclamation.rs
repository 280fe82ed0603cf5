use super::*;
use crate::store::embedded::index::Index;
use crate::store::embedded::index::keys::{Key, table};

/// Steady load with a message in a hundred never deleted: the log stays bounded, everything that
/// lives is carried forward whole, and what a rebuild from the log finds is the same.
#[test]
fn steady_load_keeps_the_log_bounded_and_carries_what_lives_forward() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create(&store, "kept", &[]);
    create(&store, "busy", &[("VisibilityTimeout", "3600")]);
    create(&store, "order.fifo", &[("FifoQueue", "true")]);
    let mut number = 0;
    for round in 0..200u64 {
        for _ in 0..50 {
            number += 1;
            send(&store, "busy", entry(number, 400, None));
        }
        send(&store, "kept", entry(round, 700, None));
        send(
            &store,
            "order.fifo",
            entry(round, 100, Some(&format!("g{}", round % 3))),
        );
        let receipts = receive(&store, "busy", 50)
            .iter()
            .map(|one| one.receipt)
            .collect();
        delete(&store, "busy", receipts);
        if round % 7 == 0 {
            let receipts = receive(&store, "order.fifo", 2)
                .iter()
                .map(|one| one.receipt)
                .collect();
            delete(&store, "order.fifo", receipts);
        }
        store.advance_ms(1_000).unwrap();
    }
    let statistics = store.statistics();
    assert!(statistics.moved_bytes > 0, "{statistics:?}");
    assert!(statistics.log_bytes > 5 << 20, "{statistics:?}");
    // 200 kept messages and what deduplication remembers are about 200 KB live.
    let in_use = log_in_use(&store);
    assert!(in_use < 2 << 20, "{in_use}");
    assert_sound(&store);
    let before: Vec<_> = ["kept", "busy", "order.fifo"]
        .map(|name| peek(&store, name))
        .into();
    assert_eq!(before[0].len(), 200);
    drop(store);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = open(dir.path());
    assert!(store.recovery().unwrap().damage.is_empty());
    let after: Vec<_> = ["kept", "busy", "order.fifo"]
        .map(|name| peek(&store, name))
        .into();
    assert_eq!(before, after);
    assert_sound(&store);
}

/// Queues of a name of their own each, as answers to requests have: what is remembered of a name
/// for a minute after its queue was deleted goes with the log that says so.
#[test]
fn names_of_deleted_queues_are_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let count = |index: &mut Index| {
        let (mut count, start) = (0, Key::new(0, table::TOMBSTONES));
        let scanned = index.scan(start.as_slice(), 0, table::TOMBSTONES, |_, _| {
            count += 1;
            Ok(true)
        });
        scanned.map(|()| count).unwrap()
    };
    let remembered = || store.engine().with_index(count).unwrap();
    for number in 0..2_000 {
        let name = format!("answers-{number}");
        create(&store, &name, &[]);
        send(&store, &name, entry(number, 50, None));
        let only_if_empty = false;
        let queue = queue(&name);
        let command = Command::DeleteQueue {
            queue,
            only_if_empty,
        };
        store.execute(command).unwrap();
        store.advance_ms(1_000).unwrap();
    }
    // The last minute's, and those whose records stand in the log that is kept.
    let log = log_in_use(&store);
    assert!(remembered() >= 60, "{}", remembered());
    assert!(remembered() < 1_500, "{} in {log} bytes", remembered());
    assert_sound(&store);
}

/// Garbage of queues that held little is swept many at a time: one for each session of the keeper
/// fell behind a load of short-lived queues.
#[test]
fn small_garbage_is_swept_together() {
    let dir = tempfile::tempdir().unwrap();
    let _keeper = hold_the_keeper_off(dir.path());
    let store = open(dir.path());
    for number in 0..1_000 {
        let name = format!("answers-{number}");
        create(&store, &name, &[]);
        send(&store, &name, entry(number, 50, None));
        let command = Command::DeleteQueue {
            queue: queue(&name),
            only_if_empty: false,
        };
        store.execute(command).unwrap();
    }
    let sweep = || {
        let swept = store
            .engine()
            .with_index(|index| index.sweep_garbage(500).unwrap());
        swept.unwrap()
    };
    let mut sessions = 1;
    while sweep() {
        sessions += 1;
    }
    // A message and the storage itself each.
    assert!(sessions <= 6, "{sessions}");
    assert_sound(&store);
}

/// A deleted message does not come back when the log is replayed, however reclamation cut it.
#[test]
fn deleted_messages_stay_deleted_after_any_rebuild() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    create(&store, "q", &[("VisibilityTimeout", "0")]);
    let mut live = std::collections::BTreeSet::new();
    for number in 0..3_000u64 {
        send(&store, "q", entry(number, 300, None));
        live.insert(number);
        if number % 3 != 0 {
            let received = receive(&store, "q", 1).remove(0);
            let mut id = [0; 8];
            id.copy_from_slice(&received.message.id.0[..8]);
            live.remove(&u64::from_le_bytes(id));
            delete(&store, "q", vec![received.receipt]);
        }
        if number % 500 == 499 {
            drop(store);
            std::fs::remove_dir_all(dir.path().join("index")).unwrap();
            store = open(dir.path());
            assert_eq!(peek(&store, "q").len(), live.len(), "after {number}");
        }
    }
    assert_sound(&store);
}

/// What is wasted at the end of a segment may be more than a step of reclamation looks at: here
/// two messages of 22 KiB leave 20 KiB of 64, and a step is 16.
#[test]
fn reclamation_passes_the_wasted_end_of_a_segment() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    // Its record keeps the first segment from being passed unread.
    create(&store, "q", &[]);
    for number in 0..100 {
        send(&store, "q", entry(number, 22 << 10, None));
        let received = receive(&store, "q", 1);
        delete(&store, "q", vec![received[0].receipt]);
    }
    let meta = store.engine().with_meta(|meta| meta.clone()).unwrap();
    assert!(meta.tail_lsn > 3 << 20, "{meta:?}");
    // Three segments of slack, and what steps do not take at once.
    assert!(
        meta.tail_lsn - meta.reclaimed_lsn < 6 * (64 << 10),
        "{meta:?}"
    );
    assert_sound(&store);
}

/// Whatever the sizes and batches are, and with a message in twenty that is never deleted.
#[test]
fn the_log_stays_bounded_whatever_is_sent() {
    let (small, large) = (200, 30 << 10);
    for (bytes, batch, kept) in [
        (small, 1, 20),
        (small, 100, 20),
        (large, 1, 20),
        (large, 10, 20),
        (large, 50, 200),
        (60 << 10, 10, 100),
        (20 << 10, 1, u64::MAX),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        create(&store, "busy", &[("VisibilityTimeout", "3600")]);
        let mut number = 0;
        let mut most = 0;
        while number < 100 * batch || number * bytes < 4 << 20 {
            let entries = (0..batch).map(|_| {
                number += 1;
                let odd = number * 7_919 % (bytes / 4);
                entry(number, (bytes - odd) as usize, None)
            });
            let command = Command::Send {
                queue: queue("busy"),
                entries: entries.collect(),
                batch: true,
            };
            store.execute(command).unwrap();
            let received = receive(&store, "busy", batch as u32).into_iter();
            let receipts = received.filter(|one| one.receipt.sequence % kept != 0);
            delete(&store, "busy", receipts.map(|one| one.receipt).collect());
            let live_bytes = store.engine().with_meta(|meta| meta.live_bytes).unwrap();
            let used = log_in_use(&store);
            most = most.max(used.saturating_sub(2 * live_bytes));
        }
        // Twice what lived when the last batch was there, three segments, and a step.
        let bound = 2 * (bytes + 100) * batch + 6 * (64 << 10);
        assert!(
            most < bound,
            "{bytes} bytes, {batch} a batch: {most}, not {bound}"
        );
        assert_sound(&store);
    }
}
