//! Looks of one line that are under way.

use super::Pending;
use crate::command::{Command, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::handle::receive::{Callback, receive_command};
use crate::key::QueueKey;
use crate::store::Done;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

/// A ticket that left its line, with its number.
pub(super) type Ticket = (u64, Pending);

/// Tickets of a line, and what their looks have come to.
pub(super) struct Looks {
    key: Arc<QueueKey>,
    tickets: Vec<Ticket>,
    answers: Vec<Option<Result<Outcome>>>,
    missing: usize,
    coming: Receiver<(usize, Result<Outcome>)>,
}

impl Looks {
    /// For these tickets, and the commands that are to be handed in for them.
    pub fn new(key: Arc<QueueKey>, tickets: Vec<Ticket>) -> (Self, Vec<(Command, Done)>) {
        let (sender, coming) = channel();
        let commands = tickets.iter().enumerate().map(|(place, (_, pending))| {
            let sender = sender.clone();
            // The looks live until all answers have come.
            let done: Done = Box::new(move |answer| drop(sender.send((place, answer))));
            (receive_command(&pending.queue, &pending.options), done)
        });
        let commands = commands.collect();
        let looks = Self {
            key,
            answers: tickets.iter().map(|_| None).collect(),
            missing: tickets.len(),
            tickets,
            coming,
        };
        (looks, commands)
    }

    pub fn key(&self) -> &Arc<QueueKey> {
        &self.key
    }

    /// Numbers of the tickets that are to be called back.
    pub fn ids(&self) -> impl Iterator<Item = u64> {
        let called = self.tickets.iter().filter(|(_, it)| it.callback.is_some());
        called.map(|(id, _)| *id)
    }

    /// The callback of a ticket, which is not called for these looks any more.
    pub fn detach(&mut self, id: u64) -> Option<Callback> {
        let ticket = self.tickets.iter_mut().find(|(own, _)| *own == id);
        ticket.and_then(|(_, pending)| pending.callback.take())
    }

    /// True if all answers have come by then, however long that takes for `None`.
    pub fn gather(&mut self, until: Option<Instant>) -> bool {
        while self.missing > 0 {
            let next = match until {
                None => self
                    .coming
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
                Some(until) => {
                    let rest = until.saturating_duration_since(Instant::now());
                    self.coming.recv_timeout(rest)
                }
            };
            match next {
                Ok((place, answer)) => {
                    let slot = self.answers.get_mut(place);
                    let before = slot.and_then(|slot| slot.replace(answer));
                    self.missing -= usize::from(before.is_none());
                }
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => self.missing = 0,
            }
        }
        true
    }

    /// Each ticket with its answer, in their order.
    pub fn end(self) -> impl Iterator<Item = (Ticket, Result<Outcome>)> {
        let answers = self.answers.into_iter().map(|answer| {
            answer.unwrap_or_else(|| {
                let text = "the store panicked while a receive waited";
                Err(Error::new(ErrorKind::Internal, text))
            })
        });
        self.tickets.into_iter().zip(answers)
    }
}
