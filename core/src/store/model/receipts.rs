//! What a receipt allows: deleting and changing visibility (D8).

use super::Bug;
use super::receive::hidden_until;
use super::state::{Queue, State};
use crate::command::Outcome;
use crate::error::Result;
use crate::key::QueueKey;
use crate::message::Receipt;
use crate::rules::{receipt, time};

/// What a receipt still means.
enum Holds {
    /// It names a message that it may act on.
    Message,
    /// The message is gone, or never was received under this receipt.
    Gone,
    /// FIFO: the message is there, but no longer in flight under this receipt (S2.21).
    Expired,
}

impl State {
    pub fn delete(&mut self, key: &QueueKey, receipts: &[Receipt]) -> Result<Outcome> {
        let bug = self.bug;
        let queue = self.due_queue(key)?;
        let results = receipts
            .iter()
            .map(|receipt| queue.delete(receipt, bug))
            .collect();
        self.generation += 1;
        Ok(Outcome::Each(results))
    }

    pub fn change_visibility(
        &mut self,
        key: &QueueKey,
        entries: &[(Receipt, u32)],
    ) -> Result<Outcome> {
        let (now_ms, bug) = (self.now_ms, self.bug);
        let queue = self.due_queue(key)?;
        let results = entries
            .iter()
            .map(|(receipt, seconds)| queue.change(receipt, *seconds, now_ms, bug))
            .collect();
        self.generation += 1;
        Ok(Outcome::Each(results))
    }
}

impl Queue {
    /// S2.13, S2.14, S2.16, S2.19, S2.21.
    fn delete(&mut self, receipt: &Receipt, bug: Option<Bug>) -> Result<()> {
        match self.holds(receipt)? {
            Holds::Message => {
                self.remove(receipt.sequence, bug);
                Ok(())
            }
            Holds::Gone => Ok(()),
            Holds::Expired => Err(time::receipt_expired(receipt)),
        }
    }

    /// S2.7 to S2.10, S2.12, S2.15, S2.21b.
    fn change(
        &mut self,
        receipt: &Receipt,
        seconds: u32,
        now_ms: u64,
        bug: Option<Bug>,
    ) -> Result<()> {
        match self.holds(receipt)? {
            Holds::Message if !self.happened(receipt) => {
                return Err(time::visibility_gone(receipt));
            }
            Holds::Message => time::check_visibility_total(receipt, now_ms, seconds)?,
            Holds::Gone => return Err(time::visibility_gone(receipt)),
            Holds::Expired => return Err(time::receipt_expired(receipt)),
        }
        if let Some(entry) = self.messages.get_mut(&receipt.sequence) {
            entry.changed = true;
        }
        let visible_ms = now_ms + u64::from(seconds) * 1000;
        self.stand(receipt.sequence, hidden_until(visible_ms, now_ms), bug);
        Ok(())
    }

    fn holds(&self, receipt: &Receipt) -> Result<Holds> {
        receipt::check_queue(receipt, self.uid)?;
        let Some(entry) = self.messages.get(&receipt.sequence) else {
            return Ok(Holds::Gone);
        };
        Ok(if self.attributes.fifo {
            match receipt.receive == entry.receives_here && entry.is_in_flight() {
                true => Holds::Message,
                false => Holds::Expired,
            }
        } else {
            Holds::Message
        })
    }

    /// Whether the receive that a receipt names is known: it may have been lost with the machine.
    fn happened(&self, receipt: &Receipt) -> bool {
        let entry = self.messages.get(&receipt.sequence);
        entry.is_some_and(|entry| (1..=entry.receives_here).contains(&receipt.receive))
    }
}
