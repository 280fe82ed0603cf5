//! Ten thousand requests, each wrong in a way that is known: each gets the refusal that fits, and
//! none leaves anything behind.

use super::server::{Server, form, json};
use super::support::{Client, Response};
use serde_json::{Value, json};

const REQUESTS: u64 = 10_000;
/// After these the server has all that it keeps.
const WARM: u64 = 2_000;
/// By which it may grow afterwards, KiB: 1 KiB a request would be more than the half of it.
const GROWTH_KIB: u64 = 4_096;
const CLIENTS: usize = 8;

/// Numbers that are different each time and the same in each run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Letters, signs, escapes and characters of several bytes.
    fn text(&mut self) -> String {
        let length = self.next() % 60;
        let one = |_| {
            let all = "abcXYZ019 -_.%&+=<>\"'\\/\u{e9}\u{20ac}\u{1f600}\n";
            let count = all.chars().count() as u64;
            all.chars().nth((self.next() % count) as usize).unwrap()
        };
        (0..length).map(one).collect()
    }

    fn hex(&mut self) -> String {
        format!("{:016x}", self.next())
    }
}

/// A request, and its status and code.
type Wrong = (Vec<u8>, &'static str);

fn in_json(chance: &mut Chance) -> Wrong {
    let (text, hex) = (chance.text(), chance.hex());
    let url = format!("http://h/000000000000/{hex}");
    let send = "AmazonSQS.SendMessage";
    let of = |action: &str, body: Value| json(action, "", body.to_string().as_bytes());
    match chance.next() % 12 {
        0 => {
            let body = json!({ "QueueUrl": url, "MessageBody": text }).to_string();
            let cut = 1 + (chance.next() as usize) % (body.len() - 1);
            (
                json(send, "", &body.as_bytes()[..cut]),
                "400 SerializationException",
            )
        }
        1 => (of(send, json!([text])), "400 SerializationException"),
        2 => (
            of(send, json!({ "DelaySeconds": text })),
            "400 SerializationException",
        ),
        3 => (
            json(send, "", &[b'{', b'"', 0xff, b'"']),
            "400 SerializationException",
        ),
        4 => (
            of(&format!("AmazonSQS.{hex}"), json!({})),
            "400 InvalidAction",
        ),
        5 => (of(&format!("Other.{hex}"), json!({})), "400 InvalidAction"),
        6 => (
            of(send, json!({ "MessageBody": text })),
            "400 MissingParameter",
        ),
        7 => {
            let body = json!({ "QueueUrl": url, "MessageBody": "b" });
            (
                of(send, body),
                "400 AWS.SimpleQueueService.NonExistentQueue",
            )
        }
        8 => {
            let body = json!({ "QueueUrl": "/000000000000/q", "ReceiptHandle": text + "!" });
            (
                of("AmazonSQS.DeleteMessage", body),
                "404 ReceiptHandleIsInvalid",
            )
        }
        9 => {
            let body = json!({ "QueueName": hex, "Attributes": { text + "!": "1" } });
            (
                of("AmazonSQS.CreateQueue", body),
                "400 InvalidAttributeName",
            )
        }
        10 => {
            let body = json!({ "QueueName": hex, "Attributes": { "DelaySeconds": text + "x" } });
            (
                of("AmazonSQS.CreateQueue", body),
                "400 InvalidAttributeValue",
            )
        }
        _ => {
            let headers = "content-encoding: gzip\r\n";
            (
                json(send, headers, (text + "x").as_bytes()),
                "400 SerializationException",
            )
        }
    }
}

fn in_query(chance: &mut Chance) -> Wrong {
    let hex = chance.hex();
    let of = |body: String| form("/", body.as_bytes());
    let get = |query: &str, headers: &str| {
        format!("GET /?{query} HTTP/1.1\r\nhost: h\r\n{headers}\r\n").into_bytes()
    };
    match chance.next() % 8 {
        0 => (
            of(format!("Action=SendMessage&MessageBody=%{hex}%zz")),
            "400 MalformedQueryString",
        ),
        1 => (
            of(format!("Action=ListQueues&{hex}=%ff")),
            "400 MalformedQueryString",
        ),
        2 => (of(format!("Action={hex}")), "400 InvalidAction"),
        3 => {
            let body = format!("Action=ListQueues&MaxResults={hex}x");
            (of(body), "400 InvalidParameterValue")
        }
        4 => (
            of(format!("Action=SendMessage&MessageBody={hex}")),
            "400 MissingParameter",
        ),
        // Regions that nobody has: nothing of them may stay.
        5 => {
            let headers = format!(
                "authorization: AWS4-HMAC-SHA256 Credential=1/20250101/{hex}/sqs/aws4_request\r\n"
            );
            let query = format!("Action=GetQueueUrl&QueueName={hex}");
            (
                get(&query, &headers),
                "400 AWS.SimpleQueueService.NonExistentQueue",
            )
        }
        6 => {
            let path = format!("/000000000000/{hex}");
            let body = form(&path, b"Action=PurgeQueue");
            (body, "400 AWS.SimpleQueueService.NonExistentQueue")
        }
        _ => (get(&format!("{hex}={hex}"), ""), "404"),
    }
}

/// The body says what the header says, in the protocol of the request.
fn check(answer: &Response, expected: &str, request: &[u8]) {
    let code = answer.code().unwrap_or_default();
    let found = format!("{} {code}", answer.status);
    let shown = String::from_utf8_lossy(request);
    assert_eq!(found.trim_end(), expected, "{shown}");
    let body = String::from_utf8(answer.body.clone()).unwrap();
    match answer.header("content-type") {
        Some("application/x-amz-json-1.0") => {
            let body: Value = serde_json::from_str(&body).unwrap();
            let kind = body["__type"].as_str().unwrap();
            assert!(kind.starts_with("com.amazonaws.sqs#"), "{kind}");
            assert!(!body["message"].as_str().unwrap().is_empty());
        }
        Some("text/xml") => {
            assert!(
                body.starts_with("<?xml version=\"1.0\"?><ErrorResponse "),
                "{body}"
            );
            assert!(
                body.contains(&format!("<Type>Sender</Type><Code>{code}</Code>")),
                "{body}"
            );
            assert!(body.ends_with("</ErrorResponse>"), "{body}");
        }
        other => assert_eq!((other, code), (Some("application/xml"), "")),
    }
}

#[test]
fn ten_thousand_malformed_requests() {
    let server = Server::start("");
    let create = json("AmazonSQS.CreateQueue", "", br#"{"QueueName":"q"}"#);
    assert_eq!(server.connect().ask(&create).status, 200);
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| server.connect()).collect();
    let mut chance = Chance(0x5eed);
    let mut warm_kib = None;
    for number in 0..REQUESTS {
        let (request, expected) = match chance.next() % 2 {
            0 => in_json(&mut chance),
            _ => in_query(&mut chance),
        };
        let client = &mut clients[number as usize % CLIENTS];
        check(&client.ask(&request), expected, &request);
        if number == WARM {
            warm_kib = server.resident_kib();
        }
    }
    server.is_well();
    if let (Some(warm), Some(end)) = (warm_kib, server.resident_kib()) {
        println!("{warm} KiB after {WARM} requests, {end} KiB after {REQUESTS}");
        assert!(end < warm + GROWTH_KIB, "from {warm} to {end} KiB");
    }
}
