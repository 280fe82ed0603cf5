//! Who calls, and what the caller may do.
//!
//! Without credentials in the configuration anyone is accepted, whatever the signature: the
//! caller's account and region are those that the request claims. With credentials every
//! signature is verified, and queue policies are evaluated.

pub mod authorize;
mod canonical;
mod identity;
mod keys;
pub mod policy;
pub mod refusals;
mod scope;
mod sigv2;
mod sigv4;
pub mod time;

pub use identity::{Identity, Kind};
pub use keys::KeyTable;
pub use scope::CredentialScope;

use crate::config::Config;
use crate::http::head::Head;
use crate::wire::Refusal;
use crate::wire::query::Params;
use crate::wire::url;

/// A request as its signature sees it.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// Method, path, query and headers.
    pub head: &'a Head,
    /// Parameters of the query string, and of the body if that is a form.
    pub params: &'a Params,
    /// The body as sent, before any decompression.
    pub body: &'a [u8],
    /// The server's clock, seconds since the epoch.
    pub now_s: u64,
}

/// Decides who calls.
pub struct Authenticator {
    keys: KeyTable,
    account: String,
    region: String,
    accepted_hosts: Vec<String>,
}

impl Authenticator {
    /// For the credentials of the configuration.
    pub fn new(config: &Config) -> Self {
        Self {
            keys: KeyTable::new(&config.credentials),
            account: config.account.clone(),
            region: config.region.clone(),
            accepted_hosts: config.accepted_hosts.clone(),
        }
    }

    /// True if signatures are verified.
    pub fn verifies(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Who calls, and the region that is meant.
    ///
    /// Errors: those of U4, and `InvalidSecurity` for signatures older than V2.
    pub fn identify(&self, request: Signed<'_>) -> Result<(Identity, String), Refusal> {
        if !self.verifies() {
            return Ok(self.claimed(request));
        }
        let authorization = request.head.header("authorization");
        let (identity, region) = match authorization {
            Some(header) if header.starts_with(sigv4::ALGORITHM) => {
                sigv4::header_form(&self.keys, &self.accepted_hosts, header, request)?
            }
            Some(_) => return Err(refusals::old_signature()),
            None if request.params.get("X-Amz-Algorithm").is_some() => {
                sigv4::presigned(&self.keys, &self.accepted_hosts, request)?
            }
            None if request.params.get("AWSAccessKeyId").is_some() => {
                (sigv2::verify(&self.keys, request)?, None)
            }
            None => (Identity::anonymous(), None),
        };
        let region = region.or_else(|| url::region_of_host(&request.head.host).map(String::from));
        Ok((identity, region.unwrap_or_else(|| self.region.clone())))
    }

    /// What a request says of itself, believed.
    fn claimed(&self, request: Signed<'_>) -> (Identity, String) {
        let claimed = CredentialScope::claimed(&request.head.headers, request.params);
        let claimed = claimed.unwrap_or_default();
        let region = Some(claimed.region).filter(|region| !region.is_empty());
        let region = region.or_else(|| url::region_of_host(&request.head.host).map(String::from));
        // Clients of emulators name an account by using its number as the key id.
        let id = claimed.key_id;
        let is_account = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
        let account = if is_account { id } else { self.account.clone() };
        let region = region.unwrap_or_else(|| self.region.clone());
        (Identity::root(&account), region)
    }
}

/// Whether two texts are equal, in a time that does not tell where they differ.
fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differences) == 0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
