//! A database that is not as it usually is: names, clocks, other versions, other limits.

use crate::{WATCHDOG, all, place};
use forebay::{ErrorKind, QueueOptions, ReceiveOptions, Store};
use forebay_test_postgres::{Transaction, query};
use std::sync::mpsc::channel;
use std::time::Instant;

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
