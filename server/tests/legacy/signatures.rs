//! Signatures of Query versions 0, 1, 2 and of REST (L5, L10).

use super::signer::{Query, Rest, guarded, iso, rfc};
use super::support::{Response, Server};
use super::xml::{path, text, texts};

const ALL: [&str; 5] = [
    "2006-04-01",
    "2007-05-01",
    "2008-01-01",
    "2009-02-01",
    "2011-10-01",
];
const FIRST: [&str; 2] = [ALL[0], ALL[1]];

fn code(response: &Response) -> String {
    match response.status {
        200 => "200".into(),
        status => format!("{status} {}", text(&response.text(), "Code")),
    }
}

/// What each generation calls it.
fn either(version: &str, first: &'static str, second: &'static str) -> &'static str {
    if FIRST.contains(&version) {
        first
    } else {
        second
    }
}

fn queues(server: &Server, version: &str) -> usize {
    let list = Query::new(version, "OWNER", "/", "ListQueues").send(server);
    assert_eq!(list.status, 200, "{}", list.text());
    texts(&list.text(), "QueueUrl").len()
}

#[test]
fn l3_2_every_common_parameter_is_needed() {
    let server = Server::start(guarded(true));
    for version in FIRST {
        let list = Query::new(version, "OWNER", "/", "ListQueues").signed(None);
        let query = list.query();
        assert!(!query.contains("SignatureVersion"), "the default is 0");
        assert_eq!(server.get(&format!("/?{query}")).status, 200);
        for (name, expected) in [
            ("Action", "400 MissingParameter"),
            ("AWSAccessKeyId", "401 AuthFailure"),
            ("Timestamp", "400 MissingParameter"),
            ("Signature", "400 MissingParameter"),
        ] {
            let pairs = query.split('&');
            let rest = pairs.filter(|pair| !pair.starts_with(&format!("{name}=")));
            let rest = rest.collect::<Vec<_>>().join("&");
            let refused = server.get(&format!("/?{rest}"));
            assert_eq!(code(&refused), expected, "{version} without {name}");
            if expected == "400 MissingParameter" {
                let sentence = text(&refused.text(), "Message");
                let expected = format!("The request must contain the parameter {name}.");
                assert_eq!(sentence, expected);
            }
        }
    }
}

#[test]
fn l10_versions_0_1_and_2_sign_every_version() {
    let server = Server::start(guarded(true));
    for version in ALL {
        for signed in [None, Some("0"), Some("1"), Some("2")] {
            let create = Query::new(version, "OWNER", "/", "CreateQueue");
            let create = create.with(&[("QueueName", "q"), ("defaultOf", "x y")]);
            assert_eq!(
                code(&create.signed(signed).send(&server)),
                "200",
                "{version} {signed:?}"
            );
            let expires = Query::new(version, "OWNER", "/", "ListQueues").signed(signed);
            let expires = expires.at("Expires", iso(60)).send(&server);
            assert_eq!(code(&expires), "200", "{version} {signed:?}");
        }
    }
}

#[test]
fn l10_7_wrong_signatures_change_nothing() {
    let server = Server::start(guarded(true));
    for version in ALL {
        for signed in [None, Some("1"), Some("2")] {
            let create = Query::new(version, "OWNER", "/", "CreateQueue").signed(signed);
            let create = create.with(&[("QueueName", "q")]);
            let wrong = create.secret("other").send(&server);
            let expected = either(version, "401 AuthFailure", "403 SignatureDoesNotMatch");
            assert_eq!(code(&wrong), expected, "{version} {signed:?}");
        }
        // A parameter that was changed on its way; version 0 does not cover any.
        for signed in ["1", "2"] {
            let create = Query::new(version, "OWNER", "/", "CreateQueue").signed(Some(signed));
            let query = create.with(&[("QueueName", "q")]).query();
            let changed = query.replace("QueueName=q", "QueueName=x");
            let changed = server.get(&format!("/?{changed}"));
            let expected = either(version, "401 AuthFailure", "403 SignatureDoesNotMatch");
            assert_eq!(code(&changed), expected, "{version} {signed}");
        }
        assert_eq!(queues(&server, version), 0);
    }
    let wrong = Query::new("2007-05-01", "OWNER", "/", "ListQueues")
        .signed(None)
        .secret("x");
    let sentence = text(&wrong.send(&server).text(), "Message");
    assert_eq!(
        sentence,
        "The provided signature is not valid for this access token"
    );
    let wrong = Query::new("2009-02-01", "OWNER", "/", "ListQueues")
        .signed(None)
        .secret("x");
    let sentence = text(&wrong.send(&server).text(), "Message");
    assert!(sentence.starts_with("The request signature we calculated does not match"));
}

#[test]
fn l10_6_stale_signatures_change_nothing() {
    let server = Server::start(guarded(true));
    for version in ALL {
        for signed in [None, Some("1"), Some("2")] {
            let create = |name: &'static str, from_now_s| {
                let create = Query::new(version, "OWNER", "/", "CreateQueue").signed(signed);
                let create = create.with(&[("QueueName", "q")]).at(name, iso(from_now_s));
                code(&create.send(&server))
            };
            for (name, from_now_s) in [("Timestamp", -960), ("Timestamp", 960), ("Expires", -5)] {
                let refused = create(name, from_now_s);
                assert_eq!(refused, "400 RequestExpired", "{version} {signed:?} {name}");
            }
        }
        assert_eq!(queues(&server, version), 0);
    }
}

#[test]
fn l2_timestamps() {
    let server = Server::start(guarded(true));
    for version in ALL {
        let list = |name: &'static str, time: String| {
            let list = Query::new(version, "OWNER", "/", "ListQueues").signed(Some("1"));
            code(&list.at(name, time).send(&server))
        };
        let without_zone = iso(0).trim_end_matches('Z').to_owned();
        assert_eq!(list("Timestamp", without_zone), "200", "{version}");
        assert_eq!(list("Timestamp", iso(0).replace('Z', ".123Z")), "200");
        assert_eq!(
            list("Timestamp", "yesterday".into()),
            "400 InvalidParameterValue"
        );
        assert_eq!(list("Time", iso(0)), "400 MissingParameter");
        let both = Query::new(version, "OWNER", "/", "ListQueues").signed(Some("1"));
        let expires = iso(60);
        let both = both.with(&[("Expires", &expires)]).send(&server);
        assert_eq!(code(&both), "400 InvalidParameterCombination");
    }
}

#[test]
fn l10_8_unknown_keys_and_none() {
    let server = Server::start(guarded(true));
    for version in ALL {
        for signed in [None, Some("1"), Some("2")] {
            let list = Query::new(version, "WHO", "/", "ListQueues").signed(signed);
            let expected = either(version, "401 AuthFailure", "401 InvalidAccessKeyId");
            assert_eq!(code(&list.send(&server)), expected, "{version} {signed:?}");
        }
        let nobody = server.get(&format!("/?Action=ListQueues&Version={version}"));
        let expected = either(version, "401 AuthFailure", "401 MissingCredentials");
        assert_eq!(code(&nobody), expected, "{version}");
        let other = Query::new(version, "OWNER", "/", "ListQueues").signed(Some("3"));
        assert_eq!(code(&other.send(&server)), "400 InvalidParameterValue");
    }
    let nobody = server.get("/?Action=ListQueues&Version=2007-05-01");
    assert_eq!(
        text(&nobody.text(), "Message"),
        "AWS was not able to authenticate the request: access credentials are missing"
    );
}

#[test]
fn l10_other_authorization_is_refused() {
    let server = Server::start(guarded(true));
    for version in ALL {
        let headers = "authorization: Basic eDp5\r\n";
        let address = format!("/?Action=ListQueues&Version={version}");
        let refused = server.connect().call("GET", &address, headers, b"");
        let expected = either(version, "401 AuthFailure", "403 InvalidSecurity");
        assert_eq!(code(&refused), expected, "{version}");
    }
}

#[test]
fn l10_9_a_plus_that_was_not_escaped() {
    let server = Server::start(guarded(true));
    let signed = |number: u32| {
        let prefix = format!("p{number}");
        let list = Query::new("2007-05-01", "OWNER", "/", "ListQueues").signed(Some("1"));
        list.with(&[("QueueNamePrefix", &prefix)]).query()
    };
    for start in ["Signature=%2B", "Signature="] {
        let has_plus = |query: &String| {
            let signature = query.rsplit_once(start).map(|(_, rest)| rest);
            signature.is_some_and(|rest| start.ends_with('B') || rest.contains("%2B"))
        };
        let query = (0..10_000).map(signed).find(has_plus).unwrap();
        let query = query.replace("%2B", "+");
        assert_eq!(server.get(&format!("/?{query}")).status, 200, "{query}");
    }
}

#[test]
fn weak_signatures_are_off_unless_configured() {
    let server = Server::start(guarded(false));
    for version in ALL {
        for signed in [None, Some("0"), Some("1")] {
            let list = Query::new(version, "OWNER", "/", "ListQueues").signed(signed);
            let refused = list.send(&server);
            let expected = either(version, "401 AuthFailure", "403 InvalidSecurity");
            assert_eq!(code(&refused), expected, "{version}");
            assert!(text(&refused.text(), "Message").contains("--legacy"));
        }
        let list = Query::new(version, "OWNER", "/", "ListQueues");
        assert_eq!(list.send(&server).status, 200, "version 2 is not weak");
    }
    for version in FIRST {
        let list = Rest::new(version, "OWNER", "GET", "/").send(&server, b"");
        assert_eq!(code(&list), "401 AuthFailure");
    }
    // Today's protocol does not take them, whatever is configured.
    let server = Server::start(guarded(true));
    let list = Query::new("2012-11-05", "OWNER", "/", "ListQueues").signed(Some("1"));
    assert_eq!(list.send(&server).refusal(), "403 InvalidSecurity");
}

#[test]
fn l5_rest_signatures() {
    let server = Server::start(guarded(true));
    for version in FIRST {
        let created = Rest::new(version, "OWNER", "POST", "/?QueueName=q").send(&server, b"");
        assert_eq!(code(&created), "200", "{}", created.text());
        let queue = path(&text(&created.text(), "QueueUrl"));
        let back = format!("{queue}/back");
        let mut send = Rest::new(version, "OWNER", "PUT", &back);
        // Signed, and never compared with the body.
        send.md5 = Some("bm90IGEgZGlnZXN0");
        let sent = send.send(&server, b"m");
        assert_eq!(code(&sent), "200");
        let id = text(&sent.text(), "MessageId");
        let escaped = format!("{queue}/{}", id.replace('|', "%7C"));
        // One client signs the address as it sends it, another the text that it stands for.
        for signed in [escaped.clone(), format!("{queue}/{id}")] {
            let mut peek = Rest::new(version, "OWNER", "GET", &escaped);
            peek.path = signed;
            assert_eq!(code(&peek.send(&server, b"")), "200");
        }
        let mut extra = Rest::new(version, "OWNER", "GET", &queue);
        extra.extra = "x-amz-meta:1\n";
        assert_eq!(code(&extra.send(&server, b"")), "200");
    }
}

#[test]
fn l5_rest_refusals_change_nothing() {
    let server = Server::start(guarded(true));
    for version in FIRST {
        let create = || Rest::new(version, "OWNER", "POST", "/?QueueName=q");
        let refused = |rest: Rest<'_>| {
            let response = rest.send(&server, b"");
            (code(&response), text(&response.text(), "Message"))
        };
        let (wrong, sentence) = refused(Rest {
            secret: "other".into(),
            ..create()
        });
        assert_eq!(wrong, "401 AuthFailure");
        assert_eq!(
            sentence,
            "The provided signature is not valid for this access token"
        );
        for from_now_s in [-960, 960] {
            let stale = Rest {
                date: rfc(from_now_s),
                ..create()
            };
            assert_eq!(refused(stale).0, "400 RequestExpired");
        }
        let (bad, sentence) = refused(Rest {
            date: "yesterday".into(),
            ..create()
        });
        assert_eq!(bad, "400 InvalidHttpRequest");
        assert_eq!(
            sentence,
            "The HTTP request is invalid. Reason: Invalid date in header date"
        );
        let (unknown, _) = refused(Rest {
            key: "WHO",
            ..create()
        });
        assert_eq!(unknown, "401 AuthFailure");
        let moved = Rest {
            path: "/other".into(),
            ..create()
        };
        assert_eq!(refused(moved).0, "401 AuthFailure");
        let nobody = format!("aws-version: {version}\r\n");
        let nobody = server.connect().call("POST", "/?QueueName=q", &nobody, b"");
        assert_eq!(code(&nobody), "401 AuthFailure");
        let sentence = text(&nobody.text(), "Message");
        assert!(
            sentence.ends_with("access credentials are missing"),
            "{sentence}"
        );
        let shapeless = format!("aws-version: {version}\r\nauthorization: AWS x\r\n");
        let shapeless = server.connect().call("GET", "/", &shapeless, b"");
        assert_eq!(code(&shapeless), "400 InvalidHttpRequest");
        assert_eq!(queues(&server, version), 0);
    }
}

/// A client of 2007 signs its parameters, puts them all into the address, and posts the message
/// as the body: as plain text, and where it signs with version 0 as if it were a form (L3).
#[test]
fn l3_a_message_beside_signed_parameters() {
    let server = Server::start(guarded(true));
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    for version in FIRST {
        let created = Query::new(version, "OWNER", "/", "CreateQueue");
        let created = created.with(&[("QueueName", "q")]).send(&server);
        let queue = path(&text(&created.text(), "QueueUrl"));
        let call = |action: &'static str| Query::new(version, "OWNER", &queue, action);
        for signed in [None, Some("0"), Some("1"), Some("2")] {
            for kind in ["text/plain", form] {
                for body in ["aGVsbG8gd29ybGQ=", "a=b&c+%zz"] {
                    let send = call("SendMessage").signed(signed);
                    let sent = send.post(&server, kind, body.as_bytes());
                    assert_eq!(code(&sent), "200", "{version} {signed:?} {kind}");
                    let id = text(&sent.text(), "MessageId");
                    let peek = call("PeekMessage").with(&[("MessageId", &id)]);
                    let seen = text(&peek.send(&server).text(), "MessageBody");
                    assert_eq!(seen, body);
                }
            }
        }
        let latin = call("SendMessage").post(&server, "text/plain", b"\xe9");
        assert_eq!(code(&latin), "400 InvalidMessageContents");
        // What looks like a request is one, and lacks its message.
        let pairs = b"AWSAccessKeyId=OWNER";
        let none = call("SendMessage").signed(None).post(&server, form, pairs);
        assert_eq!(code(&none), "400 MissingParameter");
    }
}

/// Such a message is covered by no signature, whatever the version.
#[test]
fn l3_a_message_beside_signed_parameters_is_weak() {
    let server = Server::start(guarded(false));
    for version in ALL {
        let create = Query::new(version, "OWNER", "/", "CreateQueue");
        let created = create.with(&[("QueueName", "q")]).send(&server);
        let queue = path(&text(&created.text(), "QueueUrl"));
        let send = Query::new(version, "OWNER", &queue, "SendMessage");
        let refused = send.post(&server, "text/plain", b"m");
        let expected = either(version, "401 AuthFailure", "403 InvalidSecurity");
        assert_eq!(code(&refused), expected, "{version}");
        let receive = Query::new(version, "OWNER", &queue, "ReceiveMessage").send(&server);
        assert_eq!(code(&receive), "200");
        assert!(texts(&receive.text(), "MessageId").is_empty(), "{version}");
    }
}
