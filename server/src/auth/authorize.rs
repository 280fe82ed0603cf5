//! What an action needs, and whether its caller has it (U7).

use super::policy::{Context, Decision, Policy, Question, decide};
use super::{Identity, Kind, refusals};
use crate::actions::Call;
use crate::wire::{Action, Refusal};
use forebay::key::QueueKey;
use forebay::rules::{redrive, refusals as rules};

/// S15.2: actions that never open to another account, whatever a policy says.
const OWNERS: [&str; 12] = [
    "AddPermission",
    "CancelMessageMoveTask",
    "CreateQueue",
    "DeleteQueue",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "RemovePermission",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

/// U7.6: what the owner's root may always do, so that no policy locks it out.
const NEVER_LOCKED: [&str; 2] = ["RemovePermission", "SetQueueAttributes"];

/// True for an action that only the owner's account may call.
pub fn is_owners(action: &str) -> bool {
    OWNERS.contains(&action)
}

/// One permission that an action needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The single action (A2.15).
    pub action: &'static str,
    /// The queue; `None` for what is about no queue.
    pub queue: Option<QueueKey>,
}

impl Need {
    fn queue(action: &'static str, queue: QueueKey) -> Self {
        Self {
            action,
            queue: Some(queue),
        }
    }
}

/// What an action needs. A queue that cannot be told is left to the action itself, which
/// refuses it.
pub fn needs(name: &'static str, action: &Action, call: &Call) -> Vec<Need> {
    let by_arn = |arn: &Option<String>| {
        let arn = arn.as_deref().unwrap_or_default();
        QueueKey::from_arn(arn, "SourceArn").ok()
    };
    let own = Need {
        action: name,
        queue: None,
    };
    match action {
        Action::CreateQueue(_) | Action::ListQueues(_) => vec![own],
        Action::GetQueueUrl(input) => {
            let account = input.owner.as_ref().unwrap_or(&call.account);
            let queue = input.queue_name.as_deref().unwrap_or_default();
            vec![Need::queue(
                name,
                QueueKey::new(account, &call.region, queue),
            )]
        }
        Action::StartMessageMoveTask(input) => {
            let source = by_arn(&input.source_arn).into_iter().flat_map(|source| {
                ["StartMessageMoveTask", "ReceiveMessage", "DeleteMessage"]
                    .map(|action| Need::queue(action, source.clone()))
            });
            let destination = by_arn(&input.destination_arn);
            let destination = destination.map(|it| Need::queue("SendMessage", it));
            std::iter::once(own)
                .chain(source)
                .chain(destination)
                .collect()
        }
        Action::CancelMessageMoveTask(input) => {
            let handle = input.task_handle.as_deref().unwrap_or_default();
            let source = redrive::decode_task(handle).ok();
            let source = source.map(|(source, _)| Need::queue(name, source));
            std::iter::once(own).chain(source).collect()
        }
        Action::ListMessageMoveTasks(input) => {
            let source = by_arn(&input.source_arn).map(|it| Need::queue(name, it));
            std::iter::once(own).chain(source).collect()
        }
        other => match call.target(other.queue_url()) {
            Ok(key) => vec![Need::queue(single(name), key)],
            Err(_) => vec![own],
        },
    }
}

/// A2.15: a batch is authorised as its single action.
fn single(name: &'static str) -> &'static str {
    match name {
        "SendMessageBatch" => "SendMessage",
        "DeleteMessageBatch" => "DeleteMessage",
        "ChangeMessageVisibilityBatch" => "ChangeMessageVisibility",
        other => other,
    }
}

/// Whether the caller has what is needed. `policy` is the queue's; `None` if it has none or does
/// not exist.
///
/// Errors: `MissingAuthenticationToken` for anonymous callers, else `AccessDenied`.
pub fn judge(
    caller: &Identity,
    need: &Need,
    policy: Option<&Policy>,
    context: &Context,
) -> Result<(), Refusal> {
    let Some(queue) = &need.queue else {
        return match caller.is_anonymous() {
            true => Err(refusals::no_credentials()),
            false => Ok(()),
        };
    };
    let arn = queue.arn();
    let decision = policy.map_or(Decision::Silent, |policy| {
        let question = Question {
            caller,
            action: need.action,
            resource: &arn,
            context,
        };
        decide(policy, question)
    });
    let is_own = !caller.is_anonymous() && caller.account == queue.account;
    match decision {
        Decision::Deny if is_own && caller.kind == Kind::Root => {
            match NEVER_LOCKED.contains(&need.action) {
                true => Ok(()),
                false => Err(refusals::denied(caller, need.action, &arn, true)),
            }
        }
        Decision::Deny => Err(refusals::denied(caller, need.action, &arn, true)),
        Decision::Allow if is_own || !is_owners(need.action) => Ok(()),
        Decision::Silent if is_own => Ok(()),
        _ if caller.is_anonymous() => Err(refusals::no_credentials()),
        // S11.11: whether another account has such a queue is not told.
        _ if need.action == "GetQueueUrl" => Err(rules::queue_missing().into()),
        _ => Err(refusals::denied(caller, need.action, &arn, false)),
    }
}
