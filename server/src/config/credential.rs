//! Access keys and whom they belong to (U6).

use super::check_account;
use crate::auth::Identity;
use forebay::rules::send;
use serde::Deserialize;
use std::collections::BTreeSet;

/// An access key.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Access key id, as `AKIA...`.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// A session token that must come with every request. Default: none may come.
    #[serde(default)]
    pub session_token: Option<String>,
    /// Account, 12 digits.
    pub account: String,
    /// Name of a user of the account; without it and without a role, the account's root.
    #[serde(default)]
    pub user: Option<String>,
    /// `role/session` of an assumed role, instead of a user.
    #[serde(default)]
    pub role: Option<String>,
    /// `AIDA...` of a user, `AROA...` of a role: `SenderId` of its messages. Default: derived from
    /// the name.
    #[serde(default)]
    pub principal_id: Option<String>,
    /// End of the session, seconds since the epoch.
    #[serde(default)]
    pub expires_at: Option<u64>,
    /// False: refused as unknown. Default true.
    #[serde(default = "enabled")]
    pub enabled: bool,
}

/// The secret is never printed.
impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("access_key_id", &self.access_key_id)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

fn enabled() -> bool {
    true
}

/// Whom a key belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The account itself.
    Root,
    /// A user.
    User(String),
    /// A role and its session.
    Role(String, String),
}

impl Credential {
    /// Whom the key belongs to.
    pub fn principal(&self) -> Principal {
        match (&self.user, &self.role) {
            (_, Some(role)) => match role.split_once('/') {
                Some((role, session)) => Principal::Role(role.into(), session.into()),
                None => Principal::Role(role.clone(), "session".into()),
            },
            (Some(user), None) => Principal::User(user.clone()),
            (None, None) => Principal::Root,
        }
    }
}

/// Ids must be distinct and accounts well formed.
pub fn check(credentials: &[Credential]) -> Result<(), String> {
    let mut ids = BTreeSet::new();
    for credential in credentials {
        let id = &credential.access_key_id;
        if id.is_empty() || credential.secret_access_key.is_empty() {
            return Err(format!(
                "credential {id:?}: access_key_id and secret_access_key must not be empty"
            ));
        }
        check_account(
            &credential.account,
            &format!("account of credential {id:?}"),
        )?;
        if credential.user.is_some() && credential.role.is_some() {
            return Err(format!("credential {id:?} has a user and a role; keep one"));
        }
        let sender = Identity::of(credential).principal_id;
        send::check_sender(&sender)
            .map_err(|error| format!("principal_id of credential {id:?}: {}", error.text()))?;
        if !ids.insert(id) {
            return Err(format!("credential {id:?} is given twice"));
        }
    }
    Ok(())
}
