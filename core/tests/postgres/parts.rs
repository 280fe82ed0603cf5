//! Parts of the messages are emptied under the queues, and what is left there moves on whole.

use super::{WATCHDOG, all, place};
use forebay::{Queue, QueueOptions, ReceiveOptions, SendRequest, Store};
use forebay_test_postgres::{Cluster, Transaction};
use std::time::{Duration, Instant};

/// Steps of the keeper, with parts of 300,000 bytes that rest for no time and are looked at once in
/// 50 ms. A step that would wait for long for a lock is tried again, as the keeper does.
fn turns(cluster: &Cluster, schema: &str, count: usize) -> Vec<String> {
    let text = format!(
        "SET lock_timeout = 200; \
         SELECT {schema}.turn_parts(300000, -1, 50, 20) FROM generate_series(1, {count})"
    );
    let started = Instant::now();
    loop {
        match cluster.query(&text) {
            Ok(rows) => return rows.into_iter().flatten().flatten().collect(),
            Err(error) if error.to_string().contains("lock timeout") => {
                assert!(started.elapsed() < WATCHDOG, "{error}");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn turn(cluster: &Cluster, schema: &str) -> String {
    turns(cluster, schema, 1).remove(0)
}

/// Bytes of all parts.
fn bytes(cluster: &Cluster, schema: &str) -> u64 {
    let bytes = format!(
        "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('{schema}.messages')"
    );
    let bytes = &cluster.query(&bytes).unwrap()[0][0];
    bytes.as_deref().unwrap().parse().unwrap()
}

fn send(queue: &Queue, count: usize) {
    let entries = (0..count).map(|n| SendRequest::new(format!("{n}-{}", "x".repeat(4000))));
    for sent in queue.send_batch(entries.collect::<Vec<_>>()).unwrap() {
        sent.unwrap();
    }
}

/// Messages that stay, more than the parts have room for, do not keep those from being emptied that
/// others pass through.
#[test]
fn postgres_parts_are_emptied_beside_messages_that_stay() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = Store::open(&location).unwrap();
    let schema = location.rsplit_once("schema=").unwrap().1;
    // Nothing comes back while it is counted, however slow the machine is.
    let options = QueueOptions::new().visibility_timeout(3_600);
    let stays = store.create_queue("stays", &options).unwrap();
    for _ in 0..40 {
        send(&stays, 20);
        turn(cluster, schema);
    }
    let before = bytes(cluster, schema);
    let passes = store.create_queue("passes", &options).unwrap();
    let mut all_turns = Vec::new();
    for _ in 0..50 {
        send(&passes, 80);
        let found = passes.receive(&ReceiveOptions::new().max(100)).unwrap();
        assert_eq!(found.len(), 80);
        for deleted in passes.delete_batch(&found).unwrap() {
            deleted.unwrap();
        }
        std::thread::sleep(Duration::from_millis(60));
        all_turns.extend(turns(cluster, schema, 30));
    }
    // 16,000,000 bytes of bodies went through.
    let more = bytes(cluster, schema).saturating_sub(before);
    assert!(more < 12_000_000, "{more} bytes more after {all_turns:?}");
    assert_eq!(all(&stays).len(), 800);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// Who reads a part, as a dump does, is not waited for at each step.
#[test]
fn postgres_parts_that_are_read_are_emptied_later() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = Store::open(&location).unwrap();
    let schema = location.rsplit_once("schema=").unwrap().1;
    let queue = store
        .create_queue("q", &QueueOptions::new().visibility_timeout(3_600))
        .unwrap();
    send(&queue, 100);
    assert_eq!(turn(cluster, schema), "next");
    let found = queue.receive(&ReceiveOptions::new().max(100)).unwrap();
    queue.delete_batch(&found).unwrap();
    let lock = format!("LOCK TABLE {schema}.messages_0 IN ACCESS SHARE MODE");
    let dump = Transaction::begin(&location, &lock).unwrap();
    assert_eq!(turn(cluster, schema), "read");
    dump.run("ROLLBACK").unwrap();
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(turn(cluster, schema), "emptied");
    assert_eq!(turn(cluster, schema), "nothing");
}

/// A snapshot held elsewhere, and a part that is emptied under the queue: messages stay whole.
#[test]
fn postgres_parts_are_emptied_and_what_is_left_moves_on() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = Store::open(&location).unwrap();
    let schema = location.rsplit_once("schema=").unwrap().1;
    let queue = store
        .create_queue("q", &QueueOptions::new().visibility_timeout(3_600))
        .unwrap();
    let mut turns = Vec::new();
    let mut kept = Vec::new();
    for round in 0..30 {
        for n in 0..40 {
            queue
                .send(format!("{round}-{n}-{}", "x".repeat(4000)))
                .unwrap();
        }
        let found = queue.receive(&ReceiveOptions::new().max(1000)).unwrap();
        assert_eq!(found.len(), 40);
        for (n, message) in found.into_iter().enumerate() {
            match n {
                0 if round % 3 == 0 => kept.push(message),
                _ => message.delete().unwrap(),
            }
        }
        for _ in 0..40 {
            turns.push(turn(cluster, schema));
            if turns.last().unwrap() == "nothing" {
                break;
            }
        }
    }
    let bytes = bytes(cluster, schema);
    // 4,800,000 bytes of bodies went through.
    assert!(bytes < 2_400_000, "{bytes} bytes after {turns:?}");
    assert_eq!(kept.len(), 10);
    for message in kept {
        message.change_visibility(0).unwrap();
    }
    let mut bodies = all(&queue);
    assert_eq!(bodies.len(), 10);
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 10);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}
