//! Receiving (D6), with its dead-letter moves (S9) and its attempts (D7).

use super::Bug;
use super::state::{Attempt, Entry, Queue, Standing, State};
use crate::command::Outcome;
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits;
use crate::message::{Receipt, Received};
use crate::queue::RedrivePolicy;
use crate::rules::{refusals, send};

impl State {
    pub fn receive(
        &mut self,
        key: &QueueKey,
        max: u32,
        visibility_s: Option<u32>,
        attempt: Option<String>,
        wait_s: Option<u32>,
    ) -> Result<Outcome> {
        let (now_ms, bug) = (self.now_ms, self.bug);
        if let Some(attempt) = &attempt {
            send::check_attempt(attempt, self.queue(key)?.attributes.fifo)?;
        }
        let queue = self.due_queue(key)?;
        let visibility_s = visibility_s.unwrap_or(queue.attributes.visibility_s);
        let visible_ms = now_ms + u64::from(visibility_s) * 1000;
        let wait_s = wait_s.unwrap_or(queue.attributes.wait_s);
        let repeated = attempt
            .as_ref()
            .and_then(|attempt| queue.repeat(attempt, now_ms, visible_ms, bug));
        let messages = match repeated {
            Some(messages) => messages,
            None => {
                let messages = self.receive_anew(key, max, visible_ms, wait_s > 0)?;
                if let Some(attempt) = attempt.filter(|_| !messages.is_empty()) {
                    let receipts = messages.iter().map(|received| received.receipt).collect();
                    let end_ms = now_ms + limits::DEDUPLICATION_MS;
                    self.queue(key)?
                        .attempts
                        .insert(attempt, Attempt { receipts, end_ms });
                }
                messages
            }
        };
        if visibility_s == 0 && !messages.is_empty() {
            self.generation += 1;
        }
        let next_due_ms = match messages.is_empty() {
            true => self.queue(key)?.next_due_ms(),
            false => None,
        };
        Ok(Outcome::Received {
            messages,
            next_due_ms,
            wait_s,
        })
    }

    fn receive_anew(
        &mut self,
        key: &QueueKey,
        max: u32,
        visible_ms: u64,
        waits: bool,
    ) -> Result<Vec<Received>> {
        let (now_ms, bug, limits) = (self.now_ms, self.bug, self.limits);
        let queue = self.queue(key)?;
        let candidates = queue.receivable(now_ms, bug);
        let room = limits.in_flight.saturating_sub(queue.counts().in_flight);
        if room == 0 && !candidates.is_empty() && !queue.attributes.fifo && !waits {
            return Err(refusals::too_many_in_flight(limits.in_flight));
        }
        let max = u64::from(max).min(room) as usize;
        let policy = queue.attributes.redrive.clone();
        let policy = policy.filter(|policy| self.queues.contains_key(&policy.target));
        let mut received: Vec<Received> = Vec::new();
        let mut bytes = 0;
        let mut moves = 0;
        for sequence in candidates {
            if received.len() == max || moves == limits.receive_moves {
                break;
            }
            if let Some(policy) = &policy
                && self.is_received_too_often(key, sequence, policy)?
            {
                self.dead_letter(key, sequence, policy)?;
                moves += 1;
                continue;
            }
            let queue = self.queue(key)?;
            bytes += queue
                .messages
                .get(&sequence)
                .map_or(0, |entry| entry.message.body.len());
            if bytes > limits.receive_bytes && !received.is_empty() {
                break;
            }
            received.extend(queue.take(sequence, now_ms, visible_ms, bug));
        }
        let queue = self.queue(key)?;
        for group in received
            .iter()
            .filter_map(|received| received.message.group.as_ref())
        {
            queue.rotate_ring(group);
        }
        Ok(received)
    }

    /// S9.4, S9.9: true if this receive would be one more than the policy grants.
    fn is_received_too_often(
        &mut self,
        key: &QueueKey,
        sequence: u64,
        policy: &RedrivePolicy,
    ) -> Result<bool> {
        let granted = match self.bug {
            Some(Bug::OneReceiveTooMany) => policy.max_receives + 1,
            _ => policy.max_receives,
        };
        let entry = self.queue(key)?.messages.get(&sequence);
        Ok(entry.is_some_and(|entry| entry.receives_here >= granted))
    }

    /// S9.7 to S9.11: visible there at once, receive counts kept, the age too on a standard
    /// queue, never deduplicated.
    fn dead_letter(&mut self, key: &QueueKey, sequence: u64, policy: &RedrivePolicy) -> Result<()> {
        let (now_ms, bug) = (self.now_ms, self.bug);
        let source = self.queue(key)?;
        let fifo = source.attributes.fifo;
        let Some(Entry { mut message, .. }) = source.remove(sequence, bug) else {
            return Ok(());
        };
        message.dead_letter_source = Some(key.arn());
        if fifo {
            message.sent_ms = now_ms;
        }
        let target = self.due_queue(&policy.target)?;
        target.note_tenant(&message, now_ms);
        target.append(message, Standing::Fresh, bug);
        self.generation += 1;
        Ok(())
    }
}

impl Queue {
    /// Receives one message.
    fn take(
        &mut self,
        sequence: u64,
        now_ms: u64,
        visible_ms: u64,
        bug: Option<Bug>,
    ) -> Option<Received> {
        let uid = self.uid;
        let entry = self.messages.get_mut(&sequence)?;
        entry.receives_here += 1;
        entry.received_ms = now_ms;
        entry.changed = false;
        entry.message.receive_count += 1;
        entry.message.first_receive_ms.get_or_insert(now_ms);
        let received = entry.received(uid, visible_ms);
        self.stand(sequence, hidden_until(visible_ms, now_ms), bug);
        Some(received)
    }

    /// S7.19: the messages and receipts of the attempt again, their visibility restarted, if
    /// all are still as that receive left them. Otherwise the attempt is forgotten.
    fn repeat(
        &mut self,
        attempt: &str,
        now_ms: u64,
        visible_ms: u64,
        bug: Option<Bug>,
    ) -> Option<Vec<Received>> {
        let first = self.attempts.get(attempt)?;
        let untouched = |receipt: &Receipt| {
            self.messages.get(&receipt.sequence).is_some_and(|entry| {
                entry.is_in_flight() && entry.receives_here == receipt.receive && !entry.changed
            })
        };
        if now_ms >= first.end_ms || !first.receipts.iter().all(untouched) {
            self.attempts.remove(attempt);
            return None;
        }
        let mut received = Vec::new();
        for receipt in first.receipts.clone() {
            let entry = self.messages.get(&receipt.sequence)?;
            received.push(entry.received(self.uid, visible_ms));
            self.stand(receipt.sequence, hidden_until(visible_ms, now_ms), bug);
        }
        Some(received)
    }
}

impl Entry {
    fn received(&self, queue_uid: u64, visible_ms: u64) -> Received {
        Received {
            message: self.message.clone(),
            receipt: Receipt {
                queue_uid,
                sequence: self.message.sequence,
                receive: self.receives_here,
                received_ms: self.received_ms,
            },
            visible_ms,
        }
    }
}

/// S2.3: hidden for no time is visible.
pub(super) fn hidden_until(visible_ms: u64, now_ms: u64) -> Standing {
    if visible_ms <= now_ms {
        Standing::Returned
    } else {
        Standing::InFlight(visible_ms)
    }
}
