//! Signed requests, by a signer of its own.

use super::support::{Response, Server, config};
use super::xml::{escape, form};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forebay_server::Config;
use forebay_server::config::{Credential, LegacyAccount, LegacyConfig};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::Sha256;
use std::time::{Duration, SystemTime};

pub const OWNER: &str = "111111111111";
pub const OTHER: &str = "222222222222";

/// A server that verifies, with the keys `OWNER` and `OTHER` of those accounts.
pub fn guarded(weak_signatures: bool) -> Config {
    let credential = |id: &str, account: &str| Credential {
        access_key_id: id.into(),
        secret_access_key: format!("secret-{id}"),
        session_token: None,
        account: account.into(),
        user: None,
        role: None,
        principal_id: None,
        expires_at: None,
        enabled: true,
    };
    let listed = |email: &str, account: &str| LegacyAccount {
        email: email.into(),
        account: account.into(),
    };
    Config {
        account: OWNER.into(),
        credentials: vec![credential("OWNER", OWNER), credential("OTHER", OTHER)],
        legacy: LegacyConfig {
            weak_signatures,
            accounts: vec![
                listed("wzph@example.com", OTHER),
                listed("own@example.com", OWNER),
            ],
            ..LegacyConfig::default()
        },
        ..config()
    }
}

pub fn hmac_sha1(secret: &str, text: &str) -> String {
    let mut hmac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    hmac.update(text.as_bytes());
    STANDARD.encode(hmac.finalize().into_bytes())
}

fn hmac_sha256(secret: &str, text: &str) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    hmac.update(text.as_bytes());
    STANDARD.encode(hmac.finalize().into_bytes())
}

/// `YYYY-MM-DDThh:mm:ssZ`, so many seconds from now.
pub fn iso(from_now_s: i64) -> String {
    let text = forebay_server::auth::time::amz_text(at(from_now_s));
    format!(
        "{}-{}-{}T{}:{}:{}Z",
        &text[..4],
        &text[4..6],
        &text[6..8],
        &text[9..11],
        &text[11..13],
        &text[13..15]
    )
}

/// RFC 1123, so many seconds from now.
pub fn rfc(from_now_s: i64) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(at(from_now_s)))
}

fn at(from_now_s: i64) -> u64 {
    let now = forebay_server::auth::time::now_s();
    now.checked_add_signed(from_now_s).unwrap()
}

/// A Query request while it is put together.
pub struct Query<'a> {
    pub method: &'a str,
    pub version: &'a str,
    pub key: &'a str,
    pub secret: String,
    pub path: &'a str,
    pub action: &'a str,
    pub pairs: Vec<(&'a str, &'a str)>,
    pub time: (&'a str, String),
    pub signature_version: Option<&'a str>,
}

impl<'a> Query<'a> {
    pub fn new(version: &'a str, key: &'a str, path: &'a str, action: &'a str) -> Self {
        Self {
            method: "GET",
            version,
            key,
            secret: format!("secret-{key}"),
            path,
            action,
            pairs: Vec::new(),
            time: ("Timestamp", iso(0)),
            signature_version: Some("2"),
        }
    }

    pub fn with(mut self, pairs: &[(&'a str, &'a str)]) -> Self {
        self.pairs.extend(pairs);
        self
    }

    pub fn signed(mut self, version: Option<&'a str>) -> Self {
        self.signature_version = version;
        self
    }

    pub fn at(mut self, name: &'a str, time: String) -> Self {
        self.time = (name, time);
        self
    }

    pub fn secret(mut self, secret: &str) -> Self {
        self.secret = secret.into();
        self
    }

    /// The query string, signed.
    pub fn query(&self) -> String {
        let mut pairs: Vec<(&str, &str)> = vec![
            ("Action", self.action),
            ("Version", self.version),
            ("AWSAccessKeyId", self.key),
            (self.time.0, &self.time.1),
        ];
        if let Some(version) = self.signature_version {
            pairs.push(("SignatureVersion", version));
        }
        if self.signature_version == Some("2") {
            pairs.push(("SignatureMethod", "HmacSHA256"));
        }
        pairs.extend(&self.pairs);
        let signature = match self.signature_version {
            None | Some("0") => hmac_sha1(&self.secret, &format!("{}{}", self.action, self.time.1)),
            Some("1") => {
                pairs.sort_by_key(|(name, _)| name.to_lowercase());
                let text: String = pairs
                    .iter()
                    .map(|(name, value)| format!("{name}{value}"))
                    .collect();
                hmac_sha1(&self.secret, &text)
            }
            _ => {
                pairs.sort_unstable();
                let (method, path) = (self.method, self.path);
                let text = format!("{method}\nq.example:1\n{path}\n{}", form(&pairs));
                hmac_sha256(&self.secret, &text)
            }
        };
        format!("{}&Signature={}", form(&pairs), escape(&signature))
    }

    pub fn send(&self, server: &Server) -> Response {
        server.get(&format!("{}?{}", self.path, self.query()))
    }

    /// Sends it by POST, with a body of that type beside what is signed.
    pub fn post(mut self, server: &Server, kind: &str, body: &[u8]) -> Response {
        self.method = "POST";
        let address = format!("{}?{}", self.path, self.query());
        let headers = format!("content-type: {kind}\r\n");
        server.connect().call("POST", &address, &headers, body)
    }
}

/// A REST request while it is put together.
pub struct Rest<'a> {
    pub version: &'a str,
    pub key: &'a str,
    pub secret: String,
    pub method: &'a str,
    pub address: &'a str,
    pub date: String,
    /// The path that is signed.
    pub path: String,
    /// Further lines between the date and the path, with their headers.
    pub extra: &'a str,
    pub md5: Option<&'a str>,
}

impl<'a> Rest<'a> {
    pub fn new(version: &'a str, key: &'a str, method: &'a str, address: &'a str) -> Self {
        Self {
            version,
            key,
            secret: format!("secret-{key}"),
            method,
            address,
            date: rfc(0),
            path: address.split('?').next().unwrap().into(),
            extra: "",
            md5: None,
        }
    }

    pub fn headers(&self) -> String {
        let md5 = self.md5.unwrap_or_default();
        let text = format!(
            "{}\n{md5}\ntext/plain\n{}\n{}{}",
            self.method, self.date, self.extra, self.path
        );
        let md5 = self.md5.map(|md5| format!("content-md5: {md5}\r\n"));
        let extra = self.extra.replace('\n', "\r\n");
        format!(
            "authorization: AWS {}:{}\r\naws-version: {}\r\ncontent-type: text/plain\r\n\
             date: {}\r\n{extra}{}",
            self.key,
            hmac_sha1(&self.secret, &text),
            self.version,
            self.date,
            md5.unwrap_or_default()
        )
    }

    pub fn send(&self, server: &Server, body: &[u8]) -> Response {
        let headers = self.headers();
        server
            .connect()
            .call(self.method, self.address, &headers, body)
    }
}
