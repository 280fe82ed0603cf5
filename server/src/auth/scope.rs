//! The credential that a request names: key id and scope of a Signature V4, or a bare key id.

use crate::wire::query::Params;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

/// Key id and scope as a request names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CredentialScope {
    /// Access key id.
    pub key_id: String,
    /// `yyyymmdd`; empty for other signatures than V4, as the next three.
    pub date: String,
    /// Region.
    pub region: String,
    /// Service, `sqs`.
    pub service: String,
    /// `aws4_request`.
    pub terminator: String,
}

impl CredentialScope {
    /// Reads `id/date/region/service/terminator`. The id may have slashes, the rest cannot.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(5, '/').map(String::from);
        let terminator = parts.next()?;
        let service = parts.next()?;
        let region = parts.next()?;
        let date = parts.next()?;
        Some(Self {
            key_id: parts.next()?,
            date,
            region,
            service,
            terminator,
        })
    }

    /// Whatever the request names, without any check: for servers that accept anyone.
    pub fn claimed(headers: &HeaderMap, params: &Params) -> Option<Self> {
        let header = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        if let Some((_, rest)) = header.and_then(|header| header.split_once("Credential=")) {
            return Self::parse(rest.split([',', ' ']).next().unwrap_or(rest));
        }
        if let Some(credential) = params.get("X-Amz-Credential") {
            return Self::parse(credential);
        }
        let key_id = params.text("AWSAccessKeyId")?;
        Some(Self {
            key_id,
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes() {
        let scope = CredentialScope::parse("AK/ID/20250101/eu-west-1/sqs/aws4_request").unwrap();
        assert_eq!(scope.key_id, "AK/ID");
        assert_eq!(scope.date, "20250101");
        assert_eq!(scope.region, "eu-west-1");
        assert_eq!(CredentialScope::parse("AKID/20250101"), None);
    }
}
