//! Commands that go out together while somebody else has the queue: none loses what is another's,
//! none passes another, and no two wait for each other.

use crate::{WATCHDOG, all, place};
use forebay::store::ClockMode;
use forebay::{ErrorKind, OpenOptions, Queue, QueueOptions, ReceiveOptions, SendRequest, Store};
use forebay_test_postgres::{Cluster, Transaction};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Long enough for a thread to hand its command in.
const MOMENT: Duration = Duration::from_millis(150);

fn schema(location: &str) -> &str {
    location.rsplit_once("schema=").unwrap().1
}

/// Has a queue, as a command of another process would.
struct Holder<'a> {
    cluster: &'a Cluster,
    transaction: Transaction,
    lock: String,
    pid: String,
}

impl<'a> Holder<'a> {
    fn new(cluster: &'a Cluster, location: &str, queue: &str) -> Self {
        let lock = |queue: &str| {
            let schema = schema(location);
            format!("SELECT {schema}.lock_queue(uid) FROM {schema}.queues WHERE name = '{queue}'")
        };
        let transaction = Transaction::begin(location, &lock(queue)).unwrap();
        let (client, runtime) = transaction.parts();
        let row = runtime.block_on(client.query_one("SELECT pg_backend_pid()", &[]));
        let pid = row.unwrap().get::<_, i32>(0).to_string();
        let lock = lock("@");
        Self {
            cluster,
            transaction,
            lock,
            pid,
        }
    }

    /// Waits until somebody waits for it.
    fn await_waiter(&self) {
        let text = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE {} = ANY (pg_blocking_pids(pid))",
            self.pid
        );
        let started = Instant::now();
        while self.cluster.query(&text).unwrap()[0][0].as_deref() == Some("0") {
            assert!(started.elapsed() < WATCHDOG, "nobody waits");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn lock(&self, queue: &str) {
        self.transaction
            .run(&self.lock.replace('@', queue))
            .unwrap();
    }

    fn end(&self) {
        self.transaction.run("COMMIT").unwrap();
    }
}

/// Calls on a thread of its own.
fn start<T: Send + 'static>(
    queue: &Queue,
    work: impl FnOnce(&Queue) -> T + Send + 'static,
) -> Receiver<T> {
    let (sender, receiver) = channel();
    let queue = queue.clone();
    std::thread::spawn(move || drop(sender.send(work(&queue))));
    receiver
}

fn receive(queue: &Queue) -> Receiver<usize> {
    start(queue, |queue| {
        queue.receive(&ReceiveOptions::new()).unwrap().len()
    })
}

/// One of two receives that go out together finds nothing: what the other one got comes back all
/// the same when its time is over.
#[test]
fn postgres_returns_what_was_received_beside_one_who_found_nothing() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let start_ms = 1_700_000_000_000;
    for returned in [false, true] {
        let clock = ClockMode::Manual { start_ms };
        let location = location.replace(schema(&location), &Cluster::fresh_schema());
        let store = OpenOptions::new().clock(clock).open(&location).unwrap();
        let options = QueueOptions::new().visibility_timeout(30);
        let queue = store.create_queue("q", &options).unwrap();
        queue.send("x").unwrap();
        if returned {
            assert_eq!(receive(&queue).recv_timeout(WATCHDOG).unwrap(), 1);
            store.advance(30_000).unwrap();
        }
        let holder = Holder::new(cluster, &location, "q");
        let first = start(&queue, |queue| queue.attributes(&["All"]).unwrap().len());
        holder.await_waiter();
        let receives = [receive(&queue), receive(&queue)];
        std::thread::sleep(MOMENT);
        holder.end();
        first.recv_timeout(WATCHDOG).unwrap();
        let found = receives.map(|it| it.recv_timeout(WATCHDOG).unwrap());
        assert_eq!(found.iter().sum::<usize>(), 1);
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
        store.advance(30_000).unwrap();
        assert_eq!(all(&queue), ["x"], "it came back");
    }
}

/// A call that must come again, since much is due first, is not passed by those behind it.
#[test]
fn postgres_keeps_the_order_of_calls_where_much_is_overdue() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let clock = ClockMode::Manual {
        start_ms: 1_700_000_000_000,
    };
    let store = OpenOptions::new().clock(clock).open(&location).unwrap();
    let options = QueueOptions::new().fifo().visibility_timeout(30);
    let queue = store.create_queue("q.fifo", &options).unwrap();
    let request = |body: &str, group: &str| {
        let request = SendRequest::new(body.to_owned()).group(group);
        request.deduplication(format!("{group}-{body}"))
    };
    const OVERDUE: usize = 2_500;
    for from in (0..OVERDUE).step_by(500) {
        let entries = (from..from + 500).map(|n| request(&n.to_string(), &format!("g{n}")));
        for sent in queue.send_batch(entries.collect::<Vec<_>>()).unwrap() {
            sent.unwrap();
        }
    }
    let found = queue
        .receive(&ReceiveOptions::new().max(OVERDUE as u32))
        .unwrap();
    assert_eq!(found.len(), OVERDUE);
    store.advance(30_000).unwrap();

    let holder = Holder::new(cluster, &location, "q.fifo");
    let (sender, answers) = channel();
    let first = start(&queue, |queue| queue.attributes(&["All"]).unwrap().len());
    holder.await_waiter();
    for (n, message) in found.iter().take(10).enumerate() {
        let sender = sender.clone();
        let call = queue.calls().send(request(&n.to_string(), "ours")).unwrap();
        call.submit(move |sent| sender.send((n, sent.unwrap().sequence())).unwrap());
        // Something of another kind, so that the next send is a call of its own.
        let receipt = message.receipt();
        let call = queue.calls().delete(receipt.as_str()).unwrap();
        call.submit(|_| ());
    }
    holder.end();
    first.recv_timeout(WATCHDOG).unwrap();
    let mut sent: Vec<(usize, u64)> = (0..10)
        .map(|_| answers.recv_timeout(WATCHDOG).unwrap())
        .collect();
    sent.sort_unstable();
    let sequences: Vec<u64> = sent.into_iter().map(|(_, sequence)| sequence).collect();
    assert!(sequences.is_sorted(), "{sequences:?}");
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// A receive that moves to an older queue locks that first, and has nothing by then that another
/// one waits for who has the older one.
#[test]
fn postgres_receives_that_move_wait_for_nobody_who_waits_for_them() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = Store::open(&location).unwrap();
    let dead = store.create_queue("dead", &QueueOptions::new()).unwrap();
    let options = QueueOptions::new().dead_letter("dead", 1);
    let queue = store.create_queue("q", &options).unwrap();
    queue.send("poison").unwrap();
    let taken = queue.receive(&ReceiveOptions::new()).unwrap();
    taken[0].change_visibility(0).unwrap();

    let holder = Holder::new(cluster, &location, "q");
    let older = Holder::new(cluster, &location, "dead");
    let received = receive(&queue);
    holder.await_waiter();
    let sent = start(&queue, |queue| queue.send("y").map(drop));
    std::thread::sleep(MOMENT);
    holder.end();
    older.await_waiter();
    std::thread::sleep(MOMENT);
    // Of the two that wait for each other the server would end one.
    older.lock("q");
    older.end();
    sent.recv_timeout(WATCHDOG).unwrap().unwrap();
    received.recv_timeout(WATCHDOG).unwrap();
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(
        cluster.query(deadlocks).unwrap()[0][0].as_deref(),
        Some("0")
    );
    assert_eq!(all(&dead), ["poison"]);
}

/// What waits for a queue in vain is told so when its own time is over, not when those before it
/// have waited each.
#[test]
fn postgres_waits_for_a_queue_together() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let patience = Duration::from_secs(1);
    let options = OpenOptions::new().lock_timeout(patience);
    let store = options.open(&location).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    let holder = Holder::new(cluster, &location, "q");
    let (sender, answers) = channel();
    let started = Instant::now();
    let send = |n: usize| {
        let sender = sender.clone();
        let call = queue.calls().send(n.to_string()).unwrap();
        call.submit(move |sent| sender.send(sent.map(drop)).unwrap());
    };
    send(0);
    holder.await_waiter();
    (1..20).for_each(send);
    for _ in 0..20 {
        let error = answers.recv_timeout(WATCHDOG).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    }
    // Each by itself would have taken twenty times that.
    let took = started.elapsed();
    assert!(took < 10 * patience, "{took:?}");
    holder.end();
    queue.send("x").unwrap();
    assert_eq!(all(&queue), ["x"]);
}

/// Those who wait without a thread are not served one round trip after the other.
#[test]
fn postgres_serves_those_who_wait_together() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    let (sender, answers) = channel();
    let tickets: Vec<_> = (0..64)
        .map(|_| {
            let sender = sender.clone();
            let options = ReceiveOptions::new().wait(20);
            let tell = move |found: forebay::Result<Vec<forebay::Message>>| {
                sender.send(found.unwrap()).unwrap();
            };
            queue.receive_start(options, tell).unwrap()
        })
        .collect();
    // Some of them may have waited before the others came: all have by now.
    std::thread::sleep(2 * MOMENT);
    let transactions = || store.statistics().unwrap().transactions;
    let before = transactions();
    let bodies = (0..64).map(|n| SendRequest::new(n.to_string()));
    for sent in queue.send_batch(bodies.collect::<Vec<_>>()).unwrap() {
        sent.unwrap();
    }
    let mut found: Vec<Vec<u8>> = (0..64)
        .flat_map(|_| answers.recv_timeout(WATCHDOG).unwrap())
        .map(|message| message.body().to_vec())
        .collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 64);
    // The send, some looks, and what the keeper does meanwhile.
    let took = transactions() - before;
    assert!(took < 32, "{took} transactions");
    drop(tickets);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// Who waits for one queue does not wait for what somebody does with another.
#[test]
fn postgres_serves_the_waits_of_a_queue_while_somebody_has_another() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let options = OpenOptions::new().lock_timeout(Duration::from_secs(10));
    let store = options.open(&location).unwrap();
    let queues = ["held", "free"].map(|name| store.create_queue(name, &QueueOptions::new()));
    let [held, free] = queues.map(Result::unwrap);
    let holder = Holder::new(cluster, &location, "held");
    let (sender, answers) = channel();
    let wait = |queue: &Queue| {
        let (sender, name) = (sender.clone(), queue.name().to_owned());
        let tell = move |found: forebay::Result<Vec<forebay::Message>>| {
            sender.send((name, found.map(|found| found.len()))).unwrap();
        };
        let options = ReceiveOptions::new().wait(20);
        queue.receive_start(options, tell).unwrap()
    };
    let tickets = [wait(&held), wait(&held), wait(&free)];
    holder.await_waiter();
    for _ in 0..3 {
        free.send("x").unwrap();
        let (name, found) = answers.recv_timeout(WATCHDOG).unwrap();
        assert_eq!((name.as_str(), found.unwrap()), ("free", 1));
        wait(&free);
    }
    // A cancel waits for the look that is under way.
    let [first, second, _] = tickets;
    first.cancel_soon();
    assert!(!first.is_done());
    holder.end();
    let (name, cancelled) = answers.recv_timeout(WATCHDOG).unwrap();
    assert_eq!(name, "held");
    assert_eq!(cancelled.unwrap_err().kind(), ErrorKind::Cancelled);
    // And the other one goes on waiting.
    assert!(!second.is_done());
    held.send("y").unwrap();
    let (name, found) = answers.recv_timeout(WATCHDOG).unwrap();
    assert_eq!((name.as_str(), found.unwrap()), ("held", 1));
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// S4.8, also for a message that comes while those behind the first look for one together.
#[test]
fn postgres_serves_first_who_came_first() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    for round in 0..40 {
        let name = format!("q{round}");
        let queue = store.create_queue(&name, &QueueOptions::new()).unwrap();
        let (sender, answers) = channel();
        let tickets: Vec<_> = (0..4)
            .map(|n| {
                let sender = sender.clone();
                let tell = move |found: forebay::Result<Vec<forebay::Message>>| {
                    let found = found.unwrap_or_default();
                    let body = found.first().map(|message| message.body().to_vec());
                    let _ = sender.send((n, body));
                };
                let options = ReceiveOptions::new().wait(20);
                queue.receive_start(options, tell).unwrap()
            })
            .collect();
        for n in 0..3 {
            queue.send(n.to_string()).unwrap();
            let answer = answers.recv_timeout(WATCHDOG).unwrap();
            assert_eq!(
                answer,
                (n, Some(n.to_string().into_bytes())),
                "round {round}"
            );
        }
        drop(tickets);
    }
}
