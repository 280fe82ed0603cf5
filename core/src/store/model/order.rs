//! Which messages of a queue can be received now, and in which order (D3, D4, D5).

use super::Bug;
use super::state::{Entry, Queue, Standing};
use crate::limits;
use std::collections::{BTreeMap, BTreeSet};

impl Queue {
    /// Sequence numbers of the receivable messages, in delivery order.
    pub fn receivable(&self, now_ms: u64, bug: Option<Bug>) -> Vec<u64> {
        if self.attributes.fifo {
            self.ring
                .iter()
                .flat_map(|group| self.head_run(group, bug))
                .collect()
        } else if self.tenants.is_empty() {
            self.sorted_visible(|entry| match entry.standing {
                Standing::Returned => 0,
                _ => 1,
            })
        } else {
            let noisy = self.noisy_tenants(now_ms);
            // S8.5: quiet tenants first, then the noisy one with fewest in flight.
            self.sorted_visible(|entry| match &entry.message.group {
                Some(tenant) => noisy.get(tenant).copied().unwrap_or(0),
                None => 0,
            })
        }
    }

    /// Visible messages by `rank`, then sequence number.
    fn sorted_visible(&self, rank: impl Fn(&Entry) -> u64) -> Vec<u64> {
        let mut ranked: Vec<(u64, u64)> = self
            .messages
            .values()
            .filter(|entry| entry.is_visible())
            .map(|entry| (rank(entry), entry.message.sequence))
            .collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, sequence)| sequence).collect()
    }

    /// S8.4, S8.6: the noisy tenants, each with its messages in flight.
    fn noisy_tenants(&self, now_ms: u64) -> BTreeMap<String, u64> {
        let mut in_flight: BTreeMap<String, u64> = BTreeMap::new();
        for entry in self.messages.values().filter(|entry| entry.is_in_flight()) {
            if let Some(tenant) = &entry.message.group {
                *in_flight.entry(tenant.clone()).or_default() += 1;
            }
        }
        let all = self.counts().in_flight;
        in_flight.retain(|tenant, own| {
            let sent_lately = self
                .tenants
                .get(tenant)
                .is_some_and(|sent_ms| now_ms - sent_ms < limits::NOISY_QUIET_MS);
            *own >= limits::NOISY_IN_FLIGHT_MIN && *own * limits::NOISY_SHARE > all && sent_lately
        });
        in_flight
    }

    /// The messages of a FIFO group in their order.
    fn group<'a>(
        &'a self,
        group: &str,
        bug: Option<Bug>,
    ) -> Box<dyn Iterator<Item = &'a Entry> + 'a> {
        let group = Some(group.to_string());
        let members = self
            .messages
            .values()
            .filter(move |entry| entry.message.group == group);
        if bug == Some(Bug::ReturnedToTheEnd) {
            let mut members: Vec<&Entry> = members.collect();
            members.sort_by_key(|entry| entry.is_visible() && entry.receives_here > 0);
            return Box::new(members.into_iter());
        }
        Box::new(members)
    }

    fn has_visible_head(&self, group: &str, bug: Option<Bug>) -> bool {
        self.group(group, bug).next().is_some_and(Entry::is_visible)
    }

    /// S7.4: from the head of the group on, while each is visible.
    fn head_run(&self, group: &str, bug: Option<Bug>) -> Vec<u64> {
        let limit = match bug {
            Some(Bug::OverLockedGroup) => 1,
            _ => usize::MAX,
        };
        self.group(group, bug)
            .take_while(|entry| entry.is_visible())
            .take(limit)
            .map(|entry| entry.message.sequence)
            .collect()
    }

    /// Keeps the ring the list of groups with a visible head: a group leaves it when its head is
    /// not visible, and enters at the back when its head becomes so. To be called after each
    /// change of one message.
    pub fn refresh_ring(&mut self, group: Option<&String>, bug: Option<Bug>) {
        let Some(group) = group.filter(|_| self.attributes.fifo) else {
            return;
        };
        let deliverable = self.has_visible_head(group, bug);
        let position = self.ring.iter().position(|member| member == group);
        match (position, deliverable) {
            (None, true) => self.ring.push_back(group.clone()),
            (Some(at), false) => {
                self.ring.remove(at);
            }
            _ => {}
        }
    }

    /// S7.7: a group that was read goes behind the others if it can deliver still.
    pub fn rotate_ring(&mut self, group: &String) {
        if let Some(at) = self.ring.iter().position(|member| member == group) {
            self.ring.remove(at);
            self.ring.push_back(group.clone());
        }
    }

    /// What the ring must hold, sorted.
    pub fn groups_with_visible_head(&self, bug: Option<Bug>) -> Vec<&String> {
        let groups: BTreeSet<&String> = self
            .messages
            .values()
            .filter(|_| self.attributes.fifo)
            .filter_map(|entry| entry.message.group.as_ref())
            .collect();
        groups
            .into_iter()
            .filter(|group| self.has_visible_head(group, bug))
            .collect()
    }

    /// See [`Model::adopt_group_order`](super::Model::adopt_group_order).
    pub fn adopt_ring(&mut self, order: &[String]) -> Vec<String> {
        let own: BTreeSet<&String> = self.ring.iter().collect();
        if order.len() == self.ring.len() && order.iter().all(|name| own.contains(name)) {
            self.ring = order.iter().cloned().collect();
        }
        self.ring.iter().cloned().collect()
    }
}
