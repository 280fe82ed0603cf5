//! SOAP requests that are refused: the right fault, and nothing changed (L8, L8.4).

use super::signer::{OWNER, guarded};
use super::soap::{
    SOAP_11, SOAP_12, SPOKEN, content, create, element, envelope, escape, is_first, namespace,
    post, receive, send, text, texts,
};
use super::soap_signer::{signature, signed, signed_ok, timestamp};
use super::support::{Response, Server, config};

/// The version of SOAP of a fault, and its code.
fn fault(response: &Response) -> (&'static str, String) {
    let soap = match response.text().contains(SOAP_12) {
        true => SOAP_12,
        false => SOAP_11,
    };
    let fault = content(response, soap);
    assert!(fault.is(soap, "Fault"), "{}", response.text());
    let code = match soap {
        SOAP_11 => text(&fault, "faultcode"),
        _ => texts(&fault, "Value").pop().unwrap(),
    };
    let id = response.header("x-amzn-requestid").unwrap();
    assert_eq!(texts(&fault, "RequestId"), [id]);
    (soap, code.split_once(':').unwrap().1.to_owned())
}

/// Status and code of a refused call.
fn refused(
    server: &Server,
    (version, soap): (&str, &str),
    path: &str,
    action: &str,
    parameters: &str,
) -> (u16, String) {
    let response = post(
        server,
        path,
        &envelope(soap, "", &element(version, action, parameters)),
    );
    let (told_in, code) = fault(&response);
    assert_eq!(told_in, soap);
    (response.status, code)
}

/// What a queue holds, by today's protocol: visible and in flight.
fn counts(server: &Server, url: &str) -> (String, String) {
    let input = format!("{{\"QueueUrl\":\"{url}\",\"AttributeNames\":[\"All\"]}}");
    let answer = server.json("GetQueueAttributes", &input).json();
    let count = |name: &str| answer["Attributes"][name].as_str().unwrap().to_owned();
    (
        count("ApproximateNumberOfMessages"),
        count("ApproximateNumberOfMessagesNotVisible"),
    )
}

#[test]
fn l8_codes_and_statuses_of_both_versions_of_soap() {
    let server = Server::start(config());
    for spoken in SPOKEN {
        let queue = create(&server, spoken, "q");
        let first = is_first(spoken.0);
        let status = |of_12: u16| if spoken.1 == SOAP_12 { of_12 } else { 500 };
        let missing = "AWS.SimpleQueueService.NonExistentQueue";
        let count = match first {
            true => ("NumberOfMessages", 257, "ReadCountOutOfRange"),
            false => ("MaxNumberOfMessages", 11, "InvalidParameterValue"),
        };
        let too_many = format!("<{0}>{1}</{0}>", count.0, count.1);
        for (path, action, parameters, expected, code) in [
            ("/", "CreateQueue", "", 400, "MissingParameter"),
            (
                "/",
                "CreateQueue",
                "<QueueName>a b</QueueName>",
                400,
                "InvalidParameterValue",
            ),
            (&*format!("{queue}-"), "ReceiveMessage", "", 400, missing),
            (&*queue, "ReceiveMessage", &*too_many, 400, count.2),
            (&*queue, "Nothing", "", 400, "InvalidAction"),
            (
                "/",
                "SendMessage",
                "<MessageBody>a</MessageBody>",
                if first { 400 } else { 404 },
                if first {
                    "InvalidURI"
                } else {
                    "InvalidAddress"
                },
            ),
        ] {
            let found = refused(&server, spoken, path, action, parameters);
            assert_eq!(
                found,
                (status(expected), code.to_owned()),
                "{spoken:?} {action}"
            );
        }
    }
}

#[test]
fn l1_limits_of_the_version_hold_in_soap() {
    let server = Server::start(config());
    for (index, spoken) in SPOKEN.into_iter().enumerate() {
        let queue = create(&server, spoken, &format!("q{index}"));
        let (most, code) = match spoken.0 {
            "2006-04-01" | "2007-05-01" => (256 << 10, "MessageTooLong"),
            "2008-01-01" => (8 << 10, "InvalidParameterValue"),
            _ => (64 << 10, "InvalidParameterValue"),
        };
        send(&server, spoken, &queue, &"x".repeat(most));
        let body = format!("<MessageBody>{}</MessageBody>", "x".repeat(most + 1));
        let found = refused(&server, spoken, &queue, "SendMessage", &body);
        assert_eq!(found.1, code, "{spoken:?}");
        assert_eq!(receive(&server, spoken, &queue).len(), 1);
    }
}

#[test]
fn l11_14_characters_outside_the_set_of_xml_are_refused_by_name() {
    let server = Server::start(config());
    let url = server.queue("q");
    for spoken in SPOKEN {
        for character in ["&#0;", "&#1;", "\u{1}", "&#xFFFE;", "\u{ffff}", "&#x1F;"] {
            let parameters = format!("<MessageBody>a{character}</MessageBody>");
            let found = refused(
                &server,
                spoken,
                "/000000000000/q",
                "SendMessage",
                &parameters,
            );
            assert_eq!(
                found.1, "InvalidMessageContents",
                "{spoken:?} {character:?}"
            );
        }
    }
    assert_eq!(counts(&server, &url), ("0".into(), "0".into()));
}

/// What is no request at all: the fault comes before anything is done.
#[test]
fn hostile_documents_get_a_fault_and_change_nothing() {
    let server = Server::start(config());
    let url = server.queue("q");
    let queue = "/000000000000/q";
    for (version, soap) in SPOKEN {
        let call = element(version, "SendMessage", "<MessageBody>@</MessageBody>");
        let good = envelope(soap, "", &call);
        let with_type = |declared: &str, body: &str| {
            let document = good.replace("?><", &format!("?><!DOCTYPE a [{declared}]><"));
            document.replace('@', body)
        };
        let bomb: String = (1..10)
            .map(|n| format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10)))
            .collect();
        let deep = format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000));
        let wide: String = (0..5_000).map(|n| format!(" a{n}=\"\"")).collect();
        let spaces: String = (0..5_000).map(|n| format!(" xmlns:a{n}=\"u\"")).collect();
        for (what, document) in [
            (
                "expansion",
                with_type(&format!("<!ENTITY e0 \"e\">{bomb}"), "&e9;"),
            ),
            (
                "external",
                with_type("<!ENTITY e SYSTEM \"file:///etc/passwd\">", "&e;"),
            ),
            (
                "parameter",
                with_type("<!ENTITY % e SYSTEM \"http://127.0.0.1:1/\">%e;", "x"),
            ),
            ("undeclared", good.replace('@', "&nbsp;")),
            ("deep", good.replace('@', &deep)),
            ("many", good.replace('@', &"<a/>".repeat(5_000))),
            (
                "attributes",
                good.replace("<MessageBody>", &format!("<MessageBody{wide}>")),
            ),
            (
                "namespaces",
                good.replace("<MessageBody>", &format!("<MessageBody{spaces}>")),
            ),
            (
                "long name",
                good.replace("MessageBody", &"m".repeat(100_000)),
            ),
            ("broken off", good[..good.len() - 20].to_owned()),
            (
                "two calls",
                good.replace("</s:Body>", &format!("{call}</s:Body>")),
            ),
            ("prefix", good.replace("MessageBody", "p:MessageBody")),
            ("instruction", good.replace('@', "<?php x ?>")),
            ("no XML", "Action=SendMessage&MessageBody=a".to_owned()),
            ("empty", String::new()),
        ] {
            let response = post(&server, queue, &document);
            let (told_in, code) = fault(&response);
            let expected = match told_in {
                SOAP_12 => (400, "Sender"),
                _ => (500, "Client"),
            };
            assert_eq!((response.status, &*code), expected, "{what}");
        }
    }
    assert_eq!(counts(&server, &url), ("0".into(), "0".into()));
}

#[test]
fn a_body_that_is_too_long_is_a_fault_with_its_status() {
    let server = Server::start(config());
    let url = server.queue("q");
    let body = format!("<MessageBody>{}</MessageBody>", "x".repeat(5 << 20));
    let document = envelope(SOAP_11, "", &element("2007-05-01", "SendMessage", &body));
    let mut client = server.connect();
    let head = format!(
        "POST /000000000000/q HTTP/1.1\r\nhost: h\r\ncontent-type: text/xml\r\n\
         content-length: {}\r\n\r\n",
        document.len()
    );
    client.write(head.as_bytes());
    // The other end may answer and close before all has been written.
    let _ = client.try_write(document.as_bytes());
    if let Some(response) = client.read() {
        assert_eq!(
            (response.status, fault(&response).1),
            (413, "Client".to_owned())
        );
    }
    assert_eq!(counts(&server, &url), ("0".into(), "0".into()));
}

#[test]
fn only_utf_8_is_read_whatever_says_otherwise() {
    let server = Server::start(config());
    let document = envelope(SOAP_11, "", &element("2009-02-01", "ListQueues", ""));
    let types = [
        "text/xml; charset=iso-8859-1",
        "text/xml; charset=\"UTF-16\"",
    ];
    for kind in types {
        let headers = format!("content-type: {kind}\r\n");
        let mut client = server.connect();
        let response = client.call("POST", "/", &headers, document.as_bytes());
        assert_eq!(fault(&response).1, "Client", "{kind}");
    }
    let other = document.replace("utf-8", "iso-8859-1");
    assert_eq!(fault(&post(&server, "/", &other)).1, "Client");
    let wide: Vec<u8> = document.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let headers = "content-type: text/xml\r\n";
    let response = server.connect().call("POST", "/", headers, &wide);
    assert_eq!(fault(&response).1, "Client");
    // The names that the document's own declaration may have, too.
    for name in ["UTF-8", "utf8", "US-ASCII", "\"ascii\""] {
        let headers = format!("content-type: text/xml; charset={name}\r\n");
        let mut client = server.connect();
        let response = client.call("POST", "/", &headers, document.as_bytes());
        assert_eq!(response.status, 200, "{name}");
    }
}

#[test]
fn l8_versions_of_soap_and_of_sqs_do_not_mix() {
    let server = Server::start(config());
    let url = server.queue("q");
    let queue = "/000000000000/q";
    let body = "<MessageBody>a</MessageBody>";
    // SOAP 1.2 came with 2008; the fault is in the version that is spoken.
    for version in ["2006-04-01", "2007-05-01"] {
        let document = envelope(SOAP_12, "", &element(version, "SendMessage", body));
        let found = fault(&post(&server, queue, &document));
        assert_eq!(found, (SOAP_11, "VersionMismatch".to_owned()));
    }
    let other = envelope("urn:soap", "", &element("2009-02-01", "SendMessage", body));
    let found = fault(&post(&server, queue, &other));
    assert_eq!(found, (SOAP_11, "VersionMismatch".to_owned()));
    for version in ["2011-10-01", "2012-11-05", "2009-02-02"] {
        let document = envelope(SOAP_11, "", &element(version, "SendMessage", body));
        assert_eq!(fault(&post(&server, queue, &document)).1, "NoSuchVersion");
    }
    for (version, soap) in SPOKEN {
        let invalid = match is_first(version) {
            true => "InvalidHttpRequest",
            false => "InvalidRequest",
        };
        let other = match version {
            "2009-02-01" => "2008-01-01",
            _ => "2009-02-01",
        };
        for namespace in [namespace(other), "urn:x".to_owned()] {
            let body = format!("<MessageBody xmlns=\"{namespace}\">a</MessageBody>");
            let found = refused(&server, (version, soap), queue, "SendMessage", &body);
            assert_eq!(found.1, invalid, "{version} {namespace}");
        }
        // A header of HTTP that names another action.
        let document = envelope(soap, "", &element(version, "SendMessage", body));
        let headers = "content-type: text/xml\r\nsoapaction: \"ReceiveMessage\"\r\n";
        let mut client = server.connect();
        let response = client.call("POST", queue, headers, document.as_bytes());
        assert_eq!(fault(&response).1, invalid);
        // A header of SOAP that must be understood.
        let header = "<x:y xmlns:x=\"urn:x\" s:mustUnderstand=\"1\"/>";
        let document = envelope(soap, header, &element(version, "SendMessage", body));
        let response = post(&server, queue, &document);
        assert_eq!(response.status, 500);
        assert!(response.text().contains("soap:MustUnderstand"));
    }
    assert_eq!(counts(&server, &url), ("0".into(), "0".into()));
}

/// Credentials for `action` that do not hold, each with what is wrong and the code.
fn wrong_credentials(first: bool, action: &str) -> Vec<(&'static str, [String; 3], &'static str)> {
    let wrong = if first {
        "AuthFailure"
    } else {
        "SignatureDoesNotMatch"
    };
    let unknown = if first {
        "AuthFailure"
    } else {
        "InvalidAccessKeyId"
    };
    let none = if first {
        "AuthFailure"
    } else {
        "MissingCredentials"
    };
    let stale = "InvalidSecurity";
    let (now, old, early) = (timestamp(0), timestamp(-16 * 60), timestamp(16 * 60));
    let sign = |secret: &str, action: &str, time: &str| signature(secret, action, time);
    let own = |time: &str, proof: String| ["OWNER".to_owned(), time.to_owned(), proof];
    let good = sign("secret-OWNER", action, &now);
    vec![
        ("secret", own(&now, sign("other", action, &now)), wrong),
        (
            "action",
            own(&now, sign("secret-OWNER", "SendMessage", &now)),
            wrong,
        ),
        ("time", own(&now, sign("secret-OWNER", action, &old)), wrong),
        ("garbage", own(&now, "&".into()), wrong),
        ("key", ["AKIDOTHER".into(), now.clone(), good], unknown),
        ("old", own(&old, sign("secret-OWNER", action, &old)), stale),
        (
            "early",
            own(&early, sign("secret-OWNER", action, &early)),
            stale,
        ),
        (
            "no time",
            own("now", sign("secret-OWNER", action, "now")),
            stale,
        ),
        ("unsigned", own(&now, String::new()), none),
        (
            "nobody",
            [String::new(), String::new(), String::new()],
            none,
        ),
    ]
}

#[test]
fn l8_signatures_in_the_body_and_in_the_header() {
    let server = Server::start(guarded(true));
    for (index, spoken) in SPOKEN.into_iter().enumerate() {
        let call = |path: &str, action: &str, parameters: &str| {
            signed_ok(&server, spoken, path, action, parameters)
        };
        let name = format!("q{index}");
        call(
            "/",
            "CreateQueue",
            &format!("<QueueName>{name}</QueueName>"),
        );
        let queue = format!("/{OWNER}/{name}");
        call(&queue, "SendMessage", "<MessageBody>a</MessageBody>");
        let first = is_first(spoken.0);
        let key = if first { "MessageId" } else { "ReceiptHandle" };
        let received = text(&call(&queue, "ReceiveMessage", ""), key);
        let parameters = format!("<{key}>{}</{key}>", escape(&received));
        for (what, credentials, code) in wrong_credentials(first, "DeleteMessage") {
            let credentials = [&*credentials[0], &*credentials[1], &*credentials[2]];
            let document = signed(spoken, "DeleteMessage", &parameters, credentials);
            let response = post(&server, &queue, &document);
            let found = fault(&response);
            assert_eq!(found, (spoken.1, code.to_owned()), "{spoken:?} {what}");
            // DG07: the one fault that came with success.
            if spoken.1 == SOAP_11 {
                let with_success = first && code == "InvalidSecurity";
                let status = if with_success { 200 } else { 500 };
                assert_eq!(response.status, status, "{spoken:?} {what}");
            }
        }
        // Nothing was deleted: the message is in flight, and so the queue is not empty.
        assert!(texts(&call(&queue, "ReceiveMessage", ""), "MessageId").is_empty());
        let change = format!("{parameters}<VisibilityTimeout>0</VisibilityTimeout>");
        if matches!(spoken.0, "2007-05-01" | "2009-02-01") {
            call(&queue, "ChangeMessageVisibility", &change);
            assert_eq!(
                texts(&call(&queue, "ReceiveMessage", ""), "MessageId").len(),
                1
            );
        }
        call(&queue, "DeleteMessage", &parameters);
    }
}

/// X.509 is not served: a header of it is refused where it must be understood, and is no
/// signature elsewhere.
#[test]
fn l8_ws_security_is_not_understood() {
    let server = Server::start(guarded(true));
    let security = "http://docs.oasis-open.org/wss/2004/01/\
                    oasis-200401-wss-wssecurity-secext-1.0.xsd";
    for (version, soap) in SPOKEN {
        let call = element(version, "CreateQueue", "<QueueName>q</QueueName>");
        let post = |must: &str| {
            let header = format!("<w:Security xmlns:w=\"{security}\" {must}/>");
            post(&server, "/", &envelope(soap, &header, &call))
        };
        // The fault of a header has no detail.
        let must = post("s:mustUnderstand=\"1\"");
        assert_eq!(must.status, 500);
        assert!(
            must.text().contains("soap:MustUnderstand"),
            "{}",
            must.text()
        );
        let unsigned = match is_first(version) {
            true => "AuthFailure",
            false => "MissingCredentials",
        };
        assert_eq!(fault(&post("")).1, unsigned, "{version}");
        let queues = signed_ok(&server, (version, soap), "/", "ListQueues", "");
        assert!(texts(&queues, "QueueUrl").is_empty(), "nothing was created");
    }
}

#[test]
fn u_signatures_of_soap_are_weak_and_off_unless_configured() {
    let server = Server::start(guarded(false));
    for spoken in SPOKEN {
        let now = timestamp(0);
        let proof = signature("secret-OWNER", "ListQueues", &now);
        let document = signed(spoken, "ListQueues", "", ["OWNER", &now, &proof]);
        let code = match is_first(spoken.0) {
            true => "AuthFailure",
            false => "InvalidSecurity",
        };
        let response = post(&server, "/", &document);
        assert_eq!(fault(&response), (spoken.1, code.to_owned()));
        assert!(response.text().contains("--legacy"), "it says what to do");
    }
}
