//! AddPermission and RemovePermission: a statement of the queue's policy more or less.

use super::{Call, done, required};
use crate::auth::policy;
use crate::wire::action::{AddPermission, RemovePermission};
use crate::wire::answer::Answer;
use crate::wire::error::Refusal;
use forebay::{Queue, Store};
use tokio::sync::Mutex;

/// A change reads the policy and writes it anew: one at a time in this process.
static CHANGES: Mutex<()> = Mutex::const_new(());

pub async fn add(store: &Store, call: &Call, input: AddPermission) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let label = required(input.label, "Label")?;
    let accounts = required(input.accounts, "AWSAccountIds")?;
    let actions = required(input.actions, "Actions")?;
    let _turn = CHANGES.lock().await;
    let current = current(&queue).await?;
    let key = queue.key();
    let policy = policy::add_permission(current.as_deref(), key, &label, &accounts, &actions)?;
    write(&queue, policy).await
}

pub async fn remove(
    store: &Store,
    call: &Call,
    input: RemovePermission,
) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let label = required(input.label, "Label")?;
    let _turn = CHANGES.lock().await;
    let current = current(&queue).await?;
    let policy = policy::remove_permission(current.as_deref(), &label)?;
    write(&queue, policy.unwrap_or_default()).await
}

async fn current(queue: &Queue) -> Result<Option<String>, Refusal> {
    Ok(done(queue.calls().view()).await?.attributes.policy)
}

/// S12: an empty text removes the attribute.
async fn write(queue: &Queue, policy: String) -> Result<Answer, Refusal> {
    done(queue.calls().set_attributes([("Policy", policy)])).await?;
    Ok(Answer::Nothing)
}
