//! Stopping: every wait is answered, and what runs ends.

use super::support::{Server, config, test_config, until};
use serde_json::json;

#[test]
fn a_shutdown_answers_the_waits_and_closes_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = test_config();
    config.test = None;
    config.store.location = folder.path().join("queues");
    let mut server = Server::start(config);
    let url = server.queue("q");
    let mut idle = server.connect();
    assert_eq!(idle.json("ListQueues", "{}").status, 200);
    let mut clients: Vec<_> = (0..50).map(|_| server.connect()).collect();
    let body = json!({ "QueueUrl": url, "WaitTimeSeconds": 20 }).to_string();
    let length = body.len();
    for client in &mut clients {
        let head = "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.ReceiveMessage\r\n";
        client.write(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes());
    }
    until("all wait", || {
        server
            .get("/metrics")
            .text()
            .contains("forebay_waiting_receives 50")
    });
    server.begin_stop();
    for client in &mut clients {
        let answer = client.read().expect("an answer at shutdown");
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
        assert!(client.is_closed());
    }
    assert!(idle.is_closed());
    server.stop().unwrap();
    let store = forebay::Store::open(folder.path().join("queues")).unwrap();
    store.get_queue("q").unwrap();
}

#[test]
fn a_shutdown_answers_who_waits_for_a_state() {
    let mut server = Server::start(test_config());
    server.queue("q");
    let mut client = server.connect();
    let body = json!({ "queue": "q", "visible": 1, "timeout_ms": 60_000 }).to_string();
    let length = body.len();
    // Who is told to go on is in a request.
    client.write(
        format!(
            "POST /_forebay/test/wait HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\n\
             content-length: {length}\r\n\r\n"
        )
        .as_bytes(),
    );
    assert_eq!(client.read().unwrap().status, 100);
    server.begin_stop();
    client.write(body.as_bytes());
    let answer = client.read().expect("an answer at shutdown");
    assert_eq!(
        (answer.status, &answer.json()["reached"]),
        (200, &json!(false))
    );
    server.stop().unwrap();
}

#[test]
fn a_shutdown_does_not_wait_for_clients_of_http_2_that_never_begin() {
    let mut config = config();
    config.limits.shutdown_s = 3_600;
    let mut server = Server::start(config);
    let mut client = server.connect();
    client.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let mut second = server.connect();
    assert_eq!(second.json("ListQueues", "{}").status, 200);
    let stopped = std::thread::spawn(move || server.stop().unwrap());
    until("it stops", || stopped.is_finished());
}

#[test]
fn what_cannot_start_says_why() {
    let mut config = test_config();
    config.account = "12".into();
    let error = Server::start(config).stop().unwrap_err().to_string();
    assert_eq!(
        error,
        "configuration: account is \"12\"; it must be 12 digits"
    );
}
