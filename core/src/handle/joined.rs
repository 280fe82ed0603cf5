//! Sending and deleting inside of a transaction of the caller's, on PostgreSQL.

use super::acknowledge::read_receipt;
use super::{DeleteRequest, Queue, SendRequest};
use crate::error::{Error, ErrorKind, Result};
use crate::message::MessageId;
use crate::rules::send;
use crate::store::Storage;
use crate::store::postgres::joined;
use std::sync::Arc;
use tokio_postgres::GenericClient;

impl Queue {
    /// Sends a message within a transaction of the caller's, in the database of this store: it is
    /// there when the transaction commits, and never if it rolls back. Nothing is locked meanwhile.
    /// What is refused leaves the transaction as it was.
    ///
    /// On a FIFO queue the message gets its place when the transaction commits, and a duplicate is
    /// dropped then (S7.11). Every such commit notifies, which takes a lock of the whole database
    /// for a moment: for thousands a second use [`Queue::send`].
    ///
    /// Errors: those of [`Queue::send`]; `UnsupportedOperation` for a store that is not on
    /// PostgreSQL; those of the database end the transaction.
    pub async fn send_in<C: GenericClient>(
        &self,
        transaction: &C,
        message: impl Into<SendRequest>,
    ) -> Result<MessageId> {
        let storage = self.shared().storage()?;
        let schema = schema(&storage)?;
        let entry = self.entry(message.into());
        let strictness = self.shared().settings.strictness;
        let checks = send::check(std::slice::from_ref(&entry), strictness, false)?;
        checks.into_iter().collect::<Result<()>>()?;
        joined::put(transaction, schema, self.key(), &entry).await?;
        Ok(entry.id)
    }

    /// Deletes a message within a transaction of the caller's, in the database of this store: it
    /// is gone when the transaction commits, and stays if it rolls back. Its visibility timeout
    /// runs on meanwhile, and others may receive it when that ends.
    ///
    /// A receipt of a FIFO message is looked at now (S2.21); the message goes with the commit,
    /// whatever came in between.
    ///
    /// Errors: those of [`Queue::delete`]; `UnsupportedOperation` for a store that is not on
    /// PostgreSQL; those of the database end the transaction.
    pub async fn delete_in<C: GenericClient>(
        &self,
        transaction: &C,
        message: impl Into<DeleteRequest>,
    ) -> Result<()> {
        let storage = self.shared().storage()?;
        let schema = schema(&storage)?;
        let receipt = read_receipt(message.into().receipt)?;
        joined::discard(transaction, schema, self.key(), &receipt).await
    }
}

fn schema(storage: &Arc<dyn Storage>) -> Result<&str> {
    storage.schema().ok_or_else(|| {
        let text = "only a store on PostgreSQL takes part in transactions of a database";
        Error::new(ErrorKind::UnsupportedOperation, text)
    })
}
