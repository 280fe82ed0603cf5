//! Whom a statement is about.

use super::document::{refuse, texts};
use crate::auth::Identity;
use forebay::Result;
use forebay::rules::names::is_account;
use serde_json::Value;

/// Principals of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principals {
    list: Vec<Principal>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Principal {
    /// `*`: everybody, signed or not.
    Everybody,
    /// An account, by its id or its root's ARN: all that belongs to it.
    Account(String),
    /// A user, role or session by its ARN.
    Arn(String),
    /// A service, a canonical user or a federation: never a caller of this server.
    Other,
}

impl Principals {
    /// How many.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True if the caller is one of them.
    pub fn include(&self, caller: &Identity) -> bool {
        self.list.iter().any(|principal| match principal {
            Principal::Everybody => true,
            _ if caller.is_anonymous() => false,
            Principal::Account(account) => *account == caller.account,
            Principal::Arn(arn) => {
                let own = [caller.arn(), caller.role_arn()];
                own.iter().flatten().any(|own| own == arn)
            }
            Principal::Other => false,
        })
    }
}

/// Reads `Principal` or `NotPrincipal`.
pub fn read(value: &Value) -> Result<Principals> {
    let list = match value {
        Value::String(all) if all == "*" => vec![Principal::Everybody],
        Value::Object(kinds) => {
            let mut list = Vec::new();
            for (kind, names) in kinds {
                for name in texts(names, "Principal")? {
                    list.push(read_one(kind, &name)?);
                }
            }
            list
        }
        _ => return refuse("Principal must be \"*\" or an object.".into()),
    };
    match list.is_empty() {
        true => refuse("Principal is empty.".into()),
        false => Ok(Principals { list }),
    }
}

fn read_one(kind: &str, name: &str) -> Result<Principal> {
    match kind {
        "AWS" if name == "*" => Ok(Principal::Everybody),
        "AWS" if is_account(name) => Ok(Principal::Account(name.into())),
        "AWS" => match name.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", _, "iam", "", account, "root"] if is_account(account) => {
                Ok(Principal::Account(account.into()))
            }
            ["arn", _, "iam" | "sts", "", account, rest]
                if is_account(account) && !rest.is_empty() =>
            {
                Ok(Principal::Arn(name.into()))
            }
            _ => refuse(format!(
                "The principal {name:?} is neither an account of 12 digits nor an ARN of IAM."
            )),
        },
        "Service" | "CanonicalUser" | "Federated" => Ok(Principal::Other),
        other => refuse(format!(
            "Principals are of AWS, Service, CanonicalUser or Federated, not {other:?}."
        )),
    }
}
