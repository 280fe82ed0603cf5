//! The caller of a request (U6).

use crate::config::{Credential, Principal};
use sha2::{Digest, Sha256};

/// What a caller is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nobody signed.
    Anonymous,
    /// The account itself.
    Root,
    /// A user of the account.
    User(String),
    /// A role and its session.
    Role(String, String),
}

/// The caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Account, 12 digits; empty for anonymous callers.
    pub account: String,
    /// What it is.
    pub kind: Kind,
    /// `AIDA...`, `AROA...:session`, or the account: `SenderId` of its messages (A6.13).
    pub principal_id: String,
}

impl Identity {
    /// Nobody.
    pub fn anonymous() -> Self {
        Self {
            account: String::new(),
            kind: Kind::Anonymous,
            principal_id: "anonymous".into(),
        }
    }

    /// An account's root.
    pub fn root(account: &str) -> Self {
        Self {
            account: account.into(),
            kind: Kind::Root,
            principal_id: account.into(),
        }
    }

    /// The owner of an access key.
    pub fn of(credential: &Credential) -> Self {
        let derived = |prefix: &str, name: &str| {
            let given = credential.principal_id.clone();
            given.unwrap_or_else(|| derived_id(prefix, &credential.account, name))
        };
        let (kind, principal_id) = match credential.principal() {
            Principal::Root => return Self::root(&credential.account),
            Principal::User(user) => {
                let id = derived("AIDA", &user);
                (Kind::User(user), id)
            }
            Principal::Role(role, session) => {
                let id = format!("{}:{session}", derived("AROA", &role));
                (Kind::Role(role, session), id)
            }
        };
        Self {
            account: credential.account.clone(),
            kind,
            principal_id,
        }
    }

    /// The ARN that refusals and conditions name; `None` for anonymous callers.
    pub fn arn(&self) -> Option<String> {
        let account = &self.account;
        match &self.kind {
            Kind::Anonymous => None,
            Kind::Root => Some(format!("arn:aws:iam::{account}:root")),
            Kind::User(user) => Some(format!("arn:aws:iam::{account}:user/{user}")),
            Kind::Role(role, session) => Some(format!(
                "arn:aws:sts::{account}:assumed-role/{role}/{session}"
            )),
        }
    }

    /// The role's own ARN, which policies may name instead of the session's.
    pub fn role_arn(&self) -> Option<String> {
        match &self.kind {
            Kind::Role(role, _) => Some(format!("arn:aws:iam::{}:role/{role}", self.account)),
            _ => None,
        }
    }

    /// True for nobody.
    pub fn is_anonymous(&self) -> bool {
        self.kind == Kind::Anonymous
    }
}

/// An id as IAM gives one: the prefix and 17 letters and digits, the same for the same name.
fn derived_id(prefix: &str, account: &str, name: &str) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let hash = Sha256::digest(format!("{account}/{prefix}/{name}"));
    let letters = hash
        .iter()
        .take(17)
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    prefix.chars().chain(letters).collect()
}
