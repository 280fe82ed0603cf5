//! A queue in the hands of a program.

use super::page::NamePage;
use super::receive_options::PeekOptions;
use super::shared::{Shared, read};
use super::{Call, Calls};
use crate::command::{Command, Counts, Outcome, QueueView};
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits;
use crate::message::Peeked;
use crate::rules::{attributes, names, paging, send};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A queue of an open store. Clones are the same queue, and may be used by many threads at once.
/// It goes by its name: after a deletion it works again on a new queue of that name.
#[derive(Clone)]
pub struct Queue {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    key: Arc<QueueKey>,
    fifo: bool,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Queue").field(&self.inner.key).finish()
    }
}

impl Queue {
    pub(super) fn new(shared: Arc<Shared>, key: QueueKey) -> Self {
        let fifo = names::is_fifo(&key.name);
        let key = Arc::new(key);
        Self {
            inner: Arc::new(Inner { shared, key, fifo }),
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    pub(super) fn shared_key(&self) -> &Arc<QueueKey> {
        &self.inner.key
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.inner.key.name
    }

    /// Its account, region and name.
    pub fn key(&self) -> &QueueKey {
        &self.inner.key
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        self.inner.key.arn()
    }

    /// Whether it is a FIFO queue.
    pub fn is_fifo(&self) -> bool {
        self.inner.fifo
    }

    /// Removes all messages, visible, in flight and delayed (S11.8).
    ///
    /// Errors: `PurgeQueueInProgress` within 60 s of the last purge, unless
    /// [`OpenOptions::sixty_second_rules`](super::OpenOptions::sixty_second_rules) is off.
    pub fn purge(&self) -> Result<()> {
        self.calls().purge()?.run()
    }

    /// The queue as it is now, as typed values.
    pub fn view(&self) -> Result<QueueView> {
        self.calls().view()?.run()
    }

    /// Message counts, exact (S6.4).
    pub fn counts(&self) -> Result<Counts> {
        Ok(self.view()?.counts)
    }

    /// The attributes that `names` ask for and that are set, as text; `All` asks for all (S12.1).
    ///
    /// Errors: `InvalidAttributeName` for an unknown name (S12.8).
    pub fn attributes(&self, names: &[&str]) -> Result<BTreeMap<String, String>> {
        self.calls().attributes(names)?.run()
    }

    /// Sets attributes by their SQS names, all or none (S12.4). They hold at once.
    ///
    /// Errors: `InvalidAttributeName`, `InvalidAttributeValue`, and `InvalidParameterValue` for
    /// redrive policies (S9.2, S9.14).
    pub fn set_attributes<N, V>(&self, given: impl IntoIterator<Item = (N, V)>) -> Result<()>
    where
        N: Into<String>,
        V: Into<String>,
    {
        self.calls().set_attributes(given)?.run()
    }

    /// Its tags.
    pub fn tags(&self) -> Result<BTreeMap<String, String>> {
        Ok(self.calls().view_uncounted()?.run()?.tags)
    }

    /// Adds tags, or writes over those with the same key (S14.1): up to 50, keys of 1 to 128
    /// characters, values of up to 256.
    pub fn tag<K, V>(&self, tags: impl IntoIterator<Item = (K, V)>) -> Result<()>
    where
        K: Into<String>,
        V: Into<String>,
    {
        self.calls().tag(tags)?.run()
    }

    /// Removes the tags with these keys, where present (S14.2).
    pub fn untag<K: Into<String>>(&self, keys: impl IntoIterator<Item = K>) -> Result<()> {
        self.calls().untag(keys)?.run()
    }

    /// Shows messages in the order of their sequence numbers, without any effect on them.
    pub fn peek(&self, options: &PeekOptions) -> Result<Vec<Peeked>> {
        self.calls().peek(options)?.run()
    }

    /// The queue that gets messages which were received too often here (S9.1); `None` without a
    /// redrive policy. It may have been deleted meanwhile (S9.12).
    pub fn dead_letter_queue(&self) -> Result<Option<Queue>> {
        let policy = self.view()?.attributes.redrive;
        Ok(policy.map(|policy| Queue::new(self.inner.shared.clone(), policy.target)))
    }

    /// The names of the queues whose dead-letter queue this is, in byte order (S9.13).
    pub fn dead_letter_sources(&self) -> Result<Vec<String>> {
        NamePage::all(|token| self.dead_letter_sources_page(limits::LIST_PAGE_MAX, token))
    }

    /// One page of [`Queue::dead_letter_sources`]: at most `limit` names, 1 to 1,000. `token` is
    /// [`NamePage::next_token`] of the page before.
    pub fn dead_letter_sources_page(&self, limit: usize, token: Option<&str>) -> Result<NamePage> {
        self.calls().dead_letter_sources_page(limit, token)?.run()
    }
}

impl Calls<'_, Queue> {
    /// [`Queue::purge`].
    pub fn purge(&self) -> Result<Call<()>> {
        let shared = self.handle.shared();
        let command = Command::Purge {
            queue: self.handle.key().clone(),
            strictness: shared.settings.strictness,
        };
        shared.call(command, read!(Outcome::Done => Ok(())))
    }

    /// [`Queue::view`].
    pub fn view(&self) -> Result<Call<QueueView>> {
        let read = read!(Outcome::Queue(view) => Ok(*view));
        self.handle.shared().call(self.get(true), read)
    }

    /// [`Queue::view`] for all but its counts, which may be of before what is due: where a million
    /// messages are, to do it all takes long.
    pub fn view_uncounted(&self) -> Result<Call<QueueView>> {
        let read = read!(Outcome::Queue(view) => Ok(*view));
        self.handle.shared().call(self.get(false), read)
    }

    fn get(&self, counted: bool) -> Command {
        Command::GetQueue {
            queue: self.handle.key().clone(),
            counted,
        }
    }

    /// [`Queue::attributes`].
    pub fn attributes(&self, names: &[&str]) -> Result<Call<BTreeMap<String, String>>> {
        let names: Vec<String> = names.iter().map(|name| (*name).into()).collect();
        let is_count = |name: &String| name == "All" || name.starts_with("ApproximateNumber");
        let counted = names.iter().any(is_count);
        let read = read!(Outcome::Queue(view) => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            attributes::describe(&view, &names)
        });
        self.handle.shared().call(self.get(counted), read)
    }

    /// [`Queue::set_attributes`].
    pub fn set_attributes<N, V>(&self, given: impl IntoIterator<Item = (N, V)>) -> Result<Call<()>>
    where
        N: Into<String>,
        V: Into<String>,
    {
        let command = Command::SetAttributes {
            queue: self.handle.key().clone(),
            attributes: text_map(given),
        };
        let read = read!(Outcome::Done => Ok(()));
        self.handle.shared().call(command, read)
    }

    /// [`Queue::tag`].
    pub fn tag<K, V>(&self, tags: impl IntoIterator<Item = (K, V)>) -> Result<Call<()>>
    where
        K: Into<String>,
        V: Into<String>,
    {
        let command = Command::Tag {
            queue: self.handle.key().clone(),
            tags: text_map(tags),
        };
        let read = read!(Outcome::Done => Ok(()));
        self.handle.shared().call(command, read)
    }

    /// [`Queue::untag`].
    pub fn untag<K: Into<String>>(&self, keys: impl IntoIterator<Item = K>) -> Result<Call<()>> {
        let command = Command::Untag {
            queue: self.handle.key().clone(),
            keys: keys.into_iter().map(Into::into).collect(),
        };
        let read = read!(Outcome::Done => Ok(()));
        self.handle.shared().call(command, read)
    }

    /// [`Queue::peek`].
    pub fn peek(&self, options: &PeekOptions) -> Result<Call<Vec<Peeked>>> {
        let filter = options.filter();
        paging::check_limit(filter.limit, limits::BATCH_ENTRIES_MAX)?;
        if let Some(group) = &filter.group {
            send::check_id(group, "MessageGroupId")?;
        }
        let command = Command::Peek {
            queue: self.handle.key().clone(),
            filter,
        };
        let read = read!(Outcome::Peeked(messages) => Ok(messages));
        self.handle.shared().call(command, read)
    }

    /// [`Queue::dead_letter_sources_page`].
    pub fn dead_letter_sources_page(
        &self,
        limit: usize,
        token: Option<&str>,
    ) -> Result<Call<NamePage>> {
        let command = Command::ListDeadLetterSources {
            queue: self.handle.key().clone(),
            after: NamePage::after(limit, token)?,
            limit,
        };
        let read = read!(Outcome::Names { names, more } => Ok(NamePage::new(names, more)));
        self.handle.shared().call(command, read)
    }
}

fn text_map<N, V>(given: impl IntoIterator<Item = (N, V)>) -> BTreeMap<String, String>
where
    N: Into<String>,
    V: Into<String>,
{
    let given = given.into_iter();
    given
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}
