//! The index: where every message lies in the log and how it stands. It can be thrown away and
//! built again from the log. Only [`apply`](super::transition::apply) changes it.

pub mod deadlines;
pub mod entries;
pub mod groups;
mod heads;
pub mod keys;
pub mod lmdb;
pub mod memory;
pub mod messages;
pub mod places;
pub mod queues;
pub mod segments;

use super::record::StorageId;
use crate::error::{Error, ErrorKind, Result};
use entries::{Head, Meta};
use heads::Heads;
use keys::{Key, table};
use lmdb::{Environment, Transaction};
use queues::Config;
use segments::Segments;
use std::collections::HashMap;
use std::sync::Arc;

/// Queues whose attributes a process keeps decoded.
const CONFIGS_CACHED_MAX: usize = 4_096;

/// An open transaction on the index, with what it has read of store and queues.
pub struct Index {
    txn: Transaction,
    /// What belongs to the whole store; written back by [`Index::commit`].
    pub meta: Meta,
    heads: Heads,
    segments: Segments,
    configs: ConfigCache,
}

/// Decoded queue attributes, kept from one transaction to the next and checked by log position.
#[derive(Default)]
pub struct ConfigCache {
    by_sid: HashMap<StorageId, Arc<Config>>,
}

impl Index {
    /// Begins a transaction. `Ok(Err(..))` gives the parts back when the index is empty.
    pub fn begin(env: &Arc<Environment>, configs: ConfigCache) -> Result<Self> {
        let txn = env.begin()?;
        let meta = match txn.get(Key::new(0, table::META).as_slice())? {
            Some(bytes) => Meta::decode(bytes)?,
            None => return Err(Error::new(ErrorKind::Corrupt, "the index is empty")),
        };
        Ok(Self {
            txn,
            meta,
            heads: Heads::default(),
            segments: Segments::default(),
            configs,
        })
    }

    /// Begins a transaction on an index that has nothing in it yet.
    pub fn begin_empty(env: &Arc<Environment>, meta: Meta) -> Result<Self> {
        let txn = env.begin()?;
        if txn.get(Key::new(0, table::META).as_slice())?.is_some() {
            return Err(Error::new(ErrorKind::Corrupt, "a new index is not empty"));
        }
        Ok(Self {
            txn,
            meta,
            heads: Heads::default(),
            segments: Segments::default(),
            configs: ConfigCache::default(),
        })
    }

    /// Writes store and queue heads back and commits.
    pub fn commit(mut self) -> Result<ConfigCache> {
        for (sid, head) in self.heads.changed() {
            let key = Key::new(sid, table::HEAD);
            self.txn.put(key.as_slice(), &head.encode())?;
        }
        self.store_segments()?;
        self.txn
            .put(Key::new(0, table::META).as_slice(), &self.meta.encode())?;
        self.txn.commit()?;
        Ok(self.configs)
    }

    /// Gives up all changes. The cache goes too: it may have attributes of a position in the log
    /// that the next transaction, of whatever process, writes others to.
    pub fn abort(self) {}

    /// The head of a queue's storage; `None` if there is no such storage.
    pub fn head(&mut self, sid: StorageId) -> Result<Option<&Head>> {
        self.load_head(sid)?;
        Ok(self.heads.get(sid))
    }

    fn load_head(&mut self, sid: StorageId) -> Result<()> {
        if self.heads.get(sid).is_none()
            && let Some(bytes) = self.txn.get(Key::new(sid, table::HEAD).as_slice())?
        {
            self.heads.insert(sid, Head::decode(bytes)?);
        }
        Ok(())
    }

    /// The head of a queue's storage for a change; one without a record of its own is made for a
    /// storage that is not known yet (see [`StorageId`]).
    pub fn head_mut(&mut self, sid: StorageId) -> Result<&mut Head> {
        self.load_head(sid)?;
        if self.heads.get(sid).is_none() {
            self.heads.insert(sid, Head::new(0, 1));
        }
        self.heads
            .get_mut(sid)
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a head that was put in is not there"))
    }

    /// Forgets a storage; its other entries become garbage.
    fn drop_head(&mut self, sid: StorageId) -> Result<()> {
        self.heads.remove(sid);
        self.txn.delete(Key::new(sid, table::HEAD).as_slice())?;
        Ok(())
    }

    /// Counts `bytes` more (or fewer) of live log for a queue.
    fn weigh(&mut self, sid: StorageId, bytes: i64) -> Result<()> {
        self.meta.live_bytes = self.meta.live_bytes.saturating_add_signed(bytes);
        let head = self.head_mut(sid)?;
        head.live_bytes = head.live_bytes.saturating_add_signed(bytes);
        Ok(())
    }

    /// The first key at or after `from` that lies in `table` of `sid`, copied, with its value.
    fn first_from(
        &mut self,
        from: &[u8],
        sid: StorageId,
        table: u8,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        Ok(self
            .txn
            .seek(from)?
            .filter(|(key, _)| keys::within(key, sid, table))
            .map(|(key, value)| (key.to_vec(), value.to_vec())))
    }

    /// Calls `visit` for each pair from `from` on while it lies in `table` of `sid` and `visit`
    /// answers true.
    pub fn scan(
        &mut self,
        from: &[u8],
        sid: StorageId,
        table: u8,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<bool>,
    ) -> Result<()> {
        let mut pair = self.txn.seek(from)?;
        while let Some((key, value)) = pair {
            if !keys::within(key, sid, table) || !visit(key, value)? {
                break;
            }
            pair = self.txn.following()?;
        }
        Ok(())
    }
}
