//! The queue heads that an open transaction has read. A command asks for the same head many times
//! in a row, so the last one is found without a look into the table.

use super::super::record::StorageId;
use super::entries::Head;
use std::collections::HashMap;

/// Heads by storage.
#[derive(Default)]
pub struct Heads {
    cached: Vec<CachedHead>,
    by_sid: HashMap<StorageId, usize>,
    last: usize,
}

struct CachedHead {
    sid: StorageId,
    /// `None`: forgotten.
    head: Option<Head>,
    dirty: bool,
}

impl Heads {
    /// Remembers a head as it was read.
    pub fn insert(&mut self, sid: StorageId, head: Head) {
        self.last = self.cached.len();
        self.by_sid.insert(sid, self.last);
        self.cached.push(CachedHead {
            sid,
            head: Some(head),
            dirty: false,
        });
    }

    fn find(&mut self, sid: StorageId) -> Option<&mut CachedHead> {
        if self
            .cached
            .get(self.last)
            .is_none_or(|last| last.sid != sid)
        {
            self.last = *self.by_sid.get(&sid)?;
        }
        self.cached.get_mut(self.last)
    }

    /// The head of `sid`, if it is remembered.
    pub fn get(&mut self, sid: StorageId) -> Option<&Head> {
        self.find(sid)?.head.as_ref()
    }

    /// As [`Heads::get`], for a change.
    pub fn get_mut(&mut self, sid: StorageId) -> Option<&mut Head> {
        let cached = self.find(sid)?;
        cached.dirty = true;
        cached.head.as_mut()
    }

    /// Forgets a head.
    pub fn remove(&mut self, sid: StorageId) {
        if let Some(cached) = self.find(sid) {
            cached.head = None;
        }
        self.by_sid.remove(&sid);
        // The place stays: numbers of storages are not given twice.
        self.last = usize::MAX;
    }

    /// What was changed.
    pub fn changed(&self) -> impl Iterator<Item = (StorageId, &Head)> {
        self.cached
            .iter()
            .filter(|cached| cached.dirty)
            .filter_map(|cached| Some((cached.sid, cached.head.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_found_changed_and_forgotten() {
        let mut heads = Heads::default();
        assert!(heads.get(1).is_none());
        heads.insert(1, Head::new(0, 1));
        heads.insert(2, Head::new(0, 2));
        assert!(heads.get(3).is_none());
        assert_eq!(heads.get(1).unwrap().next_sequence, 1);
        assert_eq!(heads.changed().count(), 0);
        heads.get_mut(1).unwrap().visible = 7;
        assert_eq!(heads.get(2).unwrap().next_sequence, 2);
        let changed: Vec<_> = heads
            .changed()
            .map(|(sid, head)| (sid, head.visible))
            .collect();
        assert_eq!(changed, [(1, 7)]);
        heads.remove(1);
        assert!(heads.get(1).is_none());
        assert!(heads.get_mut(1).is_none());
        assert_eq!(heads.changed().count(), 0);
        heads.insert(1, Head::new(0, 9));
        assert_eq!(heads.get(1).unwrap().next_sequence, 9);
    }
}
