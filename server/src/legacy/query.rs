//! Query requests of the old versions (L3, L9, L10).

use super::sign::Proof;
use super::version::Version;
use super::{Action, Answer, Fault, print};
use crate::http::body::Body;
use crate::http::head::Head;
use crate::service::Service;
use crate::wire::Printed;
use crate::wire::query::Params;
use hyper::Method;

/// The old version that a request names in its query string or form.
pub fn spoken(head: &Head, body: &[u8]) -> Option<Version> {
    if head.header("x-amz-target").is_some() {
        return None;
    }
    Version::parse(params(head, body).ok()?.get("Version")?)
}

/// Answers a request of `version`.
pub async fn answer(
    service: &Service,
    head: &Head,
    body: &Body,
    version: Version,
    request_id: &str,
) -> Option<Printed> {
    let read = params(head, &body.plain);
    let Ok(params) = read else {
        // `spoken` has read the same.
        return None;
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
