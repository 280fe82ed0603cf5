//! A database that is not as it usually is: names, clocks, other versions, other limits.

use crate::{WATCHDOG, all, place};
use forebay::{ErrorKind, OpenOptions, QueueOptions, ReceiveOptions, SendRequest, Store};
use forebay_test_postgres::{Proxy, Transaction, query};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

fn schema(location: &str) -> &str {
    location.rsplit_once("schema=").unwrap().1
}

#[test]
fn postgres_schemas_may_have_names_that_are_words_of_sql() {
    let Some((cluster, _)) = place() else { return };
    for name in ["order", "user", "table", "select"] {
        let location = cluster.location(name);
        let store = Store::open(&location).unwrap();
        let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
        queue.send("here").unwrap();
        query(&location, &format!("SELECT \"{name}\".send('q', 'there')")).unwrap();
        assert_eq!(all(&queue), ["here", "there"]);
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
        drop(Store::open(&location).unwrap());
    }
}

/// It saw no tables, and when it has the lock a later version has made them.
#[test]
fn postgres_tables_that_a_newer_version_makes_meanwhile_are_left_alone() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let name = schema(&location);
    let class = crc32c::crc32c(name.as_bytes()) as i32;
    let lock = format!("SELECT pg_advisory_xact_lock({class}, -1)");
    let newer = Transaction::begin(&location, &lock).unwrap();
    let (sender, receiver) = channel();
    let opening = location.clone();
    std::thread::spawn(move || sender.send(Store::open(&opening).map(drop)).unwrap());
    let started = Instant::now();
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                 AND classid::bigint = ";
    let waits = format!("{waits}{}", class as u32);
    while cluster.query(&waits).unwrap()[0][0].as_deref() != Some("1") {
        assert!(started.elapsed() < WATCHDOG, "nobody waits for the lock");
        std::thread::sleep(Duration::from_millis(5));
    }
    newer
        .run(&format!(
            "CREATE SCHEMA {name}; CREATE TABLE {name}.format (version integer NOT NULL); \
             INSERT INTO {name}.format VALUES (99)"
        ))
        .unwrap();
    newer.run("COMMIT").unwrap();
    let error = receiver.recv_timeout(WATCHDOG).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedFormat, "{error}");
    let version = format!("SELECT version FROM {name}.format");
    assert_eq!(
        cluster.query(&version).unwrap()[0][0].as_deref(),
        Some("99")
    );
}

/// The answer is cut at every length in turn: that the message was given back is told as done.
#[test]
fn postgres_changes_of_visibility_of_unknown_outcome_are_done() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let proxy = Proxy::start(cluster.port()).unwrap();
    let through = location.replace(&cluster.port().to_string(), &proxy.port().to_string());
    let store = Store::open(&through).unwrap();
    let options = QueueOptions::new().fifo().content_deduplication(true);
    let queue = store.create_queue("q.fifo", &options).unwrap();
    queue.send(SendRequest::new("x").group("g")).unwrap();
    for cut in (0..300).step_by(7) {
        let found = queue.receive(&ReceiveOptions::new().wait(20)).unwrap();
        proxy.cut_after(cut);
        found[0].change_visibility(0).unwrap();
        proxy.cut_after(-1);
    }
    assert!(proxy.cuts() > 5, "{} cuts", proxy.cuts());
    // A receipt that ended otherwise is refused as ever.
    let found = queue.receive(&ReceiveOptions::new()).unwrap();
    found[0].change_visibility(0).unwrap();
    let error = found[0].change_visibility(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidParameterValue, "{error}");
}

/// As after a fail-over to a host whose clock is an hour behind.
#[test]
fn postgres_waits_end_when_the_clock_goes_back() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let ahead = store.create_queue("ahead", &QueueOptions::new()).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    let name = schema(&location);
    let hour = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint + 3600000";
    query(
        &location,
        &format!("INSERT INTO {name}.clock SELECT {hour}"),
    )
    .unwrap();
    assert!(ahead.receive(&ReceiveOptions::new()).unwrap().is_empty());
    let told_ms = store.now_ms().unwrap();
    query(&location, &format!("DELETE FROM {name}.clock")).unwrap();
    for it in [&queue, &ahead] {
        let (sender, receiver) = channel();
        let _ticket = it
            .receive_start(ReceiveOptions::new().wait(1), move |found| {
                sender.send(found).unwrap();
            })
            .unwrap();
        assert!(receiver.recv_timeout(WATCHDOG).unwrap().unwrap().is_empty());
    }
    assert!(store.now_ms().unwrap() >= told_ms);
    // What is due in the time of the database is not looked for again and again meanwhile.
    queue.send(SendRequest::new("later").delay(2)).unwrap();
    let before = store.statistics().unwrap().transactions;
    let found = queue.receive(&ReceiveOptions::new().wait(20)).unwrap();
    assert_eq!(found[0].body().as_ref(), b"later");
    let looks = store.statistics().unwrap().transactions - before;
    assert!(looks < 100, "{looks} transactions for one wait");
}

/// Such a limit is one for locks: the work itself, and the way to the database, take their time.
#[test]
fn postgres_works_with_every_lock_timeout() {
    let Some((_, location)) = place() else { return };
    for timeout in [Duration::ZERO, Duration::from_millis(1), Duration::MAX] {
        let store = OpenOptions::new()
            .lock_timeout(timeout)
            .open(&location)
            .unwrap();
        let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
        for n in 0..50 {
            queue.send(format!("{n}")).unwrap();
        }
        let messages = (0..1000).map(|_| SendRequest::new(vec![b'x'; 10_000]));
        for sent in queue.send_batch(messages).unwrap() {
            sent.unwrap();
        }
        assert_eq!(all(&queue).len(), 1050);
        assert!(
            queue
                .receive(&ReceiveOptions::new().wait(1))
                .unwrap()
                .is_empty()
        );
    }
}

/// Those that are there go round, where the server gives no more of them.
#[test]
fn postgres_commands_share_the_connections_that_the_server_allows() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let name = schema(&location);
    let role = format!("few_{name}");
    // One for each of the two that run, and one that listens.
    let make = format!(
        "CREATE ROLE {role} LOGIN CONNECTION LIMIT 3; GRANT CREATE ON DATABASE postgres TO {role}"
    );
    cluster.run(&make).unwrap();
    let store = Store::open(location.replace("forebay@", &format!("{role}@"))).unwrap();
    std::thread::scope(|scope| {
        for n in 0..12 {
            let store = &store;
            scope.spawn(move || {
                let queue = store.create_queue(&format!("q{n}"), &QueueOptions::new());
                let queue = queue.unwrap();
                for n in 0..20 {
                    queue.send(format!("{n}")).unwrap();
                }
                assert_eq!(all(&queue).len(), 20);
            });
        }
    });
}

/// A database that was restored counts its transactions anew, and may come to the number that a
/// head names before a command looks.
#[test]
fn postgres_takes_in_what_was_sent_to_a_restored_database() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let name = schema(&location);
    let store = Store::open(&location).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    queue.send("before").unwrap();
    let found = queue.receive(&ReceiveOptions::new()).unwrap();
    let ahead = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint + 1000";
    let update = format!("UPDATE {name}.heads SET joined_xid = {ahead}");
    cluster.run(&update).unwrap();
    let receipt = found[0].receipt();
    cluster
        .run(&format!(
            "SELECT {name}.send('q', 'x'); SELECT {name}.delete('q', '{receipt}')"
        ))
        .unwrap();
    let pass = "DO $$ BEGIN FOR i IN 1..1100 LOOP PERFORM pg_current_xact_id(); COMMIT; \
                END LOOP; END $$";
    cluster.run(pass).unwrap();
    assert_eq!(all(&queue), ["x"]);
    let attributes = queue.attributes(&["All"]).unwrap();
    assert_eq!(attributes["ApproximateNumberOfMessagesNotVisible"], "0");
}

/// It reads all that is stored, which may take longer than any command.
#[test]
fn postgres_is_checked_however_long_that_takes() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = OpenOptions::new()
        .lock_timeout(Duration::from_secs(1))
        .open(&location)
        .unwrap();
    let slow = format!(
        "CREATE OR REPLACE FUNCTION {}.faults() RETURNS SETOF text LANGUAGE sql AS \
         $$ SELECT 'found' FROM pg_sleep(7) $$",
        schema(&location)
    );
    cluster.run(&slow).unwrap();
    assert_eq!(store.check().unwrap().problems, ["found"]);
}
