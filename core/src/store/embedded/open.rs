//! Opening a directory: whose is it, is anybody else in it, does the index belong to the log.

use super::disk::{Disk, RealDisk};
use super::engine::{Counters, Engine, Signal, acquire_writer};
use super::fault::point;
use super::identity::Identity;
use super::index::Index;
use super::index::entries::Meta;
use super::index::lmdb::Environment;
use super::log::Log;
use super::segments_lock::SegmentsLock;
use super::session::Held;
use super::space::Space;
use super::{check, combiner::Combiner, rebuild};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{ClockMode, Durability, Recovery, StoreOptions};
use crate::sync::{Mutex, Turns};
use crate::sys::boot::{self, BootId};
use crate::sys::fork::fork_generation;
use crate::sys::lock::{KernelLock, LockByte, LockFile};
use crate::sys::shared::{PageState, SharedPage, newer_error};
use crate::sys::{clock, fs};
use once_cell::sync::OnceCell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Why a part of an index is not used.
const UNFINISHED: &str = "building the index anew was not finished";

/// What tests put in the place of the machine.
#[derive(Default)]
pub struct Surroundings {
    /// The files of the log.
    pub disk: Option<Arc<dyn Disk>>,
    /// The boot id.
    pub boot: Option<BootId>,
    /// The wall clock, milliseconds since the epoch.
    pub wall_ms: Option<u64>,
}

/// An engine, and what opening it had to repair.
pub struct Opened {
    /// The engine.
    pub engine: Engine,
    /// Repairs, if there were any.
    pub recovery: Option<Recovery>,
}

/// Opens the store in `directory`, which exists.
pub fn open(
    directory: &Path,
    options: &StoreOptions,
    private: bool,
    surroundings: &Surroundings,
) -> Result<Opened> {
    check_file_system(directory, options)?;
    let identity = Identity::open(directory, options)?;
    let file = LockFile::open(&directory.join("lock"))?;
    let opening = KernelLock::new(file.clone(), LockByte::Open);
    opening.acquire(options.lock_timeout)?;
    point("open-locked");
    let result = open_locked(directory, options, private, surroundings, &identity, &file);
    opening.release();
    result
}

fn check_file_system(directory: &Path, options: &StoreOptions) -> Result<()> {
    let network = fs::is_network(directory)
        .map_err(|error| Error::io("look at the directory's file system", &error))?;
    refuse_network(directory, network, options)
}

fn refuse_network(
    directory: &Path,
    network: Option<&'static str>,
    options: &StoreOptions,
) -> Result<()> {
    match network {
        Some(name) if !options.allow_network_file_system => Err(Error::new(
            ErrorKind::NetworkFileSystem,
            format!(
                "{} is on a network file system ({name}), where locks and shared memory are not \
                 safe between machines; use a local disk",
                directory.display()
            ),
        )),
        _ => Ok(()),
    }
}

fn open_locked(
    directory: &Path,
    options: &StoreOptions,
    private: bool,
    surroundings: &Surroundings,
    identity: &Identity,
    file: &Arc<LockFile>,
) -> Result<Opened> {
    let presence = KernelLock::new(file.clone(), LockByte::Presence);
    let alone = presence.try_acquire()?;
    let boot = boot::boot_id(surroundings.boot)?;
    let disk = disk(directory, options, surroundings)?;
    let log = Log::open(disk, identity.store_uid, identity.segment_bytes)?;
    let (page, stale) = open_page(directory, boot, identity, alone)?;
    if alone {
        log.remove_leftovers()?;
        check::remove_leftovers(directory);
    }
    let page = Arc::new(page);
    let lock = |byte| KernelLock::with_page(file.clone(), byte, page.clone());
    mend_lost_sync(&log, &page, lock, options.lock_timeout)?;
    let writer = lock(LockByte::Writer);
    // A look at the index is a transaction too: beside another's it would see torn pages.
    acquire_writer(&writer, &page, options.lock_timeout)?;
    let same_boot = stale.is_none();
    let ready = ready_index(directory, &log, &page, identity, stale, alone);
    writer.release();
    let ready = ready?;
    if alone {
        // In the same boot the old anchor still tells a time that must not go back.
        let reached_ms = if same_boot { anchored_ms(&page) } else { 0 };
        set_clock(&page, options, surroundings, ready.now_ms.max(reached_ms));
    }
    presence.acquire_shared(options.lock_timeout)?;
    let space = open_space(directory, &log, &ready.env, options)?;
    let engine = Engine {
        directory: directory.to_owned(),
        options: options.clone(),
        private,
        held: Turns::new(Held::new(log.appender(ready.tail))),
        lock_file: file.clone(),
        syncer: lock(LockByte::Sync),
        keeper: lock(LockByte::Keeper),
        segments: SegmentsLock::new(lock(LockByte::Segments)),
        writer,
        presence,
        log,
        env: ready.env,
        space: Arc::new(space),
        page,
        linger: Signal::default(),
        keeper_signal: Signal::default(),
        combiner: Combiner::default(),
        sync_turn: Mutex::new(()),
        submitted: AtomicUsize::new(0),
        awaiting: AtomicUsize::new(0),
        contended: AtomicU32::new(0),
        poison: OnceCell::new(),
        counters: Counters::default(),
        fork_generation: fork_generation(),
        freed: AtomicU64::new(0),
        interrupts: AtomicU32::new(0),
        damage: Mutex::default(),
    };
    Ok(Opened {
        engine,
        recovery: ready.recovery,
    })
}

/// Brings to the disk what a failed sync did not, so that what is appended from now on can be
/// answered for: behind a gap it would be cut off after a power cut.
fn mend_lost_sync(
    log: &Log,
    page: &SharedPage,
    lock: impl Fn(LockByte) -> KernelLock,
    timeout: Duration,
) -> Result<()> {
    if page.sync_lost.load(Ordering::Acquire) == 0 {
        return Ok(());
    }
    let [segments, writer, syncer] =
        [LockByte::Segments, LockByte::Writer, LockByte::Sync].map(lock);
    let mend = || {
        segments.acquire(timeout)?;
        acquire_writer(&writer, page, timeout)?;
        syncer.acquire(timeout)?;
        let synced_lsn = page.synced_lsn.load(Ordering::Acquire);
        let appended_lsn = page.appended_lsn.load(Ordering::Acquire);
        log.write_again(synced_lsn, appended_lsn)?;
        // Frames that follow say so: what could not be read any more is damage then, and not the
        // end of the log.
        page.synced_lsn.fetch_max(appended_lsn, Ordering::AcqRel);
        page.sync_lost.store(0, Ordering::Release);
        Ok(())
    };
    let mended = mend();
    for lock in [syncer, writer, segments] {
        lock.release();
    }
    mended
}

fn disk(
    directory: &Path,
    options: &StoreOptions,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Disk>> {
    if let Some(disk) = &surroundings.disk {
        return Ok(disk.clone());
    }
    let lazy = options.durability == Durability::Os;
    let path = directory.join("log");
    std::fs::create_dir_all(&path).map_err(|error| Error::io("create the log", &error))?;
    fs::sync_dir(directory).map_err(|error| Error::io("sync the directory", &error))?;
    Ok(Arc::new(RealDisk::new(&path, lazy)))
}

fn open_space(
    directory: &Path,
    log: &Log,
    env: &Arc<Environment>,
    options: &StoreOptions,
) -> Result<Space> {
    let index_file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(directory.join("index").join("data.mdb"))
        .map_err(|error| Error::io("open the index file", &error))?;
    Ok(Space::new(
        log.clone(),
        env.clone(),
        directory.to_owned(),
        index_file,
        options.reserve_bytes,
    ))
}

/// The shared page, and why the index is not to be trusted; `None` if the machine still runs that
/// wrote it.
fn open_page(
    directory: &Path,
    boot: BootId,
    identity: &Identity,
    alone: bool,
) -> Result<(SharedPage, Option<String>)> {
    let path = directory.join("shared");
    let why = match SharedPage::open(&path)? {
        PageState::Usable(page) => {
            let same_store = page.store_uid.load(Ordering::Acquire) == identity.store_uid;
            let same_boot = page.boot_id() == boot;
            // Who has a copy open has made its page its own; else the file system has changed the
            // number of the file.
            if same_store && same_boot && !(alone && page.is_copied()) {
                return Ok((page, None));
            }
            if alone {
                page.renew(boot, identity.store_uid);
                let why = if !same_store {
                    "the shared page is of another store"
                } else if !same_boot {
                    "the machine was started anew since the store was last used"
                } else {
                    "the directory is a copy, and was perhaps made while the store was in use"
                };
                return Ok((page, Some(why.to_owned())));
            }
            "is of another store or an earlier start of the machine".to_owned()
        }
        PageState::Missing => "is missing, as in a backup".to_owned(),
        PageState::Newer(version) => return Err(newer_error(&path, version)),
        PageState::Unusable(why) => why,
    };
    if !alone {
        return Err(Error::new(
            ErrorKind::Corrupt,
            format!(
                "{} {why}, and other processes have the store open; close them and reopen",
                path.display()
            ),
        ));
    }
    let page = SharedPage::create(&path, boot, identity.store_uid)?;
    Ok((page, Some(format!("{} {why}", path.display()))))
}

/// An index that agrees with the log.
struct Ready {
    env: Arc<Environment>,
    tail: super::log::Tail,
    now_ms: u64,
    recovery: Option<Recovery>,
}

fn ready_index(
    directory: &Path,
    log: &Log,
    page: &SharedPage,
    identity: &Identity,
    stale: Option<String>,
    alone: bool,
) -> Result<Ready> {
    let same_boot = stale.is_none();
    let why = match stale {
        Some(why) => why,
        // Whoever made the page new did not come to make the index, and what is there is older.
        None if alone && page.appended_lsn.load(Ordering::Acquire) == 0 => UNFINISHED.to_owned(),
        None => match use_index(directory, log, page, identity, alone) {
            Ok(ready) => return Ok(ready),
            Err(error) if alone && can_open_indexes(directory) => error.to_string(),
            Err(error) => return Err(error),
        },
    };
    let new = log.segments()?.is_empty();
    // While the machine runs, all that was appended is there to be read.
    let written_lsn = page.appended_lsn.load(Ordering::Acquire);
    let written_lsn = (same_boot && written_lsn > 0).then_some(written_lsn);
    let (env, meta, mut recovery) =
        rebuild::rebuild(directory, log, identity.store_uid, written_lsn)?;
    recovery.reason = why;
    // What was read may be in the page cache only.
    if let Err(error) = log.sync(meta.head_lsn, meta.tail_lsn) {
        page.appended_lsn.store(meta.tail_lsn, Ordering::Release);
        page.sync_lost.store(1, Ordering::Release);
        return Err(error);
    }
    page.appended_lsn.store(meta.tail_lsn, Ordering::Release);
    page.synced_lsn.store(meta.tail_lsn, Ordering::Release);
    let promised_lsn = if new { 0 } else { meta.tail_lsn };
    page.promised_lsn.store(promised_lsn, Ordering::Release);
    page.dirty.store(0, Ordering::Release);
    Ok(Ready {
        env,
        tail: meta.tail(),
        now_ms: meta.now_ms,
        recovery: if new { None } else { Some(recovery) },
    })
}

/// False where this process could not open a new index either, for lack of memory or of file
/// descriptors: the old one may be good, and a large one takes long to be made anew.
fn can_open_indexes(directory: &Path) -> bool {
    let scratch = tempfile::Builder::new()
        .prefix(check::SCRATCH)
        .tempdir_in(directory);
    match scratch {
        Ok(scratch) => match Environment::open(scratch.path()) {
            Err(error) => error.kind() != ErrorKind::Io,
            Ok(_) => true,
        },
        // On a full disk the old index gives its room to the new one.
        Err(error) => Error::io("make a directory", &error).kind() == ErrorKind::DiskFull,
    }
}

/// The index as it is, if it belongs to this store. What a killed process appended beyond it is
/// carried in by the first session.
fn use_index(
    directory: &Path,
    log: &Log,
    page: &SharedPage,
    identity: &Identity,
    alone: bool,
) -> Result<Ready> {
    let path = directory.join("index");
    let file = path.join("data.mdb");
    if !file.is_file() {
        return Err(Error::new(ErrorKind::Corrupt, "the index is missing"));
    }
    let env = Environment::open(&path)?;
    if alone {
        env.check_whole(&file)?;
    }
    let index = Index::begin(&env, Default::default())?;
    let meta: Meta = index.meta.clone();
    drop(index);
    if meta.tail_lsn == 0 {
        return Err(Error::new(ErrorKind::Corrupt, UNFINISHED));
    }
    if meta.store_uid != identity.store_uid {
        return Err(Error::new(
            ErrorKind::Corrupt,
            "the index belongs to another store",
        ));
    }
    if alone {
        check_tail(log, page, &meta)?;
    }
    Ok(Ready {
        env,
        tail: meta.tail(),
        now_ms: meta.now_ms,
        recovery: None,
    })
}

/// Fails if index and log are not of the same moment, as where one of them was put back from a
/// copy: what is appended next would be written over the log, or behind a gap.
fn check_tail(log: &Log, page: &SharedPage, meta: &Meta) -> Result<()> {
    let appended_lsn = page.appended_lsn.load(Ordering::Acquire);
    let is_carried = page.dirty.load(Ordering::Acquire) == 0;
    if is_carried && meta.tail_lsn != appended_lsn {
        return Err(Error::new(
            ErrorKind::Corrupt,
            format!(
                "the index ends at log position {}, the log at {appended_lsn}",
                meta.tail_lsn
            ),
        ));
    }
    if log.ends_at(meta.tail())? {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Corrupt,
        format!(
            "the log has no record that ends at {}, as the index says",
            meta.tail_lsn
        ),
    ))
}

/// What the clock that was last tied to this page shows; 0 if none was.
fn anchored_ms(page: &SharedPage) -> u64 {
    match page.anchor_wall_ms.load(Ordering::Acquire) {
        0 => 0,
        wall_ms => {
            let anchor_ns = page.anchor_mono_ns.load(Ordering::Acquire);
            wall_ms + clock::boottime_ns().saturating_sub(anchor_ns) / 1_000_000
        }
    }
}

/// Ties the store's time to the machine's steady clock. Done by a process that is alone, so that
/// the time never jumps under anybody; it never starts before the latest time in the log.
fn set_clock(page: &SharedPage, options: &StoreOptions, surroundings: &Surroundings, now_ms: u64) {
    match options.clock {
        ClockMode::Manual { start_ms } => {
            page.manual_ms
                .fetch_max(now_ms.max(start_ms), Ordering::AcqRel);
        }
        ClockMode::System => {
            let wall_ms = surroundings.wall_ms.unwrap_or_else(clock::wall_ms);
            page.anchor_mono_ns
                .store(clock::boottime_ns(), Ordering::Release);
            page.anchor_wall_ms
                .store(wall_ms.max(now_ms), Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_refused_unless_it_is_asked_for() {
        let refused = |network, options: &StoreOptions| {
            refuse_network(Path::new("/place"), network, options).map_err(|error| error.kind())
        };
        let options = StoreOptions::default();
        assert_eq!(
            refused(Some("NFS"), &options),
            Err(ErrorKind::NetworkFileSystem)
        );
        assert_eq!(refused(None, &options), Ok(()));
        let allowed = StoreOptions {
            allow_network_file_system: true,
            ..options
        };
        assert_eq!(refused(Some("NFS"), &allowed), Ok(()));
    }
}
