//! What a process remembers of a queue: all that changes with its attributes only. Every call
//! names the version, so that nothing is ever decided by what was true before.

use super::failure::Failure;
use super::pool::{Connection, Sql};
use super::schema;
use crate::command::{Counts, QueueView};
use crate::key::QueueKey;
use crate::queue::QueueAttributes;
use crate::rules::attributes;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio_postgres::{GenericClient, Row};

/// A queue as it was when it was looked at.
#[derive(Debug)]
pub struct Info {
    pub key: QueueKey,
    pub uid: i64,
    pub version: i64,
    pub attributes: QueueAttributes,
    pub tags: BTreeMap<String, String>,
    pub created_ms: u64,
    pub modified_ms: u64,
    pub purged_ms: Option<u64>,
    /// All sequence numbers below are on disk for good: a send that begins later stores nothing
    /// there, also after a fail-over.
    seen_seq: AtomicI64,
}

impl Info {
    /// Looks at the queue; `None` if there is none.
    pub async fn load(
        connection: &mut Connection,
        key: &QueueKey,
    ) -> Result<Option<Self>, Failure> {
        let statement = connection.prepared(Sql::Load).await?;
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&key.account, &key.region, &key.name];
        let row = connection.client.query_opt(&statement, &params).await?;
        row.map(|row| Self::read(key, &row)).transpose()
    }

    /// Looks at the queue inside of a transaction of others.
    pub async fn load_in<C: GenericClient>(
        client: &C,
        schema: &str,
        key: &QueueKey,
    ) -> Result<Option<Self>, Failure> {
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&key.account, &key.region, &key.name];
        let text = schema::fill(Sql::Load.text(), schema);
        let row = client.query_opt(&text, &params).await?;
        row.map(|row| Self::read(key, &row)).transpose()
    }

    /// Reads the columns of [`Sql::Load`].
    pub fn read(key: &QueueKey, row: &Row) -> Result<Self, Failure> {
        let map = |at: usize| -> Result<BTreeMap<String, String>, Failure> {
            serde_json::from_str(row.try_get(at)?).map_err(|_| Failure::nonsense("attributes"))
        };
        let fifo = row.try_get(2)?;
        let attributes =
            attributes::decode(fifo, &map(3)?).map_err(|error| Failure::nonsense(error.text()))?;
        let time = |at: usize| row.try_get::<_, i64>(at).map(|ms| ms as u64);
        Ok(Self {
            key: key.clone(),
            uid: row.try_get(0)?,
            version: row.try_get(1)?,
            attributes,
            tags: map(4)?,
            created_ms: time(5)?,
            modified_ms: time(6)?,
            purged_ms: row.try_get::<_, Option<i64>>(7)?.map(|ms| ms as u64),
            // What is committed may not be on disk yet.
            seen_seq: AtomicI64::new(0),
        })
    }

    /// A sequence number below which all are on disk.
    pub fn seen(&self) -> i64 {
        self.seen_seq.load(Ordering::Relaxed)
    }

    /// Notes that all sequence numbers below this one are on disk.
    pub fn saw(&self, next_seq: i64) {
        self.seen_seq.fetch_max(next_seq, Ordering::Relaxed);
    }

    /// The queue with its counts.
    pub fn view(&self, counts: Counts) -> QueueView {
        QueueView {
            key: self.key.clone(),
            uid: self.uid as u64,
            attributes: self.attributes.clone(),
            tags: self.tags.clone(),
            created_ms: self.created_ms,
            modified_ms: self.modified_ms,
            counts,
        }
    }
}
