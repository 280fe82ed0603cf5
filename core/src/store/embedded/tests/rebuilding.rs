use super::*;

fn fill(store: &Embedded) {
    create(store, "a", &[("DelaySeconds", "2")]);
    create(store, "dead", &[]);
    let policy = format!(
        "{{\"deadLetterTargetArn\":\"{}\",\"maxReceiveCount\":1}}",
        queue("dead").arn()
    );
    create(
        store,
        "b",
        &[("RedrivePolicy", &policy), ("VisibilityTimeout", "5")],
    );
    create(store, "c.fifo", &[("FifoQueue", "true")]);
    for number in 0..40 {
        send(
            store,
            "a",
            entry(number, 50, Some(&format!("t{}", number % 4))),
        );
        send(store, "b", entry(number, 50, None));
        send(
            store,
            "c.fifo",
            entry(number, 50, Some(&format!("g{}", number % 4))),
        );
        store.advance_ms(500).unwrap();
        receive(store, "b", 1);
        receive(store, "a", 1);
        if number % 5 == 0 {
            let receipts = receive(store, "c.fifo", 2)
                .iter()
                .map(|one| one.receipt)
                .collect();
            delete(store, "c.fifo", receipts);
        }
    }
}

const NAMES: [&str; 4] = ["a", "b", "dead", "c.fifo"];

#[test]
fn another_boot_rebuilds_the_index_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    assert!(!peek(&store, "dead").is_empty());
    let before = NAMES.map(|name| peek(&store, name));
    drop(store);
    let surroundings = Surroundings {
        boot: Some([7; 16]),
        ..Surroundings::default()
    };
    let store = open_on(dir.path(), &options(), &surroundings).unwrap();
    let recovery = store.recovery().unwrap();
    assert!(recovery.reason.contains("started anew"), "{recovery:?}");
    assert_eq!((recovery.cut, recovery.damage), (None, Vec::new()));
    assert_eq!(before, NAMES.map(|name| peek(&store, name)));
    assert_sound(&store);
}

/// As a copy that broke off leaves it: reading beyond its end would end the process.
#[test]
fn an_index_cut_short_is_built_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create(&store, "q", &[]);
    for number in 0..2_000 {
        send(&store, "q", entry(number, 8, None));
    }
    drop(store);
    let index = dir.path().join("index/data.mdb");
    let whole = std::fs::metadata(&index).unwrap().len();
    for quarters in [3, 2, 1] {
        let file = std::fs::OpenOptions::new().write(true).open(&index);
        file.unwrap().set_len(whole / 4 * quarters).unwrap();
        let store = open(dir.path());
        let reason = store.recovery().unwrap().reason;
        assert!(
            reason.contains("ends at byte") || reason.contains("index"),
            "{reason}"
        );
        assert_sound(&store);
        assert_eq!(store.check().unwrap().messages, 2_000);
    }
}

#[test]
fn the_same_boot_uses_the_index_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    let before = NAMES.map(|name| peek(&store, name));
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.recovery(), None);
    assert_eq!(before, NAMES.map(|name| peek(&store, name)));
}

#[test]
fn a_backup_in_use_opens_as_the_store_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    let to = dir.path().join("copy");
    store.backup(&to).unwrap();
    let before = NAMES.map(|name| peek(&store, name));
    send(&store, "b", entry(99, 10, None));
    let refused = store.backup(&to).unwrap_err();
    assert!(refused.text().contains("not empty"), "{refused}");
    let copy = open(&to);
    let recovery = copy.recovery().unwrap();
    assert!(recovery.reason.contains("backup"), "{recovery:?}");
    assert_eq!(before, NAMES.map(|name| peek(&copy, name)));
    assert_sound(&copy);
}

/// S11.8 and S11.6 on the store's own ground: what a purge or deletion leaves behind is swept and
/// cannot be seen meanwhile.
#[test]
fn purged_and_deleted_queues_leave_nothing_to_see() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    let strictness = Strictness {
        sqs_limits: false,
        sixty_second_rules: false,
    };
    store
        .execute(Command::Purge {
            queue: queue("a"),
            strictness,
        })
        .unwrap();
    store
        .execute(Command::DeleteQueue {
            queue: queue("b"),
            only_if_empty: false,
        })
        .unwrap();
    assert_eq!(peek(&store, "a"), Vec::new());
    assert_sound(&store);
    send(&store, "a", entry(1, 10, None));
    drop(store);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = open(dir.path());
    assert_eq!(peek(&store, "a").len(), 1);
    assert_eq!(peek(&store, "a")[0].message.sequence, 41);
    assert_sound(&store);
}

/// A few records that change many messages each are carried in by several transactions: what one
/// of them changes is held in memory.
#[test]
fn a_rebuild_commits_after_so_many_changes() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        segment_bytes: 1 << 20,
        ..options()
    };
    let open = || open_on(dir.path(), &options, &Surroundings::default()).unwrap();
    let store = open();
    create(&store, "q", &[("VisibilityTimeout", "3600")]);
    for batch in 0..3 {
        let entries = (0..10_000).map(|number| entry(batch * 10_000 + number, 8, None));
        let command = Command::Send {
            queue: queue("q"),
            entries: entries.collect(),
            batch: true,
        };
        store.execute(command).unwrap();
    }
    for _ in 0..3 {
        let received = receive(&store, "q", 10_000);
        let receipts = received.iter().map(|one| one.receipt).collect();
        delete(&store, "q", receipts);
    }
    drop(store);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = open();
    let recovery = store.recovery().unwrap();
    // 30,000 sent, received, and deleted; 20,000 changes a commit.
    assert!(recovery.records < 40_000, "{recovery:?}");
    let commits = store.engine().env.commits();
    assert!(commits >= 4, "{commits} commits");
    assert_eq!(peek(&store, "q").len(), 0);
    assert_sound(&store);
}

/// Sends and deletes until reclamation has passed what was there before.
fn pass_the_log(store: &Embedded) {
    for number in 0..600 {
        send(store, "busy", entry(number, 1_000, None));
        let received = receive(store, "busy", 1);
        delete(store, "busy", vec![received[0].receipt]);
    }
}

/// The record of a deleted queue is passed before its messages are. What a rebuild finds of these
/// is garbage under the queue's number, which no new queue may get: it would be swept with it.
#[test]
fn a_rebuild_gives_no_number_of_garbage_to_a_queue() {
    let dir = tempfile::tempdir().unwrap();
    let _keeper = hold_the_keeper_off(dir.path());
    let store = open(dir.path());
    let next = |store: &Embedded| {
        let meta = store.engine().with_meta(|meta| meta.clone()).unwrap();
        (meta.next_sid, meta.reclaimed_lsn)
    };
    create(&store, "busy", &[]);
    create(&store, "gone", &[]);
    for number in 0..60 {
        send(&store, "gone", entry(number, 10_000, None));
    }
    let command = Command::DeleteQueue {
        queue: queue("gone"),
        only_if_empty: false,
    };
    store.execute(command).unwrap();
    while next(&store).1 < 64 << 10 {
        receive(&store, "busy", 1);
        send(&store, "busy", entry(100, 8, None));
    }
    let (before, reclaimed_lsn) = next(&store);
    assert!(reclaimed_lsn < 300_000, "{reclaimed_lsn}");
    drop(store);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    assert_eq!(next(&open(dir.path())).0, before);
}

/// Reclamation copies a queue's record before the messages that were sent after it. The record
/// tells the next number, yet messages that nobody received come with lower ones.
#[test]
fn a_rebuild_offers_messages_that_were_carried_forward() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create(&store, "kept", &[]);
    create(&store, "late", &[("DelaySeconds", "900")]);
    let delayed = [("FifoQueue", "true"), ("DelaySeconds", "900")];
    create(&store, "late.fifo", &delayed);
    create(&store, "busy", &[("VisibilityTimeout", "3600")]);
    for number in 0..3 {
        send(&store, "kept", entry(number, 8, None));
        send(&store, "late", entry(number, 8, None));
        send(&store, "late.fifo", entry(number, 8, Some("g")));
    }
    pass_the_log(&store);
    assert_sound(&store);
    drop(store);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = open(dir.path());
    assert_eq!(receive(&store, "kept", 10).len(), 3);
    store.advance_ms(900_000).unwrap();
    assert_eq!(receive(&store, "late", 10).len(), 3);
    assert_eq!(receive(&store, "late.fifo", 10).len(), 3);
    assert_sound(&store);
}

/// What is remembered of a receive attempt goes with its queue; a rebuild would take it for the
/// rest of a queue whose record is damaged.
#[test]
fn attempts_of_a_deleted_queue_are_not_carried_forward() {
    let dir = tempfile::tempdir().unwrap();
    let _keeper = hold_the_keeper_off(dir.path());
    let store = open(dir.path());
    create(&store, "busy", &[("VisibilityTimeout", "3600")]);
    create(&store, "gone.fifo", &[("FifoQueue", "true")]);
    send(&store, "gone.fifo", entry(0, 8, Some("g")));
    let command = Command::Receive {
        queue: queue("gone.fifo"),
        max: 1,
        visibility_s: None,
        attempt: Some("attempt".into()),
        wait_s: Some(0),
    };
    store.execute(command).unwrap();
    // Until the receive has left the first segment, and its attempt lives in a record of its own.
    pass_the_log(&store);
    let command = Command::DeleteQueue {
        queue: queue("gone.fifo"),
        only_if_empty: false,
    };
    store.execute(command).unwrap();
    pass_the_log(&store);
    assert_sound(&store);
}

/// A receive is remembered with the counts its messages had then (S7.19), also where reclamation
/// has carried the messages behind it.
#[test]
fn a_rebuild_knows_the_messages_of_an_attempt() {
    let dir = tempfile::tempdir().unwrap();
    let _keeper = hold_the_keeper_off(dir.path());
    let store = open(dir.path());
    let lsns = |store: &Embedded| {
        let meta = store.engine().with_meta(|meta| meta.clone()).unwrap();
        (meta.reclaimed_lsn, meta.tail_lsn)
    };
    let busy = |store: &Embedded| {
        send(store, "busy", entry(100, 1_000, None));
        let taken = receive(store, "busy", 1);
        delete(store, "busy", taken.iter().map(|one| one.receipt).collect());
    };
    create(&store, "busy", &[("VisibilityTimeout", "3600")]);
    create(&store, "kept.fifo", &[("FifoQueue", "true")]);
    for number in 0..3 {
        send(&store, "kept.fifo", entry(number, 8, Some("g")));
    }
    // The receive stands in the second segment, and the first one goes.
    while lsns(&store).1 < 70 << 10 {
        busy(&store);
    }
    let attempt = || Command::Receive {
        queue: queue("kept.fifo"),
        max: 2,
        visibility_s: None,
        attempt: Some("attempt".into()),
        wait_s: Some(0),
    };
    let first = received(store.execute(attempt()));
    let leased = lsns(&store).1;
    while lsns(&store).0 < 64 << 10 {
        busy(&store);
    }
    assert!(lsns(&store).0 < leased, "the receive was passed as well");
    store.engine().recycle_freed_now().unwrap();
    drop(store);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = open(dir.path());
    let again = received(store.execute(attempt()));
    let facts = |received: &[Received]| {
        let facts = received
            .iter()
            .map(|one| (one.receipt, one.message.receive_count));
        facts.collect::<Vec<_>>()
    };
    assert_eq!(facts(&first).len(), 2);
    assert_eq!(facts(&first), facts(&again));
    assert_sound(&store);
}

/// A receipt of a queue that is gone fits no later queue, though nothing of the old one is left in
/// the log when the index is built from it.
#[test]
fn a_rebuild_gives_no_identity_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    create(&store, "busy", &[("VisibilityTimeout", "3600")]);
    create(&store, "gone", &[]);
    let uid = |store: &Embedded, name: &str| {
        send(store, name, entry(0, 8, None));
        receive(store, name, 1)[0].receipt.queue_uid
    };
    let gone = uid(&store, "gone");
    let command = Command::DeleteQueue {
        queue: queue("gone"),
        only_if_empty: false,
    };
    store.execute(command).unwrap();
    for _ in 0..2 {
        store.advance_ms(120_000).unwrap();
        pass_the_log(&store);
        drop(store);
        std::fs::remove_dir_all(dir.path().join("index")).unwrap();
        store = open(dir.path());
    }
    create(&store, "new", &[]);
    assert_eq!(uid(&store, "new"), gone + 1);
    assert_sound(&store);
}

/// An index is built in several transactions: who is killed between two of them, or fails, leaves
/// a part of it that must not pass for all.
#[cfg(unix)]
#[test]
fn a_rebuild_that_broke_off_is_begun_again() {
    const MESSAGES: u64 = 30_000;
    for lost in ["shared", "index/data.mdb"] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        create(&store, "q", &[]);
        for first in (0..MESSAGES).step_by(1_000) {
            let entries = (first..first + 1_000).map(|number| entry(number, 100, None));
            let command = Command::Send {
                queue: queue("q"),
                entries: entries.collect(),
                batch: true,
            };
            store.execute(command).unwrap();
        }
        let tail_lsn = store.engine().with_meta(|meta| meta.tail_lsn).unwrap();
        drop(store);
        std::fs::remove_file(dir.path().join(lost)).unwrap();
        // A directory cannot be read: near its end the log fails.
        let late = (tail_lsn >> 16) - 1;
        let segment = dir.path().join(format!("log/{:016x}.seg", late << 16));
        let aside = dir.path().join("aside");
        std::fs::rename(&segment, &aside).unwrap();
        std::fs::create_dir(&segment).unwrap();
        let failed = open_on(dir.path(), &options(), &Surroundings::default());
        assert_eq!(failed.err().map(|error| error.kind()), Some(ErrorKind::Io));
        std::fs::remove_dir(&segment).unwrap();
        std::fs::rename(&aside, &segment).unwrap();
        let store = open(dir.path());
        let command = Command::GetQueue {
            queue: queue("q"),
            counted: true,
        };
        match store.execute(command).unwrap() {
            Outcome::Queue(view) => assert_eq!(view.counts.visible, MESSAGES, "{lost}"),
            other => panic!("{other:?}"),
        }
        assert_sound(&store);
    }
}
