//! Signature Version 4, written anew from its description.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Access key id, secret and region that a request is signed with.
#[derive(Debug, Clone)]
pub struct Key {
    /// Access key id.
    pub id: String,
    /// The secret.
    pub secret: String,
    /// Region of the scope.
    pub region: String,
}

/// The headers of a signed POST to `/`, each with its line end.
pub fn headers(
    key: &Key,
    host: &str,
    content_type: &str,
    target: Option<&str>,
    body: &[u8],
) -> String {
    let date = forebay_server::auth::time::amz_text(forebay_server::auth::time::now_s());
    let day = &date[..8];
    let mut signed = vec![
        ("content-type", content_type),
        ("host", host),
        ("x-amz-date", &date),
    ];
    signed.extend(target.map(|target| ("x-amz-target", target)));
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: Vec<String> = signed
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let canonical = format!("POST\n/\n\n{}\n{names}\n{}", lines.concat(), hash(body));
    let scope = format!("{day}/{}/sqs/aws4_request", key.region);
    let text = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        hash(canonical.as_bytes())
    );
    let mut signing = hmac(format!("AWS4{}", key.secret).as_bytes(), day);
    for part in [key.region.as_str(), "sqs", "aws4_request"] {
        signing = hmac(&signing, part);
    }
    let signature = hex(&hmac(&signing, &text));
    let mut head: String = signed
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    head += &format!(
        "authorization: AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, \
         Signature={signature}\r\n",
        key.id
    );
    head
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut hmac) => {
            hmac.update(text.as_bytes());
            hmac.finalize().into_bytes().to_vec()
        }
        // HMAC takes keys of any length.
        Err(_) => Vec::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
