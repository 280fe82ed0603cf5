//! What a caller of the first generation may do.

use super::super::Caller;
use super::super::action::OnQueue;
use super::super::fault::Fault;
use crate::auth::authorize::{Need, judge};
use forebay::key::QueueKey;

/// The action of today whose permission is needed.
fn need(verb: &OnQueue) -> &'static str {
    match verb {
        OnQueue::DeleteQueue { .. } => "DeleteQueue",
        OnQueue::SendMessage { .. } => "SendMessage",
        OnQueue::ReceiveMessage { .. } | OnQueue::PeekMessage { .. } => "ReceiveMessage",
        OnQueue::DeleteMessage { .. } => "DeleteMessage",
        OnQueue::ChangeMessageVisibility { .. } => "ChangeMessageVisibility",
        OnQueue::GetVisibilityTimeout | OnQueue::GetQueueAttributes { .. } => "GetQueueAttributes",
        OnQueue::SetVisibilityTimeout { .. } | OnQueue::SetQueueAttributes { .. } => {
            "SetQueueAttributes"
        }
        OnQueue::AddGrant { .. } | OnQueue::ListGrants { .. } | OnQueue::RemoveGrant { .. } => {
            "AddPermission"
        }
    }
}

/// Whether the caller may, where anybody is asked.
///
/// Errors: `AccessFailure`.
pub async fn allow(caller: Caller<'_>, key: &QueueKey, verb: &OnQueue) -> Result<(), Fault> {
    let service = caller.service;
    if !service.verifies() {
        return Ok(());
    }
    let need = Need {
        action: need(verb),
        queue: Some(key.clone()),
    };
    let rules = service.rules(key).await?;
    let context = service.context(caller.head, caller.identity, &rules);
    Ok(judge(
        caller.identity,
        &need,
        rules.policy.as_ref(),
        &context,
    )?)
}
