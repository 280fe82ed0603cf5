//! Requests of old protocols with anything in them: always an answer below 500, in XML that every
//! parser takes; but SOAP 1.1, whose faults come with 500.

use super::support::{Response, Server, config};
use super::xml::{escape, form};
use forebay_server::legacy::soap::xml::{Limits, parse};
use forebay_server::legacy::version::Version;
use proptest::prelude::*;
use std::sync::OnceLock;

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Server::start(config());
        server.queue("q");
        server
    })
}

fn version() -> impl Strategy<Value = Version> {
    prop::sample::select(Version::ALL.to_vec())
}

/// Names of parameters, of headers' elements and of what is in them.
const NAMES: [&str; 36] = [
    "AWSAccessKeyId",
    "AWSAccountId.1",
    "ActionName.1",
    "Attribute",
    "Attribute.1.Name",
    "Attribute.1.Value",
    "Attribute.Name",
    "Attribute.Value",
    "AttributeName",
    "AttributeName.2",
    "DefaultVisibilityTimeout",
    "DelaySeconds",
    "DeleteMessageBatchRequestEntry.1.Id",
    "DeleteMessageBatchRequestEntry.1.ReceiptHandle",
    "Expires",
    "ForceDeletion",
    "Grantee.CanonicalUser",
    "Grantee.EmailAddress",
    "Grantee.ID",
    "Label",
    "MaxNumberOfMessages",
    "MessageBody",
    "MessageId",
    "NumberOfMessages",
    "Permission",
    "QueueName",
    "QueueNamePrefix",
    "QueueOwnerAWSAccountId",
    "ReceiptHandle",
    "SendMessageBatchRequestEntry.1.Id",
    "SendMessageBatchRequestEntry.1.MessageBody",
    "Signature",
    "SignatureVersion",
    "Timestamp",
    "Value",
    "VisibilityTimeout",
];

/// What is right somewhere, what is nearly right, and anything.
fn value() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        "0",
        "1",
        "256",
        "-1",
        "+1",
        "18446744073709551616",
        "1e3",
        "All",
        "VisibilityTimeout",
        "Policy",
        "{}",
        "true",
        "q",
        "q.fifo",
        "../q",
        "111122223333",
        "SendMessage",
        "*",
        "2007-05-01T23:59:59Z",
        "2007-05-01T23:59:59-99:99",
        "9999-12-31T23:59:60+\u{e9}",
        "\u{0}\u{1}\u{b}\u{7f}\u{ffff}",
        "]]>&<\"'",
        "3W5E11264SGUAWF30000|0000000YQVYJ43OSL8NO|0000000YQVYJ43OSL8NO",
        "ZZZZZZZZZZZZZZZZZZZZ|ZZZZZZZZZZZZZZZZZZZZ|ZZZZZZZZZZZZZZZZZZZZ",
    ]);
    prop_oneof![
        known.prop_map(String::from),
        any::<String>(),
        "[ -~]{0,90}",
        Just("x".repeat(300_000)),
    ]
}

fn pairs() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    prop::collection::vec((prop::sample::select(NAMES.to_vec()), value()), 0..5)
}

fn path() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "/",
        "/000000000000/q",
        "/000000000000/q/",
        "/A000000000000/q",
        "/000000000000/none",
        "/000000000000/q.fifo",
        "/000000000000/%71",
        "/000000000000/../q",
        "/queue/q",
        "//q",
        "/a/b/c/d",
    ])
}

/// XML whose characters are XML's.
fn is_xml(answer: &Response) -> bool {
    let text = answer.text();
    let allowed = |character: char| match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    };
    let limits = Limits {
        bytes: usize::MAX,
        value_bytes: usize::MAX,
        ..Limits::default()
    };
    text.chars().all(allowed) && parse(&answer.body, &limits).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, ..ProptestConfig::default() })]

    #[test]
    fn query_with_anything(
        version in version(),
        action in 0..15_usize,
        path in path(),
        pairs in pairs(),
        by_post in any::<bool>(),
    ) {
        let actions = version.actions();
        let action = actions[action % actions.len()];
        let mut all = vec![("Action", action), ("Version", version.date())];
        all.extend(pairs.iter().map(|(name, value)| (*name, value.as_str())));
        let query = form(&all);
        let answer = match by_post || query.len() > 30_000 {
            true => server().form(path, &query),
            false => server().get(&format!("{path}?{query}")),
        };
        prop_assert!(answer.status < 500, "{} {}", answer.status, answer.text());
        prop_assert!(is_xml(&answer), "{}", answer.text());
    }

    #[test]
    fn rest_with_anything(
        first in any::<bool>(),
        method in prop::sample::select(vec!["GET", "PUT", "POST", "DELETE"]),
        path in path(),
        // Of what an address can have; see below for escapes.
        last in "(front|back|[!$&-;=@-Z_a-z|~]{0,20})",
        pairs in pairs(),
        date in "[ -~]{0,40}",
        body in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let date_of = if first { Version::V2006 } else { Version::V2007 };
        let headers = format!(
            "aws-version: {}\r\ndate: {date}\r\nauthorization: AWS {}\r\n",
            date_of.date(),
            escape(&last)
        );
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .filter(|(_, value)| value.len() < 1_000)
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let path = path.trim_end_matches('/');
        let last = last.replace('!', "%7C").replace('$', "%01");
        let address = format!("{path}/{last}?{}", form(&pairs));
        let mut client = server().connect();
        let answer = client.call(method, &address, &headers, &body);
        prop_assert!(answer.status < 500, "{} {}", answer.status, answer.text());
        prop_assert!(is_xml(&answer), "{}", answer.text());
    }

    #[test]
    fn soap_with_anything(
        version in version(),
        action in 0..15_usize,
        path in path(),
        pairs in pairs(),
        head in any::<String>(),
    ) {
        let actions = version.actions();
        let action = actions[action % actions.len()];
        let text = |value: &str| {
            value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
        };
        let parameters: String = pairs
            .iter()
            .map(|(name, value)| {
                let mut element = text(value);
                for name in name.split('.').rev().filter(|name| name.parse::<u32>().is_err()) {
                    element = format!("<{name}>{element}</{name}>");
                }
                element
            })
            .collect();
        let envelope = "http://schemas.xmlsoap.org/soap/envelope/";
        let document = format!(
            "<s:Envelope xmlns:s='{envelope}'><s:Header><a>{}</a></s:Header><s:Body>\
             <{action} xmlns='{}'>{parameters}</{action}></s:Body></s:Envelope>",
            text(&head),
            version.namespace()
        );
        let headers = "soapaction: \"\"\r\n";
        let mut client = server().connect();
        let answer = client.call("POST", path, headers, document.as_bytes());
        prop_assert!(answer.status <= 500, "{} {}", answer.status, answer.text());
        prop_assert!(!answer.text().contains("InternalError"), "{}", answer.text());
        prop_assert!(is_xml(&answer), "{}", answer.text());
    }
}
