//! Requests that mix versions or protocols: refused, and nothing changes.

use super::support::{Server, config};
use super::xml::{create, ok, refused, send, text, texts};

const ALL: [&str; 5] = [
    "2006-04-01",
    "2007-05-01",
    "2008-01-01",
    "2009-02-01",
    "2011-10-01",
];

#[test]
fn parameters_of_another_generation_do_not_count() {
    let server = Server::start(config());
    let queue = create(&server, "2007-05-01", "q");
    let id = send(&server, "2007-05-01", &queue, "m");
    let received = ok(
        &server,
        "2009-02-01",
        &queue,
        "ReceiveMessage",
        &[("NumberOfMessages", "9")],
    );
    let handle = text(&received, "ReceiptHandle");
    for version in ALL {
        let (own, other) = match version {
            "2006-04-01" | "2007-05-01" => ("MessageId", ("ReceiptHandle", &*handle)),
            _ => ("ReceiptHandle", ("MessageId", &*id)),
        };
        let code = refused(&server, version, &queue, "DeleteMessage", &[other]);
        assert_eq!(code, "400 MissingParameter", "{version}");
        // A handle is no id, and an id no handle.
        let code = refused(&server, version, &queue, "DeleteMessage", &[(own, other.1)]);
        let expected = match own {
            "MessageId" => "400 InvalidParameterValue",
            _ => "400 ReceiptHandleIsInvalid",
        };
        assert_eq!(code, expected, "{version}");
    }
    let shown = ok(
        &server,
        "2007-05-01",
        &queue,
        "PeekMessage",
        &[("MessageId", &id)],
    );
    assert_eq!(text(&shown, "MessageBody"), "m");
    // Each deletes what the other received.
    ok(
        &server,
        "2007-05-01",
        &queue,
        "DeleteMessage",
        &[("MessageId", &id)],
    );
    ok(
        &server,
        "2009-02-01",
        &queue,
        "DeleteMessage",
        &[("ReceiptHandle", &handle)],
    );
}

#[test]
fn actions_of_another_version_are_unknown() {
    let server = Server::start(config());
    let queue = create(&server, "2007-05-01", "q");
    for (version, actions) in [
        (
            "2006-04-01",
            [
                "ChangeMessageVisibility",
                "SetQueueAttributes",
                "AddPermission",
            ],
        ),
        (
            "2007-05-01",
            ["AddPermission", "SendMessageBatch", "GetQueueUrl"],
        ),
        (
            "2008-01-01",
            ["PeekMessage", "AddGrant", "ChangeMessageVisibility"],
        ),
        (
            "2009-02-01",
            ["SetVisibilityTimeout", "SendMessageBatch", "GetQueueUrl"],
        ),
        (
            "2011-10-01",
            ["PurgeQueue", "TagQueue", "ListDeadLetterSourceQueues"],
        ),
    ] {
        for action in actions {
            let code = refused(&server, version, &queue, action, &[]);
            assert_eq!(code, "400 InvalidAction", "{version} {action}");
        }
    }
}

#[test]
fn rest_and_query_in_one_request() {
    let server = Server::start(config());
    let queue = create(&server, "2007-05-01", "q");
    let call = |method: &str, address: &str, headers: &str| {
        let response = server.connect().call(method, address, headers, b"");
        format!("{} {}", response.status, text(&response.text(), "Code"))
    };
    let rest = "aws-version: 2007-05-01\r\n";
    for address in [
        format!("{queue}?Action=DeleteQueue"),
        format!("{queue}?Version=2007-05-01"),
        format!("{queue}?Action=DeleteQueue&Version=2009-02-01"),
    ] {
        let code = call("DELETE", &address, rest);
        assert_eq!(code, "400 InvalidParameterCombination", "{address}");
    }
    for date in ["2008-01-01", "2009-02-01", "2012-11-05", "x"] {
        let headers = format!("aws-version: {date}\r\n");
        assert_eq!(
            call("DELETE", &queue, &headers),
            "400 NoSuchVersion",
            "{date}"
        );
    }
    let unnamed = "authorization: AWS key:signature\r\n";
    assert_eq!(call("DELETE", &queue, unnamed), "400 MissingParameter");
    let listed = ok(&server, "2007-05-01", "/", "ListQueues", &[]);
    assert_eq!(texts(&listed, "QueueUrl").len(), 1, "nothing changed");
}

#[test]
fn l4_8_a_request_of_no_protocol_lacks_its_action() {
    let server = Server::start(config());
    for version in ALL {
        let none = server.get(&format!("/?Version={version}"));
        assert_eq!(
            (none.status, none.header("content-type")),
            (400, Some("text/xml"))
        );
        assert_eq!(text(&none.text(), "Code"), "MissingParameter");
        let sentence = text(&none.text(), "Message");
        assert!(sentence.starts_with("The request must contain the parameter Action"));
    }
}

/// SOAP before REST before Query.
#[test]
fn l4_9_protocols_are_told_apart_in_their_order() {
    let server = Server::start(config());
    create(&server, "2007-05-01", "q");
    let query = "/?Action=ListQueues&Version=2009-02-01";
    let (soap, rest) = ("soapaction: \"\"\r\n", "aws-version: 2007-05-01\r\n");
    let call = |method: &str, address: &str, headers: &str| {
        let answer = server.connect().call(method, address, headers, b"");
        answer.text()
    };
    let both = format!("{soap}{rest}");
    assert!(
        call("POST", query, &both).contains(":Fault>"),
        "SOAP, without an envelope"
    );
    assert!(call("GET", "/", rest).contains("/doc/2007-05-01/"), "REST");
    let refused = call("GET", query, rest);
    assert_eq!(
        text(&refused, "Code"),
        "InvalidParameterCombination",
        "REST with a Query"
    );
    assert!(call("GET", query, "").contains("/doc/2009-02-01/"), "Query");
}

#[test]
fn today_stays_as_it_is() {
    let server = Server::start(config());
    let url = server.queue("q");
    server.send(&url, "m");
    // JSON wins over a version in the address.
    let target = "x-amz-target: AmazonSQS.ListQueues\r\n";
    let json = server
        .connect()
        .call("POST", "/?Version=2006-04-01", target, b"{}");
    assert!(
        json.text().starts_with("{\"QueueUrls\":["),
        "{}",
        json.text()
    );
    for address in [
        "/?Action=ListQueues",
        "/?Action=ListQueues&Version=2012-11-05",
    ] {
        let xml = server.get(address).text();
        assert!(xml.contains("doc/2012-11-05/"), "{xml}");
    }
    assert_eq!(server.get("/?x=y").status, 404, "neither protocol");
}
