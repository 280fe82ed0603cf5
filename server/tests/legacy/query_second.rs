//! Query of 2008-01-01, 2009-02-01 and 2011-10-01 (L9).

use super::signer::{OTHER, OWNER, Query, guarded};
use super::support::{Server, config, test_config};
use super::xml::{call, create, form, ok, path, refused, send, text, texts};

const SECOND: [&str; 3] = ["2008-01-01", "2009-02-01", "2011-10-01"];
const V2009: &str = "2009-02-01";

/// The sentence of a refusal.
fn sentence(
    server: &Server,
    version: &str,
    path: &str,
    action: &str,
    pairs: &[(&str, &str)],
) -> String {
    text(
        &call(server, version, path, action, pairs).text(),
        "Message",
    )
}

#[test]
fn l9_1_the_envelope() {
    let server = Server::start(config());
    for version in SECOND {
        let xml = ok(&server, version, "/", "CreateQueue", &[("QueueName", "q")]);
        let (url, id) = (text(&xml, "QueueUrl"), text(&xml, "RequestId"));
        assert_eq!(url, "http://q.example:1/000000000000/q");
        assert_eq!(
            xml,
            format!(
                "<?xml version=\"1.0\"?><CreateQueueResponse \
                 xmlns=\"http://queue.amazonaws.com/doc/{version}/\"><CreateQueueResult>\
                 <QueueUrl>{url}</QueueUrl></CreateQueueResult><ResponseMetadata>\
                 <RequestId>{id}</RequestId></ResponseMetadata></CreateQueueResponse>"
            )
        );
        let queue = path(&url);
        let pairs = [
            ("Attribute.Name", "VisibilityTimeout"),
            ("Attribute.Value", "30"),
        ];
        let xml = ok(&server, version, &queue, "SetQueueAttributes", &pairs);
        let id = text(&xml, "RequestId");
        assert_eq!(
            xml,
            format!(
                "<?xml version=\"1.0\"?><SetQueueAttributesResponse \
                 xmlns=\"http://queue.amazonaws.com/doc/{version}/\"><ResponseMetadata>\
                 <RequestId>{id}</RequestId></ResponseMetadata></SetQueueAttributesResponse>"
            )
        );
    }
}

#[test]
fn l9_2_a_refusal() {
    let server = Server::start(config());
    for version in SECOND {
        let refused = call(&server, version, "/000000000000/none", "DeleteQueue", &[]);
        let xml = refused.text();
        let id = text(&xml, "RequestId");
        assert_eq!(refused.status, 400);
        assert_eq!(
            xml,
            format!(
                "<?xml version=\"1.0\"?><ErrorResponse \
                 xmlns=\"http://queue.amazonaws.com/doc/{version}/\"><Error><Type>Sender</Type>\
                 <Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue \
                 does not exist for this wsdl version.</Message><Detail/></Error>\
                 <RequestId>{id}</RequestId></ErrorResponse>"
            )
        );
    }
}

#[test]
fn l9_create_queue() {
    let server = Server::start(config());
    for (version, max) in [
        ("2008-01-01", "7200"),
        (V2009, "43200"),
        ("2011-10-01", "43200"),
    ] {
        let named = |seconds| {
            [
                ("QueueName", version),
                ("DefaultVisibilityTimeout", seconds),
            ]
        };
        ok(&server, version, "/", "CreateQueue", &named(max));
        ok(&server, version, "/", "CreateQueue", &named(max));
        ok(
            &server,
            version,
            "/",
            "CreateQueue",
            &[("QueueName", version)],
        );
        let exists = call(&server, version, "/", "CreateQueue", &named("31"));
        assert_eq!(text(&exists.text(), "Code"), "QueueAlreadyExists");
        let text = text(&exists.text(), "Message");
        let start = "A queue already exists with the same name and a different ";
        assert!(text.starts_with(start), "{text}");
        if version != "2011-10-01" {
            assert!(text.ends_with("visibility timeout"), "{text}");
        }
        let more = (max.parse::<u32>().unwrap() + 1).to_string();
        let bad = named(&more);
        let code = refused(&server, version, "/", "CreateQueue", &bad);
        assert_eq!(code, "400 InvalidParameterValue");
        for name in ["a b", "x.fifo"] {
            let code = refused(&server, version, "/", "CreateQueue", &[("QueueName", name)]);
            assert_eq!(code, "400 InvalidParameterValue");
        }
    }
}

#[test]
fn l9_4_attributes_on_create_queue_are_of_2011() {
    let server = Server::start(config());
    let pairs = |name, value| {
        [
            ("QueueName", "q"),
            ("Attribute.1.Name", name),
            ("Attribute.1.Value", value),
        ]
    };
    // Unknown parameters before.
    ok(
        &server,
        V2009,
        "/",
        "CreateQueue",
        &pairs("DelaySeconds", "7"),
    );
    let code = refused(
        &server,
        "2011-10-01",
        "/",
        "CreateQueue",
        &pairs("DelaySeconds", "7"),
    );
    assert_eq!(code, "400 QueueAlreadyExists");
    ok(
        &server,
        "2011-10-01",
        "/",
        "CreateQueue",
        &pairs("DelaySeconds", "0"),
    );
    for newer in [
        "FifoQueue",
        "RedrivePolicy",
        "ReceiveMessageWaitTimeSeconds",
    ] {
        let code = refused(
            &server,
            "2011-10-01",
            "/",
            "CreateQueue",
            &pairs(newer, "1"),
        );
        assert_eq!(code, "400 InvalidAttributeName", "{newer}");
    }
}

#[test]
fn l9_list_queues() {
    let server = Server::start(config());
    let fifo = "{\"QueueName\":\"a.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}";
    assert_eq!(server.json("CreateQueue", fifo).status, 200);
    server.queue("apple");
    server.queue("berry");
    for version in SECOND {
        let xml = ok(&server, version, "/", "ListQueues", &[("MaxResults", "1")]);
        let urls = texts(&text(&xml, "ListQueuesResult"), "QueueUrl");
        assert_eq!(urls.len(), 2, "pages and FIFO queues are newer: {urls:?}");
        assert!(texts(&xml, "NextToken").is_empty());
        let xml = ok(
            &server,
            version,
            "/",
            "ListQueues",
            &[("QueueNamePrefix", "b")],
        );
        assert_eq!(texts(&xml, "QueueUrl").len(), 1);
        let code = refused(&server, version, "/000000000000/a.fifo", "DeleteQueue", &[]);
        assert_eq!(code, "400 AWS.SimpleQueueService.NonExistentQueue");
    }
}

#[test]
fn l9_delete_queue() {
    let server = Server::start(test_config());
    for version in SECOND {
        let queue = create(&server, version, "q");
        send(&server, version, &queue, "m");
        // With messages too, and whatever ForceDeletion says.
        let xml = ok(
            &server,
            version,
            &queue,
            "DeleteQueue",
            &[("ForceDeletion", "false")],
        );
        assert!(!xml.contains("DeleteQueueResult"));
    }
    let server = Server::start(config());
    let queue = create(&server, V2009, "q");
    ok(&server, V2009, &queue, "DeleteQueue", &[]);
    let again = call(&server, V2009, "/", "CreateQueue", &[("QueueName", "q")]);
    assert_eq!(
        text(&again.text(), "Code"),
        "AWS.SimpleQueueService.QueueDeletedRecently"
    );
    assert_eq!(
        text(&again.text(), "Message"),
        "You must wait 60 seconds after deleting a queue before you can create another with the \
         same name."
    );
}

#[test]
fn l9_send_message() {
    let server = Server::start(config());
    for (version, max) in [
        ("2008-01-01", 8_192),
        (V2009, 65_536),
        ("2011-10-01", 65_536),
    ] {
        let queue = create(&server, version, "q");
        let xml = ok(
            &server,
            version,
            &queue,
            "SendMessage",
            &[("MessageBody", "m")],
        );
        let result = text(&xml, "SendMessageResult");
        assert_eq!(
            text(&result, "MD5OfMessageBody"),
            "6f8f57715090da2632453988d9a1501b"
        );
        text(&result, "MessageId");
        let send = |body: &str| {
            let pairs = [
                ("Action", "SendMessage"),
                ("Version", version),
                ("MessageBody", body),
                ("MessageAttribute.1.Name", "newer"),
                ("MessageAttribute.1.Value.DataType", "String"),
                ("MessageAttribute.1.Value.StringValue", "x"),
            ];
            server.form(&queue, &form(&pairs))
        };
        let longest = send(&"x".repeat(max));
        assert_eq!(longest.status, 200);
        assert!(!longest.text().contains("MD5OfMessageAttributes"));
        let long = send(&"x".repeat(max + 1)).text();
        assert_eq!(text(&long, "Code"), "InvalidParameterValue");
        assert_eq!(
            text(&long, "Message"),
            format!(
                "Value for parameter MessageBody is invalid. Reason: Message body must be shorter \
                 than {max} bytes."
            )
        );
        let bad = send("\u{1}").text();
        assert_eq!(text(&bad, "Code"), "InvalidMessageContents");
        let code = refused(&server, version, &queue, "SendMessage", &[]);
        assert_eq!(code, "400 MissingParameter");
    }
}

#[test]
fn l9_receive_message() {
    let server = Server::start(config());
    for version in SECOND {
        let queue = create(&server, version, version);
        let url = format!("http://h/000000000000/{version}");
        let newer = format!(
            "{{\"QueueUrl\":\"{url}\",\"MessageBody\":\"m\",\"MessageAttributes\":\
             {{\"k\":{{\"DataType\":\"String\",\"StringValue\":\"v\"}}}}}}"
        );
        for _ in 0..12 {
            assert_eq!(server.json("SendMessage", &newer).status, 200);
        }
        let pairs = [
            ("AttributeName.1", "All"),
            ("MessageAttributeName.1", "All"),
            ("WaitTimeSeconds", "20"),
        ];
        let xml = ok(&server, version, &queue, "ReceiveMessage", &pairs);
        assert!(!xml.contains("MessageAttribute"), "{xml}");
        let message = text(&text(&xml, "ReceiveMessageResult"), "Message");
        text(&message, "ReceiptHandle");
        assert_eq!(
            text(&message, "MD5OfBody"),
            "6f8f57715090da2632453988d9a1501b"
        );
        assert_eq!(text(&message, "Body"), "m");
        let names = texts(&message, "Name");
        match version {
            "2008-01-01" => assert!(names.is_empty(), "newer than 2008: {names:?}"),
            _ => {
                assert_eq!(names.len(), 4, "{names:?}");
                assert!(names.contains(&"ApproximateReceiveCount".to_owned()));
                let bad = [("AttributeName", "MessageGroupId")];
                let code = refused(&server, version, &queue, "ReceiveMessage", &bad);
                assert_eq!(code, "400 InvalidAttributeName", "newer than {version}");
            }
        }
        let many = [("MaxNumberOfMessages", "10")];
        let xml = ok(&server, version, &queue, "ReceiveMessage", &many);
        assert_eq!(texts(&xml, "Message").len(), 10);
        assert!(texts(&xml, "Attribute").is_empty(), "only those asked for");
        for bad in ["0", "11", "x"] {
            let pairs = [("MaxNumberOfMessages", bad)];
            let code = refused(&server, version, &queue, "ReceiveMessage", &pairs);
            assert_eq!(code, "400 InvalidParameterValue");
        }
        let max = if version == "2008-01-01" {
            "7200"
        } else {
            "43200"
        };
        let bad = [("VisibilityTimeout", "86400")];
        assert_eq!(
            sentence(&server, version, &queue, "ReceiveMessage", &bad),
            format!(
                "Value 86400 for parameter VisibilityTimeout is invalid. Reason: \
                 VisibilityTimeout must be an integer between 0 and {max}."
            )
        );
        ok(
            &server,
            version,
            &queue,
            "ReceiveMessage",
            &[("VisibilityTimeout", max)],
        );
    }
}

#[test]
fn l9_delete_message() {
    let server = Server::start(config());
    for version in SECOND {
        let queue = create(&server, version, "q");
        send(&server, version, &queue, "m");
        let received = ok(&server, version, &queue, "ReceiveMessage", &[]);
        let handle = text(&received, "ReceiptHandle");
        for _ in 0..2 {
            let pairs = [("ReceiptHandle", &*handle)];
            let xml = ok(&server, version, &queue, "DeleteMessage", &pairs);
            assert!(!xml.contains("DeleteMessageResult"));
        }
        let bad = call(
            &server,
            version,
            &queue,
            "DeleteMessage",
            &[("ReceiptHandle", "x")],
        );
        assert_eq!(text(&bad.text(), "Code"), "ReceiptHandleIsInvalid");
        assert_eq!(text(&bad.text(), "Message"), "ReceiptHandleIsInvalid");
        assert_eq!(bad.status, 400);
    }
}

#[test]
fn l9_change_message_visibility() {
    let server = Server::start(config());
    for version in [V2009, "2011-10-01"] {
        let queue = create(&server, version, "q");
        send(&server, version, &queue, "m");
        let received = ok(&server, version, &queue, "ReceiveMessage", &[]);
        let handle = text(&received, "ReceiptHandle");
        let pairs = [("ReceiptHandle", &*handle), ("VisibilityTimeout", "0")];
        ok(&server, version, &queue, "ChangeMessageVisibility", &pairs);
        let received = ok(&server, version, &queue, "ReceiveMessage", &[]);
        assert_eq!(texts(&received, "Message").len(), 1);
        ok(
            &server,
            version,
            &queue,
            "DeleteMessage",
            &[("ReceiptHandle", &handle)],
        );
        assert_eq!(
            sentence(&server, version, &queue, "ChangeMessageVisibility", &pairs),
            format!(
                "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not \
                 exist or is not avaliable for visibility timeout change.."
            )
        );
        let long = [("ReceiptHandle", &*handle), ("VisibilityTimeout", "43201")];
        let code = refused(&server, version, &queue, "ChangeMessageVisibility", &long);
        assert_eq!(code, "400 InvalidParameterValue");
    }
    let code = refused(
        &server,
        "2008-01-01",
        "/000000000000/q",
        "ChangeMessageVisibility",
        &[],
    );
    assert_eq!(code, "400 InvalidAction", "not in 2008");
}

#[test]
fn l9_3_get_queue_attributes() {
    let server = Server::start(config());
    let mut known = vec!["VisibilityTimeout", "ApproximateNumberOfMessages"];
    for version in SECOND {
        match version {
            "2008-01-01" => {}
            V2009 => known.extend([
                "ApproximateNumberOfMessagesNotVisible",
                "CreatedTimestamp",
                "LastModifiedTimestamp",
                "QueueArn",
                "MaximumMessageSize",
                "MessageRetentionPeriod",
            ]),
            _ => known.extend(["ApproximateNumberOfMessagesDelayed", "DelaySeconds"]),
        }
        let queue = create(&server, version, "q");
        for name in ["AttributeName", "AttributeName.1"] {
            let xml = ok(
                &server,
                version,
                &queue,
                "GetQueueAttributes",
                &[(name, "All")],
            );
            let mut names = texts(&text(&xml, "GetQueueAttributesResult"), "Name");
            names.sort();
            let mut expected = known.clone();
            expected.sort_unstable();
            assert_eq!(names, expected, "{version}");
        }
        for newer in [
            "RedrivePolicy",
            "FifoQueue",
            "ReceiveMessageWaitTimeSeconds",
        ] {
            let pairs = [("AttributeName", newer)];
            let refused = call(&server, version, &queue, "GetQueueAttributes", &pairs).text();
            assert_eq!(text(&refused, "Code"), "InvalidAttributeName");
            assert_eq!(
                text(&refused, "Message"),
                format!("Unknown Attribute {newer}")
            );
        }
        let code = refused(&server, version, &queue, "GetQueueAttributes", &[]);
        assert_eq!(code, "400 MissingParameter");
    }
    let old = [("AttributeName", "QueueArn")];
    let code = refused(
        &server,
        "2008-01-01",
        "/000000000000/q",
        "GetQueueAttributes",
        &old,
    );
    assert_eq!(code, "400 InvalidAttributeName", "newer than 2008");
    let old = [("AttributeName", "DelaySeconds")];
    let code = refused(
        &server,
        V2009,
        "/000000000000/q",
        "GetQueueAttributes",
        &old,
    );
    assert_eq!(code, "400 InvalidAttributeName", "newer than 2009");
}

#[test]
fn l9_set_queue_attributes() {
    let server = Server::start(config());
    for (version, max) in [
        ("2008-01-01", 7_200),
        (V2009, 43_200),
        ("2011-10-01", 43_200),
    ] {
        let queue = create(&server, version, version);
        let set = |name: &str, value: &str| {
            let pairs = [("Attribute.Name", name), ("Attribute.Value", value)];
            call(&server, version, &queue, "SetQueueAttributes", &pairs)
        };
        assert_eq!(set("VisibilityTimeout", &max.to_string()).status, 200);
        for bad in [(max + 1).to_string(), "x".into()] {
            let refused = set("VisibilityTimeout", &bad).text();
            assert_eq!(text(&refused, "Code"), "InvalidAttributeValue");
            assert_eq!(
                text(&refused, "Message"),
                format!("Attribute VisibilityTimeout must be an integer between 0 and {max}")
            );
        }
        let newer = [
            ("Policy", V2009),
            ("MaximumMessageSize", V2009),
            ("MessageRetentionPeriod", V2009),
            ("DelaySeconds", "2011-10-01"),
            ("RedrivePolicy", "2012-11-05"),
        ];
        for (name, since) in newer {
            let value = match name {
                "Policy" => "",
                "MaximumMessageSize" => "2048",
                "MessageRetentionPeriod" => "3600",
                _ => "0",
            };
            let answer = set(name, value);
            if version >= since {
                assert_eq!(answer.status, 200, "{version} {name}");
            } else {
                assert_eq!(text(&answer.text(), "Code"), "InvalidAttributeName");
            }
        }
    }
}

#[test]
fn l9_add_and_remove_permission() {
    let server = Server::start(config());
    for version in [V2009, "2011-10-01"] {
        let queue = create(&server, version, version);
        let add = |label: &str, action: &str| {
            let pairs = [
                ("Label", label),
                ("AWSAccountId", "123456789012"),
                ("ActionName", action),
            ];
            call(&server, version, &queue, "AddPermission", &pairs)
        };
        let added = add("one", "SendMessage").text();
        assert!(!added.contains("AddPermissionResult"), "{added}");
        assert_eq!(
            text(&add("one", "SendMessage").text(), "Message"),
            "Value one for parameter Label is invalid. Reason: Already exists.."
        );
        let numbered = [
            ("Label", "two"),
            ("AWSAccountId.1", "123456789012"),
            ("AWSAccountId.2", "123456789013"),
            ("ActionName.1", "ReceiveMessage"),
            ("ActionName.2", "ChangeMessageVisibility"),
        ];
        ok(&server, version, &queue, "AddPermission", &numbered);
        for shared in ["*", "DeleteMessage", "GetQueueAttributes"] {
            let label = format!("l{}", shared.len());
            assert_eq!(add(&label, shared).status, 200, "{shared}");
        }
        for newer in ["PurgeQueue", "ListDeadLetterSourceQueues", "DeleteQueue"] {
            let code = text(&add("new", newer).text(), "Code");
            assert_eq!(code, "InvalidParameterValue", "{newer}");
        }
        let url = add("url", "GetQueueUrl").status;
        assert_eq!(url, if version == V2009 { 400 } else { 200 });
        ok(
            &server,
            version,
            &queue,
            "RemovePermission",
            &[("Label", "one")],
        );
        assert_eq!(
            sentence(
                &server,
                version,
                &queue,
                "RemovePermission",
                &[("Label", "one")]
            ),
            "Value one for parameter Label is invalid. Reason: Does not exist.."
        );
    }
}

/// Permissions are independent of each other, the policy is the owner's to see, and a policy can
/// let everybody in.
#[test]
fn l9_5_policies_of_2009() {
    let server = Server::start(guarded(true));
    for version in [V2009, "2011-10-01"] {
        let address = format!("/{OWNER}/q");
        let call = |key: &str, action: &str, pairs: &[(&str, &str)]| {
            let path = if action == "CreateQueue" {
                "/"
            } else {
                &*address
            };
            let response = Query::new(version, key, path, action)
                .with(pairs)
                .send(&server);
            (response.status, response.text())
        };
        let add = |label: &str, action: &str| {
            let pairs = [
                ("Label", label),
                ("AWSAccountId", OTHER),
                ("ActionName", action),
            ];
            assert_eq!(call("OWNER", "AddPermission", &pairs).0, 200);
        };
        assert_eq!(call("OWNER", "CreateQueue", &[("QueueName", "q")]).0, 200);
        add("all", "*");
        add("one", "SendMessage");
        assert_eq!(
            call("OWNER", "RemovePermission", &[("Label", "all")]).0,
            200
        );
        let body = [("MessageBody", "m")];
        assert_eq!(
            call("OTHER", "SendMessage", &body).0,
            200,
            "what is left holds"
        );
        assert_eq!(call("OTHER", "ReceiveMessage", &[]).0, 403);
        add("attributes", "GetQueueAttributes");
        let (status, all) = call("OTHER", "GetQueueAttributes", &[("AttributeName", "All")]);
        assert_eq!(status, 200, "{all}");
        assert!(all.contains("QueueArn") && !all.contains("Policy"), "{all}");
        let everybody = "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\
                         \"Action\":\"SQS:SendMessage\",\"Resource\":\"*\"}]}";
        let policy = [("Attribute.Name", "Policy"), ("Attribute.Value", everybody)];
        let (status, answer) = call("OWNER", "SetQueueAttributes", &policy);
        assert_eq!(status, 200, "{answer}");
        let unsigned = |action: &str| {
            let query = form(&[
                ("Action", action),
                ("Version", version),
                ("MessageBody", "m"),
            ]);
            server.get(&format!("{address}?{query}")).status
        };
        assert_eq!(
            (unsigned("SendMessage"), unsigned("ReceiveMessage")),
            (200, 401)
        );
    }
}

#[test]
fn l9_4_batches_delays_and_get_queue_url_are_of_2011() {
    let server = Server::start(test_config());
    let version = "2011-10-01";
    let queue = create(&server, version, "q");
    let url = ok(&server, version, "/", "GetQueueUrl", &[("QueueName", "q")]);
    assert!(text(&text(&url, "GetQueueUrlResult"), "QueueUrl").ends_with("/000000000000/q"));
    let fifo = "{\"QueueName\":\"a.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}";
    assert_eq!(server.json("CreateQueue", fifo).status, 200);
    let name = [("QueueName", "a.fifo")];
    let code = refused(&server, version, "/", "GetQueueUrl", &name);
    assert_eq!(code, "400 AWS.SimpleQueueService.NonExistentQueue");
    let entry =
        |number: u32, member: &str| format!("SendMessageBatchRequestEntry.{number}.{member}");
    let (id1, body1) = (entry(1, "Id"), entry(1, "MessageBody"));
    let (id2, body2, delay2) = (
        entry(2, "Id"),
        entry(2, "MessageBody"),
        entry(2, "DelaySeconds"),
    );
    let pairs = [
        (&*id1, "a"),
        (&*body1, "now"),
        (&*id2, "b"),
        (&*body2, "later"),
        (&*delay2, "60"),
    ];
    let xml = ok(&server, version, &queue, "SendMessageBatch", &pairs);
    assert_eq!(texts(&xml, "SendMessageBatchResultEntry").len(), 2);
    let received = ok(
        &server,
        version,
        &queue,
        "ReceiveMessage",
        &[("MaxNumberOfMessages", "9")],
    );
    assert_eq!(texts(&received, "Body"), ["now"]);
    let handle = text(&received, "ReceiptHandle");
    for (action, more) in [
        ("ChangeMessageVisibilityBatch", Some("VisibilityTimeout")),
        ("DeleteMessageBatch", None),
    ] {
        let name = |member: &str| format!("{action}RequestEntry.1.{member}");
        let (id, receipt, timeout) = (name("Id"), name("ReceiptHandle"), name("VisibilityTimeout"));
        let mut pairs = vec![(&*id, "a"), (&*receipt, &*handle)];
        pairs.extend(more.map(|_| (&*timeout, "60")));
        let xml = ok(&server, version, &queue, action, &pairs);
        assert_eq!(texts(&xml, &format!("{action}ResultEntry")).len(), 1);
    }
    // Before, a delay was an unknown parameter.
    let delayed = [("MessageBody", "m"), ("DelaySeconds", "60")];
    ok(&server, V2009, &queue, "SendMessage", &delayed);
    let received = ok(&server, V2009, &queue, "ReceiveMessage", &[]);
    assert_eq!(texts(&received, "Body"), ["m"]);
    ok(&server, version, &queue, "SendMessage", &delayed);
    let received = ok(&server, version, &queue, "ReceiveMessage", &[]);
    assert!(texts(&received, "Body").is_empty());
    let long = "x".repeat(40_000);
    let pairs = [
        ("Action", "SendMessageBatch"),
        ("Version", version),
        (&*id1, "a"),
        (&*body1, &*long),
        (&*id2, "b"),
        (&*body2, &*long),
    ];
    let refused = server.form(&queue, &form(&pairs)).text();
    let code = "AWS.SimpleQueueService.BatchRequestTooLong";
    assert_eq!(text(&refused, "Code"), code, "64 KB in all");
}
