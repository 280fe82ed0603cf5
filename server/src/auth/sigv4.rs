//! Signature Version 4, in headers and presigned (U2, U3).

use super::canonical::{self, Variant, payload_hash};
use super::identity::Identity;
use super::keys::{KeyTable, hmac_sha256};
use super::scope::CredentialScope;
use super::{Signed, equal_in_constant_time, hex, refusals, time};
use crate::wire::Refusal;
use forebay::rules::names;

/// First word of the Authorization header, and value of `X-Amz-Algorithm`.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// U3.1: longest life of a presigned request, seconds (7 days).
const EXPIRES_S_MAX: u64 = 604_800;

/// The caller and the region of the scope.
type Verified = (Identity, Option<String>);

/// What a signature says, whichever way it came.
struct Claim<'a> {
    scope: CredentialScope,
    headers: Vec<&'a str>,
    signature: &'a str,
    /// Seconds since the epoch.
    signed_s: u64,
    token: Option<&'a str>,
}

/// Verifies the Authorization header.
pub fn header_form(
    keys: &KeyTable,
    hosts: &[String],
    header: &str,
    request: Signed<'_>,
) -> Result<Verified, Refusal> {
    let parts = Parts::read(header)?;
    let scope = CredentialScope::parse(parts.credential)
        .ok_or_else(|| refusals::incomplete(&["Credential"], header))?;
    let head = request.head;
    let date = head.header("x-amz-date").or_else(|| head.header("date"));
    let signed_s = date
        .and_then(time::parse_any)
        .ok_or_else(refusals::no_date)?;
    let claim = Claim {
        scope,
        headers: parts.headers.split(';').collect(),
        signature: parts.signature,
        signed_s,
        token: head.header("x-amz-security-token"),
    };
    let key = keys.find(&claim.scope.key_id, claim.token, request.now_s)?;
    check_scope(&claim)?;
    if signed_s.abs_diff(request.now_s) > refusals::SKEW_S {
        return Err(refusals::skewed(signed_s, request.now_s));
    }
    check_headers(&claim, request)?;
    let payload = payload(request)?;
    let signing = keys.signing_key(key, &claim.scope.date, &claim.scope.region);
    verify(&claim, &signing, &payload, hosts, request)?;
    Ok((Identity::of(key), Some(claim.scope.region)))
}

/// Verifies a presigned request.
pub fn presigned(
    keys: &KeyTable,
    hosts: &[String],
    request: Signed<'_>,
) -> Result<Verified, Refusal> {
    let params = request.params;
    let required = |name: &'static str| {
        let missing = || refusals::bad_parameter(name, "is missing");
        params.get(name).ok_or_else(missing)
    };
    if required("X-Amz-Algorithm")? != ALGORITHM {
        let reason = "must be AWS4-HMAC-SHA256";
        return Err(refusals::bad_parameter("X-Amz-Algorithm", reason));
    }
    let scope = CredentialScope::parse(required("X-Amz-Credential")?);
    let form = "must be id/date/region/sqs/aws4_request";
    let scope = scope.ok_or_else(|| refusals::bad_parameter("X-Amz-Credential", form))?;
    let date = time::parse_iso(required("X-Amz-Date")?);
    let form = "must be a time as 20250101T000000Z";
    let signed_s = date.ok_or_else(|| refusals::bad_parameter("X-Amz-Date", form))?;
    let expires_s = required("X-Amz-Expires")?.parse::<u64>().ok();
    let expires_s = expires_s.filter(|it| (1..=EXPIRES_S_MAX).contains(it));
    let form = "must be 1 to 604800 seconds";
    let expires_s = expires_s.ok_or_else(|| refusals::bad_parameter("X-Amz-Expires", form))?;
    let claim = Claim {
        scope,
        headers: required("X-Amz-SignedHeaders")?.split(';').collect(),
        signature: required("X-Amz-Signature")?,
        signed_s,
        token: params.get("X-Amz-Security-Token"),
    };
    let key = keys.find(&claim.scope.key_id, claim.token, request.now_s)?;
    check_scope(&claim)?;
    if signed_s > request.now_s + refusals::SKEW_S {
        return Err(refusals::skewed(signed_s, request.now_s));
    }
    if request.now_s > signed_s + expires_s {
        return Err(refusals::request_expired());
    }
    check_headers(&claim, request)?;
    let payload = payload_hash(request.body);
    let signing = keys.signing_key(key, &claim.scope.date, &claim.scope.region);
    verify(&claim, &signing, &payload, hosts, request)?;
    Ok((Identity::of(key), Some(claim.scope.region)))
}

/// The three parts of the header.
struct Parts<'a> {
    credential: &'a str,
    headers: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    /// U2.1: any order, with or without spaces.
    fn read(header: &'a str) -> Result<Self, Refusal> {
        let rest = header.strip_prefix(ALGORITHM).unwrap_or(header);
        let part = |name: &str| {
            rest.split([',', ' ']).find_map(|part| {
                let (key, value) = part.split_once('=')?;
                (key == name && !value.is_empty()).then_some(value)
            })
        };
        let names = ["Credential", "SignedHeaders", "Signature"];
        let missing: Vec<&str> = names.into_iter().filter(|it| part(it).is_none()).collect();
        match (part(names[0]), part(names[1]), part(names[2])) {
            (Some(credential), Some(headers), Some(signature)) => Ok(Self {
                credential,
                headers,
                signature,
            }),
            _ => Err(refusals::incomplete(&missing, header)),
        }
    }
}

/// U2.11.
fn check_scope(claim: &Claim<'_>) -> Result<(), Refusal> {
    let scope = &claim.scope;
    if scope.service != "sqs" {
        let text = "Credential should be scoped to correct service: 'sqs'.";
        return Err(refusals::wrong_scope(text));
    }
    if scope.terminator != "aws4_request" {
        let text = "Credential should be scoped with a valid terminator: 'aws4_request'.";
        return Err(refusals::wrong_scope(text));
    }
    // Before a key is derived for it, and remembered.
    if names::check_region(&scope.region).is_err() {
        let text = "Credential should be scoped to a valid region.";
        return Err(refusals::wrong_scope(text));
    }
    let signed = time::amz_text(claim.signed_s);
    match signed.get(..8) {
        Some(date) if date == scope.date => Ok(()),
        date => Err(refusals::wrong_date(&scope.date, date.unwrap_or_default())),
    }
}

/// U2.7: `host` and every `x-amz-*` header must be signed. A name stands there once: a long header
/// that is named thousands of times would make a text of many times the request to hash.
fn check_headers(claim: &Claim<'_>, request: Signed<'_>) -> Result<(), Refusal> {
    let mut names = claim.headers.clone();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(refusals::wrong_signature());
    }
    let signed = |name: &str| names.binary_search(&name).is_ok();
    if !signed("host") {
        return Err(refusals::unsigned_header("host"));
    }
    let sent = request.head.headers.keys().map(|name| name.as_str());
    let mut unsigned = sent.filter(|name| name.starts_with("x-amz-") && !signed(name));
    match unsigned.next() {
        Some(name) => Err(refusals::unsigned_header(name)),
        None => Ok(()),
    }
}

/// U2.8: the hash that was signed; it must be the body's.
fn payload(request: Signed<'_>) -> Result<String, Refusal> {
    let own = payload_hash(request.body);
    match request.head.header("x-amz-content-sha256") {
        None => Ok(own),
        Some(UNSIGNED_PAYLOAD) if request.head.scheme == "https" => Ok(UNSIGNED_PAYLOAD.into()),
        Some(UNSIGNED_PAYLOAD) => Err(refusals::old_signature()),
        Some(given) if equal_in_constant_time(given.as_bytes(), own.as_bytes()) => Ok(own),
        Some(_) => Err(refusals::wrong_signature()),
    }
}

/// Compares the signature with those of every form that clients sign.
fn verify(
    claim: &Claim<'_>,
    key: &[u8],
    payload: &str,
    hosts: &[String],
    request: Signed<'_>,
) -> Result<(), Refusal> {
    let has_plus = request.head.query.contains('+');
    for host in host_forms(request, hosts) {
        for encode_path in [true, false] {
            for plus_is_space in [true, false] {
                if plus_is_space && !has_plus {
                    continue;
                }
                let variant = Variant {
                    host: &host,
                    encode_path,
                    plus_is_space,
                };
                let canonical = canonical::request(request, &claim.headers, payload, variant);
                let signature = hex(&hmac_sha256(key, to_sign(claim, &canonical).as_bytes()));
                if equal_in_constant_time(signature.as_bytes(), claim.signature.as_bytes()) {
                    return Ok(());
                }
            }
        }
    }
    Err(refusals::wrong_signature())
}

/// U2.7: the host as sent, with and without the port that its scheme implies; the host that a
/// trusted proxy passed on; and those that the configuration accepts.
fn host_forms(request: Signed<'_>, accepted: &[String]) -> Vec<String> {
    let mut forms = vec![request.head.sent_host.clone()];
    for default in [":80", ":443"] {
        match request.head.sent_host.strip_suffix(default) {
            Some(bare) => forms.push(bare.to_owned()),
            None => forms.push(format!("{}{default}", request.head.sent_host)),
        }
    }
    forms.push(request.head.host.clone());
    forms.extend(accepted.iter().cloned());
    let mut seen = Vec::new();
    forms.retain(|form| {
        let new = !seen.contains(form);
        seen.push(form.clone());
        new
    });
    forms
}

/// U2.9.
fn to_sign(claim: &Claim<'_>, canonical: &str) -> String {
    let scope = &claim.scope;
    format!(
        "{ALGORITHM}\n{}\n{}/{}/{}/{}\n{}",
        time::amz_text(claim.signed_s),
        scope.date,
        scope.region,
        scope.service,
        scope.terminator,
        payload_hash(canonical.as_bytes())
    )
}
