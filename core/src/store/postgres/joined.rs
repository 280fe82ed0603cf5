//! Sending and deleting inside of a transaction of the caller's (`schema/inbox.sql`).

use super::failure::Failure;
use super::info::Info;
use super::rows::{self, Uuid};
use super::schema;
use crate::command::SendEntry;
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::message::Receipt;
use crate::rules::{receipt, refusals, send, time};
use tokio_postgres::GenericClient;
use tokio_postgres::types::ToSql;

/// Puts a message that was checked into the transaction.
pub async fn put<C: GenericClient>(
    client: &C,
    schema: &str,
    key: &QueueKey,
    entry: &SendEntry,
) -> Result<()> {
    let info = look(client, schema, key).await?;
    let mut admitted = send::admit(&info.attributes, std::slice::from_ref(entry), false)?;
    let admitted = admitted.pop().unwrap_or_else(|| {
        let text = "a send was neither admitted nor refused";
        Err(Error::new(ErrorKind::Internal, text))
    })?;
    // The queue's own delay is that of the moment when the message gets its place.
    let delay_ms = entry.delay_s.map(|_| admitted.delay_ms as i64);
    let params: [&(dyn ToSql + Sync); 9] = [
        &info.uid,
        &Uuid(entry.id),
        &&entry.body[..],
        &rows::print_attributes(&entry.attributes),
        &entry.trace_header,
        &entry.group,
        &admitted.deduplication,
        &delay_ms.filter(|_| !info.attributes.fifo),
        &entry.sender,
    ];
    let text = "SELECT @s@.enlist($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let put = client.query(&schema::fill(text, schema), &params).await;
    put.map(drop)
        .map_err(|error| Failure::from(error).into_error())
}

/// Lets a message go with the transaction.
pub async fn discard<C: GenericClient>(
    client: &C,
    schema: &str,
    key: &QueueKey,
    of: &Receipt,
) -> Result<()> {
    let info = look(client, schema, key).await?;
    receipt::check_queue(of, info.uid as u64)?;
    let params: [&(dyn ToSql + Sync); 3] =
        [&info.uid, &(of.sequence as i64), &i64::from(of.receive)];
    let text = schema::fill("SELECT @s@.enlist_delete($1, $2, $3)", schema);
    let done = client.query_one(&text, &params).await;
    match done.and_then(|row| row.try_get(0)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(time::receipt_expired(of)),
        Err(error) => Err(Failure::from(error).into_error()),
    }
}

async fn look<C: GenericClient>(client: &C, schema: &str, key: &QueueKey) -> Result<Info> {
    let found = Info::load_in(client, schema, key).await;
    let found = found.map_err(Failure::into_error)?;
    found.ok_or_else(refusals::queue_missing)
}
