//! Signatures: what a client signed is accepted, and with any change that means something it is
//! not. What nobody signed never has a name.

use super::client::{self, ACCOUNT, Request, Scope};
use crate::{Input, Target};
use forebay_server::Config;
use forebay_server::auth::Authenticator;
use forebay_server::auth::time::amz_text;

/// Signed requests and changes of them.
pub const TARGET: Target = Target {
    name: "signatures",
    about: "Signature V4, presigned and V2: accepted as signed, refused with any change",
    body,
    seeds,
    words: &[
        "AWS4-HMAC-SHA256 ",
        "Credential=",
        "SignedHeaders=",
        "Signature=",
        "AKIDEXAMPLE",
        "/20250102/us-east-1/sqs/aws4_request",
        "20250102T030405Z",
        "host;x-amz-date",
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "AWSAccessKeyId",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "SignatureVersion",
        "2",
        "Signature",
        "Timestamp",
        "UNSIGNED-PAYLOAD",
        "x-amz-content-sha256",
        "x-amz-security-token",
    ],
    bytes_max: 1_024,
    mutations: 2_000,
};

const NOW_S: u64 = 1_735_787_045;
/// By which a clock may be wrong, seconds.
const SKEW_S: u64 = 900;

fn seeds() -> Vec<Vec<u8>> {
    let script =
        |mode: u8| -> Vec<u8> { [&[mode][..], &b"\x05\x01\x02ab\x03xyz\x00".repeat(30)].concat() };
    let header = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250102/us-east-1/sqs/aws4_request, \
                  SignedHeaders=host;x-amz-date, Signature=00";
    let mut raw = vec![3, 1, b'h', 2, header.len() as u8];
    raw.extend_from_slice(header.as_bytes());
    (0..3).map(script).chain([raw]).collect()
}

fn body(data: &[u8]) {
    let input = &mut Input::new(data);
    match input.byte() % 4 {
        0 => header(input),
        1 => presigned(input),
        2 => version_2(input),
        _ => unsigned(input),
    }
}

fn verifier(token: Option<&str>) -> Authenticator {
    Authenticator::new(&Config {
        credentials: vec![client::credential(token)],
        ..Config::default()
    })
}

/// Text that a header can carry, without spaces around it.
fn visible(bytes: &[u8]) -> String {
    let one = |byte: &u8| char::from(b' ' + byte % 95);
    bytes.iter().map(one).collect::<String>().trim().to_owned()
}

fn any_request(input: &mut Input<'_>) -> Request {
    let segment = |input: &mut Input<'_>| format!("s{}", input.text());
    let mut query: Vec<(String, String)> = Vec::new();
    for (name, value) in input.list(4, |input| (format!("p{}", input.text()), input.text())) {
        if !query.iter().any(|(own, _)| *own == name) {
            query.push((name, value));
        }
    }
    let host = visible(input.bytes()).replace([' ', ':'], "");
    let mut request = Request {
        method: if input.flag() { "GET" } else { "POST" },
        path: input.list(3, segment),
        query,
        headers: vec![("host".into(), format!("h{host}:9324"))],
        body: Vec::new(),
        secure: input.flag(),
    };
    if request.path.is_empty() {
        request.path.push(String::new());
    }
    request
}

/// Whether a request is accepted; if it is, its caller must be the key's.
fn accepted(request: &Request, verifier: &Authenticator, now_s: u64) -> Option<bool> {
    match request.identify(verifier, now_s)? {
        Ok((caller, _)) if caller.is_anonymous() => Some(false),
        Ok((caller, _)) => {
            assert_eq!(caller.account, ACCOUNT);
            Some(true)
        }
        Err(refusal) => {
            let known = [400, 403].contains(&refusal.status());
            assert!(
                known && !refusal.text().contains(client::SECRET),
                "{refusal}"
            );
            Some(false)
        }
    }
}

fn header(input: &mut Input<'_>) {
    let mut request = any_request(input);
    request.set("content-type", "application/x-amz-json-1.0");
    // An empty header signs as one that is absent.
    request.set("x-amz-target", &format!("T{}", visible(input.bytes())));
    let token = input.maybe(|input| format!("t{}", visible(input.bytes())));
    if let Some(token) = &token {
        request.set("x-amz-security-token", token);
    }
    request.set("my-own", &visible(input.bytes()));
    request.body = input.bytes().to_vec();
    // Of the characters and the length that a region can have: others are refused.
    let known = |character: &char| character.is_ascii_alphanumeric() || "._-".contains(*character);
    let text = visible(input.bytes());
    let region = format!(
        "r{}",
        text.chars().filter(known).take(63).collect::<String>()
    );
    let signed_s = NOW_S - SKEW_S + u64::from(input.u32()) % (2 * SKEW_S + 1);
    let date = amz_text(signed_s);
    let scope = Scope {
        date: &date,
        region: &region,
    };
    client::sign_header(&mut request, scope);
    let verifier = verifier(token.as_deref());
    if accepted(&request, &verifier, NOW_S).is_none() {
        return;
    }
    let found = request.identify(&verifier, NOW_S).unwrap().unwrap();
    assert_eq!(found.1, region);
    let (early, late) = (signed_s - SKEW_S - 1, signed_s + SKEW_S + 1);
    assert_eq!(accepted(&request, &verifier, early), Some(false));
    assert_eq!(accepted(&request, &verifier, late), Some(false));
    let mut changed = request.clone();
    let what = change_header(&mut changed, input);
    let still = accepted(&changed, &verifier, NOW_S) == Some(true);
    assert!(!still, "{what} changed: {request:?} {changed:?}");
    let mut changed = request.clone();
    let header = mangled(request.header("authorization"), input);
    changed.set("authorization", &header);
    if accepted(&changed, &verifier, NOW_S) == Some(true) {
        // Spaces and further parts mean nothing.
        let signature = request.header("authorization").rsplit('=').next().unwrap();
        assert!(header.contains(signature), "{header}");
    }
}

/// Changes something that the signature covers; returns what.
fn change_header(request: &mut Request, input: &mut Input<'_>) -> &'static str {
    let other = |text: &str| format!("{text}x");
    match input.byte() % 8 {
        0 => {
            request.body.push(input.byte());
            "the body"
        }
        1 if change_shared(request, input) => "method, path or query",
        2 => {
            let target = other(request.header("x-amz-target"));
            request.set("x-amz-target", &target);
            "x-amz-target"
        }
        3 => {
            request.set("x-amz-other", "x");
            "a header that must be signed"
        }
        4 => {
            request.headers.retain(|(name, _)| name != "x-amz-target");
            "x-amz-target left out"
        }
        5 => {
            let token = other(request.header("x-amz-security-token"));
            request.set("x-amz-security-token", &token);
            "the session token"
        }
        6 => {
            let header = request
                .header("authorization")
                .replace(client::KEY, "AKIDOTHER");
            request.set("authorization", &header);
            "the key id"
        }
        _ => {
            let own = other(request.header("my-own"));
            request.set("my-own", &own);
            "a header"
        }
    }
}

/// Changes method, path or a parameter.
fn change_shared(request: &mut Request, input: &mut Input<'_>) -> bool {
    match input.byte() % 4 {
        0 => {
            request.method = if request.method == "GET" {
                "POST"
            } else {
                "GET"
            }
        }
        1 => request.path.push("more".into()),
        2 => request
            .query
            .push((format!("q{}", input.text()), input.text())),
        _ => {
            let at = input.below(request.query.len().max(1));
            match request.query.get_mut(at) {
                Some((_, value)) => value.push('x'),
                None => return false,
            }
        }
    }
    true
}

/// One character of a text becomes another.
fn mangled(text: &str, input: &mut Input<'_>) -> String {
    let at = input.below(text.len());
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = b' ' + input.byte() % 95;
    String::from_utf8_lossy(&bytes).into_owned()
}

fn presigned(input: &mut Input<'_>) {
    let mut request = any_request(input);
    request.body = input.bytes().to_vec();
    request.set("content-type", "text/plain");
    let expires_s = 1 + input.u32() % 604_800;
    let date = amz_text(NOW_S);
    let scope = Scope {
        date: &date,
        region: "eu-west-1",
    };
    client::presign(&mut request, scope, expires_s);
    let verifier = verifier(None);
    let Some(first) = accepted(&request, &verifier, NOW_S) else {
        return;
    };
    assert!(first, "{request:?}");
    let end_s = NOW_S + u64::from(expires_s);
    assert_eq!(accepted(&request, &verifier, end_s), Some(true));
    assert_eq!(accepted(&request, &verifier, end_s + 1), Some(false));
    assert_eq!(
        accepted(&request, &verifier, NOW_S - SKEW_S - 1),
        Some(false)
    );
    let mut changed = request.clone();
    match input.byte() % 4 {
        0 => changed.body.push(input.byte()),
        1 => changed.set("x-amz-target", "AmazonSQS.PurgeQueue"),
        2 => {
            let at = input.below(changed.query.len());
            changed.query[at].1.push('1');
        }
        _ => {
            if !change_shared(&mut changed, input) {
                return;
            }
        }
    }
    let still = accepted(&changed, &verifier, NOW_S) == Some(true);
    assert!(!still, "{request:?} {changed:?}");
}

fn version_2(input: &mut Input<'_>) {
    let mut request = any_request(input);
    let verifier = verifier(None);
    client::sign_v2(&mut request, "2025-01-02T03:04:05Z");
    let Some(first) = accepted(&request, &verifier, NOW_S) else {
        return;
    };
    assert!(first, "{request:?}");
    for now_s in [NOW_S - SKEW_S - 1, NOW_S + SKEW_S + 1] {
        assert_eq!(accepted(&request, &verifier, now_s), Some(false));
    }
    let mut changed = request.clone();
    match input.byte() % 4 {
        // It covers parameters only, so nothing but parameters may be meant.
        0 => changed.set("x-amz-target", "AmazonSQS.PurgeQueue"),
        1 => changed.body = format!("p{}=x", input.byte()).into_bytes(),
        2 => {
            let at = input.below(changed.query.len());
            changed.query[at].1.push('1');
        }
        _ => {
            if !change_shared(&mut changed, input) {
                return;
            }
        }
    }
    let still = accepted(&changed, &verifier, NOW_S) == Some(true);
    assert!(!still, "{request:?} {changed:?}");
}

/// Whatever headers and parameters come: without the secret nobody has a name.
fn unsigned(input: &mut Input<'_>) {
    let mut request = any_request(input);
    let header = |input: &mut Input<'_>| {
        let names = [
            "authorization",
            "x-amz-date",
            "date",
            "x-amz-security-token",
            "x-amz-x",
        ];
        (input.one(&names).to_owned(), visible(input.bytes()))
    };
    let headers = input.list(5, header);
    request.headers.extend(headers);
    let names = [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "Signature",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "AWSAccessKeyId",
        "SignatureVersion",
        "SignatureMethod",
        "Timestamp",
        "Expires",
        "SecurityToken",
    ];
    let pairs = input.list(8, |input| (input.one(&names).to_owned(), input.text()));
    request.query.extend(pairs);
    request.body = input.rest().to_vec();
    let found = accepted(&request, &verifier(None), NOW_S);
    assert_ne!(found, Some(true), "{request:?}");
}
