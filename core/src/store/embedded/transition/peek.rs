//! Peek: shows messages and changes nothing about them.

use super::super::index::entries::MessageEntry;
use super::super::record::{State, StorageId, is_fifo};
use super::{Progress, Tx};
use crate::command::{Outcome, PeekFilter};
use crate::error::Result;
use crate::key::QueueKey;
use crate::limits;
use crate::message::{MessageState, Peeked};

/// What one step of a peek came to.
enum Looked {
    /// These are to be shown: enough, or all, or those of as many as a step looks at.
    Found(Vec<(u64, MessageEntry)>),
    /// Of as many as a step looks at, up to this sequence number, none is to be shown.
    NothingUpTo(u64),
}

impl Tx {
    pub(super) fn peek(&mut self, queue: &QueueKey, filter: &PeekFilter) -> Result<Progress> {
        let sid = self.index.storage(queue)?;
        let config = self.index.config(sid)?;
        if self.due_step(sid, &config)? {
            return Ok(Progress::Again);
        }
        let found = match self.peek_entries(sid, filter)? {
            Looked::Found(found) => found,
            Looked::NothingUpTo(sequence) => return Ok(Progress::Further(sequence)),
        };
        let mut peeked = Vec::with_capacity(found.len());
        let mut bytes = 0;
        for (sequence, entry) in found {
            let content = self.content(entry.at, entry.length)?;
            let message = self.decode(&entry, sequence, &content)?;
            bytes += message.size();
            if bytes > limits::RECEIVE_BYTES_MAX && !peeked.is_empty() {
                break;
            }
            let state = shown_state(sid, entry.standing.state);
            let visible_ms = match state {
                MessageState::Visible => None,
                MessageState::InFlight => Some(entry.standing.visible_ms),
                MessageState::Delayed if is_fifo(sid) => {
                    let delay_ms = super::due::delay_ms(&config.attributes);
                    Some(entry.standing.sent_ms.saturating_add(delay_ms))
                }
                MessageState::Delayed => Some(entry.standing.visible_ms),
            };
            self.depends_on(entry.at + u64::from(entry.length));
            peeked.push(Peeked {
                message,
                state,
                visible_ms,
            });
        }
        Ok(Progress::Answer(Outcome::Peeked(peeked)))
    }

    fn peek_entries(&mut self, sid: StorageId, filter: &PeekFilter) -> Result<Looked> {
        let group = match &filter.group {
            Some(name) => match self.index.group_number(sid, name)? {
                Some(number) => Some(number),
                None => return Ok(Looked::Found(Vec::new())),
            },
            None => None,
        };
        let mut found = Vec::new();
        let mut after = filter.after;
        let mut looks = 0;
        while found.len() < filter.limit {
            if looks == limits::PEEK_STEP_MESSAGES_MAX {
                if found.is_empty() {
                    return Ok(Looked::NothingUpTo(after));
                }
                break;
            }
            looks += 1;
            let Some(from) = after.checked_add(1) else {
                break;
            };
            let next = match group {
                // FIFO: the group's own list; a tenant's list has its ready messages only.
                Some(number) if is_fifo(sid) => {
                    let Some(sequence) = self.index.member_from(sid, number, from)? else {
                        break;
                    };
                    self.index
                        .message(sid, sequence)?
                        .map(|entry| (sequence, entry))
                }
                _ => self.index.message_from(sid, from)?,
            };
            let Some((sequence, entry)) = next else { break };
            after = sequence;
            let wanted = filter.states.is_empty()
                || filter
                    .states
                    .contains(&shown_state(sid, entry.standing.state));
            if wanted && group.is_none_or(|number| number == entry.group) {
                found.push((sequence, entry));
            }
        }
        Ok(Looked::Found(found))
    }
}

fn shown_state(sid: StorageId, state: State) -> MessageState {
    match state {
        State::Fresh if is_fifo(sid) => MessageState::Delayed,
        State::Fresh | State::Ready => MessageState::Visible,
        State::Delayed => MessageState::Delayed,
        State::InFlight => MessageState::InFlight,
    }
}
