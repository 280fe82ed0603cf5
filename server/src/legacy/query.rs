//! Query requests of the old versions (L3, L9, L10).

use super::sign::Proof;
use super::version::Version;
use super::{Action, Answer, Fault, print};
use crate::http::body::Body;
use crate::http::head::Head;
use crate::service::Service;
use crate::wire::Printed;
use crate::wire::query::{Params, percent_decode};
use hyper::Method;

/// The old version that a request names in its query string or form. Of requests of today no more
/// is read than the names of their parameters.
pub fn spoken(head: &Head, body: &[u8]) -> Option<Version> {
    if head.header("x-amz-target").is_some() {
        return None;
    }
    let in_body = head.is_form().then(|| named(body)).flatten();
    let named = in_body.or_else(|| named(head.query.as_bytes()))?;
    let date = percent_decode(named, true)?;
    Version::parse(std::str::from_utf8(&date).ok()?)
}

/// The value of the last parameter `Version`.
fn named(form: &[u8]) -> Option<&[u8]> {
    let pairs = form.split(|byte| *byte == b'&');
    pairs
        .filter_map(|pair| pair.strip_prefix(b"Version="))
        .next_back()
}

/// Answers a request of `version`.
pub async fn answer(
    service: &Service,
    head: &Head,
    body: &Body,
    version: Version,
    request_id: &str,
) -> Option<Printed> {
    let params = match params(head, &body.plain) {
        Ok(params) => params,
        Err(fault) => return Some(print::fault(version, &fault, request_id)),
    };
    let name = params.text("Action").unwrap_or_default();
    let outcome = service.legacy(version, &name, async {
        carry_out(service, head, body, version, &params).await
    });
    Some(match outcome.await? {
        Ok((name, answer)) => print::answer(version, name, &answer, request_id),
        Err(fault) => print::fault(version, &fault, request_id),
    })
}

async fn carry_out(
    service: &Service,
    head: &Head,
    body: &Body,
    version: Version,
    params: &Params,
) -> Result<(&'static str, Answer), Fault> {
    if head.method != Method::GET && head.method != Method::POST {
        let action = params.get("Action").unwrap_or_default();
        return Err(Fault::invalid_action(action, version));
    }
    let proof = Proof::Query {
        params,
        body: &body.sent,
    };
    let (identity, region) = service.verifier(version, head).identify(proof)?;
    let caller = super::Caller {
        service,
        head,
        identity: &identity,
        region: &region,
    };
    let name = params
        .get("Action")
        .ok_or_else(|| Fault::missing("Action"))?;
    let action = Action::read(version, name, params, &head.path)?;
    let name = action.name;
    Ok((name, super::perform(version, caller, action).await?))
}

/// Parameters of the query string, and of the body if that is a form. One client sends a body of
/// plain text, which is the message, and all else in the query string (L3).
fn params(head: &Head, body: &[u8]) -> Result<Params, Fault> {
    let mut params = Params::default();
    params.add(head.query.as_bytes())?;
    if head.is_form() {
        params.add(body)?;
    } else if params.get("Action") == Some("SendMessage")
        && params.get("MessageBody").is_none()
        && let Ok(text) = std::str::from_utf8(body)
        && !text.is_empty()
    {
        params.insert("MessageBody", text)?;
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_version_counts() {
        assert_eq!(named(b"Action=x&Version=1&XVersion=2"), Some(&b"1"[..]));
        assert_eq!(named(b"Version=1&Version=2"), Some(&b"2"[..]));
        assert_eq!(named(b"Action=Version"), None);
        assert_eq!(named(b""), None);
    }
}
