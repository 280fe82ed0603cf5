//! Building the index anew from the log: after a power cut, after a loss of the index, and to
//! check it.

use super::fault::point;
use super::index::Index;
use super::index::entries::Meta;
use super::index::lmdb::Environment;
use super::log::{EndReason, Log, ScanFrom, Tail};
use super::record::Records;
use super::transition::apply::apply;
use crate::error::{Error, Result};
use crate::store::Recovery;
use crate::sys::fs;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Messages and other things that one index transaction changes: bounds its changed pages in
/// memory.
const CHANGES_PER_COMMIT: u64 = 20_000;
/// The same where the disk has little more room than the old index took.
const CHANGES_PER_COMMIT_SHORT: u64 = 100;
/// Room that is plenty, in indexes of the old one's size.
const ROOM_INDEXES: u64 = 4;

/// Throws the index of `directory` away and builds it from `log`, which was written up to
/// `written_lsn` if that is known.
pub fn rebuild(
    directory: &Path,
    log: &Log,
    store_uid: u64,
    written_lsn: Option<u64>,
) -> Result<(Arc<Environment>, Meta, Recovery)> {
    let path = directory.join("index");
    let old_bytes = remove(&path)?;
    point("rebuild-begun");
    let env = Environment::open(&path)?;
    let wish = old_bytes * ROOM_INDEXES;
    let changes = match fs::free_bytes(directory) {
        Ok(free) if free < wish => CHANGES_PER_COMMIT_SHORT,
        _ => CHANGES_PER_COMMIT,
    };
    let (meta, recovery) = replay_by(changes, &env, log, store_uid, written_lsn)?;
    Ok((env, meta, recovery))
}

/// Removes the index at `path`; answers the bytes of the disk that it took.
fn remove(path: &Path) -> Result<u64> {
    let data = File::options().write(true).open(path.join("data.mdb"));
    let bytes = match data {
        Ok(data) => {
            let bytes = fs::allocated_bytes(&data).unwrap_or(0);
            // A removed file keeps its blocks while anybody has it open, be it a child of another
            // thread between fork and exec, and the new index may need them.
            let _ = data.set_len(0);
            bytes
        }
        Err(_) => 0,
    };
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove the old index", &error))
        }
        _ => Ok(bytes),
    }
}

/// Carries the whole log into an empty index. The log was written up to `written_lsn`, if that
/// is known.
pub fn replay(
    env: &Arc<Environment>,
    log: &Log,
    store_uid: u64,
    written_lsn: Option<u64>,
) -> Result<(Meta, Recovery)> {
    replay_by(CHANGES_PER_COMMIT, env, log, store_uid, written_lsn)
}

fn replay_by(
    changes_per_commit: u64,
    env: &Arc<Environment>,
    log: &Log,
    store_uid: u64,
    written_lsn: Option<u64>,
) -> Result<(Meta, Recovery)> {
    let first_lsn = log.first_lsn()?.unwrap_or(0);
    let mut meta = Meta::new(store_uid, log.segment_bytes(), first_lsn);
    // Whoever is killed meanwhile leaves a part: it is known by this.
    meta.set_tail(Tail::default());
    let mut replay = Replay {
        env: env.clone(),
        index: Some(Index::begin_empty(env, meta)?),
        changes_per_commit,
        changes: 0,
        recovery: Recovery::default(),
    };
    let mut from = ScanFrom::Oldest;
    let tail = loop {
        let visitor = |lsn, payload: &[u8]| replay.payload(lsn, payload);
        let end = match written_lsn {
            Some(written_lsn) => log.scan_written(from, written_lsn, visitor)?,
            None => log.scan(from, visitor)?,
        };
        replay.recovery.damage.extend(end.remarks);
        match end.end {
            EndReason::Clean => break end.tail,
            EndReason::Torn { lsn, what } => {
                replay.recovery.cut = Some(format!("at log position {lsn}: {what}"));
                break end.tail;
            }
            EndReason::Damaged {
                lsn,
                what,
                resume_lsn,
            } => {
                let text = damage_text(lsn, resume_lsn, &what);
                replay.recovery.damage.push(text);
                from = ScanFrom::Frame(resume_lsn);
            }
        }
    };
    replay.finish(log, tail, first_lsn)
}

/// What is said of a stretch of the log that was once on disk and cannot be read.
pub(super) fn damage_text(lsn: u64, resume_lsn: u64, what: &str) -> String {
    format!(
        "log positions {lsn} to {resume_lsn} are damaged ({what}); what they held is lost, the \
         rest was read"
    )
}

struct Replay {
    env: Arc<Environment>,
    index: Option<Index>,
    changes_per_commit: u64,
    /// Changes that are not committed.
    changes: u64,
    recovery: Recovery,
}

impl Replay {
    fn take_index(&mut self) -> Result<Index> {
        match self.index.take() {
            Some(index) => Ok(index),
            None => Index::begin(&self.env, Default::default()),
        }
    }

    fn payload(&mut self, lsn: u64, payload: &[u8]) -> Result<()> {
        let mut records = Records::new(payload);
        while let Some(located) = records.advance()? {
            let mut index = self.take_index()?;
            apply(&mut index, &located.record, lsn + located.at as u64)?;
            self.recovery.records += 1;
            self.changes += located.record.changes();
            if self.changes >= self.changes_per_commit {
                self.changes = 0;
                index.commit()?;
            } else {
                self.index = Some(index);
            }
        }
        self.recovery.log_bytes += payload.len() as u64;
        point("rebuild-applied");
        Ok(())
    }

    fn finish(mut self, log: &Log, tail: Tail, first_lsn: u64) -> Result<(Meta, Recovery)> {
        let mut index = self.take_index()?;
        let lost = index.drop_nameless()?;
        if lost > 0 {
            self.recovery.damage.push(format!(
                "{lost} queues have messages in the log and no record of their own; they are lost"
            ));
        }
        let meta = &mut index.meta;
        meta.set_tail(tail);
        meta.head_lsn = first_lsn;
        meta.reclaimed_lsn = first_lsn;
        let next = log.segments()?.last().map_or(0, |last| last + 1);
        meta.prepared_lsn = log.segment_start(next);
        let meta = meta.clone();
        index.commit()?;
        Ok((meta, self.recovery))
    }
}
