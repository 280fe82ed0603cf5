//! Health and metrics.

use super::support::{Server, config};

#[test]
fn health_pages() {
    let server = Server::start(config());
    for path in ["/livez", "/readyz", "/health", "/version"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    assert_eq!(server.get("/other").status, 404);
    assert_eq!(server.get("/_forebay/test/clock").status, 404);
}

#[test]
fn metrics_count_what_happened() {
    let server = Server::start(config());
    let url = server.queue("q");
    server.send(&url, "a");
    server.send(&url, "b");
    let receive = format!("{{\"QueueUrl\":\"{url}\",\"MaxNumberOfMessages\":1}}");
    let found = server.json("ReceiveMessage", &receive).json();
    let handle = found["Messages"][0]["ReceiptHandle"].as_str().unwrap();
    let delete = format!("{{\"QueueUrl\":\"{url}\",\"ReceiptHandle\":\"{handle}\"}}");
    assert_eq!(server.json("DeleteMessage", &delete).status, 200);
    server.json("GetQueueUrl", r#"{"QueueName":"absent"}"#);
    let page = server.get("/metrics");
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    let text = page.text();
    let labels = "account=\"000000000000\",region=\"us-east-1\",queue=\"q\"";
    for line in [
        "forebay_requests_total{action=\"SendMessage\",code=\"OK\"} 2".to_owned(),
        "forebay_requests_total{action=\"GetQueueUrl\",\
         code=\"AWS.SimpleQueueService.NonExistentQueue\"} 1"
            .into(),
        "forebay_messages_sent_total 2".into(),
        "forebay_messages_received_total 1".into(),
        "forebay_messages_deleted_total 1".into(),
        "forebay_waiting_receives 0".into(),
        "forebay_dwell_time_seconds_count 1".into(),
        "forebay_processing_time_seconds_count 1".into(),
        "forebay_queues 1".into(),
        format!("forebay_messages{{{labels},state=\"visible\"}} 1"),
        format!("forebay_messages{{{labels},state=\"in_flight\"}} 0"),
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
    assert!(text.contains("# TYPE forebay_syncs_total counter"));
}

#[test]
fn many_queues_are_summed_up() {
    let mut few = config();
    few.limits.metrics_queues = 1;
    let server = Server::start(few);
    server.queue("a");
    assert!(server.get("/metrics").text().contains("queue=\"a\""));
    server.queue("b");
    let text = server.get("/metrics").text();
    assert!(!text.contains("queue=\""));
    assert!(text.contains("forebay_queues 2"));
}
