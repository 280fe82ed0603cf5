//! AddPermission and RemovePermission: a statement of the queue's policy more or less.

use super::{Call, done, required};
use crate::auth::policy;
use crate::wire::action::{AddPermission, RemovePermission};
use crate::wire::answer::Answer;
use crate::wire::error::Refusal;
use forebay::{Queue, Result as Outcome, Store};
use tokio::sync::Mutex;

/// A change reads the policy and writes it anew: one at a time in this process.
static CHANGES: Mutex<()> = Mutex::const_new(());

pub async fn add(store: &Store, call: &Call, input: AddPermission) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let label = required(input.label, "Label")?;
    let accounts = required(input.accounts, "AWSAccountIds")?;
    let actions = required(input.actions, "Actions")?;
    change_policy(&queue, |current| {
        let key = queue.key();
        policy::add_permission(current, key, &label, &accounts, &actions).map(Some)
    })
    .await?;
    Ok(Answer::Nothing)
}

pub async fn remove(
    store: &Store,
    call: &Call,
    input: RemovePermission,
) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let label = required(input.label, "Label")?;
    change_policy(&queue, |current| policy::remove_permission(current, &label)).await?;
    Ok(Answer::Nothing)
}

/// Puts another policy in the place of a queue's. `change` gets its text, `None` if there is none,
/// and gives the new one, `None` for none.
pub async fn change_policy(
    queue: &Queue,
    change: impl FnOnce(Option<&str>) -> Outcome<Option<String>>,
) -> Result<(), Refusal> {
    let _turn = CHANGES.lock().await;
    let current = done(queue.calls().view_uncounted())
        .await?
        .attributes
        .policy;
    // S12: an empty text removes the attribute.
    let policy = change(current.as_deref())?.unwrap_or_default();
    done(queue.calls().set_attributes([("Policy", policy)])).await
}
