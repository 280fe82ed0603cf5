//! Message groups. On a FIFO queue a group is a list of all its messages, and the ring holds the
//! groups whose first message can be received (S7.4), so that a locked group costs nothing to
//! pass. On a fair queue (S8) a group is a tenant: a list of its ready messages, and the ring
//! orders tenants by the first of them.

use super::super::record::{State, StorageId, is_fifo};
use super::Index;
use super::entries::GroupEntry;
use super::keys::{self, Key, table};
use crate::error::Result;
use crate::limits;

impl Index {
    /// The group of a number.
    pub fn group(&self, sid: StorageId, group: u64) -> Result<Option<GroupEntry>> {
        self.txn
            .get(&keys::pair(sid, table::GROUPS, group))?
            .map(GroupEntry::decode)
            .transpose()
    }

    fn put_group(&mut self, sid: StorageId, group: u64, entry: &GroupEntry) -> Result<()> {
        self.txn
            .put(&keys::pair(sid, table::GROUPS, group), &entry.encode())
    }

    /// The number of a group, if it has messages.
    pub fn group_number(&self, sid: StorageId, name: &str) -> Result<Option<u64>> {
        let key = Key::new(sid, table::GROUP_NAMES).bytes(name.as_bytes());
        Ok(self
            .txn
            .get(key.as_slice())?
            .map(|bytes| keys::number(bytes, 0)))
    }

    /// The number of a group, made if it has no messages yet. `sent_ms` is remembered as its last
    /// send (S8.6).
    pub fn join_group(&mut self, sid: StorageId, name: &str, sent_ms: u64) -> Result<u64> {
        let (number, mut entry) = match self.group_number(sid, name)? {
            Some(number) => (number, self.group(sid, number)?),
            None => {
                let head = self.head_mut(sid)?;
                let number = head.group_next;
                head.group_next += 1;
                let key = Key::new(sid, table::GROUP_NAMES).bytes(name.as_bytes());
                self.txn.put(key.as_slice(), &number.to_be_bytes())?;
                (number, None)
            }
        };
        let entry = entry.get_or_insert_with(|| GroupEntry {
            count: 0,
            in_flight: 0,
            last_sent_ms: 0,
            ring: 0,
            name: name.to_owned(),
        });
        entry.last_sent_ms = entry.last_sent_ms.max(sent_ms);
        self.put_group(sid, number, entry)?;
        Ok(number)
    }

    fn change_group(
        &mut self,
        sid: StorageId,
        group: u64,
        change: impl FnOnce(&mut GroupEntry),
    ) -> Result<()> {
        if let Some(mut entry) = self.group(sid, group)? {
            change(&mut entry);
            self.put_group(sid, group, &entry)?;
        }
        Ok(())
    }

    pub(super) fn count_member(&mut self, sid: StorageId, group: u64, sequence: u64) -> Result<()> {
        if is_fifo(sid) {
            self.txn
                .put(&keys::triple(sid, table::MEMBERS, group, sequence), &[])?;
        }
        self.change_group(sid, group, |entry| entry.count += 1)
    }

    pub(super) fn uncount_member(
        &mut self,
        sid: StorageId,
        group: u64,
        sequence: u64,
    ) -> Result<()> {
        if is_fifo(sid) {
            self.txn
                .delete(&keys::triple(sid, table::MEMBERS, group, sequence))?;
        }
        let Some(mut entry) = self.group(sid, group)? else {
            return Ok(());
        };
        entry.count = entry.count.saturating_sub(1);
        if entry.count > 0 {
            return self.put_group(sid, group, &entry);
        }
        // S7.6: a group without messages is gone.
        if entry.ring != 0 {
            self.txn.delete(&keys::pair(sid, table::RING, entry.ring))?;
        }
        self.txn.delete(&keys::pair(sid, table::GROUPS, group))?;
        let key = Key::new(sid, table::GROUP_NAMES).bytes(entry.name.as_bytes());
        self.txn.delete(key.as_slice())?;
        Ok(())
    }

    /// The first message of a group's list at or after `sequence`.
    pub fn member_from(
        &mut self,
        sid: StorageId,
        group: u64,
        sequence: u64,
    ) -> Result<Option<u64>> {
        let from = keys::triple(sid, table::MEMBERS, group, sequence);
        let pair = self.txn.seek(&from)?;
        Ok(pair
            .filter(|(key, _)| {
                keys::within(key, sid, table::MEMBERS) && keys::number(key, 5) == group
            })
            .map(|(key, _)| keys::number(key, 13)))
    }

    /// FIFO: puts a group into the ring or takes it out, as its first message stands.
    pub(super) fn refresh_group(&mut self, sid: StorageId, group: u64) -> Result<()> {
        let Some(mut entry) = self.group(sid, group)? else {
            return Ok(());
        };
        let ready = match self.member_from(sid, group, 0)? {
            Some(first) => self
                .message(sid, first)?
                .is_some_and(|message| message.standing.state == State::Ready),
            None => false,
        };
        if ready == (entry.ring != 0) {
            return Ok(());
        }
        if ready {
            self.join_ring(sid, group, &mut entry)?;
        } else {
            self.txn.delete(&keys::pair(sid, table::RING, entry.ring))?;
            entry.ring = 0;
        }
        self.put_group(sid, group, &entry)
    }

    fn join_ring(&mut self, sid: StorageId, group: u64, entry: &mut GroupEntry) -> Result<()> {
        let head = self.head_mut(sid)?;
        entry.ring = head.ring_next;
        head.ring_next += 1;
        self.txn.put(
            &keys::pair(sid, table::RING, entry.ring),
            &group.to_be_bytes(),
        )
    }

    /// FIFO: a group that was read goes behind the others if it can still deliver (S7.7).
    pub fn rotate_group(&mut self, sid: StorageId, group: u64) -> Result<()> {
        let Some(mut entry) = self.group(sid, group)? else {
            return Ok(());
        };
        if entry.ring != 0 {
            self.txn.delete(&keys::pair(sid, table::RING, entry.ring))?;
            self.join_ring(sid, group, &mut entry)?;
            self.put_group(sid, group, &entry)?;
        }
        Ok(())
    }

    /// The group at or after a place of the ring, with its place.
    pub fn ring_from(&mut self, sid: StorageId, place: u64) -> Result<Option<(u64, u64)>> {
        let from = keys::pair(sid, table::RING, place);
        let pair = self.txn.seek(&from)?;
        Ok(pair
            .filter(|(key, _)| keys::within(key, sid, table::RING))
            .map(|(key, value)| (keys::number(key, 5), keys::number(value, 0))))
    }

    /// FIFO: the names of the groups in the ring, in its order.
    pub fn groups_by_turn(&mut self, sid: StorageId) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut place = 0;
        while let Some((at, group)) = self.ring_from(sid, place)? {
            names.extend(self.group(sid, group)?.map(|entry| entry.name));
            place = at + 1;
        }
        Ok(names)
    }

    /// Fair: a message of a tenant became ready.
    pub(super) fn offer_member(&mut self, sid: StorageId, group: u64, sequence: u64) -> Result<()> {
        self.txn
            .put(&keys::triple(sid, table::MEMBERS, group, sequence), &[])?;
        self.place_tenant(sid, group)
    }

    /// Fair: a message of a tenant is no longer ready.
    pub(super) fn withdraw_member(
        &mut self,
        sid: StorageId,
        group: u64,
        sequence: u64,
    ) -> Result<()> {
        self.txn
            .delete(&keys::triple(sid, table::MEMBERS, group, sequence))?;
        self.place_tenant(sid, group)
    }

    /// Fair: the tenant stands in the ring under its first ready message.
    fn place_tenant(&mut self, sid: StorageId, group: u64) -> Result<()> {
        let Some(mut entry) = self.group(sid, group)? else {
            return Ok(());
        };
        let first = self.member_from(sid, group, 0)?.unwrap_or(0);
        if first == entry.ring {
            return Ok(());
        }
        if entry.ring != 0 {
            self.txn.delete(&keys::pair(sid, table::RING, entry.ring))?;
        }
        if first != 0 {
            self.txn
                .put(&keys::pair(sid, table::RING, first), &group.to_be_bytes())?;
        }
        entry.ring = first;
        self.put_group(sid, group, &entry)
    }

    /// Fair: the tenant has one message more or fewer in flight.
    pub(super) fn count_in_flight(&mut self, sid: StorageId, group: u64, by: i64) -> Result<()> {
        let Some(mut entry) = self.group(sid, group)? else {
            return Ok(());
        };
        let old = entry.in_flight;
        entry.in_flight = old.saturating_add_signed(by);
        if old >= limits::NOISY_IN_FLIGHT_MIN {
            self.txn.delete(&busy_key(sid, old, group))?;
        }
        if entry.in_flight >= limits::NOISY_IN_FLIGHT_MIN {
            self.txn.put(&busy_key(sid, entry.in_flight, group), &[])?;
        }
        self.put_group(sid, group, &entry)
    }

    /// Fair: the noisy tenants (S8.4) with their messages in flight, busiest first. There are
    /// at most nine, each holding more than a tenth.
    pub fn noisy_tenants(&mut self, sid: StorageId, now_ms: u64) -> Result<Vec<(u64, u64)>> {
        let Some(total) = self.head(sid)?.map(|head| head.in_flight) else {
            return Ok(Vec::new());
        };
        let mut busy = Vec::new();
        let from = keys::triple(sid, table::BUSY, 0, 0);
        self.scan(&from, sid, table::BUSY, |key, _| {
            let in_flight = u64::MAX - keys::number(key, 5);
            let noisy = in_flight * limits::NOISY_SHARE > total;
            if noisy {
                busy.push((keys::number(key, 13), in_flight));
            }
            Ok(noisy)
        })?;
        let mut noisy = Vec::new();
        for (group, in_flight) in busy {
            let sent_ms = self
                .group(sid, group)?
                .map_or(0, |entry| entry.last_sent_ms);
            if now_ms.saturating_sub(sent_ms) < limits::NOISY_QUIET_MS {
                noisy.push((group, in_flight));
            }
        }
        Ok(noisy)
    }
}

pub(super) fn busy_key(sid: StorageId, in_flight: u64, group: u64) -> [u8; 21] {
    keys::triple(sid, table::BUSY, u64::MAX - in_flight, group)
}
