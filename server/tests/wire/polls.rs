//! Long polls: no thread each, woken at once, and nothing lost when a client goes away.

use super::support::{Client, Server, test_config, until};
use serde_json::json;

fn receive(url: &str) -> Vec<u8> {
    let body = json!({ "QueueUrl": url, "WaitTimeSeconds": 20 }).to_string();
    let length = body.len();
    format!(
        "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.ReceiveMessage\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn waiting(server: &Server) -> u64 {
    server.get("/_forebay/test/waits").json()["waiting"]
        .as_u64()
        .unwrap()
}

fn start(server: &Server, url: &str) -> Client {
    let before = waiting(server);
    let mut client = server.connect();
    client.write(&receive(url));
    until("the poll waits", || waiting(server) == before + 1);
    client
}

#[test]
fn s4_2_a_poll_is_answered_by_a_send() {
    let server = Server::start(test_config());
    let url = server.queue("q");
    let mut client = start(&server, &url);
    server.send(&url, "late");
    let found = client.read().unwrap().json();
    assert_eq!(found["Messages"][0]["Body"], "late");
    assert_eq!(waiting(&server), 0);
}

#[test]
fn s4_5_a_client_that_went_away_takes_nothing() {
    let server = Server::start(test_config());
    let url = server.queue("q");
    for round in 0..20 {
        drop(start(&server, &url));
        until("the wait ends with its client", || waiting(&server) == 0);
        server.send(&url, "kept");
        let body = json!({ "QueueUrl": url, "WaitTimeSeconds": 0,
            "AttributeNames": ["ApproximateReceiveCount"] });
        let found = server.json("ReceiveMessage", &body.to_string()).json();
        let message = &found["Messages"][0];
        assert_eq!(
            message["Attributes"]["ApproximateReceiveCount"], "1",
            "round {round}"
        );
        let body = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
        server.json("DeleteMessage", &body.to_string());
    }
}

#[test]
fn a_message_in_the_race_with_a_vanishing_client_comes_back_at_once() {
    let server = Server::start(test_config());
    let url = server.queue("q");
    for round in 0..30 {
        let client = start(&server, &url);
        let sender = std::thread::spawn({
            let (address, url) = (server.address, url.clone());
            move || {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                let body = json!({ "QueueUrl": url, "MessageBody": "raced" }).to_string();
                let length = body.len();
                let request = format!(
                    "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.SendMessage\r\n\
                     content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                use std::io::{Read, Write};
                stream.write_all(request.as_bytes()).unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                assert!(answer.contains("200 OK"));
            }
        });
        drop(client);
        sender.join().unwrap();
        // The visibility timeout is 30 s: only what was given back, or was never taken, comes
        // within this wait. What was written to a client that had just gone may be lost to it.
        let body = json!({ "QueueUrl": url, "WaitTimeSeconds": 5 }).to_string();
        let found = server.json("ReceiveMessage", &body).json();
        let Some(message) = found["Messages"].get(0) else {
            let advance = json!({ "ms": 31_000 }).to_string();
            let headers = "content-type: application/json\r\n";
            let path = "/_forebay/test/clock/advance";
            server
                .connect()
                .call("POST", path, headers, advance.as_bytes());
            let found = server.json("ReceiveMessage", &body).json();
            assert!(
                found["Messages"].get(0).is_some(),
                "round {round}: lost for good"
            );
            continue;
        };
        let body = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
        server.json("DeleteMessage", &body.to_string());
    }
}

#[test]
fn s4_7_a_deletion_answers_the_polls() {
    let server = Server::start(test_config());
    let url = server.queue("q");
    let mut client = start(&server, &url);
    server.json("DeleteQueue", &json!({ "QueueUrl": url }).to_string());
    let code = client.read().unwrap().refusal();
    assert_eq!(code, "400 AWS.SimpleQueueService.NonExistentQueue");
}

#[test]
fn a_thousand_polls_wait_at_once() {
    let server = Server::start(test_config());
    let url = server.queue("q");
    let mut clients: Vec<Client> = (0..1_000).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.write(&receive(&url));
    }
    until("all wait", || waiting(&server) == 1_000);
    for _ in 0..100 {
        let entries: Vec<_> = (0..10)
            .map(|n| json!({ "Id": n.to_string(), "MessageBody": "m" }))
            .collect();
        let body = json!({ "QueueUrl": url, "Entries": entries });
        assert_eq!(
            server.json("SendMessageBatch", &body.to_string()).status,
            200
        );
    }
    for client in &mut clients {
        let found = client.read().unwrap().json();
        assert_eq!(found["Messages"].as_array().unwrap().len(), 1);
    }
}
