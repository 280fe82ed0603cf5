//! AddGrant, ListGrants, RemoveGrant (L6).

use super::super::action::{Grantee, OnQueue};
use super::super::answer::{Grant, Told};
use super::super::fault::{Code, Fault};
use super::super::owner;
use crate::actions::{change_policy, done};
use crate::auth::grants::{self, Grants, Permission};
use crate::config::Config;
use crate::service::Service;
use forebay::Queue;
use forebay::key::QueueKey;

/// What is asked about grants.
pub async fn perform(service: &Service, queue: &Queue, verb: OnQueue) -> Result<Told, Fault> {
    match verb {
        OnQueue::AddGrant {
            grantee,
            permission,
        } => set(service, queue, &grantee, permission, true).await,
        OnQueue::RemoveGrant {
            grantee,
            permission,
        } => set(service, queue, &grantee, permission, false).await,
        OnQueue::ListGrants {
            grantee,
            permission,
        } => list(service, queue, grantee.as_ref(), permission).await,
        _ => Err(Fault::new(Code::InternalError, "Not about a grant.")),
    }
}

async fn set(
    service: &Service,
    queue: &Queue,
    grantee: &Grantee,
    permission: Permission,
    has: bool,
) -> Result<Told, Fault> {
    let key = queue.key();
    let account = resolve(&service.config, key, &read(queue).await?, grantee)?;
    let change = |policy: Option<&str>| grants::change(policy, key, &account, permission, has);
    change_policy(queue, change).await?;
    service.forget_rules(key);
    Ok(Told::Done)
}

async fn list(
    service: &Service,
    queue: &Queue,
    grantee: Option<&Grantee>,
    permission: Option<Permission>,
) -> Result<Told, Fault> {
    let config = &service.config;
    let grants = read(queue).await?;
    let account = grantee.map(|grantee| resolve(config, queue.key(), &grants, grantee));
    let account = account.transpose()?;
    let wanted = |(of, given): &(String, Permission)| {
        account.as_ref().is_none_or(|account| account == of)
            && permission.is_none_or(|permission| permission == *given)
    };
    let grants = grants.list().into_iter().filter(wanted);
    let grant = |(account, permission): (String, Permission)| Grant {
        id: owner::canonical_id(&account),
        display_name: display_name(config, &account),
        permission,
    };
    Ok(Told::Grants(grants.map(grant).collect()))
}

async fn read(queue: &Queue) -> Result<Grants, Fault> {
    let view = done(queue.calls().view_uncounted()).await?;
    let policy = view.attributes.policy.as_deref();
    Ok(Grants::read(policy, queue.key()))
}

/// The account that a grantee is.
///
/// Errors: `InvalidParameterValue` for an address that the configuration does not know, and for an
/// id of no account of this server or queue.
fn resolve(
    config: &Config,
    queue: &QueueKey,
    grants: &Grants,
    grantee: &Grantee,
) -> Result<String, Fault> {
    let listed = &config.legacy.accounts;
    match grantee {
        Grantee::Email(email) => {
            let mut listed = listed.iter();
            let known = listed.find(|it| it.email.eq_ignore_ascii_case(email));
            known.map(|it| it.account.clone()).ok_or_else(|| {
                let reason = "No account with this address is in the configuration.";
                Fault::bad_value(email, "Grantee.EmailAddress", reason)
            })
        }
        Grantee::Id(id) => {
            let of_config = listed.iter().map(|it| it.account.clone());
            let of_keys = config.credentials.iter().map(|key| key.account.clone());
            let own = [config.account.clone(), queue.account.clone()];
            let granted = grants.list().into_iter().map(|(account, _)| account);
            let mut all = of_config.chain(of_keys).chain(own).chain(granted);
            let id = id.to_ascii_lowercase();
            let known = all.find(|account| owner::canonical_id(account) == id);
            known.ok_or_else(|| {
                let reason = "No account with this id is known here.";
                Fault::bad_value(&id, "Grantee.ID", reason)
            })
        }
    }
}

/// What stands before the `@`, as was recorded; an account without an address is its number.
fn display_name(config: &Config, account: &str) -> String {
    let mut listed = config.legacy.accounts.iter();
    let listed = listed.find(|it| it.account == account);
    let name = listed.and_then(|it| it.email.split('@').next());
    name.unwrap_or(account).to_owned()
}
