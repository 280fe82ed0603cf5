//! Batches of which one entry is wrong (S13.3), and requests with far too many elements.

use super::support::{Server, config};
use serde_json::{Value, json};

/// Ids that succeeded, and ids and codes of those that failed.
fn outcome(server: &Server, entries: Value) -> (Vec<Value>, Vec<(Value, Value, Value)>) {
    let url = "http://h/000000000000/q";
    let input = json!({ "QueueUrl": url, "Entries": entries }).to_string();
    let answer = server.json("SendMessageBatch", &input);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let sent = list("Successful").into_iter().map(|it| it["Id"].clone());
    let failed = list("Failed");
    let failed = failed.iter().map(|it| {
        (
            it["Id"].clone(),
            it["Code"].clone(),
            it["SenderFault"].clone(),
        )
    });
    (sent.collect(), failed.collect())
}

#[test]
fn s13_3_a_wrong_entry_fails_alone() {
    let server = Server::start(config());
    server.queue("q");
    let system = |name: &str, value: Value| json!({ name: value });
    let text = |value: &str| json!({ "DataType": "String", "StringValue": value });
    for (member, wrong, code) in [
        ("MessageBody", json!(""), "MissingParameter"),
        ("MessageBody", json!("\u{1}"), "InvalidMessageContents"),
        ("DelaySeconds", json!(901), "InvalidParameterValue"),
        ("DelaySeconds", json!(-1), "InvalidParameterValue"),
        (
            "MessageSystemAttributes",
            system("Other", text("x")),
            "InvalidParameterValue",
        ),
        (
            "MessageSystemAttributes",
            system(
                "AWSTraceHeader",
                json!({ "DataType": "Number", "StringValue": "1" }),
            ),
            "InvalidParameterValue",
        ),
        (
            "MessageSystemAttributes",
            system("AWSTraceHeader", text("")),
            "InvalidParameterValue",
        ),
        (
            "MessageAttributes",
            json!({ "a": { "DataType": "String", "StringListValues": ["x"] } }),
            "AWS.SimpleQueueService.UnsupportedOperation",
        ),
        (
            "MessageAttributes",
            json!({ "AWS.a": text("x") }),
            "InvalidParameterValue",
        ),
    ] {
        let mut entry = json!({ "Id": "b", "MessageBody": "m" });
        entry[member] = wrong;
        let good = |id: &str| json!({ "Id": id, "MessageBody": "m" });
        let (sent, failed) = outcome(&server, json!([good("a"), entry, good("c")]));
        assert_eq!(sent, ["a", "c"], "{entry}");
        assert_eq!(failed, [(json!("b"), json!(code), json!(true))], "{entry}");
    }
}

#[test]
fn lists_of_thousands_are_not_kept() {
    let server = Server::start(config());
    server.queue("q");
    let url = "http://h/000000000000/q";
    let of = |count: usize| {
        let entries = vec![json!({}); count];
        let input = json!({ "QueueUrl": url, "Entries": entries }).to_string();
        server.json("DeleteMessageBatch", &input).refusal()
    };
    assert_eq!(of(1_000), "400 MissingParameter");
    assert_eq!(of(1_001), "400 SerializationException");
    let names = vec![""; 1_001];
    let receive = json!({ "QueueUrl": url, "AttributeNames": names }).to_string();
    let refused = server.json("ReceiveMessage", &receive);
    assert_eq!(refused.refusal(), "400 SerializationException");
    let attributes: String = (0..101).map(|n| format!("\"a{n}\":{{}},")).collect();
    let send = format!(
        "{{\"QueueUrl\":\"{url}\",\"MessageBody\":\"m\",\"MessageAttributes\":{{{}}}}}",
        attributes.trim_end_matches(',')
    );
    let refused = server.json("SendMessage", &send);
    assert_eq!(refused.refusal(), "400 SerializationException");
}
