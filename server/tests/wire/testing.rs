//! The pages of the test mode.

use super::support::{Response, Server, test_config};
use serde_json::{Value, json};

fn post(server: &Server, page: &str, body: Value) -> Response {
    let path = format!("/_forebay/test/{page}");
    server
        .connect()
        .call("POST", &path, "", body.to_string().as_bytes())
}

fn receive(server: &Server, url: &str, rest: Value) -> Vec<String> {
    let mut input = json!({ "QueueUrl": url, "WaitTimeSeconds": 0 });
    input
        .as_object_mut()
        .unwrap()
        .extend(rest.as_object().unwrap().clone());
    let found = server.json("ReceiveMessage", &input.to_string()).json();
    let messages = found["Messages"].as_array().cloned().unwrap_or_default();
    messages
        .iter()
        .map(|it| it["Body"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_clock_can_be_moved_and_stopped() {
    let server = Server::start(test_config());
    let url = server.queue("q");
    server.send(&url, "a");
    assert_eq!(
        receive(&server, &url, json!({ "VisibilityTimeout": 3_600 })),
        ["a"]
    );
    assert!(receive(&server, &url, json!({})).is_empty());
    let moved = post(&server, "clock/advance", json!({ "ms": 3_600_000 })).json();
    assert_eq!(receive(&server, &url, json!({})), ["a"]);
    let frozen = post(&server, "clock/freeze", json!({})).json();
    assert_eq!(frozen["running"], false);
    assert!(frozen["now_ms"].as_u64() >= moved["now_ms"].as_u64());
    std::thread::sleep(std::time::Duration::from_millis(30));
    let again = server.get("/_forebay/test/clock").json();
    assert_eq!(again["now_ms"], frozen["now_ms"]);
    assert_eq!(
        post(&server, "clock/run", json!({})).json()["running"],
        true
    );
    super::support::until("it runs", || {
        server.get("/_forebay/test/clock").json()["now_ms"] != frozen["now_ms"]
    });
    assert_eq!(
        post(&server, "clock/advance", json!({ "s": 1 })).status,
        400
    );
    assert_eq!(post(&server, "nothing", json!({})).status, 404);
}

#[test]
fn reset_and_wait() {
    let server = Server::start(test_config());
    let url = server.queue("q");
    server.send(&url, "a");
    let found = post(
        &server,
        "wait",
        json!({ "queue": "q", "visible": 1, "total": 1 }),
    )
    .json();
    assert_eq!(found["reached"], true);
    let late = post(
        &server,
        "wait",
        json!({ "queue": url, "visible": 2, "timeout_ms": 20 }),
    );
    assert_eq!(late.json()["reached"], false);
    assert_eq!(post(&server, "reset", json!({})).json()["deleted"], 1);
    assert_eq!(server.json("ListQueues", "{}").text(), "{}");
    server.queue("q");
}

#[test]
fn faults_happen_to_the_next_requests() {
    let server = Server::start(test_config());
    let url = server.queue("q");
    let fault = |effect: &str| {
        let fault = json!({ "action": "SendMessage", "effect": effect });
        assert_eq!(post(&server, "faults", fault).status, 200);
    };
    let send = json!({ "QueueUrl": url, "MessageBody": "m" }).to_string();
    fault("throttle");
    fault("unavailable");
    fault("internal");
    assert_eq!(
        server.json("SendMessage", &send).refusal(),
        "403 RequestThrottled"
    );
    assert_eq!(
        server.json("SendMessage", &send).refusal(),
        "503 ServiceUnavailable"
    );
    assert_eq!(
        server.json("SendMessage", &send).refusal(),
        "500 InternalFailure"
    );
    assert!(receive(&server, &url, json!({})).is_empty());
    fault("lost_answer");
    let mut client = server.connect();
    let length = send.len();
    let head = "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.SendMessage\r\n";
    client.write(format!("{head}content-length: {length}\r\n\r\n{send}").as_bytes());
    assert!(client.read().is_none(), "the answer gets lost");
    assert_eq!(
        receive(&server, &url, json!({})),
        ["m"],
        "after it was carried out"
    );
    for wrong in [
        json!({ "action": "*", "effect": "fly" }),
        json!({ "action": "*", "effect": "throttle", "count": 0 }),
    ] {
        assert_eq!(post(&server, "faults", wrong).status, 400);
    }
    assert_eq!(server.json("SendMessage", &send).status, 200);
}

#[test]
fn standard_queues_in_disorder() {
    let server = Server::start(test_config());
    let url = server.queue("q");
    let sent: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    for body in &sent {
        server.send(&url, body);
    }
    post(&server, "disorder", json!({ "miss": 100 }));
    assert!(receive(&server, &url, json!({})).is_empty());
    // Short as well: the queue has no wait of its own.
    let receive_plainly = json!({ "QueueUrl": url }).to_string();
    let missed = server.json("ReceiveMessage", &receive_plainly);
    assert_eq!(missed.text(), "{}");
    post(
        &server,
        "disorder",
        json!({ "reorder": 100, "duplicate": 100, "seed": 1 }),
    );
    let mut first = receive(&server, &url, json!({ "MaxNumberOfMessages": 10 }));
    assert_ne!(first, sent);
    first.sort();
    assert_eq!(first, sent);
    let all = json!({ "queue": "q", "visible": 10 });
    assert_eq!(
        post(&server, "wait", all).json()["reached"],
        true,
        "all come twice"
    );
}
