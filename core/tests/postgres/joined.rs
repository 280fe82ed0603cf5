//! Sending and deleting inside of transactions of the caller's: what is open keeps nobody back,
//! what commits is never passed, what rolls back never was.

use super::{WATCHDOG, all, place};
use forebay::message::AttributeValue;
use forebay::{
    ErrorKind, Message, Queue, QueueOptions, ReceiveOptions, SendRequest, Store, Ticket,
};
use forebay_test_postgres::Transaction;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Every kind of queue: its name, its options, and the group that its messages have.
fn kinds() -> [(&'static str, QueueOptions, Option<&'static str>); 4] {
    // Nothing comes back by itself while a test stands still.
    let standard = QueueOptions::new().visibility_timeout(600);
    let fifo = standard.clone().fifo().content_deduplication(true);
    let by_group = fifo
        .clone()
        .attribute("DeduplicationScope", "messageGroup")
        .attribute("FifoThroughputLimit", "perMessageGroupId");
    [
        ("plain", standard.clone(), None),
        ("fair", standard, Some("tenant")),
        ("one.fifo", fifo, Some("g")),
        ("many.fifo", by_group, Some("g")),
    ]
}

fn request(body: &str, group: Option<&str>) -> SendRequest {
    let request = SendRequest::new(body.to_owned());
    match group {
        Some(group) => request.group(group),
        None => request,
    }
}

fn schema(location: &str) -> &str {
    location.rsplit_once("schema=").unwrap().1
}

/// The call that sends, as SQL.
fn send(schema: &str, queue: &str, body: &str, group: Option<&str>) -> String {
    let group = group.map_or("NULL".into(), |group| format!("'{group}'"));
    format!("SELECT {schema}.send('{queue}', '{body}'::text, {group})")
}

type Found = forebay::Result<Vec<Message>>;

/// A wait for one message, far longer than it is to take.
fn wait(queue: &Queue) -> (Ticket, Receiver<Found>) {
    let (sender, receiver) = channel();
    let ticket = queue
        .receive_start(ReceiveOptions::new().wait(20), move |found| {
            sender.send(found).unwrap();
        })
        .unwrap();
    (ticket, receiver)
}

fn one(receiver: &Receiver<Found>) -> Message {
    let mut found = receiver.recv_timeout(WATCHDOG).unwrap().unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// A transaction that sent and stays open keeps nobody back, and nobody passes its message.
#[test]
fn postgres_sends_of_open_transactions_are_neither_waited_for_nor_passed() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let schema = schema(&location);
    for (name, options, group) in kinds() {
        let queue = store.create_queue(name, &options).unwrap();
        let insert = |body: &str| send(schema, name, body, group);
        let open = Transaction::begin(&location, &insert("held")).unwrap();
        let undone = Transaction::begin(&location, &insert("undone")).unwrap();
        for n in 0..20 {
            queue.send(request(&n.to_string(), group)).unwrap();
        }
        let later: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(all(&queue), later, "{name}");
        undone.run("ROLLBACK").unwrap();
        let (_ticket, receiver) = wait(&queue);
        open.run("COMMIT").unwrap();
        let held = one(&receiver);
        assert_eq!(&held.body()[..], b"held");
        held.delete().unwrap();
        assert_eq!(all(&queue), Vec::<String>::new());
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
    }
}

/// Transactions that began in one order and commit in another, with a reader after each commit and
/// other sends in between: every message comes once, in the order of the commits.
#[test]
fn postgres_commits_out_of_order_skip_nothing() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let reader = Store::open(&location).unwrap();
    let schema = schema(&location);
    for (name, options, group) in kinds() {
        let queue = store.create_queue(name, &options).unwrap();
        let far = reader.get_queue(name).unwrap();
        let mut open: Vec<(String, Transaction)> = (0..8)
            .map(|n| {
                let bodies = [format!("{n}a"), format!("{n}b")];
                let sends = bodies
                    .map(|body| send(schema, name, &body, group))
                    .join(";");
                (
                    n.to_string(),
                    Transaction::begin(&location, &sends).unwrap(),
                )
            })
            .collect();
        let mut expected = Vec::new();
        let mut seen = Vec::new();
        // Commits from the middle outwards; after every other one the queue is read.
        for step in 0.. {
            if open.is_empty() {
                break;
            }
            let (n, transaction) = open.remove(open.len() / 2);
            transaction.run("COMMIT").unwrap();
            let between = format!("after {n}");
            queue.send(request(&between, group)).unwrap();
            expected.extend([format!("{n}a"), format!("{n}b"), between]);
            if step % 2 == 1 {
                seen.extend(all(&far));
                assert_eq!(seen, expected, "{name}");
            }
        }
        assert_eq!(seen.len(), 24);
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
    }
}

/// A delete counts when its transaction commits, and not when that rolls back.
#[test]
fn postgres_deletes_count_with_their_transaction() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = Store::open(&location).unwrap();
    let schema = schema(&location);
    cluster
        .run(&format!("CREATE TABLE {schema}.done (body text)"))
        .unwrap();
    for (name, options, group) in kinds() {
        let queue = store.create_queue(name, &options).unwrap();
        queue.send(request("first", group)).unwrap();
        queue.send(request("second", group)).unwrap();
        let message = queue.receive(&ReceiveOptions::new()).unwrap().remove(0);
        let delete = format!(
            "INSERT INTO {schema}.done VALUES ('{name}'); \
             SELECT {schema}.delete('{name}', '{}')",
            message.receipt()
        );
        let undone = Transaction::begin(&location, &delete).unwrap();
        undone.run("ROLLBACK").unwrap();
        let counts = queue.counts().unwrap();
        assert_eq!((counts.visible, counts.in_flight), (1, 1), "{name}");
        let open = Transaction::begin(&location, &delete).unwrap();
        // Nothing waits for the open transaction, and nothing changed.
        let counts = queue.counts().unwrap();
        assert_eq!((counts.visible, counts.in_flight), (1, 1), "{name}");
        let (_ticket, receiver) = wait(&queue);
        if queue.is_fifo() {
            // The second is behind the first, which is still there.
            let short = Duration::from_millis(300);
            assert!(receiver.recv_timeout(short).is_err(), "{name}");
        }
        open.run("COMMIT").unwrap();
        assert_eq!(&one(&receiver).body()[..], b"second");
        let counts = queue.counts().unwrap();
        assert_eq!((counts.visible, counts.in_flight), (0, 1), "{name}");
        let rows = format!("SELECT count(*) FROM {schema}.done WHERE body = '{name}'");
        assert_eq!(cluster.query(&rows).unwrap()[0][0].as_deref(), Some("1"));
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
    }
}

/// S2 holds for receipts that SQL is given.
#[test]
fn postgres_deletes_in_sql_keep_the_rules_of_receipts() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = Store::open(&location).unwrap();
    let schema = schema(&location);
    let delete = |queue: &str, receipt: &str| {
        cluster.run(&format!("SELECT {schema}.delete('{queue}', '{receipt}')"))
    };
    let refused = |queue: &str, receipt: &str| delete(queue, receipt).unwrap_err().to_string();
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    store.create_queue("other", &QueueOptions::new()).unwrap();
    queue.send("x").unwrap();
    let leave_visible = ReceiveOptions::new().visibility_timeout(0);
    let older = queue.receive(&leave_visible).unwrap().remove(0).receipt();
    let newer = queue.receive(&leave_visible).unwrap().remove(0).receipt();
    // S2.17: of another format, cut, damaged.
    let mut damaged = newer.clone().into_bytes();
    damaged[20] = if damaged[20] == b'A' { b'B' } else { b'A' };
    let damaged = String::from_utf8(damaged).unwrap();
    for bad in ["", "receipt", &newer[1..], &damaged] {
        let error = refused("q", bad);
        assert!(error.contains("not a valid receipt handle"), "{error}");
    }
    // S2.18: of another queue; and no such queue.
    assert!(refused("other", &newer).contains("not a valid receipt handle"));
    assert!(refused("absent", &newer).contains("does not exist"));
    assert_eq!(queue.counts().unwrap().visible, 1);
    // S2.14: an older receipt deletes. S2.16: and then the newer one succeeds.
    delete("q", &older).unwrap();
    delete("q", &newer).unwrap();
    delete("q", &newer).unwrap();
    let counts = queue.counts().unwrap();
    assert_eq!((counts.visible, counts.in_flight), (0, 0));
    // S2.21: a FIFO receipt holds for as long as its visibility timeout runs.
    let options = QueueOptions::new().fifo().content_deduplication(true);
    let fifo = store.create_queue("q.fifo", &options).unwrap();
    fifo.send(request("y", Some("g"))).unwrap();
    let short = ReceiveOptions::new().visibility_timeout(1);
    let expired = fifo.receive(&short).unwrap().remove(0).receipt();
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(refused("q.fifo", &expired).contains("has expired"));
    let held = fifo.receive(&ReceiveOptions::new()).unwrap().remove(0);
    assert!(refused("q.fifo", &expired).contains("has expired"));
    delete("q.fifo", &held.receipt()).unwrap();
    let counts = fifo.counts().unwrap();
    assert_eq!((counts.visible, counts.in_flight), (0, 0));
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// The Rust calls: on a client or a transaction of tokio-postgres.
#[test]
fn postgres_transactions_of_rust_send_and_delete() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    for (name, options, group) in kinds() {
        let queue = store.create_queue(name, &options).unwrap();
        queue.send(request("old", group)).unwrap();
        let message = queue.receive(&ReceiveOptions::new()).unwrap().remove(0);
        for end in ["ROLLBACK", "COMMIT"] {
            let transaction = Transaction::begin(&location, "SELECT 1").unwrap();
            let (client, runtime) = transaction.parts();
            let text = forebay::message::Attribute::text("name", "value");
            let new = request("new", group).attribute(text).trace_header("Root=1");
            let sent = runtime.block_on(queue.send_in(client, new)).unwrap();
            runtime.block_on(queue.delete_in(client, &message)).unwrap();
            // What is refused leaves the transaction as it was.
            let refused = runtime.block_on(queue.send_in(client, ""));
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::MissingParameter);
            let refused = runtime.block_on(queue.delete_in(client, "nonsense"));
            let refused = refused.unwrap_err().kind();
            assert_eq!(refused, ErrorKind::ReceiptHandleIsInvalid);
            transaction.run(end).unwrap();
            let mut found = queue.receive(&ReceiveOptions::new().max(10)).unwrap();
            if end == "ROLLBACK" {
                assert_eq!(found.len(), 0, "{name}");
                continue;
            }
            let message = found.remove(0);
            assert_eq!(message.id(), sent);
            assert_eq!(&message.body()[..], b"new");
            assert_eq!(message.attributes().len(), 1);
            assert_eq!(message.trace_header(), Some("Root=1"));
            assert_eq!(message.group(), group);
            message.delete().unwrap();
        }
        assert_eq!(all(&queue), Vec::<String>::new());
        let counts = queue.counts().unwrap();
        assert_eq!((counts.visible, counts.in_flight), (0, 0), "{name}");
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
    }
    let memory = Store::open("mem:").unwrap();
    let queue = memory.create_queue("q", &QueueOptions::new()).unwrap();
    let transaction = Transaction::begin(&location, "SELECT 1").unwrap();
    let (client, runtime) = transaction.parts();
    let error = runtime.block_on(queue.send_in(client, "x")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedOperation);
}

/// S5, S7, S11 hold for what SQL sends.
#[test]
fn postgres_sends_in_sql_keep_the_rules_of_messages() {
    let Some((cluster, location)) = place() else {
        return;
    };
    let store = Store::open(&location).unwrap();
    let schema = schema(&location);
    let small = QueueOptions::new().message_bytes_max(1_024);
    let queue = store.create_queue("q", &small).unwrap();
    let fifo = store
        .create_queue("q.fifo", &QueueOptions::new().fifo())
        .unwrap();
    let call = |arguments: &str| cluster.run(&format!("SELECT {schema}.send({arguments})"));
    let attributes = |json: &str| format!("'q', 'x'::text, p_attributes => '{json}'");
    let long = "a".repeat(129);
    let eleven: Vec<String> = (0..11).map(|n| format!("\"a{n}\": \"v\"")).collect();
    for bad in [
        "'absent', 'x'::text".into(),
        "'q', 'x'::text, p_account => '111111111111'".into(),
        "'q', ''::text".into(),
        "'q', NULL::text".into(),
        format!("'q', '{}'::text", "x".repeat(1_025)),
        "'q', 'x'::text, p_delay => 901".into(),
        "'q', 'x'::text, p_delay => -1".into(),
        "'q', 'x'::text, p_deduplication => 'd'".into(),
        "'q', 'x'::text, p_group => 'a b'".into(),
        format!("'q', 'x'::text, p_group => '{long}'"),
        "'q.fifo', 'x'::text".into(),
        "'q.fifo', 'x'::text, p_group => 'g'".into(),
        "'q.fifo', 'x'::text, p_group => 'g', p_deduplication => ''".into(),
        format!("'q.fifo', 'x'::text, p_group => 'g', p_deduplication => '{long}'"),
        "'q.fifo', 'x'::text, p_group => 'g', p_deduplication => 'd', p_delay => 1".into(),
        attributes(&format!("{{{}}}", eleven.join(","))),
        attributes(r#"{"a": ""}"#),
        attributes(r#"{"a": null}"#),
        attributes(r#"{"a b": "v"}"#),
        attributes(r#"{".a": "v"}"#),
        attributes(r#"{"AWS.a": "v"}"#),
        attributes(r#"{"a": "v", "a": "w"}"#),
        attributes(r#"{"a": "\u0001"}"#),
        attributes(r#"{"a": "\u0000"}"#),
        attributes(r#"{"a": "v\ufffe"}"#),
        attributes(&format!(r#"{{"a": "{}"}}"#, "v".repeat(1_020))),
        attributes("[1]"),
    ] {
        let answer = call(&bad);
        assert!(answer.is_err(), "{bad} should be refused");
    }
    assert_eq!(queue.counts().unwrap().visible, 0);
    assert_eq!(fifo.counts().unwrap().visible, 0);
    call(&attributes(r#"{"a..b": "v\t\n\r \u00e4\ud83d\ude00"}"#)).unwrap();
    call("'q.fifo', 'y'::bytea, p_group => '!~', p_deduplication => '!~'").unwrap();
    let found = queue.receive(&ReceiveOptions::new()).unwrap().remove(0);
    let attribute = found.attribute("a..b").unwrap();
    let text = AttributeValue::Text("v\t\n\r \u{e4}\u{1f600}".into());
    assert_eq!(attribute.value, text);
    let found = fifo.receive(&ReceiveOptions::new()).unwrap().remove(0);
    assert_eq!(
        (found.group(), found.deduplication()),
        (Some("!~"), Some("!~"))
    );
}
