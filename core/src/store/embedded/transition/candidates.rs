//! In which order a queue offers its messages. Nothing here changes anything: a receive, a move
//! task and the dead-letter rule take from the same order.

use super::super::index::Index;
use super::super::index::entries::MessageEntry;
use super::super::record::{State, StorageId, is_fifo};
use crate::error::Result;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Offers the receivable messages of a queue one by one.
pub struct Candidates {
    sid: StorageId,
    order: Order,
    /// The queue's cursor when the offers so far are taken.
    pub fresh: u64,
}

enum Order {
    Plain(Plain),
    Fair(Box<Fair>),
    Fifo(Fifo),
}

/// Standard queue, or the messages without a group of a fair one: returned ones first, then
/// never offered ones, each by number.
struct Plain {
    returned: u64,
    returned_ended: bool,
    /// Never offered messages from here on are not of this kind.
    fresh_end: u64,
}

/// A tenant's next message: noisy tenants come last, those with fewest in flight first.
type Turn = Reverse<(u64, u64, u64)>;

/// Fair queue (S8.5).
struct Fair {
    plain: Plain,
    plain_next: Option<(u64, MessageEntry, u64)>,
    /// Next place of the ring to look at; `None` at its end.
    ring: Option<u64>,
    heap: BinaryHeap<Turn>,
    noisy: Vec<(u64, u64)>,
}

/// FIFO queue (S7.3, S7.4).
struct Fifo {
    ring: u64,
    group: Option<(u64, u64)>,
}

impl Candidates {
    /// The offers of `sid` as it is now.
    pub fn new(index: &mut Index, sid: StorageId, now_ms: u64) -> Result<Self> {
        let Some(head) = index.head(sid)?.cloned() else {
            let order = Order::Fifo(Fifo {
                ring: u64::MAX,
                group: None,
            });
            return Ok(Self {
                sid,
                order,
                fresh: 0,
            });
        };
        let plain = Plain {
            returned: 0,
            returned_ended: false,
            fresh_end: if head.fair_from == 0 {
                u64::MAX
            } else {
                head.fair_from
            },
        };
        let order = if is_fifo(sid) {
            Order::Fifo(Fifo {
                ring: 0,
                group: None,
            })
        } else if head.fair_from == 0 {
            Order::Plain(plain)
        } else {
            Order::Fair(Box::new(Fair {
                plain,
                plain_next: None,
                ring: Some(0),
                heap: BinaryHeap::new(),
                noisy: index.noisy_tenants(sid, now_ms)?,
            }))
        };
        Ok(Self {
            sid,
            order,
            fresh: head.fresh,
        })
    }

    /// The cursor after the last offer, if it may pass what was looked at in vain as well.
    pub fn fresh_if_ended(&self) -> u64 {
        match &self.order {
            Order::Plain(_) => self.fresh,
            // The offers of other orders do not follow the cursor.
            Order::Fair(_) | Order::Fifo(_) => 0,
        }
    }

    /// The next offer.
    pub fn next(&mut self, index: &mut Index) -> Result<Option<(u64, MessageEntry)>> {
        let sid = self.sid;
        match &mut self.order {
            Order::Plain(plain) => {
                let mut fresh = self.fresh;
                let next = plain.next(index, sid, &mut fresh)?;
                self.fresh = fresh;
                Ok(next)
            }
            Order::Fair(fair) => fair.next(index, sid, &mut self.fresh),
            Order::Fifo(fifo) => fifo.next(index, sid),
        }
    }
}

impl Plain {
    fn next(
        &mut self,
        index: &mut Index,
        sid: StorageId,
        fresh: &mut u64,
    ) -> Result<Option<(u64, MessageEntry)>> {
        while !self.returned_ended {
            let Some(sequence) = index.returned_from(sid, self.returned)? else {
                self.returned_ended = true;
                break;
            };
            self.returned = sequence + 1;
            if let Some(entry) = index.message(sid, sequence)? {
                return Ok(Some((sequence, entry)));
            }
        }
        while let Some((sequence, entry)) = index.message_from(sid, *fresh)? {
            if sequence >= self.fresh_end {
                break;
            }
            *fresh = sequence + 1;
            if entry.standing.state == State::Fresh {
                return Ok(Some((sequence, entry)));
            }
        }
        Ok(None)
    }

    /// By number alone, as a fair queue orders them. The cursor is moved by the caller, when the
    /// message is taken: it answers the cursor that goes with each.
    fn next_by_number(
        &mut self,
        index: &mut Index,
        sid: StorageId,
        fresh: u64,
    ) -> Result<Option<(u64, MessageEntry, u64)>> {
        let mut after = fresh;
        let mut never_offered = None;
        while let Some((sequence, entry)) = index.message_from(sid, after)? {
            if sequence >= self.fresh_end {
                break;
            }
            after = sequence + 1;
            if entry.standing.state == State::Fresh {
                never_offered = Some((sequence, entry, after));
                break;
            }
        }
        let returned = index.returned_from(sid, self.returned)?;
        match (returned, never_offered) {
            (Some(sequence), never) if never.as_ref().is_none_or(|never| sequence < never.0) => {
                self.returned = sequence + 1;
                let entry = index.message(sid, sequence)?;
                Ok(entry.map(|entry| (sequence, entry, fresh)))
            }
            (_, never) => Ok(never),
        }
    }
}

impl Fair {
    fn next(
        &mut self,
        index: &mut Index,
        sid: StorageId,
        fresh: &mut u64,
    ) -> Result<Option<(u64, MessageEntry)>> {
        if self.plain_next.is_none() {
            self.plain_next = self.plain.next_by_number(index, sid, *fresh)?;
        }
        self.load_ring(index, sid)?;
        let turn = self
            .heap
            .peek()
            .map(|Reverse((rank, sequence, _))| (*rank, *sequence));
        if let Some((sequence, _, _)) = &self.plain_next
            && turn.is_none_or(|turn| (0, *sequence) < turn)
            && let Some((sequence, entry, after)) = self.plain_next.take()
        {
            *fresh = after;
            return Ok(Some((sequence, entry)));
        }
        while let Some(Reverse((rank, sequence, group))) = self.heap.pop() {
            if let Some(next) = index.member_from(sid, group, sequence + 1)? {
                self.heap.push(Reverse((rank, next, group)));
            }
            if let Some(entry) = index.message(sid, sequence)? {
                return Ok(Some((sequence, entry)));
            }
        }
        Ok(None)
    }

    /// Takes tenants from the ring while one of them could come before all that are known. The
    /// ring is ordered by first message, so one quiet tenant ahead of the rest is enough.
    fn load_ring(&mut self, index: &mut Index, sid: StorageId) -> Result<()> {
        while let Some(place) = self.ring {
            let best = self
                .heap
                .peek()
                .map(|Reverse((rank, sequence, _))| (*rank, *sequence));
            let Some((first, group)) = index.ring_from(sid, place)? else {
                self.ring = None;
                break;
            };
            if best.is_some_and(|best| best < (0, first)) {
                break;
            }
            let noisy = self.noisy.iter().find(|(number, _)| *number == group);
            let rank = noisy.map_or(0, |(_, in_flight)| *in_flight);
            self.heap.push(Reverse((rank, first, group)));
            self.ring = Some(first + 1);
        }
        Ok(())
    }
}

impl Fifo {
    fn next(&mut self, index: &mut Index, sid: StorageId) -> Result<Option<(u64, MessageEntry)>> {
        loop {
            let (group, after) = match self.group {
                Some(current) => current,
                None => {
                    let Some((place, group)) = index.ring_from(sid, self.ring)? else {
                        return Ok(None);
                    };
                    self.ring = place + 1;
                    (group, 0)
                }
            };
            // S7.4: from the group's first message on, up to the first that is not visible.
            if let Some(sequence) = index.member_from(sid, group, after)?
                && let Some(entry) = index.message(sid, sequence)?
                && entry.standing.state == State::Ready
            {
                self.group = Some((group, sequence + 1));
                return Ok(Some((sequence, entry)));
            }
            self.group = None;
        }
    }
}
