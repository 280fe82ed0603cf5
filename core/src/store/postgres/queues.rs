//! Creating, deleting, changing and listing queues. These are rare: each is a transaction of
//! several statements under the lock of all queues, decided with the rules that every store has.

use super::calls;
use super::engine::Engine;
use super::failure::Failure;
use super::info::Info;
use super::pool::{Connection, Sql};
use super::schema::{self, LOCK_QUEUES};
use super::transaction::unconfirmed;
use crate::command::{Command, Counts, Outcome, Strictness};
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits::{DUE_STEP_MESSAGES_MAX, SIXTY_SECOND_RULE_MS};
use crate::queue::QueueAttributes;
use crate::rules::{attributes, redrive, refusals, tags};
use crate::store::Durability;
use std::collections::BTreeMap;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::IsolationLevel;
use tokio_postgres::types::ToSql;

type Tried<T> = std::result::Result<T, Failure>;
type Texts = BTreeMap<String, String>;

/// An open transaction. Dropped, it undoes itself.
pub struct Tx<'a> {
    inner: tokio_postgres::Transaction<'a>,
    schema: &'a str,
}

impl<'a> Tx<'a> {
    pub async fn begin(connection: &'a mut Connection, schema: &'a str) -> Tried<Self> {
        let builder = connection.client.build_transaction();
        let level = IsolationLevel::ReadCommitted;
        let inner = builder.isolation_level(level).start().await?;
        if !connection.is_own {
            inner.batch_execute(&connection.local).await?;
        }
        Ok(Self { inner, schema })
    }

    pub async fn rows(
        &self,
        text: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Tried<Vec<tokio_postgres::Row>> {
        let text = schema::fill(text, self.schema);
        Ok(self.inner.query(text.as_str(), params).await?)
    }

    pub async fn one(
        &self,
        text: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Tried<tokio_postgres::Row> {
        let mut rows = self.rows(text, params).await?;
        match rows.is_empty() {
            true => Err(Failure::nonsense("no row")),
            false => Ok(rows.swap_remove(0)),
        }
    }

    pub async fn run(&self, text: &str, params: &[&(dyn ToSql + Sync)]) -> Tried<u64> {
        let text = schema::fill(text, self.schema);
        Ok(self.inner.execute(text.as_str(), params).await?)
    }

    /// Waits for one of the schema's locks; it ends with the transaction.
    pub async fn lock(&self, number: i32) -> Tried<()> {
        let text = format!("SELECT pg_advisory_xact_lock(@class@, {number})");
        self.rows(&text, &[]).await.map(drop)
    }

    pub async fn now_ms(&self) -> Tried<u64> {
        let row = self.one("SELECT @s@.now_ms()", &[]).await?;
        Ok(row.try_get::<_, i64>(0)? as u64)
    }

    pub async fn commit(self) -> Tried<()> {
        Ok(self.inner.commit().await?)
    }

    /// A queue as it is; under the lock of all queues it stays so.
    pub async fn find(&self, key: &QueueKey) -> Tried<Option<Info>> {
        let params: [&(dyn ToSql + Sync); 3] = [&key.account, &key.region, &key.name];
        let rows = self.rows(Sql::Load.text(), &params).await?;
        rows.first().map(|row| Info::read(key, row)).transpose()
    }

    /// Locks a queue, does what is due there, and counts.
    pub async fn due(&self, info: &Info) -> Tried<Counts> {
        loop {
            let params: [&(dyn ToSql + Sync); 3] =
                [&info.uid, &info.version, &(DUE_STEP_MESSAGES_MAX as i32)];
            let row = self.one(Sql::Counts.text(), &params).await?;
            let count = |name: &str| row.try_get::<_, i64>(name).map(|count| count as u64);
            match row.try_get::<_, i32>("code")? {
                0 => {
                    return Ok(Counts {
                        visible: count("visible")?,
                        in_flight: count("in_flight")?,
                        delayed: count("delayed")?,
                    });
                }
                calls::CALL_AGAIN => {}
                code => return Err(Failure::nonsense(&format!("code {code}"))),
            }
        }
    }

    /// S9.2.
    async fn check_redrive(&self, key: &QueueKey, attributes: &QueueAttributes) -> Tried<()> {
        let Some(policy) = &attributes.redrive else {
            return Ok(());
        };
        // A new queue may name itself, which the rule refuses whether it exists or not.
        let found = self.find(&policy.target).await?;
        let found = found.as_ref().map(|info| &info.attributes);
        redrive::check_target(key, attributes.fifo, &policy.target, found).map_err(Failure::Refused)
    }

    async fn deleted_lately(&self, key: &QueueKey) -> Tried<bool> {
        let text = "SELECT EXISTS (SELECT FROM @s@.deleted WHERE account = $1 AND region = $2 \
                    AND name = $3 AND @s@.now_ms() < at_ms + $4)";
        let pause = SIXTY_SECOND_RULE_MS as i64;
        let params: [&(dyn ToSql + Sync); 4] = [&key.account, &key.region, &key.name, &pause];
        Ok(self.one(text, &params).await?.try_get(0)?)
    }

    async fn existing(&self, key: &QueueKey) -> Tried<Info> {
        let found = self.find(key).await?;
        found.ok_or_else(|| Failure::Refused(refusals::queue_missing()))
    }
}

impl Engine {
    /// Carries out a command that is not a call, trying again as calls do.
    pub async fn administer(&self, command: &Command, deadline: Instant) -> Result<Outcome> {
        let mut maybe_done = false;
        loop {
            let mut loan = match self.pool.get(deadline).await {
                Ok(loan) => loan,
                Err(failure) => return Err(failure.into_error()),
            };
            let limit = self.pool.connector.answer_timeout();
            let tried = match loan.connection() {
                Ok(connection) => {
                    let work = self.administer_once(connection, command, maybe_done);
                    timeout(limit, work)
                        .await
                        .unwrap_or_else(|_| Err(Failure::silent()))
                }
                Err(failure) => Err(failure),
            };
            match tried {
                Ok(outcome) => return Ok(outcome),
                Err(Failure::Refused(error)) => return Err(error),
                Err(failure) if Instant::now() >= deadline => return Err(failure.into_error()),
                Err(Failure::Lost(_)) => {
                    maybe_done = true;
                    loan.discard();
                }
                Err(Failure::Again(_) | Failure::Overdue(_)) => {}
            }
            sleep(super::engine::UNDONE_REST).await;
        }
    }

    async fn administer_once(
        &self,
        connection: &mut Connection,
        command: &Command,
        maybe_done: bool,
    ) -> Tried<Outcome> {
        self.transactions
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let schema = self.pool.connector.location.schema.as_str();
        if let Command::Work = command {
            return self.work(connection).await;
        }
        let tx = Tx::begin(connection, schema).await?;
        match command {
            Command::ListQueues {
                prefix,
                after,
                limit,
            } => return list_queues(&tx, prefix, after.as_deref(), *limit).await,
            Command::ListDeadLetterSources {
                queue,
                after,
                limit,
            } => return list_sources(&tx, queue, after.as_deref(), *limit).await,
            Command::ListMoveTasks { source, limit } => {
                return tx.list_tasks(source, *limit).await;
            }
            _ => {}
        }
        tx.lock(LOCK_QUEUES).await?;
        // Also of what is done already the answer waits until that is on disk.
        let commits = match self.options.durability {
            Durability::Os => "SELECT @s@.be_lazy(true)",
            _ => "SELECT @s@.confirm()",
        };
        tx.rows(commits, &[]).await?;
        let outcome = decide(&tx, command, maybe_done).await?;
        tx.commit().await?;
        if connection.take_unconfirmed() {
            return Err(unconfirmed());
        }
        if let Some(key) = super::engine::lane_of(command) {
            self.forget(key);
            self.signal.touch(key);
        }
        Ok(outcome)
    }
}

/// What changes under the lock of all queues.
async fn decide(tx: &Tx<'_>, command: &Command, maybe_done: bool) -> Tried<Outcome> {
    match command {
        Command::CreateQueue {
            queue,
            attributes,
            tags,
            strictness,
        } => create(tx, queue, attributes, tags, *strictness).await,
        Command::DeleteQueue {
            queue,
            only_if_empty,
        } => delete(tx, queue, *only_if_empty).await,
        Command::SetAttributes { queue, attributes } => set_attributes(tx, queue, attributes).await,
        Command::Tag { queue, tags: given } => {
            let info = tx.existing(queue).await?;
            let tags = tags::add(&info.tags, given).map_err(Failure::Refused)?;
            retag(tx, &info, &tags).await
        }
        Command::Untag { queue, keys } => {
            let info = tx.existing(queue).await?;
            let mut tags = info.tags.clone();
            tags.retain(|tag, _| !keys.contains(tag));
            retag(tx, &info, &tags).await
        }
        Command::Purge { queue, strictness } => purge(tx, queue, *strictness, maybe_done).await,
        Command::StartMoveTask {
            source,
            destination,
            rate,
            task,
        } => {
            tx.start_task(source, destination.as_ref(), *rate, *task, maybe_done)
                .await
        }
        Command::CancelMoveTask { source, task } => tx.cancel_task(source, *task, maybe_done).await,
        _ => Err(Failure::nonsense("a command of another kind")),
    }
}

/// S11.2: creates, or answers with the queue that is there if the given attributes fit it.
async fn create(
    tx: &Tx<'_>,
    key: &QueueKey,
    given: &Texts,
    tags: &Texts,
    strictness: Strictness,
) -> Tried<Outcome> {
    if let Some(info) = tx.find(key).await? {
        let counts = tx.due(&info).await?;
        attributes::compare(&info.attributes, given).map_err(Failure::Refused)?;
        return Ok(Outcome::Queue(Box::new(info.view(counts))));
    }
    let attributes = attributes::create(&key.name, given).map_err(Failure::Refused)?;
    tags::check(tags).map_err(Failure::Refused)?;
    if strictness.sixty_second_rules && tx.deleted_lately(key).await? {
        return Err(Failure::Refused(refusals::queue_deleted_recently()));
    }
    tx.check_redrive(key, &attributes).await?;
    let columns = Columns::of(&attributes);
    let text = "SELECT @s@.make_queue($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let tags = json(tags);
    let params: [&(dyn ToSql + Sync); 12] = [
        &key.account,
        &key.region,
        &key.name,
        &attributes.fifo,
        &columns.attributes,
        &tags,
        &columns.retention_ms,
        &columns.delay_ms,
        &columns.max_receives,
        &columns.target.as_ref().map(|it| &it.account),
        &columns.target.as_ref().map(|it| &it.region),
        &columns.target.as_ref().map(|it| &it.name),
    ];
    tx.rows(text, &params).await?;
    let info = tx.existing(key).await?;
    Ok(Outcome::Queue(Box::new(info.view(Counts::default()))))
}

/// A queue's attributes as the tables have them.
struct Columns {
    attributes: String,
    retention_ms: i64,
    delay_ms: i64,
    max_receives: Option<i32>,
    target: Option<QueueKey>,
}

impl Columns {
    fn of(attributes: &QueueAttributes) -> Self {
        let policy = attributes.redrive.as_ref();
        Self {
            attributes: json(&attributes::to_map(attributes)),
            retention_ms: i64::from(attributes.retention_s) * 1000,
            delay_ms: i64::from(attributes.delay_s) * 1000,
            max_receives: policy.map(|policy| policy.max_receives as i32),
            target: policy.map(|policy| policy.target.clone()),
        }
    }
}

fn json(map: &Texts) -> String {
    serde_json::json!(map).to_string()
}

/// S11.6: deleting again within 60 s succeeds.
async fn delete(tx: &Tx<'_>, key: &QueueKey, only_if_empty: bool) -> Tried<Outcome> {
    match tx.find(key).await? {
        Some(info) => {
            // Counting takes the queue's lock, and holds it until the queue is gone.
            if only_if_empty {
                let messages = tx.due(&info).await?.total();
                if messages > 0 {
                    return Err(Failure::Refused(refusals::queue_not_empty(messages)));
                }
            }
            tx.rows("SELECT @s@.drop_queue($1)", &[&info.uid]).await?;
        }
        None if tx.deleted_lately(key).await? => {}
        None => return Err(Failure::Refused(refusals::queue_missing())),
    }
    Ok(Outcome::Done)
}

/// S12.4: all or nothing.
async fn set_attributes(tx: &Tx<'_>, key: &QueueKey, given: &Texts) -> Tried<Outcome> {
    let info = tx.existing(key).await?;
    tx.due(&info).await?;
    let attributes = attributes::set(&info.attributes, given).map_err(Failure::Refused)?;
    // S9.15: a link that stands is not questioned by other changes.
    if given.contains_key("RedrivePolicy") {
        tx.check_redrive(key, &attributes).await?;
    }
    let columns = Columns::of(&attributes);
    let text = "SELECT @s@.amend($1, $2, $3, $4, $5, $6, $7, $8)";
    let params: [&(dyn ToSql + Sync); 8] = [
        &info.uid,
        &columns.attributes,
        &columns.retention_ms,
        &columns.delay_ms,
        &columns.max_receives,
        &columns.target.as_ref().map(|it| &it.account),
        &columns.target.as_ref().map(|it| &it.region),
        &columns.target.as_ref().map(|it| &it.name),
    ];
    tx.rows(text, &params).await?;
    Ok(Outcome::Done)
}

async fn retag(tx: &Tx<'_>, info: &Info, tags: &Texts) -> Tried<Outcome> {
    let tags = json(tags);
    tx.rows("SELECT @s@.retag($1, $2)", &[&info.uid, &tags])
        .await?;
    Ok(Outcome::Done)
}

/// S11.8.
async fn purge(
    tx: &Tx<'_>,
    key: &QueueKey,
    strictness: Strictness,
    maybe_done: bool,
) -> Tried<Outcome> {
    let info = tx.existing(key).await?;
    tx.due(&info).await?;
    let now_ms = tx.now_ms().await?;
    let lately = info
        .purged_ms
        .is_some_and(|purged_ms| now_ms < purged_ms + SIXTY_SECOND_RULE_MS);
    if strictness.sixty_second_rules && lately {
        return match maybe_done {
            true => Ok(Outcome::Done),
            false => Err(Failure::Refused(refusals::purge_in_progress(&key.name))),
        };
    }
    tx.rows("SELECT @s@.purge($1)", &[&info.uid]).await?;
    Ok(Outcome::Done)
}

/// S11.9: names in byte order.
async fn list_queues(
    tx: &Tx<'_>,
    prefix: &QueueKey,
    after: Option<&str>,
    limit: usize,
) -> Tried<Outcome> {
    let text = "SELECT name FROM @s@.queues WHERE account = $1 AND region = $2 AND name >= $3 \
                AND name < $3 || chr(1114111) AND starts_with(name, $3) \
                AND ($4::text IS NULL OR name > $4) ORDER BY name LIMIT $5";
    let more = limit.saturating_add(1).min(i64::MAX as usize) as i64;
    let params: [&(dyn ToSql + Sync); 5] =
        [&prefix.account, &prefix.region, &prefix.name, &after, &more];
    page(&tx.rows(text, &params).await?, limit)
}

/// S9.13.
async fn list_sources(
    tx: &Tx<'_>,
    key: &QueueKey,
    after: Option<&str>,
    limit: usize,
) -> Tried<Outcome> {
    tx.existing(key).await?;
    let text = "SELECT name FROM @s@.queues WHERE target_account = $1 AND target_region = $2 \
                AND target_name = $3 AND ($4::text IS NULL OR name > $4) ORDER BY name LIMIT $5";
    let more = limit.saturating_add(1).min(i64::MAX as usize) as i64;
    let params: [&(dyn ToSql + Sync); 5] = [&key.account, &key.region, &key.name, &after, &more];
    page(&tx.rows(text, &params).await?, limit)
}

fn page(rows: &[tokio_postgres::Row], limit: usize) -> Tried<Outcome> {
    let names = rows.iter().take(limit).map(|row| row.try_get(0));
    Ok(Outcome::Names {
        names: names.collect::<std::result::Result<_, _>>()?,
        more: rows.len() > limit,
    })
}
