//! From an action and its JSON input to a request, and from the response to JSON, in either
//! protocol.

mod flatten;
mod xml;

use crate::answer::Failure;
use crate::client::{Client, Response};
use crate::sign::{self, Key};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// At the end of a name in a map: the name without it is there too. A map cannot hold one twice,
/// a request can.
pub const AGAIN: &str = "--again";

/// How a driver speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.0.
    Json,
    /// Query and XML.
    Query,
}

/// Calls an action.
pub fn call(
    protocol: Protocol,
    client: &mut Client,
    key: &Key,
    address: SocketAddr,
    action: &str,
    input: &Value,
) -> Result<Value, Failure> {
    let host = address.to_string();
    let (body, headers) = match protocol {
        Protocol::Json => {
            let body = input.to_string().replace(&format!("{AGAIN}\":"), "\":");
            let target = format!("AmazonSQS.{action}");
            let kind = "application/x-amz-json-1.0";
            let headers = sign::headers(key, &host, kind, Some(&target), body.as_bytes());
            (body, headers)
        }
        Protocol::Query => {
            let body = flatten::form(action, input).replace(&format!("{AGAIN}&"), "&");
            let kind = "application/x-www-form-urlencoded";
            let headers = sign::headers(key, &host, kind, None, body.as_bytes());
            (body, headers)
        }
    };
    let head = format!("POST / HTTP/1.1\r\n{headers}");
    let response = client.call(&head, body.as_bytes())?;
    match protocol {
        Protocol::Json => read_json(&response),
        Protocol::Query => read_xml(action, &response),
    }
}

fn read_json(response: &Response) -> Result<Value, Failure> {
    let value: Value = match response.body.is_empty() {
        true => json!({}),
        false => serde_json::from_slice(&response.body)
            .map_err(|error| Failure::Misuse(error.to_string()))?,
    };
    if response.status == 200 {
        return Ok(value);
    }
    let code = response.query_error.as_deref().unwrap_or_default();
    let code = code.split(';').next().unwrap_or_default();
    let text = value["message"].as_str().unwrap_or_default();
    Err(Failure::Refused(code.into(), text.into()))
}

fn read_xml(action: &str, response: &Response) -> Result<Value, Failure> {
    let text = std::str::from_utf8(&response.body).map_err(|it| it.to_string())?;
    let document = xml::parse(text)?;
    if response.status == 200 {
        return Ok(match document.child(&format!("{action}Result")) {
            Some(result) => flatten::gather(result),
            None => json!({}),
        });
    }
    let error = document.child("Error");
    let part = |name| {
        error
            .and_then(|it| it.child(name))
            .map(|it| it.text.clone())
    };
    let text = part("Message").unwrap_or_default();
    // Query has its own sentence for this one.
    let text = text.replace(" for this wsdl version.", ".");
    Err(Failure::Refused(part("Code").unwrap_or_default(), text))
}
