//! Reading HTTP/1 responses, strictly: what a client would have to understand.

use super::answers::{self, NAMESPACE};
use roxmltree::Document;
use serde_json::Value;

/// One response.
#[derive(Debug)]
pub struct Response {
    /// Its status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// `None` where it may be the answer to a HEAD.
    body: Option<Vec<u8>>,
}

impl Response {
    /// A header, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Takes the responses apart; with `bodies` false, only the first one's head.
pub fn read(mut bytes: &[u8], bodies: bool) -> Vec<Response> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("a head without an end: {}", text(bytes)));
        let mut response = head(&bytes[..end]);
        bytes = &bytes[end + 4..];
        if !bodies {
            return vec![response];
        }
        let length = response
            .header("content-length")
            .map_or(0, |it| it.parse().unwrap());
        assert!(
            length <= bytes.len(),
            "{length} bytes of {response:?}: {}",
            text(bytes)
        );
        response.body = Some(bytes[..length].to_vec());
        bytes = &bytes[length..];
        all.push(response);
    }
    all
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn head(bytes: &[u8]) -> Response {
    let head = text(bytes);
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().splitn(3, ' ');
    assert!(
        words.next().is_some_and(|it| it.starts_with("HTTP/1.")),
        "{head}"
    );
    let status = words.next().and_then(|it| it.parse().ok());
    let field = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        (name.to_ascii_lowercase(), value.to_owned())
    };
    Response {
        status: status.unwrap_or_else(|| panic!("no status: {head}")),
        headers: lines.map(field).collect(),
        body: None,
    }
}

/// What every answer to whatever request is like: no fault of the server's, and a body that is
/// what its type says. Refusals have a code, in the header and in the body.
pub fn check(response: &Response) {
    let soap = response
        .body
        .as_ref()
        .is_some_and(|body| text(body).contains(":Envelope "));
    // SOAP says every fault with 500.
    assert!(
        (100..500).contains(&response.status) || soap,
        "{response:?}"
    );
    let Some(body) = &response.body else {
        return;
    };
    let body = text(body);
    let kind = response.header("content-type");
    match kind.map(|kind| kind.split(';').next().unwrap_or(kind)) {
        Some("application/x-amz-json-1.0") => {
            let value: Value = serde_json::from_str(&body).unwrap();
            assert!(value.is_object(), "{body}");
            if response.status >= 400 {
                assert!(code(response).is_some(), "{response:?}");
                let kind = value["__type"].as_str().unwrap();
                assert!(kind.starts_with("com.amazonaws.sqs#"), "{body}");
                assert!(value["message"].is_string(), "{body}");
            }
        }
        Some("text/xml" | "application/soap+xml") => {
            let document = Document::parse(&body).unwrap();
            let root = document.root_element();
            // Versions of old have elements and codes of their own.
            if response.status >= 400 && root.tag_name().namespace() == Some(NAMESPACE) {
                let document = answers::xml(&body, "ErrorResponse");
                let error = answers::children(document.root_element(), "Error")[0];
                let named = answers::text(error, "Code");
                assert!(
                    named.is_some() && named.as_deref() == code(response),
                    "{response:?}"
                );
            }
        }
        // No SQS request at all, or a page for operators.
        Some("application/xml") => assert_eq!(body, "<UnknownOperationException/>\n"),
        Some(kind) => assert!(kind.starts_with("text/plain"), "{response:?}"),
        // HTTP's own refusals, and actions that have nothing to say.
        None => assert_eq!(body, "", "{response:?}"),
    }
}

fn code(response: &Response) -> Option<&str> {
    response.header("x-amzn-query-error")?.split(';').next()
}
