//! Signature Version 2 of the Query protocol, which clients of 2009 to 2014 use (U5).

use super::canonical::uri_encode;
use super::identity::Identity;
use super::keys::{KeyTable, hmac_sha256};
use super::{Signed, equal_in_constant_time, refusals, time};
use crate::wire::Refusal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// Verifies the parameters of a request.
///
/// Errors: `InvalidSecurity` for an older version, and those of U4.
pub fn verify(
    keys: &KeyTable,
    accepted: &[String],
    request: Signed<'_>,
) -> Result<Identity, Refusal> {
    let params = request.params;
    if params.get("SignatureVersion") != Some("2") {
        return Err(refusals::old_signature());
    }
    let missing = |name: &'static str| move || refusals::bad_parameter(name, "is missing");
    let signature = params.get("Signature").ok_or_else(missing("Signature"))?;
    let id = params
        .get("AWSAccessKeyId")
        .ok_or_else(missing("AWSAccessKeyId"))?;
    let key = keys.find(id, params.get("SecurityToken"), request.now_s)?;
    check_time(request)?;
    // Some clients leave a plus as it is, which then was decoded to a space.
    let signature = signature.replace(' ', "+");
    let secret = key.secret_access_key.as_bytes();
    for host in hosts(request, accepted) {
        let text = to_sign(request, &host);
        let own = match params.get("SignatureMethod") {
            Some("HmacSHA1") => STANDARD.encode(hmac_sha1(secret, text.as_bytes())),
            Some("HmacSHA256") | None => STANDARD.encode(hmac_sha256(secret, text.as_bytes())),
            Some(_) => {
                let reason = "must be HmacSHA256 or HmacSHA1";
                return Err(refusals::bad_parameter("SignatureMethod", reason));
            }
        };
        if equal_in_constant_time(own.as_bytes(), signature.as_bytes()) {
            return Ok(Identity::of(key));
        }
    }
    Err(refusals::wrong_signature())
}

/// `Timestamp` within 15 minutes, or `Expires` to come; not both.
pub fn check_time(request: Signed<'_>) -> Result<(), Refusal> {
    let read = |name: &'static str, text: &str| {
        let bad = || refusals::bad_parameter(name, "is no time in ISO 8601");
        time::parse_iso(text).ok_or_else(bad)
    };
    let timestamp = request.params.get("Timestamp");
    match (timestamp, request.params.get("Expires")) {
        (Some(_), Some(_)) => Err(refusals::two_times()),
        (None, None) => Err(refusals::bad_parameter("Timestamp", "is missing")),
        (Some(timestamp), None) => {
            let distance_s = read("Timestamp", timestamp)?.abs_diff(request.now_s);
            match distance_s <= refusals::SKEW_S {
                true => Ok(()),
                false => Err(refusals::request_expired()),
            }
        }
        (None, Some(expires)) => match read("Expires", expires)? > request.now_s {
            true => Ok(()),
            false => Err(refusals::request_expired()),
        },
    }
}

/// The host as sent, that which a trusted proxy passed on, and those that the configuration
/// accepts; each also without its port.
fn hosts(request: Signed<'_>, accepted: &[String]) -> Vec<String> {
    let own = [&request.head.sent_host, &request.head.host];
    let forms = own.into_iter().chain(accepted).flat_map(|host| {
        let host = host.to_ascii_lowercase();
        match host.rsplit_once(':') {
            Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                vec![bare.to_owned(), host]
            }
            _ => vec![host],
        }
    });
    let mut distinct = Vec::new();
    for form in forms {
        if !distinct.contains(&form) {
            distinct.push(form);
        }
    }
    distinct
}

/// Verb, host, path, and all parameters but the signature in the order of their bytes.
fn to_sign(request: Signed<'_>, host: &str) -> String {
    let encode = |text: &str| uri_encode(text.as_bytes(), false);
    let pairs = request
        .params
        .iter()
        .filter(|(name, _)| *name != "Signature");
    let pairs = pairs.map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    let head = request.head;
    let path = if head.path.is_empty() {
        "/"
    } else {
        &head.path
    };
    let query = pairs.collect::<Vec<_>>().join("&");
    format!("{}\n{host}\n{path}\n{query}", head.method)
}

/// HMAC-SHA1 of `text`.
pub fn hmac_sha1(key: &[u8], text: &[u8]) -> Vec<u8> {
    match Hmac::<Sha1>::new_from_slice(key) {
        Ok(mut hmac) => {
            hmac.update(text);
            hmac.finalize().into_bytes().to_vec()
        }
        // HMAC takes keys of any length.
        Err(_) => Vec::new(),
    }
}
