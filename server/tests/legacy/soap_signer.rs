//! Signed SOAP requests: in the body of the first generation, in the header of the second (L8).

use super::signer::{hmac_sha1, iso};
use super::soap::{content, element, envelope, escape, is_first, post};
use super::support::Server;
use forebay_server::legacy::soap::xml::Element;

const SECURITY: &str = "http://security.amazonaws.com/doc/2007-01-01/";

/// Of action and time stamp.
pub fn signature(secret: &str, action: &str, timestamp: &str) -> String {
    hmac_sha1(secret, &format!("{action}{timestamp}"))
}

/// So many seconds from now, with a fraction.
pub fn timestamp(from_now_s: i64) -> String {
    iso(from_now_s).replace('Z', ".250Z")
}

/// A call with these credentials, where its version has them.
pub fn signed(
    (version, soap): (&str, &str),
    action: &str,
    parameters: &str,
    credentials: [&str; 3],
) -> String {
    let first = is_first(version);
    let (prefix, bound) = match first {
        true => ("", String::new()),
        false => ("a:", format!(" xmlns:a=\"{SECURITY}\"")),
    };
    let names = ["AWSAccessKeyId", "Timestamp", "Signature"];
    let elements: String = names
        .iter()
        .zip(credentials)
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("<{prefix}{name}{bound}>{}</{prefix}{name}>", escape(value)))
        .collect();
    match first {
        true => {
            let call = element(version, action, &format!("{elements}{parameters}"));
            envelope(soap, "", &call)
        }
        false => envelope(soap, &elements, &element(version, action, parameters)),
    }
}

/// A call that the owner signs well: what it answers.
pub fn signed_ok(
    server: &Server,
    spoken: (&str, &str),
    path: &str,
    action: &str,
    parameters: &str,
) -> Element {
    let now = timestamp(0);
    let proof = signature("secret-OWNER", action, &now);
    let document = signed(spoken, action, parameters, ["OWNER", &now, &proof]);
    let response = post(server, path, &document);
    assert_eq!(response.status, 200, "{spoken:?} {}", response.text());
    content(&response, spoken.1)
}
