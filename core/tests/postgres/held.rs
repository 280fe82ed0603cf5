//! Beside a transaction that is held open elsewhere: what is gone stays in the tables, and no
//! command looks at it. Pages are counted by PostgreSQL itself.

use crate::growth::{pages, pages_of};
use crate::place;
use forebay::store::ClockMode;
use forebay::{OpenOptions, Queue, QueueOptions, ReceiveOptions, SendRequest, Store};
use forebay_test_postgres::{Cluster, Transaction, shared};

/// Messages that come and go.
const PASSED: usize = 20_000;
/// Far less than they fill.
const PAGES_MAX: u64 = 120;

/// No deadline passes while a test runs.
fn options() -> QueueOptions {
    QueueOptions::new().visibility_timeout(3_600)
}

/// A transaction that stays open and sees what was there when it began.
pub fn hold(location: &str) -> Transaction {
    let first = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class";
    Transaction::begin(location, first).unwrap()
}

fn send(queue: &Queue, count: usize, request: impl Fn(usize) -> SendRequest) {
    let entries: Vec<_> = (0..count).map(request).collect();
    for sent in queue.send_batch(entries).unwrap() {
        sent.unwrap();
    }
}

fn pass(queue: &Queue, request: impl Fn(usize) -> SendRequest) {
    for round in 0..PASSED / 1_000 {
        send(queue, 1_000, |n| request(round * 1_000 + n));
        let found = queue.receive(&ReceiveOptions::new().max(1_000)).unwrap();
        assert_eq!(found.len(), 1_000);
        for gone in queue.delete_batch(&found).unwrap() {
            gone.unwrap();
        }
    }
}

#[test]
fn postgres_finds_nothing_at_once_where_much_passed() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let queue = store.create_queue("q", &options()).unwrap();
    let holder = hold(&location);
    pass(&queue, |_| SendRequest::new("x"));
    // One is in flight, so that there is a deadline to be found.
    queue.send("x").unwrap();
    let taken = queue.receive(&ReceiveOptions::new()).unwrap();
    assert_eq!(taken.len(), 1);
    assert!(queue.receive(&ReceiveOptions::new()).unwrap().is_empty());
    let touched = pages(&location, "q");
    assert!(touched < PAGES_MAX, "{touched} pages of an empty receive");
    holder.run("ROLLBACK").unwrap();
    assert!(store.check().unwrap().problems.is_empty());
}

#[test]
fn postgres_sweeps_on_from_where_it_was() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let clock = ClockMode::Manual {
        start_ms: 1_700_000_000_000,
    };
    let store = OpenOptions::new().clock(clock).open(&location).unwrap();
    let schema = location.rsplit_once("schema=").unwrap().1;
    let queue = store.create_queue("q.fifo", &options().fifo()).unwrap();
    let holder = hold(&location);
    pass(&queue, |n| {
        SendRequest::new("x")
            .group("g")
            .deduplication(n.to_string())
    });
    let ids = || cluster.query(&format!("SELECT count(*) FROM {schema}.dedup"));
    assert_ne!(ids().unwrap()[0][0].as_deref(), Some("0"));
    for _ in 0..2 {
        store.advance(600_000).unwrap();
        while ids().unwrap()[0][0].as_deref() != Some("0") {
            cluster
                .query(&format!("SELECT {schema}.sweep(5000)"))
                .unwrap();
        }
        cluster
            .query(&format!("SELECT {schema}.sweep(5000)"))
            .unwrap();
    }
    let touched = pages_of(&location, "sweep(5000)");
    assert!(touched < PAGES_MAX, "{touched} pages of a sweep");
    holder.run("ROLLBACK").unwrap();
}

/// A tenant of a delayed message is remembered, whoever looks at the queue last.
#[test]
fn postgres_forgets_tenants_that_have_nothing() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let clock = ClockMode::Manual {
        start_ms: 1_700_000_000_000,
    };
    let store = OpenOptions::new().clock(clock).open(&location).unwrap();
    let schema = location.rsplit_once("schema=").unwrap().1;
    let queue = store.create_queue("q", &options()).unwrap();
    send(&queue, 100, |n| {
        SendRequest::new("x").group(format!("g{n}"))
    });
    let found = queue.receive(&ReceiveOptions::new().max(100)).unwrap();
    for gone in queue.delete_batch(&found).unwrap() {
        gone.unwrap();
    }
    let delayed = SendRequest::new("delayed").group("later").delay(900);
    queue.send(delayed).unwrap();
    store.advance(1_200_000).unwrap();
    for _ in 0..3 {
        let sweep = format!("SELECT {schema}.sweep(60)");
        cluster.query(&sweep).unwrap();
    }
    let left = cluster.query(&format!(
        "SELECT grp FROM {schema}.tenants WHERE storage > 0"
    ));
    assert_eq!(left.unwrap(), [[Some("later".to_owned())]]);
    assert_eq!(queue.receive(&ReceiveOptions::new()).unwrap().len(), 1);
    assert!(store.check().unwrap().problems.is_empty());
}

/// The rows of tenants change with every message.
#[test]
fn postgres_finds_tenants_at_once_that_changed_much() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = Store::open(&location).unwrap();
    let queue = store.create_queue("q", &options()).unwrap();
    let holder = hold(&location);
    pass(&queue, |n| {
        SendRequest::new("x").group(format!("g{}", n % 3))
    });
    for round in 0..1_000 {
        queue
            .send(SendRequest::new("x").group(format!("g{}", round % 3)))
            .unwrap();
        let found = queue.receive(&ReceiveOptions::new()).unwrap();
        found[0].delete().unwrap();
    }
    queue.send(SendRequest::new("x").group("g0")).unwrap();
    // Now the server counts a few rows in many pages, and plans may look through these.
    let schema = location.rsplit_once("schema=").unwrap().1;
    cluster.query(&format!("VACUUM {schema}.live")).unwrap();
    let touched = pages(&location, "q");
    assert!(touched < 5 * PAGES_MAX, "{touched} pages of a receive");
    holder.run("ROLLBACK").unwrap();
    assert!(store.check().unwrap().problems.is_empty());
}

#[test]
fn postgres_looks_past_what_was_taken_in() {
    if shared().is_none() {
        return;
    }
    // Alone, as what others write at the same time counts here.
    let cluster = Cluster::start(&["fsync=off"]).unwrap();
    let location = cluster.location("forebay");
    let store = Store::open(&location).unwrap();
    let schema = location.rsplit_once("schema=").unwrap().1;
    let queue = store.create_queue("q", &options()).unwrap();
    let holder = hold(&location);
    for _ in 0..4 {
        let text = format!("SELECT {schema}.send('q', 'x'::text) FROM generate_series(1, 5000)");
        cluster.query(&text).unwrap();
        assert_eq!(queue.receive(&ReceiveOptions::new()).unwrap().len(), 1);
    }
    let touched = pages_of(&location, "counts(1, 1, 10000)");
    assert!(touched < 50, "{touched} pages of a look at the counts");
    let counts = queue.attributes(&["All"]).unwrap();
    assert_eq!(counts["ApproximateNumberOfMessages"], "19996");
    // A dump that is restored elsewhere: ids of transactions are small again.
    let text = format!("UPDATE {schema}.heads SET joined_xid = 1000000000000");
    cluster.query(&text).unwrap();
    cluster
        .query(&format!("SELECT {schema}.send('q', 'x'::text)"))
        .unwrap();
    let counts = queue.attributes(&["All"]).unwrap();
    assert_eq!(counts["ApproximateNumberOfMessages"], "19997");
    holder.run("ROLLBACK").unwrap();
    assert!(store.check().unwrap().problems.is_empty());
}

/// What was purged goes in pieces, whatever there was of it.
#[test]
fn postgres_sweeps_what_was_purged_in_pieces() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = Store::open(&location).unwrap();
    let schema = location.rsplit_once("schema=").unwrap().1;
    let queue = store.create_queue("q.fifo", &options().fifo()).unwrap();
    // For as long as this session lasts no keeper is there first.
    let keeper = Transaction::begin(&location, &format!("SELECT {schema}.lock_queue(1)")).unwrap();
    let lock = "SELECT pg_advisory_lock((SELECT classid::bigint::bit(32)::integer FROM pg_locks \
                WHERE locktype = 'advisory' AND pid = pg_backend_pid() LIMIT 1), -3); COMMIT";
    keeper.run(lock).unwrap();
    send(&queue, 500, |n| {
        let group = format!("g{n}");
        SendRequest::new("x")
            .group(group)
            .deduplication(n.to_string())
    });
    queue.purge().unwrap();
    let left = || {
        let text = format!(
            "SELECT (SELECT count(*) FROM {schema}.dedup) \
             + (SELECT count(*) FROM {schema}.live WHERE storage > 0) \
             + (SELECT count(*) FROM {schema}.ring WHERE storage > 0)"
        );
        let rows = cluster.query(&text).unwrap();
        rows[0][0].as_deref().unwrap().parse::<u64>().unwrap()
    };
    let mut before = left();
    while before > 0 {
        cluster
            .query(&format!("SELECT {schema}.sweep(60)"))
            .unwrap();
        let now = left();
        assert!(before - now <= 60, "{} rows in one piece", before - now);
        before = now;
    }
    drop(keeper);
}
