//! Handles: what C sees as pointers to opaque types are numbers of a table, cast to pointers and
//! never dereferenced. A closed handle, one of another type, one from before a `fork` or a stray
//! pointer therefore gives an error instead of undefined behaviour.
//!
//! A handle's bits, from the lowest: kind, shard, slot, generation of the slot, fork epoch.

use super::arguments::invalid;
use forebay_core::sys::fork::{fork_generation, watch};
use forebay_core::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

#[cfg(target_pointer_width = "64")]
mod bits {
    pub(super) const KIND: u32 = 4;
    pub(super) const SHARD: u32 = 4;
    pub(super) const SLOT: u32 = 20;
    pub(super) const GENERATION: u32 = 28;
    pub(super) const EPOCH: u32 = 8;
}

#[cfg(target_pointer_width = "32")]
mod bits {
    pub(super) const KIND: u32 = 4;
    pub(super) const SHARD: u32 = 4;
    pub(super) const SLOT: u32 = 12;
    pub(super) const GENERATION: u32 = 8;
    pub(super) const EPOCH: u32 = 4;
}

const SHARDS: usize = 1 << bits::SHARD;
const SLOTS_MAX: usize = 1 << bits::SLOT;
const GENERATIONS: usize = 1 << bits::GENERATION;
/// Fork epochs that handles can tell apart.
pub(super) const EPOCHS: usize = 1 << bits::EPOCH;

/// Which side of how many forks this process is on, below [`EPOCHS`]. A child inherits the tables,
/// perhaps with a lock held by a thread that it does not have, and must not touch them: each
/// process in a chain of forks has tables of its own, chosen by its epoch.
pub(super) fn epoch() -> usize {
    fork_generation() as usize % EPOCHS
}

/// What a handle stands for. Never 0, so that no handle is NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Kind {
    Store = 1,
    Queue = 2,
    Messages = 3,
    Ticket = 4,
    Results = 5,
    List = 6,
    Tasks = 7,
}

impl Kind {
    const ALL: [Kind; 7] = [
        Kind::Store,
        Kind::Queue,
        Kind::Messages,
        Kind::Ticket,
        Kind::Results,
        Kind::List,
        Kind::Tasks,
    ];

    /// The C type.
    const fn name(self) -> &'static str {
        match self {
            Kind::Store => "forebay_store",
            Kind::Queue => "forebay_queue",
            Kind::Messages => "forebay_messages",
            Kind::Ticket => "forebay_ticket",
            Kind::Results => "forebay_results",
            Kind::List => "forebay_list",
            Kind::Tasks => "forebay_tasks",
        }
    }
}

/// The parts of a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    kind: usize,
    shard: usize,
    slot: usize,
    generation: usize,
    epoch: usize,
}

impl Parts {
    fn pack(self) -> usize {
        let mut handle = self.epoch;
        for (part, bits) in [
            (self.generation, bits::GENERATION),
            (self.slot, bits::SLOT),
            (self.shard, bits::SHARD),
            (self.kind, bits::KIND),
        ] {
            handle = (handle << bits) | part;
        }
        handle
    }

    fn unpack(mut handle: usize) -> Self {
        let mut take = |bits: u32| {
            let part = handle & ((1 << bits) - 1);
            handle >>= bits;
            part
        };
        Self {
            kind: take(bits::KIND),
            shard: take(bits::SHARD),
            slot: take(bits::SLOT),
            generation: take(bits::GENERATION),
            epoch: take(bits::EPOCH),
        }
    }
}

struct Slot<T> {
    generation: usize,
    value: Option<Arc<T>>,
}

struct Shard<T> {
    slots: Vec<Slot<T>>,
    /// First freed, first used again: the longest possible time until a generation repeats.
    free: VecDeque<usize>,
}

/// All live handles of one kind in this process.
pub(super) struct Table<T> {
    kind: Kind,
    next_shard: AtomicUsize,
    shards: [RwLock<Shard<T>>; SHARDS],
}

impl<T> Table<T> {
    pub(super) const fn new(kind: Kind) -> Self {
        Self {
            kind,
            next_shard: AtomicUsize::new(0),
            shards: [const {
                RwLock::new(Shard {
                    slots: Vec::new(),
                    free: VecDeque::new(),
                })
            }; SHARDS],
        }
    }

    /// Makes a handle for `value`.
    pub(super) fn insert(&self, value: T) -> Result<usize> {
        watch().map_err(|error| Error::io("watch for forks", &error))?;
        let shard_index = self.next_shard.fetch_add(1, Ordering::Relaxed) % SHARDS;
        let mut shard = self.shards[shard_index]
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let slot = match shard.free.pop_front() {
            Some(slot) => slot,
            None if shard.slots.len() < SLOTS_MAX => {
                shard.slots.push(Slot {
                    generation: 0,
                    value: None,
                });
                shard.slots.len() - 1
            }
            None => {
                return Err(Error::new(
                    ErrorKind::OverLimit,
                    format!(
                        "{} handles of type {} are open; free some",
                        SLOTS_MAX * SHARDS,
                        self.kind.name()
                    ),
                ));
            }
        };
        shard.slots[slot].value = Some(Arc::new(value));
        Ok(Parts {
            kind: self.kind as usize,
            shard: shard_index,
            slot,
            generation: shard.slots[slot].generation,
            epoch: epoch(),
        }
        .pack())
    }

    /// What `handle` stands for. `name` is the argument's name, for the error.
    pub(super) fn get(&self, handle: usize, name: &str) -> Result<Arc<T>> {
        let parts = self.check(handle, name)?;
        self.shards[parts.shard]
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .slots
            .get(parts.slot)
            .filter(|slot| slot.generation == parts.generation)
            .and_then(|slot| slot.value.clone())
            .ok_or_else(|| self.closed(name))
    }

    /// Ends `handle` and gives what it stood for.
    pub(super) fn remove(&self, handle: usize, name: &str) -> Result<Arc<T>> {
        let parts = self.check(handle, name)?;
        let mut shard = self.shards[parts.shard]
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let value = shard
            .slots
            .get_mut(parts.slot)
            .filter(|slot| slot.generation == parts.generation)
            .and_then(|slot| {
                let value = slot.value.take()?;
                slot.generation = (slot.generation + 1) % GENERATIONS;
                Some(value)
            })
            .ok_or_else(|| self.closed(name))?;
        shard.free.push_back(parts.slot);
        Ok(value)
    }

    fn check(&self, handle: usize, name: &str) -> Result<Parts> {
        if handle == 0 {
            return Err(invalid(format_args!("{name} is NULL")));
        }
        let parts = Parts::unpack(handle);
        if parts.kind != self.kind as usize {
            let is = Kind::ALL
                .iter()
                .find(|kind| **kind as usize == parts.kind)
                .map_or("not a handle", |kind| kind.name());
            return Err(invalid(format_args!(
                "{name} is {handle:#x}, {is}, where a {} is wanted",
                self.kind.name()
            )));
        }
        if parts.epoch != epoch() {
            return Err(Error::new(
                ErrorKind::Forked,
                format!("{name} was made before this process was forked; open the store anew"),
            ));
        }
        Ok(parts)
    }

    fn closed(&self, name: &str) -> Error {
        Error::new(
            ErrorKind::Closed,
            format!("{name} is a {} that was closed or freed", self.kind.name()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_found_once_and_never_confused() {
        let table: Table<u32> = Table::new(Kind::Queue);
        let handles: Vec<usize> = (0..100).map(|value| table.insert(value).unwrap()).collect();
        for (value, handle) in handles.iter().enumerate() {
            assert_eq!(*table.get(*handle, "queue").unwrap() as usize, value);
        }
        assert_eq!(*table.remove(handles[40], "queue").unwrap(), 40);
        // The slot is used again; the old handle stays closed.
        let more: Vec<usize> = (0..100).map(|value| table.insert(value).unwrap()).collect();
        assert!(!more.contains(&handles[40]));
        for call in [Table::get, Table::remove] {
            let error = call(&table, handles[40], "queue").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Closed);
        }
    }

    #[test]
    fn null_strays_and_other_kinds_are_named() {
        let queues: Table<u32> = Table::new(Kind::Queue);
        let stores: Table<u32> = Table::new(Kind::Store);
        let queue = queues.insert(1).unwrap();
        let text = |result: Result<Arc<u32>>| {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            error.text().to_owned()
        };
        assert_eq!(text(stores.get(0, "store")), "store is NULL");
        assert!(text(stores.get(queue, "store")).contains("forebay_queue"));
        assert!(text(stores.get(0x7fff_1230, "store")).contains("not a handle"));
        // An allocated object: the right kind by chance, but no such slot.
        let stray = Parts {
            kind: Kind::Store as usize,
            shard: 3,
            slot: 77,
            generation: 5,
            epoch: epoch(),
        };
        let error = stores.get(stray.pack(), "store").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
    }

    #[test]
    fn another_epoch_is_a_fork() {
        let table: Table<u32> = Table::new(Kind::Store);
        let mut parts = Parts::unpack(table.insert(1).unwrap());
        parts.epoch = (parts.epoch + 1) % EPOCHS;
        let error = table.get(parts.pack(), "store").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forked);
    }

    #[test]
    fn parts_fill_the_pointer_and_come_back() {
        let widest = Parts {
            kind: 15,
            shard: SHARDS - 1,
            slot: SLOTS_MAX - 1,
            generation: GENERATIONS - 1,
            epoch: EPOCHS - 1,
        };
        assert_eq!(widest.pack(), usize::MAX);
        assert_eq!(Parts::unpack(widest.pack()), widest);
    }
}
