//! What a request says of itself before its body.

use super::connection::Peer;
use crate::config::is_host;
use crate::wire::Refusal;
use hyper::header::{CONTENT_TYPE, HOST, ORIGIN};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Version};
use std::net::{IpAddr, SocketAddr};

/// A request's head, with what a proxy said put in if proxies are trusted.
#[derive(Debug, Clone)]
pub struct Head {
    /// Its method.
    pub method: Method,
    /// Its path, as sent.
    pub path: String,
    /// Its query string, as sent; empty if there is none.
    pub query: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// `http` or `https`, as the client sees it.
    pub scheme: &'static str,
    /// Host and port, as the client calls us.
    pub host: String,
    /// Host and port, as the request has them.
    pub sent_host: String,
    /// Where it comes from.
    pub source: IpAddr,
}

impl Head {
    /// Reads a request's head.
    pub fn new(parts: Parts, peer: Peer, trust_proxy: bool) -> Self {
        let forwarded = |name: &str| {
            let value = parts.headers.get(name).filter(|_| trust_proxy)?;
            let first = value.to_str().ok()?.split(',').next()?.trim();
            (!first.is_empty()).then(|| first.to_owned())
        };
        let host = parts.headers.get(HOST).and_then(|it| it.to_str().ok());
        let authority = parts.uri.authority().map(|it| it.as_str());
        let sent_host = host.or(authority).unwrap_or("localhost").to_owned();
        let host = forwarded("x-forwarded-host").unwrap_or_else(|| sent_host.clone());
        let secure = match forwarded("x-forwarded-proto") {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => peer.secure,
        };
        // A proxy adds whom it heard from at the end. What stands before is the client's own word.
        let mut lists = parts.headers.get_all("x-forwarded-for").iter();
        let list = lists.next_back().filter(|_| trust_proxy);
        let last = list.and_then(|it| it.to_str().ok()?.rsplit(',').next());
        let source = last.and_then(|it| address(it.trim()));
        Self {
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            scheme: if secure { "https" } else { "http" },
            host,
            sent_host,
            source: source.unwrap_or(peer.address.ip()),
            method: parts.method,
            headers: parts.headers,
        }
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// True if a script or a link of a web page has its browser send the request (W3C Fetch
    /// Metadata). Browsers send to loopback addresses for any page. No SDK has these headers.
    pub fn is_of_web_page(&self) -> bool {
        // Of an address that somebody typed in it is `none`.
        let site = self.headers.get("sec-fetch-site");
        site.is_some_and(|site| site != "none") || self.headers.contains_key(ORIGIN)
    }

    /// True if the body may be a form: clients of old leave the type out.
    pub fn is_form(&self) -> bool {
        let form = "application/x-www-form-urlencoded";
        match self.headers.get(CONTENT_TYPE) {
            None => true,
            Some(kind) => kind.to_str().is_ok_and(|kind| {
                let kind = kind.split(';').next().unwrap_or_default().trim();
                kind.eq_ignore_ascii_case(form)
            }),
        }
    }
}

/// An address, with or without a port. What cannot be read would count as the proxy's own.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let plain = bare.unwrap_or(text).parse().ok();
    plain.or_else(with_port)
}

/// RFC 9112, 3.2: a request of HTTP/1.1 has one header `Host`, and no request has two. Queue URLs
/// begin with it.
///
/// Errors: `InvalidHttpRequest`.
pub fn check_host(parts: &Parts) -> Result<(), Refusal> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let reason = match (hosts.next(), hosts.next()) {
        (None, _) if parts.version == Version::HTTP_11 => "The header host is missing",
        (None, _) => return Ok(()),
        (Some(_), Some(_)) => "The header host is given twice",
        (Some(host), None) if host.to_str().is_ok_and(is_host) => return Ok(()),
        (Some(_), None) => "Invalid host in header host",
    };
    Err(Refusal::bad_host(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn source(lists: &[&str], trust_proxy: bool) -> String {
        let mut request = Request::get("/");
        for list in lists {
            request = request.header("x-forwarded-for", *list);
        }
        let peer = Peer {
            address: ([127, 0, 0, 1], 1).into(),
            secure: false,
        };
        let parts = request.body(()).unwrap().into_parts().0;
        Head::new(parts, peer, trust_proxy).source.to_string()
    }

    #[test]
    fn the_address_that_the_proxy_saw_counts_and_not_what_the_client_says() {
        for (lists, expected) in [
            (&["192.0.2.1"][..], "192.0.2.1"),
            (&["10.0.0.1, 192.0.2.1"], "192.0.2.1"),
            (&["10.0.0.1", "192.0.2.1"], "192.0.2.1"),
            (&["10.0.0.1", "10.0.0.2,2001:db8::1 "], "2001:db8::1"),
            // Some proxies add the port.
            (&["10.0.0.1, 192.0.2.1:4711"], "192.0.2.1"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["nobody"], "127.0.0.1"),
            (&[], "127.0.0.1"),
        ] {
            assert_eq!(source(lists, true), expected, "{lists:?}");
            assert_eq!(source(lists, false), "127.0.0.1", "{lists:?}");
        }
    }
}
