//! The access keys of the configuration, with the signing keys derived from them (U2.10, U2.14).

use super::{equal_in_constant_time, refusals};
use crate::config::Credential;
use crate::wire::Refusal;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::Mutex;

/// Derived keys that are remembered: enough for every key and region of a few days.
const DERIVED_MAX: usize = 4_096;

/// A key for the signatures of one day and region.
pub type SigningKey = [u8; 32];
/// Access key id, date and region.
type Derivation = (String, String, String);

/// Access keys by their ids.
pub struct KeyTable {
    keys: HashMap<String, Credential>,
    derived: Mutex<HashMap<Derivation, SigningKey>>,
}

impl KeyTable {
    /// The table of these credentials.
    pub fn new(credentials: &[Credential]) -> Self {
        let by_id = |key: &Credential| (key.access_key_id.clone(), key.clone());
        Self {
            keys: credentials.iter().map(by_id).collect(),
            derived: Mutex::default(),
        }
    }

    /// True without any key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key of that id, if it may be used now with this session token.
    ///
    /// Errors: `InvalidClientTokenId`, `ExpiredToken`.
    pub fn find(&self, id: &str, token: Option<&str>, now_s: u64) -> Result<&Credential, Refusal> {
        let key = self.keys.get(id).filter(|key| key.enabled);
        let key = key.ok_or_else(refusals::unknown_key)?;
        let same_token = match (&key.session_token, token) {
            (None, None) => true,
            (Some(own), Some(given)) => equal_in_constant_time(own.as_bytes(), given.as_bytes()),
            _ => false,
        };
        if !same_token {
            return Err(refusals::unknown_key());
        }
        match key.expires_at {
            Some(end) if end <= now_s => Err(refusals::expired_token()),
            _ => Ok(key),
        }
    }

    /// The signing key of a day and region.
    pub fn signing_key(&self, key: &Credential, date: &str, region: &str) -> SigningKey {
        let derivation = (
            key.access_key_id.clone(),
            date.to_owned(),
            region.to_owned(),
        );
        let mut derived = self
            .derived
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        if let Some(known) = derived.get(&derivation) {
            return *known;
        }
        let signing = derive(&key.secret_access_key, date, region, "sqs");
        if derived.len() >= DERIVED_MAX {
            derived.clear();
        }
        derived.insert(derivation, signing);
        signing
    }
}

/// U2.10: the key for the signatures of one day, region and service.
pub fn derive(secret: &str, date: &str, region: &str, service: &str) -> SigningKey {
    let mut signing = hmac_sha256(format!("AWS4{secret}").as_bytes(), date.as_bytes());
    for part in [region, service, "aws4_request"] {
        signing = hmac_sha256(&signing, part.as_bytes());
    }
    signing
}

/// HMAC-SHA256 of `text`.
pub fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut hmac) => {
            hmac.update(text);
            hmac.finalize().into_bytes().into()
        }
        // HMAC takes keys of any length.
        Err(_) => [0; 32],
    }
}
