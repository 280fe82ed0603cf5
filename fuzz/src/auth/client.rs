//! A client that signs, written from the description of the signatures and not from the verifier:
//! it knows the values and encodes them once, where the verifier only sees the encoded request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forebay_server::auth::{Authenticator, Identity, Signed};
use forebay_server::config::Credential;
use forebay_server::http::head::Head;
use forebay_server::wire::Refusal;
use forebay_server::wire::query::Params;
use hmac::{Hmac, Mac};
use hyper::Method;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

/// The only key that the verifier knows.
pub const KEY: &str = "AKIDEXAMPLE";
/// Its secret.
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// Its account.
pub const ACCOUNT: &str = "123456789012";

/// The key's credential.
pub fn credential(token: Option<&str>) -> Credential {
    Credential {
        access_key_id: KEY.into(),
        secret_access_key: SECRET.into(),
        session_token: token.map(String::from),
        account: ACCOUNT.into(),
        user: Some("alice".into()),
        role: None,
        principal_id: None,
        expires_at: None,
        enabled: true,
    }
}

/// A request as its client means it.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Segments of the path, not encoded.
    pub path: Vec<String>,
    /// Parameters of the query string, not encoded, no name twice.
    pub query: Vec<(String, String)>,
    /// Names in small letters; `host` among them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// True over TLS.
    pub secure: bool,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }

    /// Puts a header in the place of those of its name.
    pub fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(own, _)| own != name);
        self.headers.push((name.into(), value.into()));
    }

    fn path(&self) -> String {
        let segments: Vec<String> = self.path.iter().map(|it| encode(it)).collect();
        format!("/{}", segments.join("/"))
    }

    fn query(&self) -> String {
        let pairs = self.query.iter();
        let pairs = pairs.map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// What the verifier says; `None` for headers that HTTP does not carry.
    pub fn identify(
        &self,
        verifier: &Authenticator,
        now_s: u64,
    ) -> Option<Result<(Identity, String), Refusal>> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
        }
        let host = self.header("host").to_owned();
        let head = Head {
            method: Method::from_bytes(self.method.as_bytes()).ok()?,
            path: self.path(),
            query: self.query(),
            headers,
            scheme: if self.secure { "https" } else { "http" },
            host: host.clone(),
            sent_host: host,
            source: [127, 0, 0, 1].into(),
        };
        let mut params = Params::default();
        params.add(head.query.as_bytes()).ok()?;
        if head.is_form() && head.header("x-amz-target").is_none() {
            params.add(&self.body).ok()?;
        }
        Some(verifier.identify(Signed {
            head: &head,
            params: &params,
            body: &self.body,
            now_s,
        }))
    }
}

/// When and where a signature is valid.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// As `20250102T030405Z`.
    pub date: &'a str,
    /// The region.
    pub region: &'a str,
}

impl Scope<'_> {
    fn text(self) -> String {
        format!("{}/{}/sqs/aws4_request", &self.date[..8], self.region)
    }

    fn sign(self, canonical: &str) -> String {
        let hash = hex(&Sha256::digest(canonical));
        let text = format!("AWS4-HMAC-SHA256\n{}\n{}\n{hash}", self.date, self.text());
        let mut key = format!("AWS4{SECRET}").into_bytes();
        for part in [&self.date[..8], self.region, "sqs", "aws4_request"] {
            key = hmac(&key, part);
        }
        hex(&hmac(&key, &text))
    }
}

/// Signs all headers; adds `x-amz-date` and `authorization`.
pub fn sign_header(request: &mut Request, scope: Scope<'_>) {
    request.set("x-amz-date", scope.date);
    let mut headers = request.headers.clone();
    headers.sort();
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let payload = match request.header("x-amz-content-sha256") {
        "" => hex(&Sha256::digest(&request.body)),
        given => given.to_owned(),
    };
    let signature = scope.sign(&canonical(request, &headers, &names, &payload));
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={KEY}/{}, SignedHeaders={names}, Signature={signature}",
        scope.text()
    );
    request.set("authorization", &value);
}

/// Signs `host`, and puts everything into the query string.
pub fn presign(request: &mut Request, scope: Scope<'_>, expires_s: u32) {
    let mut add = |name: &str, value: String| request.query.push((name.into(), value));
    add("X-Amz-Algorithm", "AWS4-HMAC-SHA256".into());
    add("X-Amz-Credential", format!("{KEY}/{}", scope.text()));
    add("X-Amz-Date", scope.date.into());
    add("X-Amz-Expires", expires_s.to_string());
    add("X-Amz-SignedHeaders", "host".into());
    let host = vec![("host".to_owned(), request.header("host").to_owned())];
    let payload = hex(&Sha256::digest(&request.body));
    let signature = scope.sign(&canonical(request, &host, "host", &payload));
    request.query.push(("X-Amz-Signature".into(), signature));
}

fn canonical(
    request: &Request,
    headers: &[(String, String)],
    names: &str,
    payload: &str,
) -> String {
    let mut pairs: Vec<String> = request
        .query
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    // The sign between name and value sorts behind characters of names: they are compared apart.
    pairs.sort_by(|a, b| a.split_once('=').cmp(&b.split_once('=')));
    let lines: String = headers
        .iter()
        .map(|(name, value)| {
            let words: Vec<&str> = value.split(' ').filter(|it| !it.is_empty()).collect();
            format!("{name}:{}\n", words.join(" "))
        })
        .collect();
    let twice: Vec<String> = request.path.iter().map(|it| encode(&encode(it))).collect();
    format!(
        "{}\n/{}\n{}\n{lines}\n{names}\n{payload}",
        request.method,
        twice.join("/"),
        pairs.join("&")
    )
}

/// Signature Version 2: the parameters of the query string get one more.
pub fn sign_v2(request: &mut Request, timestamp: &str) {
    let mut add = |name: &str, value: &str| request.query.push((name.into(), value.into()));
    add("AWSAccessKeyId", KEY);
    add("SignatureVersion", "2");
    add("SignatureMethod", "HmacSHA256");
    add("Timestamp", timestamp);
    let mut pairs = request.query.clone();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let host = request.header("host").to_ascii_lowercase();
    let text = format!(
        "{}\n{host}\n{}\n{}",
        request.method,
        request.path(),
        pairs.join("&")
    );
    let signature = STANDARD.encode(hmac(SECRET.as_bytes(), &text));
    request.query.push(("Signature".into(), signature));
}

fn encode(text: &str) -> String {
    crate::wire::query::encode(text)
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    hmac.update(text.as_bytes());
    hmac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
