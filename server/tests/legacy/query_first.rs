//! Query of 2006-04-01 and 2007-05-01 (L3, L7).

use super::queue::Queue;
use super::support::{Server, config, test_config};
use super::xml::{FIRST, call, form, ok, refused, text, texts};

#[test]
fn l7_1_the_envelope() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        let xml = queue.ok("GetVisibilityTimeout", &[]);
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
        let queue = Queue::create(&server, version, "q");
        let body = "<any> & \"text\"\r\n\t\u{20ac}";
        let id = queue.send(body);
        assert_eq!(id.matches('|').count(), 2);
        assert_eq!(queue.peek(&id), body);
        let received = queue.ok("ReceiveMessage", &[]);
        assert_eq!(text(&received, "MessageId"), id);
        assert_eq!(text(&received, "MessageBody"), body);
        for newer in ["Body", "MD5OfBody", "ReceiptHandle"] {
            assert!(texts(&received, newer).is_empty(), "{received}");
        }
        queue.delete(&id);
        let gone = queue.refused("PeekMessage", &[("MessageId", &id)]);
        assert_eq!(gone, "404 MessageNotFound");
    }
}

#[test]
fn l3_create_queue() {
    let server = Server::start(config());
    for version in FIRST {
        let name = [("QueueName", "q"), ("DefaultVisibilityTimeout", "45")];
        let created = ok(&server, version, "/", "CreateQueue", &name);
        let url = text(&created, "QueueUrl");
        let (start, token) = url.rsplit_once('/').unwrap().0.rsplit_once('/').unwrap();
        assert_eq!(start, "http://q.example:1");
        assert!(token.starts_with('A') && token.len() == 13, "{url}");
        let queue = super::xml::path(&url);
        let timeout = ok(&server, version, &queue, "GetVisibilityTimeout", &[]);
        assert_eq!(text(&timeout, "VisibilityTimeout"), "45");
        for (name, seconds) in [
            ("a b", "1"),
            ("", "1"),
            ("x.fifo", "1"),
            ("x", "86401"),
            ("x", "-1"),
        ] {
            let pairs = [("QueueName", name), ("DefaultVisibilityTimeout", seconds)];
            let code = refused(&server, version, "/", "CreateQueue", &pairs);
            assert_eq!(code, "400 InvalidParameterValue", "{name:?} {seconds}");
        }
        let longest = [("QueueName", "y"), ("DefaultVisibilityTimeout", "86400")];
        ok(&server, version, "/", "CreateQueue", &longest);
        let bad = call(
            &server,
            version,
            "/",
            "CreateQueue",
            &[("QueueName", "a.b")],
        );
        let sentence = text(&bad.text(), "Message");
        match version {
            "2006-04-01" => assert_eq!(
                sentence,
                "Value (a.b) for parameter QueueName is invalid. Must be an alphanumeric String of \
                 1 to 80 in length"
            ),
            _ => assert!(
                sentence.starts_with("Value a.b for parameter QueueName"),
                "{sentence}"
            ),
        }
    }
}

#[test]
fn l3_a_queue_deleted_a_moment_ago_cannot_be_created() {
    let server = Server::start(config());
    let queue = Queue::create(&server, "2007-05-01", "q");
    queue.ok("DeleteQueue", &[]);
    let again = refused(
        &server,
        "2007-05-01",
        "/",
        "CreateQueue",
        &[("QueueName", "q")],
    );
    assert_eq!(again, "400 AWS.SimpleQueueService.QueueDeletedRecently");
}

#[test]
fn l3_list_queues() {
    let server = Server::start(config());
    for version in FIRST {
        for name in ["apple", "apricot", "berry"] {
            Queue::create(&server, version, name);
        }
        server.queue("other");
        let fifo = "{\"QueueName\":\"a.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}";
        assert_eq!(server.json("CreateQueue", fifo).status, 200);
        let all = ok(&server, version, "/", "ListQueues", &[]);
        assert_eq!(texts(&all, "QueueUrl").len(), 4, "no FIFO queues: {all}");
        assert!(texts(&all, "Queues").is_empty(), "L7.3");
        let some = ok(
            &server,
            version,
            "/",
            "ListQueues",
            &[("QueueNamePrefix", "ap")],
        );
        assert_eq!(texts(&some, "QueueUrl").len(), 2);
        let none = ok(
            &server,
            version,
            "/",
            "ListQueues",
            &[("QueueNamePrefix", "Ap")],
        );
        assert!(texts(&none, "QueueUrl").is_empty());
    }
}

#[test]
fn l3_delete_queue() {
    let server = Server::start(test_config());
    for (version, code) in [
        ("2006-04-01", "400 NonEmptyQueue"),
        ("2007-05-01", "400 AWS.SimpleQueueService.NonEmptyQueue"),
    ] {
        let queue = Queue::create(&server, version, "q");
        let id = queue.send("m");
        assert_eq!(queue.refused("DeleteQueue", &[]), code);
        // ForceDeletion is newer than 2006.
        let forced = [("ForceDeletion", "True")];
        if version == "2006-04-01" {
            assert_eq!(queue.refused("DeleteQueue", &forced), code);
            queue.delete(&id);
            queue.ok("DeleteQueue", &[]);
        } else {
            let no = [("ForceDeletion", "False")];
            assert_eq!(queue.refused("DeleteQueue", &no), code);
            let bad = [("ForceDeletion", "maybe")];
            let code = queue.refused("DeleteQueue", &bad);
            assert_eq!(code, "400 InvalidParameterValue");
            queue.ok("DeleteQueue", &forced);
        }
        let gone = queue.refused("DeleteQueue", &[]);
        assert_eq!(gone, "400 AWS.SimpleQueueService.NonExistentQueue");
    }
}

#[test]
fn l3_send_message() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        let code = queue.refused("SendMessage", &[]);
        assert_eq!(code, "400 MissingParameter");
        let empty = queue.refused("SendMessage", &[("MessageBody", "")]);
        assert_eq!(empty, "400 MissingParameter");
        let send = |body: &str| {
            let pairs = [
                ("Action", "SendMessage"),
                ("Version", version),
                ("MessageBody", body),
            ];
            server.form(&queue.path, &form(&pairs))
        };
        assert_eq!(send(&"x".repeat(262_144)).status, 200);
        let long = send(&"x".repeat(262_145));
        assert_eq!(text(&long.text(), "Code"), "MessageTooLong");
        let bad = send("a\u{1}b");
        assert_eq!(text(&bad.text(), "Code"), "InvalidMessageContents");
        // The body as plain text, all else in the address.
        let path = &queue.path;
        let address = format!("{path}/?Action=SendMessage&Version={version}");
        let plain = "content-type: text/plain\r\n";
        let sent = server.connect().call("POST", &address, plain, b"a=b&c");
        let id = text(&sent.text(), "MessageId");
        assert_eq!(queue.peek(&id), "a=b&c");
    }
}

#[test]
fn l3_receive_message() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        for number in 0..300 {
            queue.send(&number.to_string());
        }
        for bad in ["0", "257", "-1", "x"] {
            let pairs = [("NumberOfMessages", bad)];
            let code = queue.refused("ReceiveMessage", &pairs);
            assert_eq!(code, "400 ReadCountOutOfRange", "{bad}");
        }
        let one = queue.ok("ReceiveMessage", &[]);
        assert_eq!(texts(&one, "MessageBody"), ["0"]);
        // Twice the same: a receive that hides nothing.
        let seen = [("NumberOfMessages", "256"), ("VisibilityTimeout", "0")];
        for _ in 0..2 {
            let many = queue.ok("ReceiveMessage", &seen);
            let bodies = texts(&many, "MessageBody");
            assert_eq!(bodies.len(), 256);
            assert_eq!((&*bodies[0], &*bodies[255]), ("1", "256"));
        }
        let most = [("NumberOfMessages", "256"), ("VisibilityTimeout", "86400")];
        let taken = queue.ok("ReceiveMessage", &most);
        assert_eq!(texts(&taken, "Message").len(), 256);
        let rest = queue.ok("ReceiveMessage", &most);
        assert_eq!(texts(&rest, "Message").len(), 43);
        let bad = [("VisibilityTimeout", "86401")];
        let code = queue.refused("ReceiveMessage", &bad);
        assert_eq!(code, "400 InvalidParameterValue");
        let name = [("QueueName", "q")];
        assert!(ok(&server, version, "/", "CreateQueue", &name).contains("/q<"));
        for received in [taken, rest, one] {
            for id in texts(&received, "MessageId") {
                queue.delete(&id);
            }
        }
    }
}

#[test]
fn l3_peek_message() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        let id = queue.send("m");
        let escaped = id.replace('|', "%7C");
        for key in [&id, &escaped] {
            let xml = queue.ok("PeekMessage", &[("MessageId", key)]);
            assert_eq!(texts(&xml, "Message").len(), 1);
            assert_eq!(text(&xml, "MessageId"), id);
        }
        let code = queue.refused("PeekMessage", &[]);
        assert_eq!(code, "400 MissingParameter");
        let bad = [("MessageId", "not|an|id")];
        let code = queue.refused("PeekMessage", &bad);
        assert_eq!(code, "400 InvalidParameterValue");
        let other = Queue::create(&server, version, "other");
        let code = other.refused("PeekMessage", &[("MessageId", &id)]);
        assert_eq!(code, "404 MessageNotFound");
        queue.delete(&id);
    }
}

#[test]
fn l3_delete_message() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        let sent = queue.send("m");
        let id = [("MessageId", &*sent)];
        queue.ok("DeleteMessage", &id);
        let received = queue.ok("ReceiveMessage", &[]);
        assert!(
            texts(&received, "Message").is_empty(),
            "nobody had received it"
        );
        match version {
            "2006-04-01" => {
                let code = queue.refused("DeleteMessage", &id);
                assert_eq!(code, "404 MessageNotFound");
            }
            _ => {
                queue.ok("DeleteMessage", &id);
            }
        }
        let bad = [("MessageId", "x")];
        let code = queue.refused("DeleteMessage", &bad);
        assert_eq!(code, "400 InvalidParameterValue");
    }
}

#[test]
fn l3_change_message_visibility() {
    let server = Server::start(config());
    let version = "2007-05-01";
    let queue = Queue::create(&server, version, "q");
    let id = queue.send("m");
    let change = |id: &str, seconds: &str| {
        let pairs = [("MessageId", id), ("VisibilityTimeout", seconds)];
        let response = queue.call("ChangeMessageVisibility", &pairs);
        match response.status {
            200 => "200".to_owned(),
            status => format!("{status} {}", text(&response.text(), "Code")),
        }
    };
    assert_eq!(
        change(&id, "5"),
        "400 InvalidParameterValue",
        "never received"
    );
    let is_empty = || {
        let received = queue.ok("ReceiveMessage", &[]);
        texts(&received, "Message").is_empty()
    };
    assert!(!is_empty());
    assert_eq!(change(&id, "86400"), "200");
    assert!(is_empty());
    assert_eq!(change(&id, "86401"), "400 InvalidParameterValue");
    assert_eq!(change(&id, "0"), "200");
    assert!(!is_empty());
    queue.delete(&id);
    assert_eq!(change(&id, "5"), "404 MessageNotFound");
    let pairs = [("MessageId", &*id)];
    let code = queue.refused("ChangeMessageVisibility", &pairs);
    assert_eq!(code, "400 MissingParameter");
    let code = refused(
        &server,
        "2006-04-01",
        &queue.path,
        "ChangeMessageVisibility",
        &pairs,
    );
    assert_eq!(code, "400 InvalidAction", "newer than 2006");
}

#[test]
fn l3_get_and_set_visibility_timeout() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        for (given, holds) in [("0", "0"), ("60", "60"), ("86400", "43200"), ("30", "30")] {
            let pairs = [("VisibilityTimeout", given)];
            queue.ok("SetVisibilityTimeout", &pairs);
            let xml = queue.ok("GetVisibilityTimeout", &[]);
            assert_eq!(text(&xml, "VisibilityTimeout"), holds);
        }
        for bad in ["86401", "-1", "1.5", ""] {
            let pairs = [("VisibilityTimeout", bad)];
            let code = queue.refused("SetVisibilityTimeout", &pairs);
            assert_eq!(code, "400 InvalidParameterValue", "{bad}");
        }
        let code = queue.refused("SetVisibilityTimeout", &[]);
        assert_eq!(code, "400 MissingParameter");
        let none = "/000000000000/none";
        let code = refused(&server, version, none, "GetVisibilityTimeout", &[]);
        assert_eq!(code, "400 AWS.SimpleQueueService.NonExistentQueue");
    }
}

#[test]
fn l3_get_queue_attributes() {
    let server = Server::start(config());
    let version = "2007-05-01";
    let queue = Queue::create(&server, version, "q");
    for _ in 0..2 {
        queue.send("m");
    }
    queue.ok("ReceiveMessage", &[]);
    let get = |name, value| queue.ok("GetQueueAttributes", &[(name, value)]);
    for name in ["Attribute", "AttributeName"] {
        let all = get(name, "All");
        let expected = "<AttributedValue><Attribute>VisibilityTimeout</Attribute><Value>30</Value>\
                        </AttributedValue><AttributedValue><Attribute>ApproximateNumberOfMessages\
                        </Attribute><Value>2</Value></AttributedValue><ResponseStatus>";
        assert!(all.contains(expected), "L3.6: with those in flight: {all}");
    }
    let one = get("Attribute", "VisibilityTimeout");
    assert_eq!(texts(&one, "Attribute"), ["VisibilityTimeout"]);
    for newer in ["Policy", "QueueArn", "x"] {
        let pairs = [("Attribute", newer)];
        let code = queue.refused("GetQueueAttributes", &pairs);
        assert_eq!(code, "400 InvalidAttributeName");
    }
    let code = queue.refused("GetQueueAttributes", &[]);
    assert_eq!(code, "400 MissingParameter");
    let code = refused(
        &server,
        "2006-04-01",
        &queue.path,
        "GetQueueAttributes",
        &[],
    );
    assert_eq!(code, "400 InvalidAction", "newer than 2006");
}

#[test]
fn l3_6_the_count_of_2007_is_of_all_messages() {
    let server = Server::start(test_config());
    let queue = Queue::create(&server, "2007-05-01", "q");
    let count = || {
        let name = [("Attribute", "ApproximateNumberOfMessages")];
        text(&queue.ok("GetQueueAttributes", &name), "Value")
    };
    let later = "{\"QueueUrl\":\"http://h/000000000000/q\",\"MessageBody\":\"later\",\
                 \"DelaySeconds\":60}";
    assert_eq!(server.json("SendMessage", later).status, 200);
    assert_eq!(count(), "1", "delayed");
    queue.send("m");
    assert_eq!(count(), "2", "visible");
    assert_eq!(queue.receive(), ["m"]);
    assert_eq!(count(), "2", "in flight");
}

#[test]
fn l3_set_queue_attributes() {
    let server = Server::start(config());
    let version = "2007-05-01";
    let queue = Queue::create(&server, version, "q");
    let set = |name, value| {
        let pairs = [("Attribute", name), ("Value", value)];
        queue.call("SetQueueAttributes", &pairs)
    };
    assert_eq!(set("VisibilityTimeout", "77").status, 200);
    let timeout = || {
        let xml = queue.ok("GetVisibilityTimeout", &[]);
        text(&xml, "VisibilityTimeout")
    };
    assert_eq!(timeout(), "77");
    let bad = set("VisibilityTimeout", "86401");
    assert_eq!(text(&bad.text(), "Code"), "InvalidParameterValue");
    // Recorded: a success even for an unknown attribute. It changes nothing.
    assert_eq!(set("Policy", "{}").status, 200);
    assert_eq!(timeout(), "77");
    let policy = format!(
        "{{\"QueueUrl\":\"{}\",\"AttributeNames\":[\"Policy\"]}}",
        "http://h/000000000000/q"
    );
    assert_eq!(server.json("GetQueueAttributes", &policy).text(), "{}");
}

#[test]
fn l3_1_3_4_addresses_and_unknown_parameters() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        let extra = [("DefaultVisibilityTimeout", "99"), ("Anything", "x")];
        let path = &queue.path;
        for address in [path.clone(), format!("{path}/"), "/000000000000/q".into()] {
            let pairs = [
                &extra[..],
                &[("Action", "GetVisibilityTimeout"), ("Version", version)],
            ];
            let answer = server.form(&address, &form(&pairs.concat()));
            assert_eq!(text(&answer.text(), "VisibilityTimeout"), "30", "{address}");
        }
        for bad in ["/", "/q", "/A29E9VSPHGOG23/q", "/12345/q"] {
            let code = refused(&server, version, bad, "GetVisibilityTimeout", &[]);
            assert_eq!(code, "400 InvalidURI", "{bad}");
        }
        let code = queue.refused("TagQueue", &[]);
        assert_eq!(code, "400 InvalidAction");
        let none = server.get(&format!("{path}?Version={version}"));
        assert_eq!(text(&none.text(), "Code"), "MissingParameter", "L4.8");
        let put = server.connect().call(
            "PUT",
            &format!("{path}?Version={version}&Action=DeleteQueue"),
            "",
            b"",
        );
        assert_eq!(text(&put.text(), "Code"), "InvalidAction");
    }
}
