//! No answer promises what is not on disk, and on the synchronous standby: with one that does not
//! exist, commits are visible to all and confirmed to nobody.

use crate::{WATCHDOG, all};
use forebay::{Queue, QueueOptions, ReceiveOptions, SendRequest, Store};
use forebay_test_postgres::{Cluster, shared};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long an answer that must not come is waited for.
const SILENCE: Duration = Duration::from_millis(300);

fn standby(cluster: &Cluster, name: &str) {
    // Neither may stand in a transaction with the other.
    let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{name}'");
    cluster.run(&set).unwrap();
    cluster.run("SELECT pg_reload_conf()").unwrap();
    let started = Instant::now();
    while cluster.query("SHOW synchronous_standby_names").unwrap()[0][0].as_deref() != Some(name) {
        assert!(started.elapsed() < WATCHDOG, "the setting is not seen");
        std::thread::sleep(Duration::from_millis(10));
    }
    // What the background processes do with it comes a moment later.
    std::thread::sleep(Duration::from_millis(100));
}

/// Calls on a thread of its own.
fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || drop(sender.send(work())));
    receiver
}

fn is_silent<T>(answer: &Receiver<T>) -> bool {
    matches!(answer.recv_timeout(SILENCE), Err(RecvTimeoutError::Timeout))
}

fn wait_until(cluster: &Cluster, sql: &str) {
    let started = Instant::now();
    while cluster.query(sql).unwrap()[0][0].as_deref() != Some("t") {
        assert!(started.elapsed() < WATCHDOG, "never true: {sql}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn send(queue: &Queue, request: SendRequest) -> Receiver<forebay::Result<bool>> {
    let queue = queue.clone();
    start(move || Ok(queue.send(request)?.is_duplicate()))
}

#[test]
fn postgres_answers_wait_for_the_standby() {
    if shared().is_none() {
        return;
    }
    let cluster = Cluster::start(&[]).unwrap();
    let location = cluster.location("forebay");
    let (store, other) = (
        Store::open(&location).unwrap(),
        Store::open(&location).unwrap(),
    );
    let plain = store.create_queue("plain", &QueueOptions::new()).unwrap();
    let fifo = QueueOptions::new().fifo().content_deduplication(true);
    let fifo = store.create_queue("one.fifo", &fifo).unwrap();
    let of_other = other.queue("plain").unwrap();
    plain.send("first").unwrap();
    let first = plain.receive(&ReceiveOptions::new()).unwrap().remove(0);
    let warm = of_other.receive(&ReceiveOptions::new()).unwrap();
    assert!(warm.is_empty());

    standby(&cluster, "nobody");
    let stored = |count: u32| format!("SELECT count(*) = {count} FROM forebay.messages");
    let sent = send(&plain, SendRequest::new("second"));
    wait_until(&cluster, &stored(2));
    // The queue is free meanwhile; what the message is numbered must not be seen.
    let received = start(move || of_other.receive(&ReceiveOptions::new()).unwrap().len());
    wait_until(
        &cluster,
        "SELECT count(*) = 2 FROM forebay.live WHERE state = 3",
    );
    let deleted = start(move || first.delete());
    let one = send(&fifo, SendRequest::new("same").group("g"));
    wait_until(&cluster, &stored(3));
    let two = send(&fifo, SendRequest::new("same").group("g"));
    assert!(is_silent(&sent), "a send was answered");
    assert!(is_silent(&received), "a message was handed out");
    assert!(is_silent(&deleted), "a delete was answered");
    assert!(is_silent(&one), "a send to a FIFO queue was answered");
    assert!(is_silent(&two), "a duplicate was answered");

    // A wait that is cancelled confirms nothing.
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
                  WHERE wait_event = 'SyncRep' AND pid <> pg_backend_pid()";
    cluster.run(cancel).unwrap();
    assert!(is_silent(&sent), "a send was answered");
    assert!(is_silent(&deleted), "a delete was answered");
    assert!(is_silent(&two), "a duplicate was answered");

    standby(&cluster, "");
    assert!(!sent.recv_timeout(WATCHDOG).unwrap().unwrap());
    deleted.recv_timeout(WATCHDOG).unwrap().unwrap();
    assert!(!one.recv_timeout(WATCHDOG).unwrap().unwrap());
    assert!(two.recv_timeout(WATCHDOG).unwrap().unwrap(), "no duplicate");
    received.recv_timeout(WATCHDOG).unwrap();
    assert_eq!(all(&fifo), ["same"]);
    let counts = plain.attributes(&["All"]).unwrap();
    assert_eq!(counts["ApproximateNumberOfMessagesNotVisible"], "1");
    assert_eq!(counts["ApproximateNumberOfMessages"], "0");
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// Behind a pooler each commit waits itself; that holds for what others committed without a wait.
#[test]
fn postgres_answers_behind_a_pooler_wait_for_what_others_committed() {
    if shared().is_none() {
        return;
    }
    let cluster = Cluster::start(&[]).unwrap();
    let location = cluster.location("forebay");
    let store = Store::open(&location).unwrap();
    let pooled = Store::open(format!("{location}&listen=off")).unwrap();
    let fifo = QueueOptions::new().fifo().content_deduplication(true);
    let sends = store.create_queue("sends", &QueueOptions::new()).unwrap();
    let deletes = store.create_queue("deletes", &QueueOptions::new()).unwrap();
    let fifo = store.create_queue("one.fifo", &fifo).unwrap();
    let [to_receive, to_delete, to_send] =
        ["sends", "deletes", "one.fifo"].map(|name| pooled.queue(name).unwrap());
    deletes.send("gone").unwrap();
    let gone = to_delete.receive(&ReceiveOptions::new()).unwrap().remove(0);
    let again = gone.receipt();
    // Its own connection is there before the standby is waited for.
    assert!(
        to_receive
            .receive(&ReceiveOptions::new())
            .unwrap()
            .is_empty()
    );

    standby(&cluster, "nobody");
    let sent = send(&sends, SendRequest::new("x"));
    let one = send(&fifo, SendRequest::new("same").group("g"));
    let deleted = start(move || deletes.delete(again.as_str()));
    wait_until(&cluster, "SELECT count(*) = 3 FROM forebay.messages");
    wait_until(
        &cluster,
        "SELECT count(*) = 1 FROM forebay.live WHERE storage > 0",
    );
    let received = start(move || to_receive.receive(&ReceiveOptions::new()).unwrap().len());
    let two = send(&to_send, SendRequest::new("same").group("g"));
    let deleted_again = start(move || gone.delete());
    assert!(is_silent(&received), "a message was handed out");
    assert!(is_silent(&two), "a duplicate was answered");
    assert!(
        is_silent(&deleted_again),
        "a delete of what is gone was answered"
    );

    standby(&cluster, "");
    assert!(!sent.recv_timeout(WATCHDOG).unwrap().unwrap());
    assert!(!one.recv_timeout(WATCHDOG).unwrap().unwrap());
    deleted.recv_timeout(WATCHDOG).unwrap().unwrap();
    assert_eq!(received.recv_timeout(WATCHDOG).unwrap(), 1);
    assert!(two.recv_timeout(WATCHDOG).unwrap().unwrap(), "no duplicate");
    deleted_again.recv_timeout(WATCHDOG).unwrap().unwrap();
    assert_eq!(all(&fifo), ["same"]);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// A queue that was made is promised as well, whatever the server does with commits by itself.
#[test]
fn postgres_administration_waits_for_the_standby() {
    if shared().is_none() {
        return;
    }
    let cluster = Cluster::start(&["synchronous_commit=off"]).unwrap();
    let store = Store::open(cluster.location("forebay")).unwrap();
    store.create_queue("old", &QueueOptions::new()).unwrap();

    standby(&cluster, "nobody");
    let made = start(move || store.create_queue("new", &QueueOptions::new()).map(drop));
    let waits = "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    wait_until(&cluster, waits);
    // A wait that is cancelled confirms nothing.
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    cluster.run(cancel).unwrap();
    assert!(is_silent(&made), "the making of a queue was answered");

    standby(&cluster, "");
    made.recv_timeout(WATCHDOG).unwrap().unwrap();
}
