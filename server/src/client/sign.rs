//! Signature V4 of requests that all look alike: a POST to `/` with AWS JSON in it.

use crate::auth::{canonical, hex, keys, time};
use std::fmt::Write;

/// The headers that are signed, in their order.
const SIGNED: &str = "content-type;host;x-amz-date;x-amz-target";

/// Who signs, and for where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Access key id.
    pub id: String,
    /// The secret.
    pub secret: String,
    /// Region of the scope.
    pub region: String,
}

impl Default for Key {
    /// What servers without credentials accept.
    fn default() -> Self {
        Self {
            id: "AKIDEXAMPLE".into(),
            secret: "secret".into(),
            region: "us-east-1".into(),
        }
    }
}

/// Signs for one key and host.
#[derive(Debug, Clone)]
pub struct Signer {
    key: Key,
    host: String,
    /// The second that `date` is of, and what was derived from its day.
    second: u64,
    date: String,
    scope: String,
    signing: keys::SigningKey,
}

impl Signer {
    /// For requests to `host`, which is host and port.
    pub fn new(key: Key, host: String) -> Self {
        Self {
            key,
            host,
            second: 0,
            date: String::new(),
            scope: String::new(),
            signing: [0; 32],
        }
    }

    /// Appends the head of a request that is sent now, its empty line included.
    pub fn head(&mut self, action: &str, body: &[u8], head: &mut Vec<u8>) {
        self.renew(time::now_s());
        let Self { host, date, .. } = self;
        let kind = crate::wire::json::CONTENT_TYPE;
        let target = format!("{}{action}", crate::wire::json::TARGET_PREFIX);
        let request = format!(
            "POST\n/\n\ncontent-type:{kind}\nhost:{host}\nx-amz-date:{date}\n\
             x-amz-target:{target}\n\n{SIGNED}\n{}",
            canonical::payload_hash(body)
        );
        let text = format!(
            "{}\n{date}\n{}\n{}",
            crate::auth::ALGORITHM,
            self.scope,
            canonical::payload_hash(request.as_bytes())
        );
        let signature = hex(&keys::hmac_sha256(&self.signing, text.as_bytes()));
        let mut lines = String::with_capacity(512);
        // Writing into a String cannot fail.
        let _ = write!(
            lines,
            "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: {kind}\r\nx-amz-date: {date}\r\n\
             x-amz-target: {target}\r\nauthorization: {} Credential={}/{}, \
             SignedHeaders={SIGNED}, Signature={signature}\r\ncontent-length: {}\r\n\r\n",
            crate::auth::ALGORITHM,
            self.key.id,
            self.scope,
            body.len()
        );
        head.extend_from_slice(lines.as_bytes());
    }

    /// What a signature needs of the time.
    fn renew(&mut self, now_s: u64) {
        if now_s == self.second {
            return;
        }
        let date = time::amz_text(now_s);
        // A date begins with the eight digits of its day.
        let day = date.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/sqs/aws4_request", self.key.region);
        if scope != self.scope {
            self.signing = keys::derive(&self.key.secret, day, &self.key.region, "sqs");
            self.scope = scope;
        }
        self.date = date;
        self.second = now_s;
    }
}
