//! Query of 2006-04-01 and 2007-05-01 (L3, L7).

use super::support::{Server, config, test_config};
use super::xml::{call, ok, path, refused, text, texts};

const FIRST: [&str; 2] = ["2006-04-01", "2007-05-01"];

/// Creates a queue; its path.
fn create(server: &Server, version: &str, name: &str) -> String {
    let xml = ok(server, version, "/", "CreateQueue", &[("QueueName", name)]);
    path(&text(&xml, "QueueUrl"))
}

fn send(server: &Server, version: &str, queue: &str, body: &str) -> String {
    let xml = ok(
        server,
        version,
        queue,
        "SendMessage",
        &[("MessageBody", body)],
    );
    text(&xml, "MessageId")
}

#[test]
fn l7_1_the_envelope() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = create(&server, version, "q");
        let xml = ok(&server, version, &queue, "GetVisibilityTimeout", &[]);
        let id = text(&xml, "RequestId");
        assert_eq!(
            xml,
            format!(
                "<?xml version=\"1.0\"?><GetVisibilityTimeoutResponse \
                 xmlns=\"http://queue.amazonaws.com/doc/{version}/\">\
                 <VisibilityTimeout>30</VisibilityTimeout><ResponseStatus>\
                 <StatusCode>Success</StatusCode><RequestId>{id}</RequestId></ResponseStatus>\
                 </GetVisibilityTimeoutResponse>"
            )
        );
    }
}

#[test]
fn l7_4_a_refusal_has_no_name_space() {
    let server = Server::start(config());
    let refused = call(&server, "2007-05-01", "/", "CreateQueue", &[]);
    let xml = refused.text();
    let id = text(&xml, "RequestID");
    assert_eq!(refused.status, 400);
    assert_eq!(
        xml,
        format!(
            "<?xml version=\"1.0\"?><Response><Errors><Error><Code>MissingParameter</Code>\
             <Message>The request must contain the parameter QueueName.</Message></Error></Errors>\
             <RequestID>{id}</RequestID></Response>"
        )
    );
}

#[test]
fn l3_a_message_goes_through() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = create(&server, version, "q");
        let body = "<any> & \"text\"\r\n\t\u{20ac}";
        let id = send(&server, version, &queue, body);
        assert_eq!(id.matches('|').count(), 2);
        let peeked = ok(
            &server,
            version,
            &queue,
            "PeekMessage",
            &[("MessageId", &id)],
        );
        assert_eq!(text(&peeked, "MessageBody"), body);
        let received = ok(&server, version, &queue, "ReceiveMessage", &[]);
        assert_eq!(text(&received, "MessageId"), id);
        assert_eq!(text(&received, "MessageBody"), body);
        for newer in ["Body", "MD5OfBody", "ReceiptHandle"] {
            assert!(texts(&received, newer).is_empty(), "{received}");
        }
        ok(
            &server,
            version,
            &queue,
            "DeleteMessage",
            &[("MessageId", &id)],
        );
        let gone = refused(
            &server,
            version,
            &queue,
            "PeekMessage",
            &[("MessageId", &id)],
        );
        assert_eq!(gone, "404 MessageNotFound");
    }
}

#[test]
fn l3_a_message_that_nobody_received_can_be_deleted() {
    let server = Server::start(test_config());
    for version in FIRST {
        let queue = create(&server, version, "q");
        let id = send(&server, version, &queue, "m");
        ok(
            &server,
            version,
            &queue,
            "DeleteMessage",
            &[("MessageId", &id)],
        );
        let received = ok(&server, version, &queue, "ReceiveMessage", &[]);
        assert!(texts(&received, "Message").is_empty(), "{received}");
        let again = refused_or_ok(&server, version, &queue, &id);
        let expected = match version {
            "2006-04-01" => "404 MessageNotFound",
            _ => "200",
        };
        assert_eq!(again, expected, "{version}");
    }
}

fn refused_or_ok(server: &Server, version: &str, queue: &str, id: &str) -> String {
    let response = call(
        server,
        version,
        queue,
        "DeleteMessage",
        &[("MessageId", id)],
    );
    match response.status {
        200 => "200".into(),
        status => format!("{status} {}", text(&response.text(), "Code")),
    }
}
