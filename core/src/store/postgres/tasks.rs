//! Message move tasks (S10). A step is one transaction, so a task goes on after a crash at any
//! point with what it had moved.

use super::engine::Engine;
use super::failure::Failure;
use super::info::Info;
use super::pool::Connection;
use super::queues::Tx;
use super::rows::Uuid;
use super::schema::LOCK_TASKS;
use crate::command::{MoveStatus, MoveTask, Outcome};
use crate::key::QueueKey;
use crate::limits;
use crate::rules::{move_tasks, redrive};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

type Tried<T> = std::result::Result<T, Failure>;

const COLUMNS: &str = "task, source_account, source_region, source_name, source_uid, \
                       destination_account, destination_region, destination_name, rate, status, \
                       moved, to_move, started_ms";
const STEP: i32 = limits::DUE_STEP_MESSAGES_MAX as i32;

/// A task with its source's uid.
struct Stored {
    task: MoveTask,
    source_uid: i64,
}

/// What a step needs before it can begin: these queues locked, in ascending order.
enum Step {
    Done,
    Locks(BTreeSet<i64>),
}

fn name(task: u64) -> String {
    format!("{task:016x}")
}

fn status_text(status: &MoveStatus) -> String {
    match status {
        MoveStatus::Running => "running".into(),
        MoveStatus::Completed => "completed".into(),
        MoveStatus::Cancelling => "cancelling".into(),
        MoveStatus::Cancelled => "cancelled".into(),
        MoveStatus::Failed(reason) => format!("failed:{reason}"),
    }
}

fn read_status(text: &str) -> MoveStatus {
    match text {
        "running" => MoveStatus::Running,
        "completed" => MoveStatus::Completed,
        "cancelling" => MoveStatus::Cancelling,
        "cancelled" => MoveStatus::Cancelled,
        other => MoveStatus::Failed(other.strip_prefix("failed:").unwrap_or(other).into()),
    }
}

fn read(row: &Row) -> Tried<Stored> {
    let text = |at: usize| row.try_get::<_, &str>(at);
    let number = |at: usize| row.try_get::<_, i64>(at).map(|it| it as u64);
    let destination = match row.try_get::<_, Option<&str>>(5)? {
        Some(account) => Some(QueueKey::new(account, text(6)?, text(7)?)),
        None => None,
    };
    Ok(Stored {
        task: MoveTask {
            task: u64::from_str_radix(text(0)?, 16)
                .map_err(|_| Failure::nonsense("a task's number"))?,
            source: QueueKey::new(text(1)?, text(2)?, text(3)?),
            destination,
            rate: row.try_get::<_, Option<i64>>(8)?.map(|rate| rate as u32),
            status: read_status(text(9)?),
            moved: number(10)?,
            to_move: number(11)?,
            started_ms: number(12)?,
        },
        source_uid: row.try_get(4)?,
    })
}

fn refused<T>(error: crate::error::Error) -> Tried<T> {
    Err(Failure::Refused(error))
}

impl Tx<'_> {
    async fn active_tasks(&self) -> Tried<Vec<Stored>> {
        let text = format!(
            "SELECT {COLUMNS} FROM @s@.tasks WHERE status IN ('running', 'cancelling') \
             ORDER BY started_ms, task"
        );
        self.rows(&text, &[]).await?.iter().map(read).collect()
    }

    async fn find_task(&self, task: u64) -> Tried<Option<Stored>> {
        let text = format!("SELECT {COLUMNS} FROM @s@.tasks WHERE task = $1");
        let rows = self.rows(&text, &[&name(task)]).await?;
        rows.first().map(read).transpose()
    }

    /// S10.1 to S10.6, under the lock of all queues.
    pub async fn start_task(
        &self,
        source: &QueueKey,
        destination: Option<&QueueKey>,
        rate: Option<u32>,
        task: u64,
        maybe_done: bool,
    ) -> Tried<Outcome> {
        self.lock(LOCK_TASKS).await?;
        if maybe_done && let Some(found) = self.find_task(task).await? {
            return Ok(Outcome::Task(found.task));
        }
        let Some(info) = self.find(source).await? else {
            return refused(move_tasks::resource_missing("SourceArn"));
        };
        self.check_task(&info, destination, rate).await?;
        let to_move = self.due(&info).await?.visible;
        let started = MoveTask {
            task,
            source: source.clone(),
            destination: destination.cloned(),
            rate,
            status: MoveStatus::Running,
            moved: 0,
            to_move,
            started_ms: self.now_ms().await?,
        };
        let text = format!(
            "INSERT INTO @s@.tasks ({COLUMNS}) VALUES \
             ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'running', 0, $10, $11)"
        );
        let params: [&(dyn ToSql + Sync); 11] = [
            &name(task),
            &source.account,
            &source.region,
            &source.name,
            &info.uid,
            &destination.map(|it| &it.account),
            &destination.map(|it| &it.region),
            &destination.map(|it| &it.name),
            &rate.map(i64::from),
            &(to_move as i64),
            &(started.started_ms as i64),
        ];
        self.run(&text, &params).await?;
        Ok(Outcome::Task(started))
    }

    async fn check_task(
        &self,
        info: &Info,
        destination: Option<&QueueKey>,
        rate: Option<u32>,
    ) -> Tried<()> {
        let source = &info.key;
        let sources = "SELECT EXISTS (SELECT FROM @s@.queues WHERE target_account = $1 \
                       AND target_region = $2 AND target_name = $3)";
        let params: [&(dyn ToSql + Sync); 3] = [&source.account, &source.region, &source.name];
        if !self.one(sources, &params).await?.try_get::<_, bool>(0)? {
            return refused(move_tasks::not_a_dead_letter_queue());
        }
        if let Some(destination) = destination {
            let Some(found) = self.find(destination).await? else {
                return refused(move_tasks::resource_missing("DestinationArn"));
            };
            move_tasks::check_destination(
                (source, info.attributes.fifo),
                (destination, found.attributes.fifo),
            )
            .map_err(Failure::Refused)?;
        }
        rate.map_or(Ok(()), move_tasks::check_rate)
            .map_err(Failure::Refused)?;
        let active = self.active_tasks().await?;
        if active.iter().any(|it| it.task.source == *source) {
            return refused(move_tasks::already_running());
        }
        let own = |it: &&Stored| it.task.source.account == source.account;
        if active.iter().filter(own).count() >= limits::MOVE_TASKS_MAX {
            return refused(move_tasks::too_many_tasks());
        }
        Ok(())
    }

    /// S10.7: it ends at its next step.
    pub async fn cancel_task(
        &self,
        source: &QueueKey,
        task: u64,
        maybe_done: bool,
    ) -> Tried<Outcome> {
        self.lock(LOCK_TASKS).await?;
        let found = self.find_task(task).await?;
        let Some(mut found) = found.filter(|it| it.task.source == *source) else {
            return refused(move_tasks::unknown_task());
        };
        let before = found.task.status.clone();
        let cancelled = matches!(before, MoveStatus::Cancelling | MoveStatus::Cancelled);
        if before != MoveStatus::Running && !(maybe_done && cancelled) {
            return refused(move_tasks::not_running());
        }
        if before == MoveStatus::Running {
            found.task.status = MoveStatus::Cancelling;
            self.store_task(&found.task).await?;
        }
        Ok(Outcome::Task(found.task))
    }

    /// S10.10: newest first.
    pub async fn list_tasks(&self, source: &QueueKey, limit: usize) -> Tried<Outcome> {
        if self.find(source).await?.is_none() {
            return refused(move_tasks::resource_missing("SourceArn"));
        }
        let text = format!(
            "SELECT {COLUMNS} FROM @s@.tasks WHERE source_account = $1 AND source_region = $2 \
             AND source_name = $3 ORDER BY started_ms DESC, task DESC LIMIT $4"
        );
        let limit = limit.min(i64::MAX as usize) as i64;
        let params: [&(dyn ToSql + Sync); 4] =
            [&source.account, &source.region, &source.name, &limit];
        let rows = self.rows(&text, &params).await?;
        let tasks = rows.iter().map(|row| read(row).map(|it| it.task));
        Ok(Outcome::Tasks(tasks.collect::<Tried<_>>()?))
    }

    async fn store_task(&self, task: &MoveTask) -> Tried<()> {
        let text = "UPDATE @s@.tasks SET status = $2, moved = $3 WHERE task = $1";
        let params: [&(dyn ToSql + Sync); 3] = [
            &name(task.task),
            &status_text(&task.status),
            &(task.moved as i64),
        ];
        self.run(text, &params).await.map(drop)
    }

    async fn offer(&self, uid: i64, limit: usize) -> Tried<Vec<(i64, Option<String>)>> {
        let text = "SELECT seq, source FROM @s@.offer($1, $2, $3)";
        let rows = self.rows(text, &[&uid, &STEP, &(limit as i64)]).await?;
        let read = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(read).collect()
    }

    async fn uid(&self, key: &QueueKey) -> Tried<Option<i64>> {
        Ok(self.find(key).await?.map(|info| info.uid))
    }

    /// One step of one task, with these queues locked. Where more need to be, nothing is done.
    async fn step(&self, task: u64, locked: &BTreeSet<i64>, me: i64) -> Tried<Step> {
        self.lock(LOCK_TASKS).await?;
        let Some(Stored {
            mut task,
            source_uid,
        }) = self.find_task(task).await?
        else {
            return Ok(Step::Done);
        };
        let failed = |reason: &str| MoveStatus::Failed(reason.into());
        let now_ms = self.now_ms().await?;
        task.status = match &task.status {
            MoveStatus::Cancelling => MoveStatus::Cancelled,
            MoveStatus::Running if self.uid(&task.source).await? != Some(source_uid) => {
                failed(move_tasks::REASON_QUEUE_MISSING)
            }
            MoveStatus::Running if move_tasks::timed_out(&task, now_ms) => {
                failed(move_tasks::REASON_TIMEOUT)
            }
            MoveStatus::Running => {
                for uid in locked {
                    self.rows("SELECT @s@.lock_queue($1)", &[uid]).await?;
                }
                match self
                    .move_some(&mut task, source_uid, locked, now_ms, me)
                    .await?
                {
                    Ok(status) => status,
                    Err(locks) => return Ok(Step::Locks(locks)),
                }
            }
            _ => return Ok(Step::Done),
        };
        self.store_task(&task).await?;
        Ok(Step::Done)
    }

    async fn move_some(
        &self,
        task: &mut MoveTask,
        source: i64,
        locked: &BTreeSet<i64>,
        now_ms: u64,
        me: i64,
    ) -> Tried<std::result::Result<MoveStatus, BTreeSet<i64>>> {
        let allowed = move_tasks::allowance(task, now_ms);
        let offered = match allowed {
            0 => Vec::new(),
            _ => self.offer(source, allowed).await?,
        };
        let mut uids: BTreeMap<Option<String>, Option<i64>> = BTreeMap::new();
        let mut wanted = locked.clone();
        for (_, origin) in &offered {
            let origin = origin.clone().filter(|_| task.destination.is_none());
            if uids.contains_key(&origin) {
                continue;
            }
            let key = task.destination.clone().or_else(|| {
                QueueKey::from_arn(origin.as_deref()?, "DeadLetterQueueSourceArn").ok()
            });
            let uid = match &key {
                Some(key) => self.uid(key).await?,
                None => None,
            };
            wanted.extend(uid);
            uids.insert(origin, uid);
        }
        if wanted != *locked {
            return Ok(Err(wanted));
        }
        let mut failure = None;
        let mut at = 0;
        while at < offered.len() {
            let destination =
                |it: &(i64, Option<String>)| it.1.clone().filter(|_| task.destination.is_none());
            let origin = destination(&offered[at]);
            let Some(Some(uid)) = uids.get(&origin).copied() else {
                let known = origin.is_some() || task.destination.is_some();
                failure = Some(match known {
                    true => move_tasks::REASON_QUEUE_MISSING,
                    false => move_tasks::REASON_NO_ORIGIN,
                });
                break;
            };
            let run = offered[at..]
                .iter()
                .take_while(|it| destination(it) == origin);
            let seqs: Vec<i64> = run.map(|(seq, _)| *seq).collect();
            let ids: Vec<Uuid> = (0..seqs.len() as u64)
                .map(|n| Uuid(redrive::moved_id(task.task, task.moved + n)))
                .collect();
            let text = "SELECT @s@.move($1, $2, $3, $4, $5, $6)";
            let params: [&(dyn ToSql + Sync); 6] = [&source, &uid, &STEP, &me, &seqs, &ids];
            let moved: i64 = self.one(text, &params).await?.try_get(0)?;
            task.moved += moved as u64;
            at += seqs.len();
        }
        if let Some(reason) = failure {
            return Ok(Ok(MoveStatus::Failed(reason.into())));
        }
        let finished = task.moved >= task.to_move || self.offer(source, 1).await?.is_empty();
        Ok(Ok(match finished {
            true => MoveStatus::Completed,
            false => MoveStatus::Running,
        }))
    }

    /// S10.10: of the finished tasks of a source only the newest stay.
    async fn forget_old_tasks(&self) -> Tried<()> {
        let text = "DELETE FROM @s@.tasks WHERE task IN (SELECT t.task FROM ( \
                    SELECT task, row_number() OVER (PARTITION BY source_account, source_region, \
                    source_name ORDER BY started_ms DESC, task DESC) AS n FROM @s@.tasks \
                    WHERE status NOT IN ('running', 'cancelling')) t WHERE t.n > $1)";
        let kept = limits::MOVE_TASKS_LISTED_MAX as i64;
        self.run(text, &[&kept]).await.map(drop)
    }
}

impl Engine {
    /// One step of every task; answers when the next is due.
    pub async fn work(&self, connection: &mut Connection) -> Tried<Outcome> {
        let schema = self.pool.connector.location.schema.as_str();
        let tx = Tx::begin(connection, schema).await?;
        let active = tx.active_tasks().await?;
        self.heard(tx.now_ms().await?);
        drop(tx);
        if active.is_empty() {
            return Ok(Outcome::Worked { next_ms: None });
        }
        for stored in &active {
            let mut locks = BTreeSet::from([stored.source_uid]);
            loop {
                let tx = Tx::begin(connection, schema).await?;
                match tx.step(stored.task.task, &locks, self.me).await? {
                    Step::Done => {
                        tx.commit().await?;
                        break;
                    }
                    // Nothing was done but what is due; begin anew, in the order of locks.
                    Step::Locks(wanted) => locks = wanted,
                }
            }
        }
        let tx = Tx::begin(connection, schema).await?;
        tx.lock(LOCK_TASKS).await?;
        tx.forget_old_tasks().await?;
        let left = tx.active_tasks().await?;
        let now_ms = tx.now_ms().await?;
        tx.commit().await?;
        self.signal.touch_all();
        self.heard(now_ms);
        let next = left.iter().map(|it| move_tasks::next_ms(&it.task, now_ms));
        let next = next.map(|next_ms| self.own_ms(next_ms, now_ms));
        Ok(Outcome::Worked {
            next_ms: next.min(),
        })
    }
}
