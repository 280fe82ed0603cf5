//! A store in the hands of a program: its queues, its clock, its care.

use super::options::OpenOptions;
use super::page::NamePage;
use super::queue::Queue;
use super::queue_options::QueueOptions;
use super::shared::{Shared, read};
use super::{Call, Calls};
use crate::command::{Command, Outcome};
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits;
use crate::rules::{names, refusals};
use crate::store::{CheckReport, Recovery, Statistics};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// An open store. Clones are the same store; it closes with [`Store::close`], or when its last
/// handle of any kind is dropped and its last wait has ended.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
    scope: Arc<Scope>,
}

/// Where plain queue names belong.
struct Scope {
    account: String,
    region: String,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("account", &self.scope.account)
            .field("region", &self.scope.region)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens `location` with the default [`OpenOptions`]: a directory, or `mem:`.
    pub fn open(location: impl AsRef<Path>) -> Result<Self> {
        OpenOptions::new().open(location)
    }

    pub(super) fn new(shared: Arc<Shared>, account: &str, region: &str) -> Self {
        Self {
            shared,
            scope: Arc::new(Scope {
                account: account.into(),
                region: region.into(),
            }),
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The same store, with names that belong to another account, 12 digits, and region, 1 to 64
    /// of `[A-Za-z0-9._/-]`. Whatever names a queue answers others with `InvalidParameterValue`.
    pub fn scope(&self, account: &str, region: &str) -> Self {
        Self::new(self.shared.clone(), account, region)
    }

    /// The account of plain names.
    pub fn account(&self) -> &str {
        &self.scope.account
    }

    /// The region of plain names.
    pub fn region(&self) -> &str {
        &self.scope.region
    }

    /// Who the queue `name` is.
    ///
    /// Errors: `InvalidParameterValue` for an account or region that cannot be one.
    pub fn key(&self, name: &str) -> Result<QueueKey> {
        let Scope { account, region } = &*self.scope;
        names::check_owner(account, region)?;
        Ok(QueueKey::new(account, region, name))
    }

    /// Who the queue `name` is, which may not exist: what cannot be a name is no queue's.
    fn find(&self, name: &str) -> Result<QueueKey> {
        let key = self.key(name)?;
        names::check_queue_name(name).map_err(|_| refusals::queue_missing())?;
        Ok(key)
    }

    /// A queue by name or ARN.
    pub(super) fn resolve(&self, queue: &str, parameter: &str) -> Result<QueueKey> {
        match queue.starts_with("arn:") || names::check_queue_name(queue).is_err() {
            true => QueueKey::from_arn(queue, parameter),
            false => self.key(queue),
        }
    }

    /// Creates a queue, or finds one whose attributes are those named (S11.2).
    ///
    /// Errors: `InvalidParameterValue` for a name other than 1 to 80 of `[A-Za-z0-9_-]`, with
    /// `.fifo` at the end of a FIFO queue's; `QueueNameExists` where an attribute differs;
    /// `QueueDeletedRecently` within 60 s of a deletion (S11.5); `InvalidAttributeName` and
    /// `InvalidAttributeValue` (S12).
    pub fn create_queue(&self, name: &str, options: &QueueOptions) -> Result<Queue> {
        self.calls().create_queue(name, options)?.run()
    }

    /// Finds a queue. The handle works on whatever queue has this name when it is used.
    ///
    /// Errors: `QueueDoesNotExist`.
    pub fn get_queue(&self, name: &str) -> Result<Queue> {
        self.calls().get_queue(name)?.run()
    }

    /// A handle on the queue of this name without asking whether there is one: the calls on it
    /// answer `QueueDoesNotExist` while there is none.
    ///
    /// Errors: `InvalidParameterValue` for what cannot be a queue's name (S11.1).
    pub fn queue(&self, name: &str) -> Result<Queue> {
        names::check_queue_name(name)?;
        Ok(Queue::new(self.shared.clone(), self.key(name)?))
    }

    /// Deletes a queue with its messages. Waits on it end with `QueueDoesNotExist` (S4.7).
    ///
    /// Errors: `QueueDoesNotExist`.
    pub fn delete_queue(&self, name: &str) -> Result<()> {
        self.calls().delete_queue(name)?.run()
    }

    /// [`Store::delete_queue`] of a queue that holds no message, visible, in flight or delayed.
    /// A message that is sent meanwhile is either stored and keeps the queue, or refused.
    ///
    /// Errors: `UnsupportedOperation` where the queue holds messages; `QueueDoesNotExist`.
    pub fn delete_queue_if_empty(&self, name: &str) -> Result<()> {
        self.calls().delete_queue_if_empty(name)?.run()
    }

    /// The names of all queues of this account and region that start with `prefix`, in byte order.
    pub fn list_queues(&self, prefix: &str) -> Result<Vec<String>> {
        NamePage::all(|token| self.list_queues_page(prefix, limits::LIST_PAGE_MAX, token))
    }

    /// One page of [`Store::list_queues`]: at most `limit` names, 1 to 1,000 (S11.9). `token` is
    /// [`NamePage::next_token`] of the page before.
    pub fn list_queues_page(
        &self,
        prefix: &str,
        limit: usize,
        token: Option<&str>,
    ) -> Result<NamePage> {
        self.calls().list_queues_page(prefix, limit, token)?.run()
    }

    /// The store's time, milliseconds since the epoch. It never goes back.
    pub fn now_ms(&self) -> Result<u64> {
        Ok(self.shared.storage()?.now_ms())
    }

    /// True if time stands still until [`Store::advance`].
    pub fn has_manual_clock(&self) -> bool {
        self.shared.settings.manual_clock
    }

    /// Moves a manual clock on by `by_ms` milliseconds and returns the new time. Move tasks have
    /// then done what is due, and the waits of this store's handles that end or find a message by
    /// then have been answered: their callbacks have returned.
    ///
    /// Errors: `UnsupportedOperation` for a store on real time; `InvalidArgument` beyond the end
    /// of the year 9999.
    pub fn advance(&self, by_ms: u64) -> Result<u64> {
        let storage = self.shared.storage()?;
        let now_ms = storage.advance_ms(by_ms)?;
        self.work()?;
        self.shared.waiter.settle(&*storage);
        Ok(now_ms)
    }

    /// What opening had to repair; `None` if the index was found as it was left.
    pub fn recovery(&self) -> Result<Option<Recovery>> {
        Ok(self.shared.storage()?.recovery())
    }

    /// Verifies the store's files against each other, while they are in use. It reads all that is
    /// stored, and all other commands on the store wait meanwhile: those of other processes fail
    /// with `Busy` where that takes longer than their lock timeout.
    ///
    /// Errors: `Busy` where a backup or another check keeps it waiting for longer than the lock
    /// timeout.
    pub fn check(&self) -> Result<CheckReport> {
        self.shared.storage()?.check()
    }

    /// Writes a consistent copy to an absent or empty directory, while the store is in use.
    pub fn backup(&self, to: impl AsRef<Path>) -> Result<()> {
        self.shared.storage()?.backup(to.as_ref())
    }

    /// Numbers about the store's work since it was opened in this process.
    pub fn statistics(&self) -> Result<Statistics> {
        Ok(self.shared.storage()?.statistics())
    }

    /// Closes the store under all its handles. Waits end with `Closed`, and their callbacks have
    /// returned when this returns; inside such a callback it returns at once. Calls that come
    /// later answer `Closed`; a second close does nothing.
    pub fn close(&self) {
        self.shared.close();
    }
}

impl Calls<'_, Store> {
    /// [`Store::create_queue`].
    pub fn create_queue(&self, name: &str, options: &QueueOptions) -> Result<Call<Queue>> {
        names::check_queue_name(name)?;
        let (attributes, tags) = options.resolve(self.handle)?;
        self.queue(Command::CreateQueue {
            queue: self.handle.key(name)?,
            attributes,
            tags,
            strictness: self.handle.shared.settings.strictness,
        })
    }

    /// [`Store::get_queue`].
    pub fn get_queue(&self, name: &str) -> Result<Call<Queue>> {
        let queue = self.handle.find(name)?;
        self.queue(Command::GetQueue {
            queue,
            counted: false,
        })
    }

    fn queue(&self, command: Command) -> Result<Call<Queue>> {
        let shared = self.handle.shared.clone();
        let read = read!(Outcome::Queue(view) => Ok(Queue::new(shared, view.key)));
        self.handle.shared.call(command, read)
    }

    /// [`Store::delete_queue`].
    pub fn delete_queue(&self, name: &str) -> Result<Call<()>> {
        self.deletion(name, false)
    }

    /// [`Store::delete_queue_if_empty`].
    pub fn delete_queue_if_empty(&self, name: &str) -> Result<Call<()>> {
        self.deletion(name, true)
    }

    fn deletion(&self, name: &str, only_if_empty: bool) -> Result<Call<()>> {
        let command = Command::DeleteQueue {
            queue: self.handle.find(name)?,
            only_if_empty,
        };
        let read = read!(Outcome::Done => Ok(()));
        self.handle.shared.call(command, read)
    }

    /// [`Store::list_queues_page`].
    pub fn list_queues_page(
        &self,
        prefix: &str,
        limit: usize,
        token: Option<&str>,
    ) -> Result<Call<NamePage>> {
        let after = NamePage::after(limit, token)?;
        let prefix = self.handle.key(prefix)?;
        if !names::can_begin_queue_name(&prefix.name) {
            self.handle.shared.storage()?;
            return Ok(Call::known(NamePage::default()));
        }
        let command = Command::ListQueues {
            prefix,
            after,
            limit,
        };
        let read = read!(Outcome::Names { names, more } => Ok(NamePage::new(names, more)));
        self.handle.shared.call(command, read)
    }
}
