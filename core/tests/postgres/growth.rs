//! What a command touches in the database does not grow with what the queue holds: pages are
//! counted by PostgreSQL itself.

use crate::held::hold;
use crate::{WATCHDOG, place};
use forebay::{ErrorKind, OpenOptions, Queue, QueueOptions, ReceiveOptions, SendRequest, Store};
use forebay_test_postgres::query;
use std::time::{Duration, Instant};

/// Messages of the long backlog; the short one has a tenth.
const LONG: usize = 10_000;
/// What deeper indexes and dead rows may add: as much again, and this.
const PAGES_MORE: u64 = 100;

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

/// What the last vacuum saw, and plans are made by while tables fill anew.
#[derive(Clone, Copy, Debug)]
enum Seen {
    /// None came yet.
    Nothing,
    /// It found the tables empty, and could not make them short beside a transaction that was open.
    Emptiness,
    /// Many queues with a few messages each.
    SmallQueues,
}

impl Seen {
    fn prepare(self, store: &Store, location: &str) {
        let fifo = QueueOptions::new().fifo().content_deduplication(true);
        let group = |n| SendRequest::new(format!("{n}")).group(long_name(n));
        let holder = hold(location);
        match self {
            Self::Nothing => return,
            Self::Emptiness => {
                for (name, options) in [("before", QueueOptions::new()), ("before.fifo", fifo)] {
                    let queue = store.create_queue(name, &options).unwrap();
                    send(&queue, 1_000, group);
                    let taken = queue.receive(&ReceiveOptions::new().max(1_000)).unwrap();
                    assert_eq!(taken.len(), 1_000);
                    for gone in queue.delete_batch(&taken).unwrap() {
                        gone.unwrap();
                    }
                }
            }
            Self::SmallQueues => {
                for n in 0..100 {
                    let queue = store.create_queue(&format!("small{n}"), &QueueOptions::new());
                    send(&queue.unwrap(), 3, group);
                    let queue = store.create_queue(&format!("small{n}.fifo"), &fifo);
                    send(&queue.unwrap(), 3, group);
                }
            }
        }
        let schema = location.rsplit_once("schema=").unwrap().1;
        for table in ["live", "ring", "tenants", "messages"] {
            query(location, &format!("VACUUM (ANALYZE) {schema}.{table}")).unwrap();
        }
        holder.run("ROLLBACK").unwrap();
    }
}

/// A receive from a queue that `fill` makes touches as many pages with a short backlog as with a
/// long one, whatever the last vacuum saw.
fn compare(name: &str, options: &QueueOptions, fill: impl Fn(&Queue, usize)) {
    let mut first = None;
    for seen in [Seen::Nothing, Seen::Emptiness, Seen::SmallQueues] {
        let Some((_, location)) = place() else { return };
        let store = Store::open(&location).unwrap();
        seen.prepare(&store, &location);
        for count in [LONG / 10, LONG] {
            let name = name.replace('-', &format!("-{count}"));
            let queue = store.create_queue(&name, options).unwrap();
            fill(&queue, count);
            // The least: tables of the system are read again after a vacuum comes between.
            let counts = [(); 3].map(|()| pages(&location, &name));
            let touched = counts.into_iter().min().unwrap();
            let first = *first.get_or_insert(touched);
            assert!(
                touched <= 2 * first + PAGES_MORE,
                "{name}, a vacuum saw {seen:?}: {touched} pages with {count} messages, {first} \
                 with {} and none",
                LONG / 10
            );
        }
        assert!(store.check().unwrap().problems.is_empty());
    }
}

/// A group whose name makes the indexes that have it deeper than others.
fn long_name(n: usize) -> String {
    format!("{n:0>120}")
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

/// Takes this many, and leaves them in flight.
fn take(queue: &Queue, count: usize) {
    for _ in 0..count / 1_000 {
        let taken = queue.receive(&ReceiveOptions::new().max(1_000)).unwrap();
        assert_eq!(taken.len(), 1_000);
    }
}

#[test]
fn postgres_looks_past_what_is_in_flight_at_once() {
    compare("flying-", &QueueOptions::new(), |queue, count| {
        send(queue, 2 * count, |_| SendRequest::new("x"));
        take(queue, count);
    });
}

#[test]
fn postgres_finds_the_first_of_what_came_back_at_once() {
    compare("returned-", &QueueOptions::new(), |queue, count| {
        send(queue, count, |_| SendRequest::new("x"));
        let mut taken = Vec::new();
        while taken.len() < count {
            taken.extend(queue.receive(&ReceiveOptions::new().max(1_000)).unwrap());
        }
        for some in taken.chunks(1_000) {
            for changed in queue
                .change_visibility_batch(some.iter().map(|it| (it, 0)))
                .unwrap()
            {
                changed.unwrap();
            }
        }
    });
}

#[test]
fn postgres_looks_past_what_tenants_have_in_flight_at_once() {
    compare("shared-", &QueueOptions::new(), |queue, count| {
        send(queue, 2 * count, |n| {
            SendRequest::new("x").group(long_name(n % 500))
        });
        take(queue, count);
    });
}

#[test]
fn postgres_looks_past_what_groups_have_in_flight_at_once() {
    let options = QueueOptions::new().fifo().content_deduplication(true);
    compare("locked-.fifo", &options, |queue, count| {
        send(queue, 2 * count, |n| {
            SendRequest::new(format!("{n}")).group(long_name(n / 10))
        });
        take(queue, count);
    });
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

/// Of ten thousand that are visible, none is in flight, and none is of the group that is asked for.
#[test]
fn postgres_peeks_past_what_was_not_asked_for_at_once() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let options = QueueOptions::new().fifo().content_deduplication(true);
    let queue = store.create_queue("q.fifo", &options).unwrap();
    send(&queue, LONG, |n| {
        SendRequest::new(format!("{n}")).group(format!("g{}", n % 10))
    });
    for asked in [
        "'{3}', NULL",
        "'{0,3}', NULL",
        "NULL, 'other'",
        "'{1}', NULL",
    ] {
        let touched = pages_of(
            &location,
            &format!("peek(1, 1, 1000, 0, {asked}, 10, 100000)"),
        );
        assert!(touched < PAGES_MORE, "peek({asked}): {touched} pages");
    }
    for (states, found) in [
        ("'{1,2}'", 10),
        ("'{2}'", 10),
        ("'{0,1,3}'", 0),
        ("NULL", 10),
    ] {
        for (group, found) in [("NULL", found), ("'g3'", found), ("'other'", 0)] {
            let schema = location.rsplit_once("schema=").unwrap().1;
            let call = format!("peek(1, 1, 1000, 0, {states}, {group}, 10, 100000)");
            let call = format!("SELECT count(*) - 1 FROM {schema}.{call}");
            let count = query(&location, &call).unwrap()[0][0].clone().unwrap();
            assert_eq!(count, found.to_string(), "peek({states}, {group})");
        }
    }
    // Nor past what else is in flight, where that is most of it.
    take(&queue, LONG);
    let touched = pages_of(&location, "peek(1, 1, 1000, 0, '{3}', NULL, 10, 100000)");
    assert!(touched < PAGES_MORE, "{touched} pages");
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
