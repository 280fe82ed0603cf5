//! A server inside a program, started and stopped by calls.

use super::support::{Client, until};
use forebay::store::ClockMode;
use forebay::{ErrorKind, OpenOptions, Store};
use forebay_server::embed::{Running, Source, Start};
use serde_json::{Value, json};
use std::net::TcpStream;

fn start(source: Source, options: &Value) -> Running {
    try_start(source, options).unwrap()
}

fn try_start(source: Source, options: &Value) -> Result<Running, forebay::Error> {
    let start = Start {
        source,
        host: "127.0.0.1".into(),
        port: 0,
        options: options.to_string(),
        insecure: false,
    };
    Ok(start.start()?)
}

fn memory() -> Source {
    Source::At("mem:".into())
}

fn refusal(source: Source, options: &Value) -> String {
    let error = try_start(source, options).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    error.text().to_owned()
}

fn manual() -> Store {
    let clock = ClockMode::Manual { start_ms: 1_000 };
    OpenOptions::new().clock(clock).open("mem:").unwrap()
}

#[test]
fn it_answers_at_once_and_shares_its_store() {
    let options = json!({ "queues": [{ "name": "q", "attributes": { "DelaySeconds": 0 } }] });
    let server = start(memory(), &options);
    assert_eq!(server.url(), format!("http://{}", server.address()));
    let queue = server.store().get_queue("q").unwrap();
    // What the wire does not carry, the library does.
    queue.send(vec![0u8; 3]).unwrap();
    let mut client = Client::connect(server.address());
    let received = client.json(
        "ReceiveMessage",
        r#"{"QueueUrl":"http://h/000000000000/q"}"#,
    );
    assert_eq!(received.json()["Messages"][0]["Body"], "AAAA");
    server.stop().unwrap();
    server.stop().unwrap();
    assert!(client.is_closed());
    assert!(TcpStream::connect(server.address()).is_err());
    assert_eq!(
        server.store().now_ms().unwrap_err().kind(),
        ErrorKind::Closed
    );
}

#[test]
fn an_open_store_outlives_the_server_and_keeps_its_own_rules() {
    let store = OpenOptions::new()
        .account("111122223333")
        .open("mem:")
        .unwrap();
    let queue = store.create_queue("q", &Default::default()).unwrap();
    let server = start(Source::Open(store.clone()), &json!({}));
    let mut client = Client::connect(server.address());
    let created = client.json("CreateQueue", r#"{"QueueName":"other"}"#);
    let url = created.json()["QueueUrl"].as_str().unwrap().to_owned();
    assert!(url.ends_with("/111122223333/other"), "{url}");
    let eleven: Vec<Value> = (0..11)
        .map(|id| json!({ "Id": id.to_string(), "MessageBody": "x" }))
        .collect();
    let body = json!({ "QueueUrl": url, "Entries": eleven }).to_string();
    let refused = client.json("SendMessageBatch", &body);
    assert_eq!(refused.status, 400, "SQS's limits hold on the wire");
    assert_eq!(queue.send_batch((0..11).map(|_| "x")).unwrap().len(), 11);
    drop(server);
    until("dropping it stops it", || client.is_closed());
    assert_eq!(store.list_queues("").unwrap(), ["other", "q"]);
}

#[test]
fn stopping_answers_the_waits() {
    let server = start(
        memory(),
        &json!({ "test": {}, "queues": [{ "name": "q" }] }),
    );
    let mut client = Client::connect(server.address());
    let body = r#"{"QueueUrl":"http://h/000000000000/q","WaitTimeSeconds":20}"#;
    let head = "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.ReceiveMessage\r\n";
    client.write(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes());
    until("it waits", || {
        server.control("GET", "waits", b"").unwrap() == r#"{"waiting":1}"#
    });
    server.stop().unwrap();
    let answer = client.read().unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
}

#[test]
fn the_test_mode_is_controlled_without_http() {
    let server = start(
        memory(),
        &json!({ "test": { "frozen": true, "start_ms": 5_000 } }),
    );
    assert_eq!(server.store().now_ms().unwrap(), 5_000);
    server
        .control("POST", "clock/advance", br#"{"ms": 1000}"#)
        .unwrap();
    assert_eq!(server.store().now_ms().unwrap(), 6_000);
    // A purge a second time at once: the rules of 60 s are off.
    let queue = server
        .store()
        .create_queue("q", &Default::default())
        .unwrap();
    queue.purge().unwrap();
    queue.purge().unwrap();
    let mut client = Client::connect(server.address());
    assert_eq!(client.json("ListQueues", "{}").status, 200);
    let deleted = server.control("POST", "reset", b"").unwrap();
    assert_eq!(deleted, r#"{"deleted":1}"#);
    for (page, kind) in [("nowhere", "no such page"), ("clock/advance", "EOF")] {
        let error = server.control("POST", page, b"").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.text().contains(kind), "{error}");
    }
    assert!(server.control("not a method", "reset", b"").is_err());
    server.stop().unwrap();
    let error = server.control("POST", "reset", b"").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[test]
fn a_manual_clock_is_the_programs_own() {
    let store = manual();
    let server = start(Source::Open(store.clone()), &json!({ "test": {} }));
    let mut client = Client::connect(server.address());
    assert_eq!(
        client.json("CreateQueue", r#"{"QueueName":"q"}"#).status,
        200
    );
    let sent = r#"{"QueueUrl":"http://h/000000000000/q","MessageBody":"x","DelaySeconds":900}"#;
    assert_eq!(client.json("SendMessage", sent).status, 200);
    let receive = r#"{"QueueUrl":"http://h/000000000000/q"}"#;
    assert_eq!(client.json("ReceiveMessage", receive).text(), "{}");
    let clock = server.control("GET", "clock", b"").unwrap();
    assert_eq!(clock, r#"{"now_ms":1000,"running":false}"#);
    store.advance(900_000).unwrap();
    let received = client.json("ReceiveMessage", receive);
    assert_eq!(received.json()["Messages"][0]["Body"], "x");
}

#[test]
fn what_cannot_start_inside_a_task_is_an_error_and_no_panic() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let files = json!({ "tls": { "certificate": "/nowhere/cert.pem", "key": "/nowhere/key.pem" } });
    let refused = runtime.block_on(async { refusal(memory(), &files) });
    assert!(refused.contains("/nowhere/cert.pem"), "{refused}");
}

#[test]
fn no_test_mode_is_no_test_mode() {
    let server = start(memory(), &json!({ "test": null }));
    let queue = server.store().create_queue("q", &Default::default());
    let queue = queue.unwrap();
    queue.purge().unwrap();
    let error = queue.purge().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PurgeQueueInProgress);
}

#[test]
fn contradictions_are_named() {
    let refused = refusal(memory(), &json!({ "colour": 1 }));
    assert!(refused.contains("colour"), "{refused}");
    let store = Store::open("mem:").unwrap();
    let refused = refusal(Source::Open(store.clone()), &json!({ "test": {} }));
    assert!(refused.contains("manual"), "{refused}");
    let durability = json!({ "store": { "durability": "os" } });
    let refused = refusal(Source::Open(store.clone()), &durability);
    assert!(refused.contains("durability"), "{refused}");
    let public = |insecure| Start {
        source: Source::Open(store.clone()),
        host: "0.0.0.0".into(),
        port: 0,
        options: "{}".into(),
        insecure,
    };
    let refused = public(false).start().err().unwrap().to_string();
    assert!(refused.contains("reached from elsewhere"), "{refused}");
    public(true).start().unwrap().stop().unwrap();
    let server = start(memory(), &json!({}));
    let error = server.control("POST", "reset", b"").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedOperation);
    let nowhere = Start {
        host: "nowhere.invalid".into(),
        ..public(false)
    };
    let error = nowhere.start().err().unwrap().to_string();
    assert!(
        error.starts_with("cannot listen on nowhere.invalid:0: "),
        "{error}"
    );
    let taken = Start {
        port: server.address().port(),
        insecure: false,
        host: "127.0.0.1".into(),
        ..public(false)
    };
    let error = forebay::Error::from(taken.start().err().unwrap());
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(
        error.text().contains("cannot listen on 127.0.0.1:"),
        "{error}"
    );
}
