//! Slow-loris: clients that send a byte now and then, and never come to an end, or that never take
//! an answer.

use super::server::{Server, json};
use super::support::{Client, WATCHDOG};
use std::time::{Duration, Instant};

const CLIENTS: usize = 400;
/// Between two bytes of a client.
const PAUSE: Duration = Duration::from_millis(50);

#[test]
fn hundreds_of_slow_clients_hold_nobody_up() {
    let server = Server::start("header_timeout_s = 2\nbody_timeout_s = 2\nconnections = 500");
    let head = "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.ListQueues\r\n";
    let begin = |number: usize| -> Client {
        let mut client = server.connect();
        let start = match number % 4 {
            0 => "P".to_owned(),
            1 => head.to_owned(),
            2 => format!("{head}content-length: 100000\r\n\r\n{{"),
            _ => format!("{head}transfer-encoding: chunked\r\n\r\n"),
        };
        client.write(start.as_bytes());
        client
    };
    let drops = ["R", "x", " ", "1\r\n \r\n"];
    let mut clients: Vec<(usize, Client)> = (0..CLIENTS).map(|it| (it, begin(it))).collect();
    let start = Instant::now();
    while !clients.is_empty() {
        assert!(
            start.elapsed() < WATCHDOG,
            "{} are still there",
            clients.len()
        );
        server.is_well();
        clients.retain_mut(|(number, client)| {
            !client.is_closed_by_now() && client.try_write(drops[*number % 4].as_bytes()).is_ok()
        });
        std::thread::sleep(PAUSE);
    }
    server.is_well();
}

/// They ask for more than the buffers of a connection hold, on all connections that there may be.
#[test]
fn clients_that_take_no_answer_are_cut_off() {
    let server = Server::start("body_timeout_s = 1\nconnections = 2");
    let call = |action: &str, body: &str| {
        let request = json(&format!("AmazonSQS.{action}"), "", body.as_bytes());
        let answer = server.connect().ask(&request);
        assert_eq!(answer.status, 200, "{action}");
    };
    let queue = r#""QueueUrl": "http://h:1/000000000000/q""#;
    call("CreateQueue", r#"{"QueueName": "q"}"#);
    let long = "x".repeat(1_000_000);
    call(
        "SendMessage",
        &format!(r#"{{{queue}, "MessageBody": "{long}"}}"#),
    );
    let body = format!(r#"{{{queue}, "VisibilityTimeout": 0}}"#);
    let receives = json("AmazonSQS.ReceiveMessage", "", body.as_bytes()).repeat(40);
    let greedy: Vec<Client> = (0..2)
        .map(|_| {
            let mut client = server.connect();
            client.write(&receives);
            client
        })
        .collect();
    // It gets in when one of them was sent away.
    server.is_well();
    drop(greedy);
}
