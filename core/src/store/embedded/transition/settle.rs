//! Delete and change of visibility (S2.7 to S2.21).

use super::super::index::entries::MessageEntry;
use super::super::index::queues::Config;
use super::super::record::{Record, State, StorageId, is_fifo};
use super::Tx;
use super::due::retention_ms;
use crate::command::Outcome;
use crate::error::Result;
use crate::key::QueueKey;
use crate::message::Receipt;
use crate::rules;
use std::collections::HashSet;

impl Tx {
    pub(super) fn delete(&mut self, queue: &QueueKey, receipts: &[Receipt]) -> Result<Outcome> {
        let sid = self.index.storage(queue)?;
        let config = self.index.config(sid)?;
        self.due_step(sid, &config)?;
        let was_full = self
            .index
            .head(sid)?
            .is_some_and(|head| head.in_flight >= self.limits.in_flight);
        let mut answers = Vec::with_capacity(receipts.len());
        let mut sequences = Vec::with_capacity(receipts.len());
        let mut seen = HashSet::with_capacity(receipts.len());
        for receipt in receipts {
            let found = self.find_receipt(sid, &config, receipt);
            answers.push(found.and_then(|found| {
                match found {
                    // An entry before this one deleted it.
                    Some(_) if seen.contains(&receipt.sequence) => Ok(()),
                    Some(entry) if is_fifo(sid) && !self.holds(&entry, receipt) => {
                        Err(rules::time::receipt_expired(receipt))
                    }
                    Some(_) => {
                        if seen.insert(receipt.sequence) {
                            sequences.push(receipt.sequence);
                        }
                        Ok(())
                    }
                    // S2.16: already deleted is deleted.
                    None => Ok(()),
                }
            }));
        }
        if !sequences.is_empty() {
            self.durable_step(&[Record::Delete { sid, sequences }])?;
            if is_fifo(sid) || was_full {
                self.touch(queue);
            }
        } else {
            // "Deleted" may rest on another caller's record that is not on disk yet.
            self.sync_lsn = self.appender.end().lsn;
        }
        Ok(Outcome::Each(answers))
    }

    pub(super) fn change_visibility(
        &mut self,
        queue: &QueueKey,
        entries: &[(Receipt, u32)],
    ) -> Result<Outcome> {
        let sid = self.index.storage(queue)?;
        let config = self.index.config(sid)?;
        self.due_step(sid, &config)?;
        let mut answers = Vec::with_capacity(entries.len());
        for (receipt, seconds) in entries {
            answers.push(self.change_one(sid, &config, receipt, *seconds));
        }
        if answers.iter().any(Result::is_ok) {
            self.touch(queue);
        }
        Ok(Outcome::Each(answers))
    }

    fn change_one(
        &mut self,
        sid: StorageId,
        config: &Config,
        receipt: &Receipt,
        seconds: u32,
    ) -> Result<()> {
        rules::time::check_visibility(seconds)?;
        let Some(entry) = self.find_receipt(sid, config, receipt)? else {
            return Err(rules::time::visibility_gone(receipt));
        };
        if is_fifo(sid) && !self.holds(&entry, receipt) {
            return Err(rules::time::receipt_expired(receipt));
        }
        // The receive may have been lost with the machine: then nothing is hidden.
        if !(1..=entry.standing.receives).contains(&receipt.receive) {
            return Err(rules::time::visibility_gone(receipt));
        }
        rules::time::check_visibility_total(receipt, self.now_ms, seconds)?;
        self.lease_step(&[Record::Visibility {
            sid,
            sequence: receipt.sequence,
            visible_ms: self.now_ms + u64::from(seconds) * 1000,
            now_ms: self.now_ms,
        }])
    }

    /// The message of a receipt; `None` if it is gone.
    fn find_receipt(
        &mut self,
        sid: StorageId,
        config: &Config,
        receipt: &Receipt,
    ) -> Result<Option<MessageEntry>> {
        rules::receipt::check_queue(receipt, config.record.uid)?;
        let now_ms = self.now_ms;
        let retention_ms = retention_ms(&config.attributes);
        Ok(self
            .index
            .message(sid, receipt.sequence)?
            .filter(|entry| entry.standing.sent_ms.saturating_add(retention_ms) > now_ms))
    }

    /// FIFO: whether a receipt's lease still runs (S2.21).
    fn holds(&self, entry: &MessageEntry, receipt: &Receipt) -> bool {
        let standing = &entry.standing;
        standing.receives == receipt.receive
            && standing.state == State::InFlight
            && standing.visible_ms > self.now_ms
    }
}
