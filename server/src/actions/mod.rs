//! From an action to calls of the library and its answer. What is right is decided there; here a
//! request is only taken apart.

mod attributes;
mod batches;
mod messages;
mod move_tasks;
mod permissions;
mod poll;
mod queues;
mod receive;

pub use permissions::change_policy;
pub use poll::at_once;
pub use receive::body_text;

use crate::test_mode::Disorder;
use crate::wire::url::{self, UrlBase};
use crate::wire::{Action, Answer, Refusal};
use forebay::key::QueueKey;
use forebay::rules::{names, refusals};
use forebay::{Queue, Result, Store};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::{oneshot, watch};

/// What an action needs to know of its request.
#[derive(Debug, Clone)]
pub struct Call {
    /// Account of the caller.
    pub account: String,
    /// Region that the request is signed for.
    pub region: String,
    /// `SenderId` of messages that it sends (A6.13).
    pub sender: String,
    /// Makes the queue URLs of its answer.
    pub urls: UrlBase,
}

impl Call {
    /// The queue that a URL names (A5.3). Without an account in it, the caller's.
    ///
    /// Errors: `MissingParameter`; `InvalidAddress` for a URL without a name;
    /// `QueueDoesNotExist` for what cannot be a queue's name.
    pub fn target(&self, queue_url: Option<&str>) -> std::result::Result<QueueKey, Refusal> {
        let given = queue_url.filter(|url| !url.is_empty());
        let given = given.ok_or_else(|| Refusal::missing("QueueUrl"))?;
        let named = url::parse(given).ok_or_else(|| Refusal::invalid_address(given))?;
        let account = named.account.unwrap_or_else(|| self.account.clone());
        if names::check_queue_name(&named.name).is_err() || !names::is_account(&account) {
            return Err(refusals::queue_missing().into());
        }
        Ok(QueueKey {
            account,
            region: named.region.unwrap_or_else(|| self.region.clone()),
            name: named.name,
        })
    }

    /// The URL of a queue.
    pub fn url(&self, key: &QueueKey) -> String {
        self.urls.queue(&key.account, &key.name)
    }

    /// The store with the caller's account and region.
    pub fn own(&self, store: &Store) -> Store {
        store.scope(&self.account, &self.region)
    }

    /// A handle on the queue that a URL names.
    fn queue(&self, store: &Store, url: Option<&str>) -> std::result::Result<Queue, Refusal> {
        Ok(handle(store, &self.target(url)?)?)
    }
}

/// A handle on the queue `key`, whether or not there is one.
pub fn handle(store: &Store, key: &QueueKey) -> Result<Queue> {
    store.scope(&key.account, &key.region).queue(&key.name)
}

/// What actions work on.
#[derive(Clone)]
pub struct Backend {
    /// The queues.
    pub store: Store,
    /// Turns true when the server ends: waits end then.
    pub draining: watch::Receiver<bool>,
    /// Receives that wait now.
    pub waiting: Arc<AtomicU64>,
    /// What tests want of standard queues.
    pub disorder: Option<Arc<Disorder>>,
}

/// Carries out an action.
pub async fn perform(
    backend: &Backend,
    call: &Call,
    action: Action,
) -> std::result::Result<Answer, Refusal> {
    let store = &backend.store;
    match action {
        Action::AddPermission(input) => permissions::add(store, call, input).await,
        Action::CancelMessageMoveTask(input) => move_tasks::cancel(store, call, input).await,
        Action::ChangeMessageVisibility(input) => {
            messages::change_visibility(store, call, input).await
        }
        Action::ChangeMessageVisibilityBatch(input) => {
            batches::change_visibility(store, call, input).await
        }
        Action::CreateQueue(input) => queues::create(store, call, input).await,
        Action::DeleteMessage(input) => messages::delete(store, call, input).await,
        Action::DeleteMessageBatch(input) => batches::delete(store, call, input).await,
        Action::DeleteQueue(input) => queues::delete(store, call, input).await,
        Action::GetQueueAttributes(input) => attributes::get(store, call, input).await,
        Action::GetQueueUrl(input) => queues::url(store, call, input).await,
        Action::ListDeadLetterSourceQueues(input) => {
            queues::dead_letter_sources(store, call, input).await
        }
        Action::ListMessageMoveTasks(input) => move_tasks::list(store, call, input).await,
        Action::ListQueueTags(input) => attributes::tags(store, call, input).await,
        Action::ListQueues(input) => queues::list(store, call, input).await,
        Action::PurgeQueue(input) => queues::purge(store, call, input).await,
        Action::ReceiveMessage(input) => receive::receive(backend, call, input).await,
        Action::RemovePermission(input) => permissions::remove(store, call, input).await,
        Action::SendMessage(input) => messages::send(store, call, input).await,
        Action::SendMessageBatch(input) => batches::send(store, call, input).await,
        Action::SetQueueAttributes(input) => attributes::set(store, call, input).await,
        Action::StartMessageMoveTask(input) => move_tasks::start(store, call, input).await,
        Action::TagQueue(input) => attributes::tag(store, call, input).await,
        Action::UntagQueue(input) => attributes::untag(store, call, input).await,
    }
}

/// Hands a call of the library in, and waits for its answer without a thread. What is handed in
/// together shares a transaction and a sync.
pub async fn done<T: Send + 'static>(
    call: Result<forebay::handle::Call<T>>,
) -> std::result::Result<T, Refusal> {
    Ok(answer(call?).await??)
}

/// As [`done`], with the library's own error.
pub async fn answer<T: Send + 'static>(
    call: forebay::handle::Call<T>,
) -> std::result::Result<Result<T>, Refusal> {
    // What needs no wait is not handed in: two changes of thread cost more than the work.
    let call = match call.run_now() {
        ControlFlow::Break(answer) => return Ok(answer),
        ControlFlow::Continue(call) => call,
    };
    let (sender, receiver) = oneshot::channel();
    call.submit(move |answer| {
        // Nobody listens any more if the client went away.
        let _ = sender.send(answer);
    });
    receiver.await.map_err(|_| Refusal::internal())
}

/// Runs what has no call to hand in on a thread that may wait for the disk.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> std::result::Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Refusal::internal())
}

/// A required parameter.
fn required<T>(value: Option<T>, name: &str) -> std::result::Result<T, Refusal> {
    value.ok_or_else(|| Refusal::missing(name))
}

/// A number of a request as the library takes it. One that its type cannot hold is refused by
/// the library's own check, which names it; all others are left to the call.
fn number(given: i64, check: impl FnOnce(i64) -> Result<()>) -> Result<u32> {
    match u32::try_from(given) {
        Ok(number) => Ok(number),
        Err(_) => check(given).map(|()| u32::MAX),
    }
}
