//! What a command touches in the database does not grow with what the queue holds: pages are
//! counted by PostgreSQL itself.

use crate::{WATCHDOG, place};
use forebay::{ErrorKind, OpenOptions, Queue, QueueOptions, ReceiveOptions, SendRequest, Store};
use forebay_test_postgres::query;
use std::time::{Duration, Instant};

/// Messages of the long backlog; the short one has a tenth.
const LONG: usize = 20_000;
/// What deeper indexes may add: a tenth, and this.
const PAGES_MORE: u64 = 40;

/// Pages that a receive of ten looks at, its changes undone.
pub fn pages(location: &str, queue: &str) -> u64 {
    let schema = location.rsplit_once("schema=").unwrap().1;
    let arguments = query(
        location,
        &format!("SELECT uid, version FROM {schema}.queues WHERE name = '{queue}'"),
    )
    .unwrap();
    let [Some(uid), Some(version)] = &arguments[0][..] else {
        panic!("no queue {queue}");
    };
    let call = format!(
        "receive({uid}, {version}, 10000, 1, true, NULL, '{{10}}', 30000, NULL, false, 120000, \
         1000000, 100, false, '')"
    );
    pages_of(location, &call)
}

/// Pages that a call of one of the schema's functions looks at, its changes undone. A call before
/// it makes the plans.
pub fn pages_of(location: &str, call: &str) -> u64 {
    let schema = location.rsplit_once("schema=").unwrap().1;
    let call = format!("SELECT * FROM {schema}.{call}");
    let explain = format!(
        "BEGIN; SAVEPOINT s; {call}; ROLLBACK TO s; EXPLAIN (ANALYZE, BUFFERS, FORMAT TEXT) {call}"
    );
    let plan = query(location, &explain).unwrap();
    let first = plan.iter().flatten().flatten();
    let line = first
        .clone()
        .find(|line| line.contains("Buffers:"))
        .unwrap();
    let numbers = line.split_whitespace().filter_map(|word| {
        let (kind, number) = word.split_once('=')?;
        matches!(kind, "hit" | "read").then(|| number.parse::<u64>().ok())?
    });
    numbers.sum()
}

fn send(queue: &Queue, count: usize, request: impl Fn(usize) -> SendRequest) {
    for from in (0..count).step_by(1_000) {
        let entries: Vec<_> = (from..count.min(from + 1_000)).map(&request).collect();
        for sent in queue.send_batch(entries).unwrap() {
            sent.unwrap();
        }
    }
}

/// Pages of a receive from a queue that `fill` makes with a short backlog, and with a long one.
fn compare(name: &str, options: &QueueOptions, fill: impl Fn(&Queue, usize)) {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let touched = [LONG / 10, LONG].map(|count| {
        let name = name.replace('-', &format!("-{count}"));
        let queue = store.create_queue(&name, options).unwrap();
        fill(&queue, count);
        pages(&location, &name)
    });
    assert!(store.check().unwrap().problems.is_empty());
    let [short, long] = touched;
    assert!(
        long <= short + short / 10 + PAGES_MORE,
        "{name}: {short} pages with {} messages, {long} with {LONG}",
        LONG / 10
    );
}

fn noisy(queue: &Queue, count: usize) {
    send(queue, count, |_| SendRequest::new("x").group("noisy"));
    // Enough in flight to be noisy.
    let taken = queue.receive(&ReceiveOptions::new().max(100)).unwrap();
    assert_eq!(taken.len(), 100);
}

#[test]
fn postgres_looks_past_a_noisy_tenant_at_once() {
    compare("fair-", &QueueOptions::new(), |queue, count| {
        noisy(queue, count);
        for n in 0..20 {
            let quiet = SendRequest::new("x").group(format!("quiet{n}"));
            queue.send(quiet).unwrap();
            queue.send("of no group").unwrap();
        }
    });
}

#[test]
fn postgres_turns_to_a_noisy_tenant_at_once_where_no_other_is() {
    compare("noisy-", &QueueOptions::new(), noisy);
}

#[test]
fn postgres_finds_the_first_of_many_tenants_at_once() {
    compare("tenants-", &QueueOptions::new(), |queue, count| {
        send(queue, count, |n| {
            SendRequest::new("x").group(format!("g{n}"))
        });
    });
}

#[test]
fn postgres_finds_the_first_of_many_groups_at_once() {
    let options = QueueOptions::new().fifo().content_deduplication(true);
    compare("groups-.fifo", &options, |queue, count| {
        send(queue, count, |n| {
            SendRequest::new(format!("{n}")).group(format!("g{n}"))
        });
    });
}

#[test]
fn postgres_finds_the_first_of_a_backlog_at_once() {
    compare("plain-", &QueueOptions::new(), |queue, count| {
        send(queue, count, |_| SendRequest::new("x"));
    });
}

/// A quiet tenant's messages come first, in the order in which they were sent, those without a
/// group among them.
#[test]
fn postgres_gives_quiet_tenants_their_order() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    queue.send("before any group").unwrap();
    send(&queue, 200, |_| SendRequest::new("noisy").group("noisy"));
    let first = queue.receive(&ReceiveOptions::new().max(101)).unwrap();
    assert_eq!(first[0].body().as_ref(), b"before any group");
    first[0].change_visibility(0).unwrap();
    for n in 0..6 {
        let request = SendRequest::new(format!("{n}"));
        let group = format!("g{}", n % 2);
        queue
            .send(match n % 3 {
                0 => request,
                _ => request.group(group),
            })
            .unwrap();
    }
    let found = queue.receive(&ReceiveOptions::new().max(8)).unwrap();
    let bodies: Vec<_> = found.iter().map(|it| it.body().to_vec()).collect();
    let expected = ["before any group", "0", "1", "2", "3", "4", "5", "noisy"];
    assert_eq!(bodies, expected.map(|it| it.as_bytes().to_vec()));
    assert!(store.check().unwrap().problems.is_empty());
}

/// Sends of unknown outcome are looked for together, also among all that a queue ever held.
#[test]
fn postgres_looks_once_for_all_sends_that_may_be_there() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    send(&queue, LONG, |_| SendRequest::new("x"));
    let looked = |count: u32| {
        let put = format!(
            "put(1, 1, 1000, 1, true, false, 1, \
             ARRAY(SELECT gen_random_uuid() FROM generate_series(1, {count})), \
             array_fill('x'::bytea, ARRAY[{count}]), NULL, NULL, NULL, NULL, NULL, ARRAY['me'])"
        );
        pages_of(&location, &put)
    };
    let (one, many) = (looked(1), looked(100));
    // Those that are stored touch some pages each.
    assert!(many < one + 2_000, "{one} pages for one, {many} for 100");
}

/// Queues of a name of their own each, as answers to requests have.
#[test]
fn postgres_forgets_the_names_of_deleted_queues() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let schema = location.rsplit_once("schema=").unwrap().1;
    let options = OpenOptions::new().sixty_second_rules(true);
    let store = options.open(&location).unwrap();
    for number in 0..50 {
        let name = format!("answers-{number}");
        store.create_queue(&name, &QueueOptions::new()).unwrap();
        store.delete_queue(&name).unwrap();
    }
    let count = format!("SELECT count(*) FROM {schema}.deleted");
    let remembered = || cluster.query(&count).unwrap()[0][0].clone().unwrap();
    assert_eq!(remembered(), "50");
    // All but the last were deleted long ago; the sweep comes by itself, at the latest now.
    let past = format!(
        "UPDATE {schema}.deleted SET at_ms = at_ms - 200000 WHERE name <> 'answers-49'; \
         UPDATE {schema}.swept SET upto_ms = 0; SELECT {schema}.sweep(1000)"
    );
    cluster.run(&past).unwrap();
    let started = Instant::now();
    while remembered() != "1" {
        // The store's own sweep may have been about them.
        assert!(started.elapsed() < WATCHDOG, "{} names", remembered());
        std::thread::sleep(Duration::from_millis(10));
    }
    let error = store.create_queue("answers-49", &QueueOptions::new());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::QueueDeletedRecently);
    store
        .create_queue("answers-1", &QueueOptions::new())
        .unwrap();
}
