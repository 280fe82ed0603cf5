//! What a caller of the first generation may do.

use super::super::Caller;
use super::super::action::OnQueue;
use super::super::fault::Fault;
use crate::auth::authorize::{Need, judge};
use crate::auth::policy::{Decision, Question, decide};
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
    let policy = rules.policy.as_ref();
    let Err(refusal) = judge(caller.identity, &need, policy, &context) else {
        return Ok(());
    };
    // Today some actions never open to other accounts. Full control opened all of them.
    let arn = key.arn();
    let question = Question {
        caller: caller.identity,
        action: need.action,
        resource: &arn,
        context: &context,
    };
    let decision = policy.map(|policy| decide(policy, question));
    let account = &caller.identity.account;
    if decision == Some(Decision::Allow) && rules.grants.has_full_control(account) {
        return Ok(());
    }
    Err(refusal.into())
}
