//! SOAP requests that are refused: the right fault, and nothing changed (L8, L8.4).

use super::soap::{
    SOAP_11, SOAP_12, SPOKEN, content, create, element, envelope, escape, is_first, namespace,
    post, receive, send, text, texts,
};
use super::support::{Response, Server, config};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forebay_server::Config;
use forebay_server::auth::time::{amz_text, now_s};
use forebay_server::config::Credential;
use forebay_server::legacy::soap::xml::Element;
use hmac::{Hmac, Mac};
use sha1::Sha1;

const SECURITY: &str = "http://security.amazonaws.com/doc/2007-01-01/";

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
    let headers = "content-type: text/xml; charset=UTF-8\r\n";
    let response = server
        .connect()
        .call("POST", "/", headers, document.as_bytes());
    assert_eq!(response.status, 200);
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

fn guarded(weak: bool) -> Config {
    let mut config = config();
    config.credentials = vec![Credential {
        access_key_id: "AKIDEXAMPLE".into(),
        secret_access_key: "secret".into(),
        session_token: None,
        account: "000000000000".into(),
        user: None,
        role: None,
        principal_id: None,
        expires_at: None,
        enabled: true,
    }];
    config.legacy.weak_signatures = weak;
    config
}

/// L8: HMAC-SHA1 of action and time stamp.
fn signature(secret: &str, action: &str, timestamp: &str) -> String {
    let mut hmac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    hmac.update(format!("{action}{timestamp}").as_bytes());
    STANDARD.encode(hmac.finalize().into_bytes())
}

/// A time in the form of ISO 8601, as far away from now as that.
fn timestamp(skew_s: i64) -> String {
    let text = amz_text(now_s().checked_add_signed(skew_s).unwrap());
    let (date, time) = text.split_once('T').unwrap();
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    let (hour, minute, second) = (&time[..2], &time[2..4], &time[4..6]);
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}.250Z")
}

/// A call with these credentials, where its version has them.
fn signed(
    (version, soap): (&str, &str),
    action: &str,
    parameters: &str,
    credentials: [&str; 3],
) -> String {
    let first = is_first(version);
    let (prefix, bound) = match first {
        true => ("", String::new()),
        false => ("a:", format!(" xmlns:a=\"{SECURITY}\"")),
    };
    let names = ["AWSAccessKeyId", "Timestamp", "Signature"];
    let elements: String = names
        .iter()
        .zip(credentials)
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("<{prefix}{name}{bound}>{}</{prefix}{name}>", escape(value)))
        .collect();
    match first {
        true => {
            let call = element(version, action, &format!("{elements}{parameters}"));
            envelope(soap, "", &call)
        }
        false => envelope(soap, &elements, &element(version, action, parameters)),
    }
}

/// A call that is signed well: what it answers.
fn signed_ok(
    server: &Server,
    spoken: (&str, &str),
    path: &str,
    action: &str,
    parameters: &str,
) -> Element {
    let now = timestamp(0);
    let proof = signature("secret", action, &now);
    let document = signed(spoken, action, parameters, ["AKIDEXAMPLE", &now, &proof]);
    let response = post(server, path, &document);
    assert_eq!(response.status, 200, "{spoken:?} {}", response.text());
    content(&response, spoken.1)
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
    let own = |time: &str, proof: String| ["AKIDEXAMPLE".to_owned(), time.to_owned(), proof];
    let good = sign("secret", action, &now);
    vec![
        ("secret", own(&now, sign("other", action, &now)), wrong),
        (
            "action",
            own(&now, sign("secret", "SendMessage", &now)),
            wrong,
        ),
        ("time", own(&now, sign("secret", action, &old)), wrong),
        ("garbage", own(&now, "&".into()), wrong),
        ("key", ["AKIDOTHER".into(), now.clone(), good], unknown),
        ("old", own(&old, sign("secret", action, &old)), stale),
        ("early", own(&early, sign("secret", action, &early)), stale),
        ("no time", own("now", sign("secret", action, "now")), stale),
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
        let queue = format!("/000000000000/{name}");
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

#[test]
fn u_signatures_of_soap_are_weak_and_off_unless_configured() {
    let server = Server::start(guarded(false));
    for spoken in SPOKEN {
        let now = timestamp(0);
        let proof = signature("secret", "ListQueues", &now);
        let document = signed(spoken, "ListQueues", "", ["AKIDEXAMPLE", &now, &proof]);
        let code = match is_first(spoken.0) {
            true => "AuthFailure",
            false => "InvalidSecurity",
        };
        let response = post(&server, "/", &document);
        assert_eq!(fault(&response), (spoken.1, code.to_owned()));
        assert!(response.text().contains("--legacy"), "it says what to do");
    }
}
