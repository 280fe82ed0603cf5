//! A raw HTTP client of SQS servers, for measuring and testing them: one connection that is kept
//! alive, AWS JSON 1.0, every request signed with Signature V4. Programs that use SQS want an SDK.

mod connection;
mod response;
mod sign;

pub use connection::Connection;
pub use response::Response;
pub use sign::{Key, Signer};

use std::net::{SocketAddr, ToSocketAddrs};

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// What connections go to.
    pub address: SocketAddr,
    /// Host and port, as the header `Host` has them.
    pub host: String,
}

impl Endpoint {
    /// Reads `http://HOST[:PORT]`, and looks the host up.
    ///
    /// Errors: a sentence for another scheme, a path, or a host that is not found.
    pub fn parse(url: &str) -> Result<Self, String> {
        let form = || format!("{url:?} is not an endpoint: it must be http://HOST[:PORT]");
        let host = url.strip_prefix("http://").ok_or_else(form)?;
        let host = host.strip_suffix('/').unwrap_or(host);
        if host.is_empty() || host.contains(['/', '?', '@']) {
            return Err(form());
        }
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| {
            !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
        });
        let named = match has_port {
            true => host.to_owned(),
            false => format!("{host}:80"),
        };
        let found = named.to_socket_addrs();
        let mut found = found.map_err(|error| format!("{host}: {error}"))?;
        let address = found.next().ok_or_else(|| format!("{host}: no address"))?;
        Ok(Self {
            address,
            host: host.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_and_others_named() {
        let endpoint = Endpoint::parse("http://127.0.0.1:9324/").unwrap();
        assert_eq!(endpoint.address, "127.0.0.1:9324".parse().unwrap());
        assert_eq!(endpoint.host, "127.0.0.1:9324");
        assert_eq!(
            Endpoint::parse("http://127.0.0.1").unwrap().address.port(),
            80
        );
        for bad in [
            "https://x",
            "127.0.0.1:1",
            "http://",
            "http://h/path",
            "http://u@h",
        ] {
            let error = Endpoint::parse(bad).unwrap_err();
            assert!(error.contains("http://HOST[:PORT]"), "{bad}: {error}");
        }
    }
}
