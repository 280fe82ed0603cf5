//! REST of 2006-04-01 and 2007-05-01 (L4), in a server that asks nobody for a signature.

use super::support::{Response, Server, config, test_config};
use super::xml::{FIRST, create, path, text, texts};

fn rest(server: &Server, version: &str, method: &str, address: &str, body: &[u8]) -> Response {
    let headers = format!("aws-version: {version}\r\ncontent-type: text/plain\r\n");
    server.connect().call(method, address, &headers, body)
}

fn done(server: &Server, version: &str, method: &str, address: &str, body: &[u8]) -> String {
    let response = rest(server, version, method, address, body);
    let xml = response.text();
    assert_eq!(response.status, 200, "{xml}");
    assert_eq!(response.header("content-type"), Some("text/xml"), "L4.6");
    assert!(xml.contains("<StatusCode>Success</StatusCode>"), "{xml}");
    xml
}

fn refused(server: &Server, version: &str, method: &str, address: &str, body: &[u8]) -> String {
    let response = rest(server, version, method, address, body);
    assert_eq!(response.header("content-type"), Some("text/xml"));
    format!("{} {}", response.status, text(&response.text(), "Code"))
}

fn root(xml: &str) -> &str {
    let start = xml.split_once("?><").unwrap().1;
    start.split(' ').next().unwrap()
}

fn is_root(xml: &str, name: &str, version: &str) {
    assert_eq!(root(xml), name);
    let namespace = format!("xmlns=\"http://queue.amazonaws.com/doc/{version}/\"");
    assert!(xml.contains(&namespace), "{xml}");
}

#[test]
fn l4_post_service_creates_a_queue() {
    let server = Server::start(config());
    for version in FIRST {
        let address = "/?QueueName=q&DefaultVisibilityTimeout=40";
        let xml = done(&server, version, "POST", address, b"");
        is_root(&xml, "CreateQueueResponse", version);
        let queue = path(&text(&xml, "QueueUrl"));
        let xml = done(&server, version, "GET", &queue, b"");
        assert_eq!(text(&xml, "VisibilityTimeout"), "40");
        let bad = refused(&server, version, "POST", "/?QueueName=a%20b", b"");
        assert_eq!(bad, "400 InvalidParameterValue");
        assert_eq!(
            refused(&server, version, "POST", "/", b""),
            "400 MissingParameter"
        );
    }
}

#[test]
fn l4_1_the_queue_is_the_path_of_its_url() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = create(&server, version, "q");
        // Whatever scheme and host a client has in front of it.
        for host in ["", "http://queue.amazonaws.com", "http://elsewhere:1"] {
            let address = format!("{host}{queue}");
            let xml = done(&server, version, "GET", &address, b"");
            is_root(&xml, "GetVisibilityTimeoutResponse", version);
        }
        // What is escaped belongs to the name, which no queue has.
        for escaped in ["%3Fx", "%23x", "%2Fx"] {
            let address = format!("{queue}{escaped}");
            let code = refused(&server, version, "DELETE", &address, b"");
            assert_eq!(code, "400 InvalidURI", "{escaped}");
        }
    }
}

#[test]
fn l4_3_6_7_headers_of_requests_and_answers() {
    let server = Server::start(config());
    for version in FIRST {
        let headers = format!("aws-version: {version}\r\n");
        let plain = format!("{headers}content-type: text/plain\r\n");
        let digest = format!("{plain}content-md5: not-that-of-the-body\r\n");
        for (number, headers) in [&headers, &plain, &digest].into_iter().enumerate() {
            let address = format!("/?QueueName={version}-{number}");
            let created = server.connect().call("POST", &address, headers, b"");
            assert_eq!(created.status, 200, "{headers}");
            assert_eq!(created.header("content-type"), Some("text/xml"));
            let queue = path(&text(&created.text(), "QueueUrl"));
            let back = format!("{queue}/back");
            let sent = server.connect().call("PUT", &back, headers, b"m");
            assert_eq!(sent.status, 200, "{headers}");
        }
    }
}

#[test]
fn l4_get_service_lists_queues() {
    let server = Server::start(config());
    for version in FIRST {
        create(&server, version, "apple");
        create(&server, version, "berry");
        let xml = done(&server, version, "GET", "/", b"");
        is_root(&xml, "ListQueuesResponse", version);
        assert_eq!(texts(&xml, "QueueUrl").len(), 2);
        let xml = done(&server, version, "GET", "/?QueueNamePrefix=b", b"");
        assert!(text(&xml, "QueueUrl").ends_with("/berry"));
    }
}

#[test]
fn l4_put_back_sends_and_get_front_receives() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = create(&server, version, "q");
        let body = "raw <b>bytes</b> & \u{20ac}\r\n+%20";
        // The timeout of a send is ignored.
        let back = format!("{queue}/back?VisibilityTimeout=1");
        let xml = done(&server, version, "PUT", &back, body.as_bytes());
        is_root(&xml, "SendMessageResponse", version);
        let id = text(&xml, "MessageId");
        let front = format!("{queue}/front?NumberOfMessages=5&VisibilityTimeout=60");
        let xml = done(&server, version, "GET", &front, b"");
        is_root(&xml, "ReceiveMessageResponse", version);
        assert_eq!(text(&xml, "MessageId"), id);
        assert_eq!(text(&xml, "MessageBody"), body);
        let empty = done(&server, version, "GET", &format!("{queue}/front"), b"");
        assert!(texts(&empty, "Message").is_empty());
        let bad = refused(
            &server,
            version,
            "GET",
            &format!("{queue}/front?NumberOfMessages=257"),
            b"",
        );
        assert_eq!(bad, "400 ReadCountOutOfRange");
        let back = format!("{queue}/back");
        assert_eq!(
            refused(&server, version, "PUT", &back, b""),
            "400 MissingParameter"
        );
        let none = "/000000000000/none/back";
        let code = refused(&server, version, "PUT", none, b"m");
        assert_eq!(code, "400 AWS.SimpleQueueService.NonExistentQueue");
        let code = refused(&server, version, "PUT", "/nobody/none/back", b"m");
        assert_eq!(code, "400 InvalidURI");
    }
}

#[test]
fn l11_13_14_long_bodies_and_bad_characters() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = create(&server, version, "q");
        let back = format!("{queue}/back");
        let longest = vec![b'x'; 262_144];
        done(&server, version, "PUT", &back, &longest);
        let xml = done(&server, version, "GET", &format!("{queue}/front"), b"");
        assert_eq!(text(&xml, "MessageBody").len(), 262_144);
        let long = vec![b'x'; 262_145];
        assert_eq!(
            refused(&server, version, "PUT", &back, &long),
            "400 MessageTooLong"
        );
        for bad in [&b"a\x01b"[..], b"a\xff", "a\u{ffff}".as_bytes()] {
            let code = refused(&server, version, "PUT", &back, bad);
            assert_eq!(code, "400 InvalidMessageContents");
        }
    }
}

#[test]
fn l4_put_queue_sets_the_timeout_and_get_reads_it() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = create(&server, version, "q");
        let xml = done(
            &server,
            version,
            "PUT",
            &format!("{queue}?VisibilityTimeout=61"),
            b"",
        );
        is_root(&xml, "SetVisibilityTimeoutResponse", version);
        for address in [&queue, &format!("{queue}/")] {
            let xml = done(&server, version, "GET", address, b"");
            is_root(&xml, "GetVisibilityTimeoutResponse", version);
            assert_eq!(text(&xml, "VisibilityTimeout"), "61");
        }
        let bad = refused(
            &server,
            version,
            "PUT",
            &format!("{queue}?VisibilityTimeout=86401"),
            b"",
        );
        assert_eq!(bad, "400 InvalidParameterValue");
        let spelt = format!("{queue}?Attribute=VisibilityTimeout&Value=62");
        if version == "2006-04-01" {
            assert_eq!(
                refused(&server, version, "PUT", &spelt, b""),
                "400 InvalidAction"
            );
        } else {
            let xml = done(&server, version, "PUT", &spelt, b"");
            is_root(&xml, "SetQueueAttributesResponse", version);
            let xml = done(&server, version, "GET", &queue, b"");
            assert_eq!(text(&xml, "VisibilityTimeout"), "62");
        }
        done(
            &server,
            version,
            "PUT",
            &format!("{queue}?VisibilityTimeout=30"),
            b"",
        );
    }
}

#[test]
fn l4_get_and_delete_of_a_message() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = create(&server, version, "q");
        let xml = done(&server, version, "PUT", &format!("{queue}/back"), b"m");
        let id = text(&xml, "MessageId");
        // With the bars escaped, and as some clients send them.
        for id in [id.replace('|', "%7C"), id.clone()] {
            let xml = done(&server, version, "GET", &format!("{queue}/{id}"), b"");
            is_root(&xml, "PeekMessageResponse", version);
            assert_eq!(text(&xml, "MessageBody"), "m");
        }
        let address = format!("{queue}/{}", id.replace('|', "%7C"));
        let xml = done(&server, version, "DELETE", &address, b"");
        is_root(&xml, "DeleteMessageResponse", version);
        assert_eq!(
            refused(&server, version, "GET", &address, b""),
            "404 MessageNotFound"
        );
        if version == "2007-05-01" {
            done(&server, version, "DELETE", &address, b"");
        } else {
            assert_eq!(
                refused(&server, version, "DELETE", &address, b""),
                "404 MessageNotFound"
            );
        }
    }
}

#[test]
fn l4_delete_queue() {
    let server = Server::start(test_config());
    for (version, code) in [
        ("2006-04-01", "400 NonEmptyQueue"),
        ("2007-05-01", "400 AWS.SimpleQueueService.NonEmptyQueue"),
    ] {
        let queue = create(&server, version, "q");
        done(&server, version, "PUT", &format!("{queue}/back"), b"m");
        assert_eq!(refused(&server, version, "DELETE", &queue, b""), code);
        let forced = format!("{queue}?ForceDeletion=true");
        if version == "2007-05-01" {
            let xml = done(&server, version, "DELETE", &forced, b"");
            is_root(&xml, "DeleteQueueResponse", version);
        } else {
            assert_eq!(refused(&server, version, "DELETE", &forced, b""), code);
            let xml = done(&server, version, "GET", &format!("{queue}/front"), b"");
            let id = text(&xml, "MessageId").replace('|', "%7C");
            done(&server, version, "DELETE", &format!("{queue}/{id}"), b"");
            done(&server, version, "DELETE", &queue, b"");
        }
        let code = refused(&server, version, "DELETE", &queue, b"");
        assert_eq!(code, "400 AWS.SimpleQueueService.NonExistentQueue");
    }
}

#[test]
fn l4_4_front_and_back_are_no_ids_and_other_paths_are_nothing() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = create(&server, version, "q");
        for (method, address) in [
            ("GET", format!("{queue}/back")),
            ("PUT", format!("{queue}/front")),
            ("DELETE", format!("{queue}/front")),
            ("POST", queue.clone()),
            ("PUT", format!("{queue}/some-id")),
            ("DELETE", "/".to_owned()),
        ] {
            let code = refused(&server, version, method, &address, b"m");
            assert_eq!(code, "400 InvalidHttpRequest", "{method} {address}");
        }
        for address in [
            format!("{queue}/front/more"),
            "/q".into(),
            "//q".into(),
            "/%ff/q".into(),
        ] {
            let code = refused(&server, version, "GET", &address, b"");
            assert_eq!(code, "400 InvalidURI", "{address}");
        }
    }
}

#[test]
fn l4_5_the_whole_body_is_the_message() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = create(&server, version, "q");
        let body = b"<Message>text</Message>";
        let xml = done(&server, version, "PUT", &format!("{queue}/back"), body);
        let id = text(&xml, "MessageId").replace('|', "%7C");
        let xml = done(&server, version, "GET", &format!("{queue}/{id}"), b"");
        assert_eq!(text(&xml, "MessageBody").as_bytes(), body);
        done(&server, version, "DELETE", &format!("{queue}/{id}"), b"");
    }
}
