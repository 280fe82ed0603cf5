//! Where messages and groups must be found beside their own entries: what a check looks at. What is
//! missing there is never received, or never becomes visible again.

use super::super::record::{State, StorageId, is_fifo};
use super::Index;
use super::entries::{GroupEntry, MessageEntry};
use super::groups::busy_key;
use super::keys::{self, Key, table};
use crate::error::Result;
use crate::limits;

/// How many messages a queue's tables list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Places {
    /// Ready, and in no group.
    pub returned: u64,
    /// In lists of groups.
    pub members: u64,
    /// With deadlines.
    pub timed: u64,
    /// Moved in with their age.
    pub aged: u64,
}

impl Places {
    /// Counts where a message must be.
    pub fn expect(&mut self, sid: StorageId, entry: &MessageEntry) {
        match place_of(sid, entry) {
            Place::Returned => self.returned += 1,
            Place::Member => self.members += 1,
            Place::Deadline => self.timed += 1,
            Place::Nowhere => {}
        }
        if is_fifo(sid) && entry.group != 0 {
            self.members += 1;
        }
        self.aged += u64::from(entry.standing.moved);
    }
}

/// Where a message is looked for, by how it stands.
enum Place {
    Returned,
    Member,
    Deadline,
    Nowhere,
}

fn place_of(sid: StorageId, entry: &MessageEntry) -> Place {
    match entry.standing.state {
        State::Fresh => Place::Nowhere,
        State::Ready if is_fifo(sid) => Place::Nowhere,
        State::Ready if entry.group == 0 => Place::Returned,
        State::Ready => Place::Member,
        State::Delayed | State::InFlight => Place::Deadline,
    }
}

/// How many entries a queue's tables of groups have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupPlaces {
    /// Groups.
    pub groups: u64,
    /// Those that can be received from.
    pub ring: u64,
    /// Those that may be noisy.
    pub busy: u64,
}

impl GroupPlaces {
    /// Counts where a group must be.
    pub fn expect(&mut self, entry: &GroupEntry) {
        self.groups += 1;
        self.ring += u64::from(entry.ring != 0);
        self.busy += u64::from(entry.in_flight >= limits::NOISY_IN_FLIGHT_MIN);
    }
}

impl Index {
    /// True if a message is found wherever it must be.
    pub fn is_placed(
        &mut self,
        sid: StorageId,
        sequence: u64,
        entry: &MessageEntry,
    ) -> Result<bool> {
        let member = keys::triple(sid, table::MEMBERS, entry.group, sequence);
        let placed = match place_of(sid, entry) {
            Place::Returned => self.has(&keys::pair(sid, table::RETURNED, sequence))?,
            Place::Member => self.has(&member)?,
            Place::Deadline => self.has_deadline(sid, sequence, entry)?,
            Place::Nowhere => true,
        };
        let listed = !is_fifo(sid) || entry.group == 0 || self.has(&member)?;
        let age = keys::triple(sid, table::AGES, entry.standing.sent_ms, sequence);
        let aged = !entry.standing.moved || self.has(&age)?;
        let oldest_ms = self.head(sid)?.map_or(0, |head| head.oldest_ms);
        Ok(placed && listed && aged && oldest_ms <= entry.standing.sent_ms)
    }

    /// Removes the first entry of a table behind the back of all others.
    #[cfg(test)]
    pub fn strike_first(&mut self, sid: StorageId, table: u8) -> Result<()> {
        let from = Key::new(sid, table);
        if let Some((key, _)) = self.first_from(from.as_slice(), sid, table)? {
            self.txn.delete(&key)?;
        }
        Ok(())
    }

    fn has(&self, key: &[u8]) -> Result<bool> {
        Ok(self.txn.get(key)?.is_some())
    }

    fn has_deadline(
        &mut self,
        sid: StorageId,
        sequence: u64,
        entry: &MessageEntry,
    ) -> Result<bool> {
        let deadline_ms = entry.standing.visible_ms;
        let listed = self.lists_deadline(sid, deadline_ms, entry.anchor, sequence)?;
        let due_ms = self.head(sid)?.map_or(u64::MAX, |head| head.due_ms);
        Ok(listed && due_ms <= deadline_ms)
    }

    /// How many messages the tables of a queue list.
    pub fn places(&mut self, sid: StorageId) -> Result<Places> {
        Ok(Places {
            returned: self.count(sid, table::RETURNED)?,
            members: self.count(sid, table::MEMBERS)?,
            timed: self.count_deadlines(sid)?,
            aged: self.count(sid, table::AGES)?,
        })
    }

    /// How many entries the tables of a queue's groups have.
    pub fn group_places(&mut self, sid: StorageId) -> Result<GroupPlaces> {
        Ok(GroupPlaces {
            groups: self.count(sid, table::GROUPS)?,
            ring: self.count(sid, table::RING)?,
            busy: self.count(sid, table::BUSY)?,
        })
    }

    fn count(&mut self, sid: StorageId, table: u8) -> Result<u64> {
        let mut count = 0;
        let from = Key::new(sid, table);
        self.scan(from.as_slice(), sid, table, |_, _| {
            count += 1;
            Ok(true)
        })?;
        Ok(count)
    }

    /// The first `limit` names of groups behind `after`, with their numbers.
    pub fn group_names_behind(
        &mut self,
        sid: StorageId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<(String, u64)>> {
        let mut names = Vec::new();
        let from = Key::new(sid, table::GROUP_NAMES).bytes(after.as_bytes());
        self.scan(from.as_slice(), sid, table::GROUP_NAMES, |key, value| {
            if names.len() == limit {
                return Ok(false);
            }
            let name = String::from_utf8_lossy(&key[5..]).into_owned();
            if after.is_empty() || name != after {
                names.push((name, keys::number(value, 0)));
            }
            Ok(true)
        })?;
        Ok(names)
    }

    /// True if a group is found wherever it must be.
    pub fn is_group_placed(&self, sid: StorageId, group: u64, entry: &GroupEntry) -> Result<bool> {
        let ring = match entry.ring {
            0 => true,
            ring => {
                let place = self.txn.get(&keys::pair(sid, table::RING, ring))?;
                place.is_some_and(|value| keys::number(value, 0) == group)
            }
        };
        let may_be_noisy = entry.in_flight >= limits::NOISY_IN_FLIGHT_MIN;
        Ok(ring && (!may_be_noisy || self.has(&busy_key(sid, entry.in_flight, group))?))
    }
}
