//! Behind PgBouncer, in transaction mode and in session mode.

use crate::{WATCHDOG, all, place};
use forebay::{ErrorKind, QueueOptions, ReceiveOptions, Store};
use forebay_test_postgres::{Cluster, Pooler, query};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

fn through(location: &str, cluster: &Cluster, pooler: &Pooler) -> String {
    location.replace(&cluster.port().to_string(), &pooler.port().to_string())
}

/// Neither wake-ups nor promises are lost in silence.
#[test]
fn postgres_tells_of_a_pooler_in_transaction_mode() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let Some(pooler) = Pooler::start(cluster, "transaction", 5).unwrap() else {
        return;
    };
    let store = Store::open(through(&location, cluster, &pooler)).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    let started = Instant::now();
    let error = loop {
        assert!(started.elapsed() < WATCHDOG, "nothing was told");
        match queue.receive(&ReceiveOptions::new().wait(1)) {
            Ok(found) => assert!(found.is_empty()),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    assert!(error.text().contains("listen=off"), "{error}");
    assert!(!error.retryable());
    let error = queue.send("x").unwrap_err();
    assert!(error.text().contains("listen=off"), "{error}");
}

/// One session, as this PgBouncer may not know prepared statements.
#[test]
fn postgres_waits_look_by_themselves_behind_a_pooler() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let Some(pooler) = Pooler::start(cluster, "transaction", 1).unwrap() else {
        return;
    };
    let pooled = format!("{}&listen=off", through(&location, cluster, &pooler));
    let store = Store::open(pooled).unwrap();
    let other = Store::open(&location).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    let near = other.get_queue("q").unwrap();
    for round in 0..3 {
        let (sender, receiver) = channel();
        let started = Instant::now();
        let _ticket = queue
            .receive_start(ReceiveOptions::new().wait(20), move |found| {
                sender.send(found).unwrap();
            })
            .unwrap();
        std::thread::sleep(Duration::from_millis(700));
        near.send(format!("{round}")).unwrap();
        let found = receiver.recv_timeout(WATCHDOG).unwrap().unwrap();
        assert_eq!(found.len(), 1);
        // Well before the wait's end: it looked.
        assert!(started.elapsed() < Duration::from_secs(15));
        found[0].delete().unwrap();
    }
    let schema = location.rsplit_once("schema=").unwrap().1;
    let listening =
        format!("SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN forebay_{schema}'");
    let listening = cluster.query(&listening).unwrap();
    assert_eq!(listening[0][0].as_deref(), Some("0"));
}

#[test]
fn postgres_is_woken_behind_a_pooler_in_session_mode() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let Some(pooler) = Pooler::start(cluster, "session", 20).unwrap() else {
        return;
    };
    let store = Store::open(through(&location, cluster, &pooler)).unwrap();
    let other = Store::open(&location).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    let near = other.get_queue("q").unwrap();
    let schema = location.rsplit_once("schema=").unwrap().1;
    let listening =
        format!("SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN forebay_{schema}'");
    let (sender, receiver) = channel();
    let started = Instant::now();
    let _ticket = queue
        .receive_start(ReceiveOptions::new().wait(20), move |found| {
            sender.send(found).unwrap();
        })
        .unwrap();
    while cluster.query(&listening).unwrap()[0][0].as_deref() == Some("0") {
        assert!(started.elapsed() < WATCHDOG, "nobody listens");
        std::thread::sleep(Duration::from_millis(10));
    }
    near.send("x").unwrap();
    assert_eq!(receiver.recv_timeout(WATCHDOG).unwrap().unwrap().len(), 1);
    queue.send("y").unwrap();
    assert_eq!(all(&queue), ["y"]);
}

/// Its sessions are those of other programs, too, which have settings of their own.
#[test]
fn postgres_leaves_no_settings_to_others_behind_a_pooler() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let Some(pooler) = Pooler::start(cluster, "transaction", 1).unwrap() else {
        return;
    };
    let pooled = format!("{}&listen=off", through(&location, cluster, &pooler));
    let store = Store::open(&pooled).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    queue.send("x").unwrap();
    assert_eq!(all(&queue), ["x"]);
    for name in ["search_path", "statement_timeout", "lock_timeout", "jit"] {
        let show = format!("SHOW {name}");
        let there = query(&pooled, &show).unwrap();
        assert_eq!(there, query(&location, &show).unwrap(), "{name}");
    }
}
