//! The canonical form of a request that Signature V4 signs (U2.3 to U2.6).

use super::Signed;
use super::hex;
use crate::wire::query::percent_decode;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Where clients differ, and a signature must be tried both ways.
#[derive(Debug, Clone, Copy)]
pub struct Variant<'a> {
    /// The host that was signed.
    pub host: &'a str,
    /// Path segments are encoded twice, as for all services but S3 (U2.4).
    pub encode_path: bool,
    /// A `+` in the query string was signed as a space.
    pub plus_is_space: bool,
}

/// The canonical request.
pub fn request(
    signed: Signed<'_>,
    headers: &[&str],
    payload: &str,
    variant: Variant<'_>,
) -> String {
    let head = signed.head;
    let mut text = format!(
        "{}\n{}\n{}\n",
        head.method,
        path(&head.path, variant.encode_path),
        query(&head.query, variant.plus_is_space)
    );
    for name in headers {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{name}:{}", header(signed, name, variant.host));
    }
    let _ = write!(text, "\n{}\n{payload}", headers.join(";"));
    text
}

/// U2.8: SHA-256 of a payload, in hex.
pub fn payload_hash(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}

/// U2.6: the values of a header, trimmed, with runs of spaces made one.
fn header(signed: Signed<'_>, name: &str, host: &str) -> String {
    if name == "host" {
        return host.to_owned();
    }
    let values = signed.head.headers.get_all(name).iter().map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.split(' ')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    });
    values.collect::<Vec<_>>().join(",")
}

fn path(path: &str, encode: bool) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').filter(|it| !it.is_empty() && *it != ".") {
        if segment == ".." {
            segments.pop();
        } else {
            segments.push(segment);
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() {
        "/"
    } else {
        ""
    };
    let joined = format!("/{}{end}", segments.join("/"));
    if encode {
        uri_encode(joined.as_bytes(), true)
    } else {
        joined
    }
}

/// U2.5: names and values encoded anew, sorted; the signature itself left out.
fn query(query: &str, plus_is_space: bool) -> String {
    let encode = |text: &str| {
        let decoded = percent_decode(text.as_bytes(), plus_is_space);
        uri_encode(&decoded.unwrap_or_else(|| text.as_bytes().to_vec()), false)
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(name), encode(value))
        })
        .filter(|(name, _)| name != "X-Amz-Signature")
        .collect();
    pairs.sort();
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join("&")
}

/// RFC 3986: everything but letters, digits and `-_.~` as `%XX`; slashes of paths stay.
pub fn uri_encode(bytes: &[u8], keep_slash: bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(*byte));
            }
            b'/' if keep_slash => text.push('/'),
            // Writing into a String cannot fail.
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u2_4_paths() {
        for (given, expected) in [
            ("/", "/"),
            ("", "/"),
            ("/1/q.fifo", "/1/q.fifo"),
            ("/1/q/", "/1/q/"),
            ("/a/./b/../c", "/a/c"),
            ("/a%20b", "/a%2520b"),
        ] {
            assert_eq!(path(given, true), expected, "{given}");
        }
        assert_eq!(path("/a%20b", false), "/a%20b");
    }

    #[test]
    fn u2_5_queries() {
        let sorted = query("b=2&a=x+y&a=%7E&c&X-Amz-Signature=s&%61=1", false);
        assert_eq!(sorted, "a=1&a=x%2By&a=~&b=2&c=");
        assert_eq!(query("a=x+y", true), "a=x%20y");
        assert_eq!(query("", true), "");
    }
}
