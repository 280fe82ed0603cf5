//! From an HTTP request to an HTTP response: which part of the server it is for.

use super::connection::Peer;
use super::head::{self, Head};
use super::{body, health};
use crate::auth::refusals;
use crate::legacy::soap;
use crate::service::Service;
use crate::test_mode;
use crate::wire::{Printed, Protocol, Refusal};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use std::sync::Arc;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

/// The connection ends without an answer: a fault that a test asked for.
#[derive(Debug)]
pub struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a test lets this answer get lost")
    }
}

impl std::error::Error for Lost {}

/// Answers a request.
pub async fn respond(
    request: Request<Incoming>,
    peer: Peer,
    service: Arc<Service>,
) -> Result<Response<Full<Bytes>>, Lost> {
    let (parts, incoming) = request.into_parts();
    let host = head::check_host(&parts);
    let head = Head::new(parts, peer, service.config.trust_proxy);
    let request_id = request_id();
    if let Err(refusal) = host {
        return Ok(unread(&head, &refusal, &request_id));
    }
    if head.method == Method::GET
        && head.query.is_empty()
        && let Some(page) = health::page(&service, &head.path).await
    {
        return Ok(response(page, &request_id));
    }
    if head.method == Method::GET
        && let Some(page) = soap::page(&service.config, &head)
    {
        return Ok(response(page, &request_id));
    }
    if !service.verifies() && head.is_of_web_page() {
        return Ok(unread(&head, &refusals::web_page(), &request_id));
    }
    // Until the request is answered.
    let mut share = service.room.share();
    let limits = &service.config.limits;
    let body = match body::read(incoming, &head.headers, limits, &mut share).await {
        Ok(body) => body,
        // It was read, and is none.
        Err(refusal) if refusal.status() == 400 => {
            return Ok(response(refuse(&head, &refusal, &request_id), &request_id));
        }
        Err(refusal) => return Ok(unread(&head, &refusal, &request_id)),
    };
    if let Some(page) = head.path.strip_prefix(test_mode::PREFIX)
        && let Some(printed) = service.answer_test(&head.method, page, &body.plain).await
    {
        return Ok(response(printed, &request_id));
    }
    let printed = service.answer(&head, &body, &request_id).await;
    printed
        .map(|printed| response(printed, &request_id))
        .ok_or(Lost)
}

/// The refusal of a request that was not read to its end, which leaves nothing to go on with.
fn unread(head: &Head, refusal: &Refusal, request_id: &str) -> Response<Full<Bytes>> {
    let mut response = response(refuse(head, refusal, request_id), request_id);
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

/// A refusal before the request could be read whole.
fn refuse(head: &Head, refusal: &Refusal, request_id: &str) -> Printed {
    if soap::is_spoken(head) {
        return soap::refuse(refusal, request_id);
    }
    let protocol = match head.header("x-amz-target") {
        Some(_) => Protocol::Json,
        None => Protocol::Query,
    };
    protocol.refuse(refusal, request_id)
}

fn response(printed: Printed, request_id: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(printed.body)));
    *response.status_mut() = printed.status;
    let headers = response.headers_mut();
    if let Some(kind) = printed.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let texts = [
        (REQUEST_ID, Some(request_id)),
        (QUERY_ERROR, printed.query_error.as_deref()),
    ];
    for (name, text) in texts {
        // Codes and ids are plain ASCII.
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

/// A random UUID.
fn request_id() -> String {
    let mut id = [0; 16];
    // Without random numbers the id says less; the request goes on.
    let _ = getrandom::fill(&mut id);
    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;
    forebay::message::MessageId(id).to_string()
}
