//! How long the queues were away after each fail-over, as their clients saw it.

use crate::notes::{Event, Note};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// Milliseconds from each loss of the primary.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// To the first acknowledgement of a send that was begun after it.
    pub first_send_ms: Vec<u64>,
    /// To the moment when every client had had an answer; some of them were in long polls.
    pub all_clients_ms: Vec<u64>,
}

struct Since {
    lost_us: u64,
    /// Clients that had sent before.
    working: HashSet<u32>,
    /// Sends that were begun since, by client.
    sends: HashSet<u32>,
    first_send_us: Option<u64>,
    first_answers_us: HashMap<u32, u64>,
}

impl Recovery {
    /// Reads it out of the notes.
    pub fn of(notes: &[Note]) -> Self {
        let mut recovery = Self::default();
        let mut since: Option<Since> = None;
        // Clients that come later missed nothing.
        let mut working = HashSet::new();
        for note in notes {
            match (&note.event, &mut since) {
                (Event::FailedOver, _) => {
                    recovery.add(since.take());
                    since = Some(Since {
                        lost_us: note.time_us,
                        working: working.clone(),
                        sends: HashSet::new(),
                        first_send_us: None,
                        first_answers_us: HashMap::new(),
                    });
                }
                (Event::SendBegin(..), Some(since)) => {
                    since.sends.insert(note.who);
                }
                (Event::SendDone(_), Some(since)) => {
                    if since.sends.contains(&note.who) {
                        since.first_send_us.get_or_insert(note.time_us);
                    }
                    since.answered(note);
                }
                (Event::ReceiveDone(_) | Event::DeleteDone(_), Some(since)) => since.answered(note),
                (Event::SendDone(_), None) => {
                    working.insert(note.who);
                }
                _ => {}
            }
        }
        recovery.add(since);
        recovery
    }

    fn add(&mut self, since: Option<Since>) {
        let Some(since) = since else { return };
        let ms = |us: u64| us.saturating_sub(since.lost_us) / 1_000;
        self.first_send_ms.extend(since.first_send_us.map(ms));
        let last = since.first_answers_us.values().max();
        self.all_clients_ms.extend(last.map(|us| ms(*us)));
    }
}

impl Since {
    fn answered(&mut self, note: &Note) {
        if self.working.contains(&note.who) {
            let first = self.first_answers_us.entry(note.who);
            first.or_insert(note.time_us);
        }
    }
}

/// The middle and the largest of some times.
pub struct Spread<'a>(pub &'a [u64]);

impl fmt::Display for Spread<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.0.to_vec();
        sorted.sort_unstable();
        match (sorted.get(sorted.len() / 2), sorted.last()) {
            (Some(middle), Some(largest)) => write!(f, "p50 {middle} ms, max {largest} ms"),
            _ => write!(f, "never"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::Line;

    #[test]
    fn counts_only_sends_that_began_after_the_loss() {
        let note = |time_ms: u64, who, event| Note {
            time_us: time_ms * 1_000,
            who,
            event,
        };
        let send = |id| Event::SendBegin(Line::Standard, vec![id]);
        let notes = [
            note(1, 1, send(7)),
            note(2, 1, Event::SendDone(vec![7])),
            note(3, 1, send(1)),
            note(10, 0, Event::FailedOver),
            note(11, 2, send(2)),
            note(15, 1, Event::SendDone(vec![1])),
            note(30, 2, Event::SendDone(vec![2])),
            note(40, 0, Event::FailedOver),
            note(41, 1, send(3)),
            note(47, 1, Event::SendDone(vec![3])),
            note(50, 1, Event::DeleteDone(vec![3])),
            note(90, 3, Event::DeleteDone(vec![2])),
        ];
        let recovery = Recovery::of(&notes);
        assert_eq!(recovery.first_send_ms, [20, 7]);
        assert_eq!(recovery.all_clients_ms, [5, 7]);
        let times = Spread(&[3, 9, 1, 7]).to_string();
        assert_eq!(times, "p50 7 ms, max 9 ms");
    }
}
