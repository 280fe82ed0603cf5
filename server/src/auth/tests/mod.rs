//! Signatures that botocore 1.44.5 made with its clock set to [`SIGNED_S`], and every refusal.

mod matrix;
mod refused;
mod vectors;

use super::*;
use crate::config::Credential;
use crate::http::connection::Peer;
use hyper::Request;

const SIGNED_S: u64 = 1_735_787_045;
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const JSON_HEADER: &str = "AWS4-HMAC-SHA256 \
    Credential=AKIDEXAMPLE/20250102/eu-west-1/sqs/aws4_request, \
    SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
    Signature=ca471322061eb1cb3c5911eddcac573fb0cc28b3146040b2444b7aa507f16b6b";
const JSON_BODY: &str = r#"{"QueueName":"q"}"#;

fn credential(token: Option<&str>) -> Credential {
    Credential {
        access_key_id: "AKIDEXAMPLE".into(),
        secret_access_key: SECRET.into(),
        session_token: token.map(String::from),
        account: "123456789012".into(),
        user: Some("alice".into()),
        role: None,
        principal_id: None,
        expires_at: None,
        enabled: true,
    }
}

/// A request while it is made.
struct Sent {
    method: &'static str,
    uri: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    now_s: u64,
    secure: bool,
}

impl Sent {
    fn new(method: &'static str, uri: &str, headers: &[(&'static str, &str)], body: &str) -> Self {
        let own = |(name, value): &(&'static str, &str)| (*name, (*value).to_owned());
        Self {
            method,
            uri: uri.into(),
            headers: headers.iter().map(own).collect(),
            body: body.into(),
            now_s: SIGNED_S,
            secure: false,
        }
    }

    /// A GetQueueUrl in JSON.
    fn json() -> Self {
        let headers = [
            ("host", "localhost:9324"),
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", "AmazonSQS.GetQueueUrl"),
            ("x-amz-date", "20250102T030405Z"),
            ("authorization", JSON_HEADER),
        ];
        Self::new("POST", "/", &headers, JSON_BODY)
    }

    fn set(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(own, _)| *own != name);
        self.headers.push((name, value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| *own != name);
        self
    }

    fn identify(&self, config: &Config) -> Result<(Identity, String), Refusal> {
        let mut request = Request::builder().method(self.method).uri(&self.uri);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let peer = Peer {
            address: ([127, 0, 0, 1], 1).into(),
            secure: self.secure,
        };
        let head = Head::new(request.body(()).unwrap().into_parts().0, peer, false);
        let mut params = Params::default();
        params.add(head.query.as_bytes()).unwrap();
        let is_form = self.body.starts_with("Action=");
        if is_form {
            params.add(self.body.as_bytes()).unwrap();
        }
        Authenticator::new(config).identify(Signed {
            head: &head,
            params: &params,
            body: self.body.as_bytes(),
            now_s: self.now_s,
        })
    }

    fn code(&self) -> String {
        let refused = self.identify(&config(None)).unwrap_err();
        format!("{} {}", refused.code(), refused.status())
    }
}

fn config(token: Option<&str>) -> Config {
    Config {
        credentials: vec![credential(token)],
        ..Config::default()
    }
}

#[test]
fn u2_header_of_a_json_request() {
    let (caller, region) = Sent::json().identify(&config(None)).unwrap();
    assert_eq!(region, "eu-west-1");
    assert_eq!(
        caller.arn().unwrap(),
        "arn:aws:iam::123456789012:user/alice"
    );
    assert!(caller.principal_id.starts_with("AIDA"));
}

#[test]
fn u2_1_order_and_spaces_of_the_header_are_free() {
    let header = JSON_HEADER.strip_prefix("AWS4-HMAC-SHA256 ").unwrap();
    let mut parts: Vec<&str> = header.split(", ").map(str::trim).collect();
    parts.reverse();
    let header = format!("AWS4-HMAC-SHA256   {}", parts.join(","));
    let sent = Sent::json().set("authorization", &header);
    assert!(sent.identify(&config(None)).is_ok());
}

#[test]
fn u2_13_query_with_a_session_token() {
    let header = "AWS4-HMAC-SHA256 \
        Credential=AKIDEXAMPLE/20250102/us-east-1/sqs/aws4_request, \
        SignedHeaders=host;x-amz-date;x-amz-security-token, \
        Signature=6fe3ccfca9e110c5d590bef23299c723b51da31a4c315b955ca4353f2b489ee3";
    let headers = [
        ("host", "sqs.example.com"),
        ("x-amz-date", "20250102T030405Z"),
        ("x-amz-security-token", "tok/en+="),
        ("authorization", header),
    ];
    let uri = "/123456789012/q.fifo/?MessageBody=a%2Bb%20c~%E2%82%AC&Action=SendMessage&Empty=";
    let sent = Sent::new("GET", uri, &headers, "");
    assert!(sent.identify(&config(Some("tok/en+="))).is_ok());
    let code = |token| sent.identify(&config(token)).unwrap_err().code();
    assert_eq!(code(Some("other")), "InvalidClientTokenId");
    assert_eq!(code(None), "InvalidClientTokenId");
    let mut over = config(Some("tok/en+="));
    over.credentials[0].expires_at = Some(SIGNED_S);
    assert_eq!(sent.identify(&over).unwrap_err().code(), "ExpiredToken");
    over.credentials[0].expires_at = Some(SIGNED_S + 1);
    assert!(sent.identify(&over).is_ok());
}

#[test]
fn u3_presigned() {
    let uri = "/123456789012/q?Action=ReceiveMessage&Version=2012-11-05\
        &X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIDEXAMPLE%2F20250102%2Fus-east-1%2Fsqs%2Faws4_request\
        &X-Amz-Date=20250102T030405Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host\
        &X-Amz-Signature=6e149a1037d1b5c89bfb586d245907a7de2717f45c7ea7162827a0bdd842af57";
    let mut sent = Sent::new("GET", uri, &[("host", "sqs.example.com:8443")], "");
    assert!(sent.identify(&config(None)).is_ok());
    sent.now_s = SIGNED_S + 60;
    assert!(sent.identify(&config(None)).is_ok());
    sent.now_s = SIGNED_S + 61;
    assert_eq!(sent.code(), "RequestExpired 400");
    sent.now_s = SIGNED_S - 901;
    assert_eq!(sent.code(), "SignatureDoesNotMatch 403");
    sent.now_s = SIGNED_S;
    sent.body = "x".into();
    assert_eq!(sent.code(), "SignatureDoesNotMatch 403", "another body");
    sent.body.clear();
    sent.uri = uri.replace("ReceiveMessage", "PurgeQueue");
    assert_eq!(sent.code(), "SignatureDoesNotMatch 403", "another action");
    for (from, to) in [
        ("X-Amz-Expires=60", "X-Amz-Expires=604801"),
        ("X-Amz-Expires=60", "X-Amz-Expires=0"),
        ("X-Amz-Date=20250102T030405Z", "X-Amz-Date=yesterday"),
        ("&X-Amz-SignedHeaders=host", ""),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=NONE"),
    ] {
        sent.uri = uri.replace(from, to);
        assert_eq!(sent.code(), "IncompleteSignature 400", "{to}");
    }
}

#[test]
fn u5_version_2() {
    let form = "Action=ListQueues&QueueNamePrefix=a+b%2B%7E&Version=2012-11-05\
        &AWSAccessKeyId=AKIDEXAMPLE&SignatureVersion=2&SignatureMethod=HmacSHA256\
        &Timestamp=2025-01-02T03%3A04%3A05Z\
        &Signature=NhQF8bVPfOfVdfxK0fRYLz6iIVsjRQ/ikfVnG9Ec09E%3D";
    let mut sent = Sent::new("POST", "/", &[("host", "localhost:9324")], form);
    let (_, region) = sent.identify(&config(None)).unwrap();
    assert_eq!(region, "us-east-1", "a V2 signature has no region");
    for (from, to, code) in [
        ("Prefix=a", "Prefix=b", "SignatureDoesNotMatch 403"),
        ("KeyId=AKID", "KeyId=OTHER", "InvalidClientTokenId 403"),
        ("03%3A04", "02%3A04", "RequestExpired 400"),
        (
            "&Timestamp",
            "&Expires=2025-01-02T03%3A05%3A05Z&Timestamp",
            "InvalidParameterCombination 400",
        ),
        ("HmacSHA256", "HmacMD5", "IncompleteSignature 400"),
        (
            "SignatureVersion=2",
            "SignatureVersion=1",
            "InvalidSecurity 403",
        ),
    ] {
        sent.body = form.replace(from, to);
        assert_eq!(sent.code(), code, "{to}");
    }
}

#[test]
fn u5_version_2_through_a_proxy_that_changes_the_host() {
    let form = "Action=ListQueues&QueueNamePrefix=a+b%2B%7E&Version=2012-11-05\
        &AWSAccessKeyId=AKIDEXAMPLE&SignatureVersion=2&SignatureMethod=HmacSHA256\
        &Timestamp=2025-01-02T03%3A04%3A05Z\
        &Signature=NhQF8bVPfOfVdfxK0fRYLz6iIVsjRQ/ikfVnG9Ec09E%3D";
    let sent = Sent::new("POST", "/", &[("host", "10.0.0.7:80")], form);
    assert_eq!(sent.code(), "SignatureDoesNotMatch 403");
    let mut accepting = config(None);
    accepting.accepted_hosts = vec!["other".into(), "LocalHost:9324".into()];
    assert!(sent.identify(&accepting).is_ok());
}

#[test]
fn u5_version_2_does_not_cover_a_json_body() {
    let uri = "/?Action=ListQueues&QueueNamePrefix=a+b%2B%7E&Version=2012-11-05\
        &AWSAccessKeyId=AKIDEXAMPLE&SignatureVersion=2&SignatureMethod=HmacSHA256\
        &Timestamp=2025-01-02T03%3A04%3A05Z\
        &Signature=NhQF8bVPfOfVdfxK0fRYLz6iIVsjRQ/ikfVnG9Ec09E%3D";
    let mut sent = Sent::new("POST", uri, &[("host", "localhost:9324")], "");
    assert!(sent.identify(&config(None)).is_ok());
    sent = sent.set("x-amz-target", "AmazonSQS.DeleteQueue");
    sent.body = r#"{"QueueUrl":"http://localhost:9324/123456789012/q"}"#.into();
    assert_eq!(sent.code(), "InvalidSecurity 403");
}

#[test]
fn u10_what_was_signed_cannot_change() {
    let mismatch = "SignatureDoesNotMatch 403";
    let mut sent = Sent::json();
    sent.body = r#"{"QueueName":"r"}"#.into();
    assert_eq!(sent.code(), mismatch, "body");
    let mut sent = Sent::json();
    sent.uri = "/other".into();
    assert_eq!(sent.code(), mismatch, "path");
    sent.uri = "/?a=b".into();
    assert_eq!(sent.code(), mismatch, "query");
    let sent = Sent::json();
    assert_eq!(
        sent.set("x-amz-target", "AmazonSQS.PurgeQueue").code(),
        mismatch
    );
    assert_eq!(Sent::json().set("host", "elsewhere").code(), mismatch);
    let other = JSON_HEADER
        .replace("6b6b", "6b6c")
        .replace("16b6b", "16b6c");
    assert_eq!(Sent::json().set("authorization", &other).code(), mismatch);
    let other = JSON_HEADER.replace("eu-west-1", "eu-west-2");
    assert_eq!(
        Sent::json().set("authorization", &other).code(),
        mismatch,
        "region"
    );
}

#[test]
fn u4_every_other_refusal() {
    let with = |from: &str, to: &str| {
        let header = JSON_HEADER.replace(from, to);
        Sent::json().set("authorization", &header).code()
    };
    assert_eq!(with("AKIDEXAMPLE", "AKIDOTHER"), "InvalidClientTokenId 403");
    assert_eq!(with("/sqs/", "/sns/"), "SignatureDoesNotMatch 403");
    assert_eq!(with("aws4_request", "aws5"), "SignatureDoesNotMatch 403");
    assert_eq!(with("20250102", "20250103"), "SignatureDoesNotMatch 403");
    assert_eq!(with(";host", ""), "SignatureDoesNotMatch 403");
    assert_eq!(with(";x-amz-target", ""), "SignatureDoesNotMatch 403");
    assert_eq!(with("Signature=ca", "Seal=ca"), "IncompleteSignature 400");
    assert_eq!(with("/20250102/", "/"), "IncompleteSignature 400");
    assert_eq!(with("AWS4-HMAC-SHA256", "AWS"), "InvalidSecurity 403");
    assert_eq!(
        Sent::json().without("x-amz-date").code(),
        "IncompleteSignature 400"
    );
    for now_s in [SIGNED_S - 901, SIGNED_S + 901] {
        let mut sent = Sent::json();
        sent.now_s = now_s;
        assert_eq!(sent.code(), "SignatureDoesNotMatch 403");
        sent.now_s = if now_s < SIGNED_S {
            now_s + 1
        } else {
            now_s - 1
        };
        assert!(sent.identify(&config(None)).is_ok(), "900 s are allowed");
    }
    let mut disabled = config(None);
    disabled.credentials[0].enabled = false;
    let code = Sent::json().identify(&disabled).unwrap_err().code();
    assert_eq!(code, "InvalidClientTokenId");
}

#[test]
fn u2_8_payload_hashes() {
    let mut sent = Sent::json().set("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    let header = JSON_HEADER.replace(";x-amz-date", ";x-amz-content-sha256;x-amz-date");
    sent = sent.set("authorization", &header);
    assert_eq!(sent.code(), "InvalidSecurity 403", "plain HTTP");
    sent.secure = true;
    assert_eq!(
        sent.code(),
        "SignatureDoesNotMatch 403",
        "it was not signed so"
    );
    let wrong = sent.set("x-amz-content-sha256", &"0".repeat(64));
    assert_eq!(wrong.code(), "SignatureDoesNotMatch 403");
}

#[test]
fn u2_7_hosts_that_a_proxy_changed() {
    let sent = Sent::json().set("host", "10.0.0.7:80");
    let mut accepting = config(None);
    accepting.accepted_hosts = vec!["other".into(), "localhost:9324".into()];
    assert!(sent.identify(&accepting).is_ok());
    accepting.accepted_hosts.pop();
    assert!(sent.identify(&accepting).is_err());
}

#[test]
fn u1_nobody_and_anybody() {
    let sent = Sent::new("GET", "/?Action=ListQueues", &[("host", "h")], "");
    let (caller, _) = sent.identify(&config(None)).unwrap();
    assert!(caller.is_anonymous());
    let (caller, region) = sent.identify(&Config::default()).unwrap();
    assert_eq!(caller, Identity::root("000000000000"));
    assert_eq!(region, "us-east-1");
    let header = JSON_HEADER.replace("AKIDEXAMPLE", "111122223333");
    let sent = Sent::json().set("authorization", &header);
    let (caller, region) = sent.identify(&Config::default()).unwrap();
    assert_eq!(caller, Identity::root("111122223333"));
    assert_eq!(region, "eu-west-1");
}

#[test]
fn u2_10_the_derived_key_is_aws_own_example() {
    let key = keys::derive(SECRET, "20150830", "us-east-1", "iam");
    let expected = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
    assert_eq!(hex(&key), expected);
}
