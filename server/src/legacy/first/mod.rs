//! What the first generation asks, by the library's handles (L3, L11).

mod access;
mod grants;
mod messages;
mod queues;

pub use queues::{check_name, check_target, list};

use super::action::{First, OnQueue};
use super::answer::Told;
use super::fault::Fault;
use super::version::Version;
use super::{Caller, space};
use crate::actions;
use forebay::key::QueueKey;

/// Carries out an action of the first generation.
pub async fn perform(version: Version, caller: Caller<'_>, verb: First) -> Result<Told, Fault> {
    let service = caller.service;
    let store = &service.store;
    let region = space::region(&service.config.legacy, version, caller.region);
    let call = service.call(caller.head, caller.identity, region);
    match verb {
        First::CreateQueue { name, visibility_s } => {
            check_name(version, &name)?;
            let told = queues::create(store, &call, version, &name, visibility_s).await?;
            service.metrics.see(&call.account, &call.region);
            Ok(told)
        }
        First::ListQueues { prefix } => {
            let names = list(store, &call, &prefix).await?;
            let url = |name: &String| space::url(&call.urls, version, &call.account, name);
            Ok(Told::QueueUrls(names.iter().map(url).collect()))
        }
        First::OnQueue(target, verb) => {
            check_target(&target)?;
            let key = QueueKey::new(&target.account, &call.region, &target.name);
            access::allow(caller, &key, &verb).await?;
            let is_deletion = matches!(verb, OnQueue::DeleteQueue { .. });
            let queue = actions::handle(store, &key)?;
            let told = match verb {
                OnQueue::AddGrant { .. }
                | OnQueue::ListGrants { .. }
                | OnQueue::RemoveGrant { .. } => grants::perform(service, &queue, verb).await,
                OnQueue::SendMessage { .. }
                | OnQueue::ReceiveMessage { .. }
                | OnQueue::PeekMessage { .. }
                | OnQueue::DeleteMessage { .. }
                | OnQueue::ChangeMessageVisibility { .. } => {
                    messages::perform(version, service, &call, &queue, verb).await
                }
                _ => queues::perform(version, store, &queue, verb).await,
            }?;
            // Only where a queue is: anybody can name any region.
            service.metrics.see(&key.account, &key.region);
            if is_deletion {
                service.forget_rules(&key);
            }
            Ok(told)
        }
    }
}
