//! Who calls, and what the caller may do.
//!
//! Without credentials in the configuration anyone is accepted, whatever the signature: the
//! caller's account and region are those that the request claims. With credentials every
//! signature is verified, and queue policies are evaluated.

pub mod authorize;
pub(crate) mod canonical;
pub mod grants;
mod identity;
pub(crate) mod keys;
pub mod policy;
pub mod refusals;
mod scope;
pub mod sigv2;
mod sigv4;
pub mod time;

pub use identity::{Identity, Kind};
pub use keys::KeyTable;
pub use scope::CredentialScope;
pub(crate) use sigv4::ALGORITHM;

use crate::config::Config;
use crate::http::head::Head;
use crate::wire::Refusal;
use crate::wire::query::Params;
use crate::wire::url;
use forebay::rules::names::is_account;

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
                // It covers parameters only: the body of a JSON request could be anything.
                if request.head.header("x-amz-target").is_some() {
                    return Err(refusals::old_signature());
                }
                (
                    sigv2::verify(&self.keys, &self.accepted_hosts, request)?,
                    None,
                )
            }
            None => (Identity::anonymous(), None),
        };
        Ok((
            identity,
            region.unwrap_or_else(|| self.region_of(request.head)),
        ))
    }

    /// The region of a request whose signature names none: that of its host, else the server's.
    pub fn region_of(&self, head: &Head) -> String {
        let region = url::region_of_host(&head.host).unwrap_or(&self.region);
        region.to_owned()
    }

    /// The access keys of the configuration.
    pub fn keys(&self) -> &KeyTable {
        &self.keys
    }

    /// Who calls where nobody is verified: clients of emulators name an account by using its
    /// number as the key id.
    pub fn claimed_by(&self, key_id: &str) -> Identity {
        Identity::root(if is_account(key_id) {
            key_id
        } else {
            &self.account
        })
    }

    /// What a request says of itself, believed.
    fn claimed(&self, request: Signed<'_>) -> (Identity, String) {
        let claimed = CredentialScope::claimed(&request.head.headers, request.params);
        let claimed = claimed.unwrap_or_default();
        let region = Some(claimed.region).filter(|region| !region.is_empty());
        let region = region.unwrap_or_else(|| self.region_of(request.head));
        (self.claimed_by(&claimed.key_id), region)
    }
}

/// Whether two texts are equal, in a time that does not tell where they differ.
pub fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differences) == 0
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests;
