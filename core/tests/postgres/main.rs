//! The store on PostgreSQL where the database or the way to it fails, and between processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "postgres")]

mod cancels;
mod confirm;
mod growth;
mod held;
#[path = "../handles/hostile.rs"]
mod hostile;
mod joined;
mod others;
mod parts;
mod pooler;
mod surroundings;
mod tls;
mod together;
mod wakes;

use forebay::store::Durability;
use forebay::{ErrorKind, OpenOptions, QueueOptions, ReceiveOptions, SendRequest, Store};
use forebay_test_postgres::{Cluster, Proxy, query, shared};
use std::collections::BTreeMap;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const WATCHDOG: Duration = Duration::from_secs(60);

/// The shared server and a location in it, or nothing where there is no PostgreSQL.
fn place() -> Option<(&'static Cluster, String)> {
    let cluster = shared()?;
    Some((cluster, cluster.location(&Cluster::fresh_schema())))
}

fn all(queue: &forebay::Queue) -> Vec<String> {
    let mut bodies = Vec::new();
    loop {
        let found = queue.receive(&ReceiveOptions::new().max(1000)).unwrap();
        if found.is_empty() {
            return bodies;
        }
        for message in found {
            bodies.push(String::from_utf8(message.body().to_vec()).unwrap());
            message.delete().unwrap();
        }
    }
}

#[test]
fn postgres_refuses_everything_hostile() {
    let Some((_, location)) = place() else { return };
    hostile::everything_hostile(&Store::open(&location).unwrap());
}

#[test]
fn postgres_processes_that_open_at_once_make_the_tables_once() {
    let Some((_, location)) = place() else { return };
    let stores: Vec<Store> = std::thread::scope(|scope| {
        let opening: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| Store::open(&location).unwrap()))
            .collect();
        opening.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let queue = stores[0].create_queue("q", &QueueOptions::new()).unwrap();
    queue.send("x").unwrap();
    for store in &stores {
        assert_eq!(store.list_queues("").unwrap(), ["q"]);
    }
    assert_eq!(all(&stores[5].get_queue("q").unwrap()), ["x"]);
}

#[test]
fn postgres_wakes_a_receiver_of_another_process() {
    let Some((_, location)) = place() else { return };
    let (here, there) = (
        Store::open(&location).unwrap(),
        Store::open(&location).unwrap(),
    );
    let near = here.create_queue("q", &QueueOptions::new()).unwrap();
    let far = there.get_queue("q").unwrap();
    for round in 0..20 {
        let (sender, receiver) = channel();
        let options = ReceiveOptions::new().wait(20);
        let started = Instant::now();
        let _ticket = far
            .receive_start(options, move |found| sender.send(found).unwrap())
            .unwrap();
        if round % 2 == 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        near.send(format!("{round}")).unwrap();
        let found = receiver.recv_timeout(WATCHDOG).unwrap().unwrap();
        assert_eq!(found.len(), 1);
        // Well before the wait's end: it was woken.
        assert!(started.elapsed() < Duration::from_secs(15));
        found[0].delete().unwrap();
    }
}

#[test]
fn postgres_that_refuses_or_is_absent_is_told_clearly() {
    let Some((cluster, _)) = place() else { return };
    let port = cluster.port();
    for (location, kind, part) in [
        (
            format!("postgres://forebay@127.0.0.1:{port}/absent?sslmode=disable"),
            ErrorKind::InvalidArgument,
            "\"absent\" does not exist",
        ),
        (
            format!("postgres://nobody:secret@127.0.0.1:{port}/postgres?sslmode=disable"),
            ErrorKind::InvalidArgument,
            "nobody",
        ),
        (
            format!("postgres://forebay@127.0.0.1:{port}/postgres?sslmode=require"),
            ErrorKind::Unavailable,
            "cannot be reached",
        ),
        (
            "postgres://forebay@127.0.0.1:9/postgres".into(),
            ErrorKind::Unavailable,
            "cannot be reached",
        ),
    ] {
        let error = Store::open(&location).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.text().contains(part), "{error}");
        assert!(!error.text().contains("secret"), "{error}");
    }
    let error = OpenOptions::new()
        .create(false)
        .open(cluster.location(&Cluster::fresh_schema()))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignDirectory);
}

/// Other encodings than UTF8 lack letters that attributes, groups and tags may have.
#[test]
fn postgres_of_another_encoding_is_refused() {
    let Some((cluster, _)) = place() else { return };
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let name = format!("of_{}_{}", encoding.to_lowercase(), std::process::id());
        let create =
            format!("CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0");
        cluster.run(&create).unwrap();
        let port = cluster.port();
        let location = format!("postgres://forebay@127.0.0.1:{port}/{name}?sslmode=disable");
        let error = Store::open(location).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(error.text().contains(encoding), "{error}");
        cluster
            .run(&format!("DROP DATABASE {name} WITH (FORCE)"))
            .unwrap();
    }
}

#[test]
fn postgres_tables_of_a_newer_version_are_refused() {
    let Some((_, location)) = place() else { return };
    drop(Store::open(&location).unwrap());
    let schema = location.rsplit_once("schema=").unwrap().1;
    query(
        &location,
        &format!("UPDATE {schema}.format SET version = 99"),
    )
    .unwrap();
    let error = Store::open(&location).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedFormat);
    assert!(error.text().contains("99"), "{error}");
}

/// The answer is cut at every length in turn: each message is stored exactly once.
#[test]
fn postgres_sends_of_unknown_outcome_are_stored_once() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let proxy = Proxy::start(cluster.port()).unwrap();
    let through = location.replace(&cluster.port().to_string(), &proxy.port().to_string());
    let store = Store::open(&through).unwrap();
    let plain = store.create_queue("plain", &QueueOptions::new()).unwrap();
    let fifo = QueueOptions::new().fifo().content_deduplication(true);
    let fifo = store.create_queue("one.fifo", &fifo).unwrap();
    let mut expected = Vec::new();
    for (n, cut) in (0..400).step_by(7).enumerate() {
        proxy.cut_after(cut);
        plain.send(format!("{n}")).unwrap();
        proxy.cut_after(cut);
        fifo.send(SendRequest::new(format!("{n}")).group("g"))
            .unwrap();
        expected.push(format!("{n}"));
    }
    proxy.cut_after(-1);
    assert!(proxy.cuts() > 20, "{} cuts", proxy.cuts());
    assert_eq!(all(&plain), expected);
    assert_eq!(all(&fifo), expected);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// Sends, receives and deletes under cuts at random moments: nothing acknowledged is lost, nothing
/// comes after an acknowledged delete, nothing is stored twice.
#[test]
fn postgres_loses_and_doubles_nothing_when_connections_are_cut() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let proxy = Proxy::start(cluster.port()).unwrap();
    let through = location.replace(&cluster.port().to_string(), &proxy.port().to_string());
    let store = Store::open(&through).unwrap();
    let options = QueueOptions::new().visibility_timeout(1);
    let queue = store.create_queue("q", &options).unwrap();
    const SENDERS: usize = 4;
    const EACH: usize = 60;
    let mut deleted: BTreeMap<String, usize> = BTreeMap::new();
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let queue = &queue;
            scope.spawn(move || {
                for n in 0..EACH {
                    queue.send(format!("{sender}-{n}")).unwrap();
                }
            });
        }
        let started = Instant::now();
        let mut cut = 50;
        while deleted.len() < SENDERS * EACH {
            assert!(
                started.elapsed() < WATCHDOG,
                "{} of all came",
                deleted.len()
            );
            cut = cut * 31 % 3001;
            proxy.cut_after(cut);
            for message in queue.receive(&ReceiveOptions::new().max(10)).unwrap() {
                let body = String::from_utf8(message.body().to_vec()).unwrap();
                message.delete().unwrap();
                *deleted.entry(body).or_default() += 1;
            }
        }
    });
    proxy.cut_after(-1);
    // A receive whose answer was cut leased its message until its second had passed.
    assert!(deleted.values().all(|count| *count == 1), "{deleted:?}");
    let counts = queue.attributes(&["All"]).unwrap();
    assert_eq!(counts["ApproximateNumberOfMessages"], "0");
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn postgres_that_ends_and_comes_back_needs_no_new_handle() {
    if shared().is_none() {
        return;
    }
    let mut cluster = Cluster::start(&[]).unwrap();
    let location = cluster.location("forebay");
    let store = OpenOptions::new()
        .lock_timeout(Duration::from_secs(2))
        .durability(Durability::Full)
        .open(&location)
        .unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    queue.send("before").unwrap();
    cluster.stop();
    let error = queue.send("lost").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.retryable());
    assert!(
        error.text().contains("PostgreSQL cannot be reached"),
        "{error}"
    );
    cluster.restart().unwrap();
    queue.send("after").unwrap();
    assert_eq!(all(&queue), ["before", "after"]);
}

/// Those who wait are told of messages after the connection that listens was cut.
#[test]
fn postgres_waits_outlive_their_connection() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = Store::open(&location).unwrap();
    let other = Store::open(&location).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    let (sender, receiver) = channel();
    let _ticket = queue
        .receive_start(ReceiveOptions::new().wait(20), move |found| {
            sender.send(found).unwrap();
        })
        .unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let schema = location.rsplit_once("schema=").unwrap().1;
    let text = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
         AND query = 'LISTEN forebay_{schema}'"
    );
    assert_eq!(cluster.query(&text).unwrap().len(), 1);
    other.get_queue("q").unwrap().send("x").unwrap();
    assert_eq!(receiver.recv_timeout(WATCHDOG).unwrap().unwrap().len(), 1);
}

/// Eight threads on two stores and one FIFO queue: the order of each group is that of its sends.
#[test]
fn postgres_keeps_the_order_of_groups_among_processes() {
    let Some((_, location)) = place() else { return };
    let stores = [
        Store::open(&location).unwrap(),
        Store::open(&location).unwrap(),
    ];
    let options = QueueOptions::new().fifo().content_deduplication(true);
    stores[0].create_queue("q.fifo", &options).unwrap();
    const GROUPS: usize = 4;
    const EACH: usize = 50;
    let mut seen: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    std::thread::scope(|scope| {
        for group in 0..GROUPS {
            let queue = stores[group % 2].get_queue("q.fifo").unwrap();
            scope.spawn(move || {
                for n in 0..EACH {
                    let request = SendRequest::new(format!("{group}:{n}"));
                    queue.send(request.group(format!("g{group}"))).unwrap();
                }
            });
        }
        let (sender, receiver) = channel();
        for store in &stores {
            for _ in 0..2 {
                let queue = store.get_queue("q.fifo").unwrap();
                let sender = sender.clone();
                scope.spawn(move || {
                    loop {
                        let options = ReceiveOptions::new().max(3).wait(2);
                        let found = queue.receive(&options).unwrap();
                        if found.is_empty() {
                            return;
                        }
                        for message in found {
                            let body = String::from_utf8(message.body().to_vec()).unwrap();
                            sender.send(body).unwrap();
                            message.delete().unwrap();
                        }
                    }
                });
            }
        }
        drop(sender);
        for body in receiver {
            let (group, n) = body.split_once(':').unwrap();
            seen.entry(group.into())
                .or_default()
                .push(n.parse().unwrap());
        }
    });
    assert_eq!(seen.len(), GROUPS);
    for numbers in seen.values() {
        assert_eq!(*numbers, (0..EACH).collect::<Vec<_>>());
    }
}
