//! Query requests of the old versions (L3, L9, L10).

use super::sign::Proof;
use super::version::Version;
use super::{Action, Answer, Fault, action, print};
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
    let carried = match carried(head, &body.plain) {
        Ok(carried) => carried,
        Err(fault) => return Some(print::fault(version, &fault, request_id)),
    };
    let name = carried.params.text("Action").unwrap_or_default();
    let outcome = service.legacy(version, &name, request_id, async {
        carry_out(service, head, body, version, carried).await
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
    carried: Carried<'_>,
) -> Result<(&'static str, Answer), Fault> {
    let Carried {
        mut params,
        message,
    } = carried;
    if head.method != Method::GET && head.method != Method::POST {
        let action = params.get("Action").unwrap_or_default();
        return Err(Fault::invalid_action(action, version));
    }
    let proof = Proof::Query {
        params: &params,
        body: &body.sent,
        has_message: message.is_some(),
    };
    let (identity, region) = service.verifier(version, head).identify(proof)?;
    let caller = super::Caller {
        service,
        head,
        identity: &identity,
        region: &region,
    };
    if let Some(message) = message {
        params.insert("MessageBody", action::message_text(message)?)?;
    }
    let name = params
        .get("Action")
        .ok_or_else(|| Fault::missing("Action"))?;
    let action = Action::read(version, name, &params, &head.path)?;
    let name = action.name;
    Ok((name, super::perform(version, caller, action).await?))
}

/// What a request carries.
struct Carried<'a> {
    /// Its parameters, which are what signatures of the time cover.
    params: Params,
    /// The body, where that is the message and all parameters are in the address.
    message: Option<&'a [u8]>,
}

/// Reads the query string, and the body if that is a form.
fn carried<'a>(head: &Head, body: &'a [u8]) -> Result<Carried<'a>, Fault> {
    let mut params = Params::default();
    params.add(head.query.as_bytes())?;
    let message = is_message(head, &params, body).then_some(body);
    if message.is_none() && head.is_form() {
        params.add(body)?;
    }
    Ok(Carried { params, message })
}

/// Names of which a form has one at least, if it is one.
const IN_FORMS: [&str; 7] = [
    "AWSAccessKeyId",
    "Action",
    "Expires",
    "MessageBody",
    "Signature",
    "Timestamp",
    "Version",
];

/// Whether a body is the message itself. One client sends it so (L3), as plain text or, where it
/// signs with version 0, as if it were a form.
fn is_message(head: &Head, params: &Params, body: &[u8]) -> bool {
    let is_send = params.get("Action") == Some("SendMessage");
    if !is_send || params.get("MessageBody").is_some() || body.is_empty() {
        return false;
    }
    let name = |pair: &[u8]| pair.split(|byte| *byte == b'=').next().map(<[u8]>::to_vec);
    let mut names = body.split(|byte| *byte == b'&').filter_map(name);
    !head.is_form() || !names.any(|name| IN_FORMS.iter().any(|it| it.as_bytes() == name))
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
