//! What another process, or time, changes between the steps of a command.

use crate::{WATCHDOG, all, place};
use forebay::store::ClockMode;
use forebay::{ErrorKind, OpenOptions, QueueOptions, ReceiveOptions, Store};
use forebay_test_postgres::{Cluster, Proxy, Transaction, shared};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

fn schema(location: &str) -> &str {
    location.rsplit_once("schema=").unwrap().1
}

fn manual(location: &str) -> Store {
    let clock = ClockMode::Manual {
        start_ms: 1_700_000_000_000,
    };
    OpenOptions::new().clock(clock).open(location).unwrap()
}

fn one(cluster: &Cluster, sql: &str) -> String {
    cluster.query(sql).unwrap()[0][0].clone().unwrap()
}

#[test]
fn postgres_tells_of_a_queue_that_another_process_deleted() {
    let Some((_, location)) = place() else { return };
    let open = || {
        OpenOptions::new()
            .sixty_second_rules(false)
            .open(&location)
            .unwrap()
    };
    let (here, there) = (open(), open());
    let queue = here.create_queue("q", &QueueOptions::new()).unwrap();
    queue.send("x").unwrap();
    let found = queue.receive(&ReceiveOptions::new()).unwrap();
    there.delete_queue("q").unwrap();
    let missing = [
        queue.send("y").unwrap_err(),
        queue.receive(&ReceiveOptions::new()).unwrap_err(),
        queue.attributes(&["All"]).unwrap_err(),
        queue.peek(&Default::default()).unwrap_err(),
    ];
    for error in missing {
        assert_eq!(error.kind(), ErrorKind::QueueDoesNotExist, "{error}");
    }
    drop(found);
    there.create_queue("q", &QueueOptions::new()).unwrap();
    queue.send("z").unwrap();
    assert_eq!(all(&queue), ["z"]);
    assert_eq!(here.check().unwrap().problems, Vec::<String>::new());
}

/// Between the look at what a task may move and the move itself messages expire, and a transaction
/// that deleted one commits.
#[test]
fn postgres_moves_only_what_is_there_still() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = manual(&location);
    let schema = schema(&location);
    let keep = QueueOptions::new().attribute("MessageRetentionPeriod", "60");
    let from = store.create_queue("from", &keep).unwrap();
    let to = store.create_queue("to", &QueueOptions::new()).unwrap();
    let insert = |body: &str| format!("SELECT {schema}.send('from', '{body}'::text)");
    from.send("expires").unwrap();
    store.advance(30_000).unwrap();
    from.send("stays").unwrap();
    from.send("deleted").unwrap();
    // Taken in from a transaction of others it has a row already.
    cluster.run(&insert("stays too")).unwrap();
    let found = from.receive(&ReceiveOptions::new().max(10)).unwrap();
    assert_eq!(found.len(), 4);
    for message in &found {
        message.change_visibility(0).unwrap();
    }
    let deleted = found
        .iter()
        .find(|it| it.body()[..] == b"deleted"[..])
        .unwrap();
    let delete = format!("SELECT {schema}.delete('from', '{}')", deleted.receipt());
    let open = Transaction::begin(&location, &delete).unwrap();
    let offered = format!("SELECT array_agg(seq)::text FROM {schema}.offer(1, 1000, 100)");
    let seqs = one(cluster, &offered);
    assert_eq!(seqs, "{1,2,3,4}");

    open.run("COMMIT").unwrap();
    store.advance(30_000).unwrap();
    let ids = "ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 4))";
    let moved = format!("SELECT {schema}.move(1, 2, 1000, 0, '{seqs}', {ids})");
    assert_eq!(one(cluster, &moved), "2");
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
    assert_eq!(all(&from), Vec::<String>::new());
    assert_eq!(all(&to), ["stays", "stays too"]);
}

/// A send of unknown outcome was stored, received and deleted before it is tried again, and the
/// receive was lost with a machine: it is not stored a second time.
#[test]
fn postgres_stores_no_send_again_that_was_deleted_by_a_lost_receive() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = manual(&location);
    let schema = schema(&location);
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    let put = |retry: &str| {
        format!(
            "SELECT next_seq || coalesce(seqs[1]::text, '') FROM {schema}.put(1, 1, 1000, 1, true, \
             false, {retry}, ARRAY['6f0f3a32-0000-4000-8000-000000000001'::uuid], \
             ARRAY['x'::bytea], NULL, NULL, NULL, NULL, NULL, ARRAY['me'])"
        )
    };
    assert_eq!(one(cluster, &put("NULL")), "1");
    // Nothing of a receive is left, but its receipt.
    let discard =
        format!("SELECT code FROM {schema}.discard(1, 1, 1000, 1, true, '{{1}}', '{{1}}')");
    assert_eq!(one(cluster, &discard), "0");
    assert_eq!(one(cluster, &put("1")), "21", "it is the one with number 1");
    assert_eq!(all(&queue), Vec::<String>::new());
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// A client that stands still within a transaction loses its session (25P03), and with it what it
/// had done; when it goes on all is carried out once.
#[test]
fn postgres_goes_on_after_it_stood_still_in_a_transaction() {
    if shared().is_none() {
        return;
    }
    let cluster = Cluster::start(&["fsync=off"]).unwrap();
    let proxy = Proxy::start(cluster.port()).unwrap();
    let location = cluster.location("forebay");
    let through = location.replace(&cluster.port().to_string(), &proxy.port().to_string());
    let store = Store::open(&through).unwrap();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    queue.send("before").unwrap();
    let before = queue.receive(&ReceiveOptions::new()).unwrap().remove(0);
    let count = |condition: &str| {
        let text = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'forebay' \
             AND {condition}"
        );
        one(&cluster, &text)
    };
    let await_count = |condition: &str, wanted: &str| {
        let started = Instant::now();
        while count(condition) != wanted {
            assert!(started.elapsed() < WATCHDOG, "{condition}: not {wanted}");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let holder = Transaction::begin(&location, "SELECT forebay.lock_queue(1)").unwrap();
    let (sender, answers) = channel();
    let answer = |name: &'static str| {
        let sender = sender.clone();
        move |done: bool| sender.send((name, done)).unwrap()
    };
    let (looked, sent, deleted) = (answer("look"), answer("send"), answer("delete"));
    let look = queue.calls().attributes(&["All"]).unwrap();
    look.submit(move |found| looked(found.is_ok()));
    await_count("wait_event = 'advisory'", "1");
    // These have to wait, and go out in one transaction.
    let send = queue.calls().send("after").unwrap();
    send.submit(move |receipt| sent(receipt.is_ok()));
    let delete = queue.calls().delete(before.receipt().as_str()).unwrap();
    delete.submit(move |gone| deleted(gone.is_ok()));
    let begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
    proxy.hold_behind(Some(begin));
    holder.run("COMMIT").unwrap();
    let stands = format!("state = 'idle in transaction' AND query = '{begin}'");
    await_count(&stands, "1");
    await_count(&stands, "0");
    proxy.hold_behind(None);
    for _ in 0..3 {
        let (name, done) = answers.recv_timeout(WATCHDOG).unwrap();
        assert!(done, "{name}");
    }
    assert_eq!(all(&queue), ["after"]);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}
