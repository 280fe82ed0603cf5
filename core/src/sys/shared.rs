//! The shared page: a small file that all processes of a directory map into memory.
//!
//! Nothing in it has to survive a start of the machine, so it is never synced; its boot id tells
//! whether it is from this start. All fields are atomics in the byte order of the machine, and any
//! process may be killed between any two stores to them.

use super::boot::BootId;
use super::futex::Parking;
use super::lock::LockWords;
use super::{fs, os};
use crate::error::{Error, ErrorKind, Result};
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Length of the file: a whole number of memory pages wherever pages have 4 to 16 KiB.
pub const PAGE_BYTES: usize = 16_384;
/// Version of the layout. Pages of another version are refused, not converted.
pub const PAGE_VERSION: u32 = 3;
/// Counters of changes per queue; queues share them by their uid.
pub const QUEUE_SLOTS: usize = 1_024;

const MAGIC: u64 = u64::from_le_bytes(*b"FOREBAYp");
/// Bytes of the fields before `queue_changes`.
const HEAD_BYTES: usize = 4_096;
/// Bytes of the fields before `spare_tail`.
const FIELD_BYTES: usize = 272;

/// The fields. Offsets are part of the format (docs/FORMAT.md).
#[derive(Debug)]
#[repr(C)]
pub struct Fields {
    magic: AtomicU64,
    version: AtomicU32,
    bytes: AtomicU32,
    boot: [AtomicU64; 2],
    /// The store that this page belongs to.
    pub store_uid: AtomicU64,
    /// Wall clock at the anchor of the store's clock, milliseconds since the epoch.
    pub anchor_wall_ms: AtomicU64,
    /// [`super::clock::boottime_ns`] at the anchor.
    pub anchor_mono_ns: AtomicU64,
    /// Time of a manual clock, milliseconds since the epoch.
    pub manual_ms: AtomicU64,
    /// End of the log as last published by a writer.
    pub appended_lsn: AtomicU64,
    /// All of the log before this is on disk.
    pub synced_lsn: AtomicU64,
    /// Not 0 while a writer is between its first write and its commit.
    pub dirty: AtomicU32,
    /// Not 0 if somebody wants a turn that the present holder should leave to it.
    pub wanted: AtomicU32,
    /// Something before this was answered for as being on disk.
    pub promised_lsn: AtomicU64,
    /// The last content of a message that was appended ends before this.
    pub content_lsn: AtomicU64,
    /// Not 0 after a sync that failed: what it should have brought to the disk may be in memory
    /// only, and no later sync brings it there.
    pub sync_lost: AtomicU32,
    spare: AtomicU32,
    /// Number of this file in its file system, 0 where that tells nothing: a copy has the
    /// original's.
    inode: AtomicU64,
    spare_word: AtomicU64,
    /// Waiting for the writer lock.
    pub writer_lock: LockWords,
    /// Waiting for the sync lock.
    pub sync_lock: LockWords,
    /// Counts changes by which a message of any queue may have become receivable.
    pub changes: Parking,
    spare_tail: [AtomicU64; (HEAD_BYTES - FIELD_BYTES) / 8],
    /// The same per queue: slot `queue uid % QUEUE_SLOTS`.
    pub queue_changes: [AtomicU32; QUEUE_SLOTS],
    reserved: [AtomicU64; (PAGE_BYTES - HEAD_BYTES - 4 * QUEUE_SLOTS) / 8],
}

const _: () = {
    assert!(std::mem::size_of::<Fields>() == PAGE_BYTES);
    assert!(std::mem::offset_of!(Fields, appended_lsn) == 64);
    assert!(std::mem::offset_of!(Fields, writer_lock) == 128);
    assert!(std::mem::offset_of!(Fields, sync_lock) == 192);
    assert!(std::mem::offset_of!(Fields, changes) == 256);
    assert!(std::mem::offset_of!(Fields, queue_changes) == HEAD_BYTES);
};

impl Fields {
    /// The start of the machine that the page was last used in.
    pub fn boot_id(&self) -> BootId {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.boot[0].load(Ordering::SeqCst).to_le_bytes());
        id[8..].copy_from_slice(&self.boot[1].load(Ordering::SeqCst).to_le_bytes());
        id
    }

    /// Sets the start of the machine. Only under the open lock, alone in the directory: the two
    /// halves are stored one after the other.
    pub fn set_boot_id(&self, id: BootId) {
        let (mut low, mut high) = ([0; 8], [0; 8]);
        low.copy_from_slice(&id[..8]);
        high.copy_from_slice(&id[8..]);
        self.boot[0].store(u64::from_le_bytes(low), Ordering::SeqCst);
        self.boot[1].store(u64::from_le_bytes(high), Ordering::SeqCst);
    }

    /// The change counter that a queue uses.
    pub fn queue_slot(&self, queue_uid: u64) -> &AtomicU32 {
        &self.queue_changes[(queue_uid % QUEUE_SLOTS as u64) as usize]
    }
}

/// The mapped page; its fields are reached by dereferencing it.
#[derive(Debug)]
pub struct SharedPage {
    mapping: os::Mapping,
    file_inode: u64,
}

/// What [`SharedPage::open`] found.
#[derive(Debug)]
pub enum PageState {
    /// A page of this version.
    Usable(SharedPage),
    /// No file.
    Missing,
    /// A page of a newer version of the library.
    Newer(u32),
    /// A file that is no page: too short, too long, or other content; the text says which.
    Unusable(String),
}

impl SharedPage {
    /// Maps `path` if it is a page. Nothing is mapped before its length was found right, so that
    /// a cut file gives [`PageState::Unusable`] and not a SIGBUS.
    pub fn open(path: &Path) -> Result<PageState> {
        let opened = OpenOptions::new().read(true).write(true).open(path);
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(PageState::Missing);
            }
            Err(error) => return Err(page_error("open", path, &error)),
        };
        let bytes = file
            .metadata()
            .map_err(|error| page_error("look at", path, &error))?
            .len();
        if bytes != PAGE_BYTES as u64 {
            return Ok(PageState::Unusable(format!(
                "{} has {bytes} bytes, not {PAGE_BYTES}",
                path.display()
            )));
        }
        // A copied file may have holes, and a store to a hole of a full disk is a SIGBUS too.
        fs::allocate_in_place(&file, PAGE_BYTES as u64)
            .map_err(|error| page_error("allocate", path, &error))?;
        let page = Self::map(&file).map_err(|error| page_error("map", path, &error))?;
        let magic = page.magic.load(Ordering::SeqCst);
        let version = page.version.load(Ordering::SeqCst);
        if magic != MAGIC {
            return Ok(PageState::Unusable(format!(
                "{} is not a shared page: it starts with {magic:#018x}",
                path.display()
            )));
        }
        if version > PAGE_VERSION {
            return Ok(PageState::Newer(version));
        }
        if version < PAGE_VERSION || page.bytes.load(Ordering::SeqCst) != PAGE_BYTES as u32 {
            return Ok(PageState::Unusable(format!(
                "{} has layout version {version}, not {PAGE_VERSION}",
                path.display()
            )));
        }
        Ok(PageState::Usable(page))
    }

    /// Puts a new page of zeros with this boot id and store in the place of whatever `path` is.
    ///
    /// Only under the open lock and with the presence lock held alone: a process that has the old
    /// page mapped would go on with it by itself. The file is complete before it gets its name.
    pub fn create(path: &Path, boot: BootId, store_uid: u64) -> Result<Self> {
        let new_path = path.with_extension("new");
        let make = || -> io::Result<Self> {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(&new_path)?;
            // Written, not only extended: every block exists before it is mapped.
            fs::write_zeros(&file, 0, PAGE_BYTES as u64)?;
            let page = Self::map(&file)?;
            page.fill(boot, store_uid);
            std::fs::rename(&new_path, path)?;
            Ok(page)
        };
        make().map_err(|error| page_error("create", path, &error))
    }

    /// Makes the page of an earlier start of the machine a new one where it is: a full disk has no
    /// room for another file. Only as [`SharedPage::create`]; one that was left half made has no
    /// magic and is replaced.
    pub fn renew(&self, boot: BootId, store_uid: u64) {
        // SAFETY: as in `deref`: PAGE_BYTES of aligned memory that live as long as self, where any
        // bits are values of the type, and all accesses are atomic.
        let words = unsafe {
            let start = self.mapping.start().cast::<[AtomicU64; PAGE_BYTES / 8]>();
            start.as_ref()
        };
        for word in words {
            word.store(0, Ordering::SeqCst);
        }
        self.fill(boot, store_uid);
    }

    /// True for a copy of a page, with whatever was copied beside it at other moments.
    pub fn is_copied(&self) -> bool {
        let inode = self.inode.load(Ordering::SeqCst);
        inode != 0 && inode != self.file_inode
    }

    /// What a page of zeros needs to be one, the magic last.
    fn fill(&self, boot: BootId, store_uid: u64) {
        self.set_boot_id(boot);
        self.store_uid.store(store_uid, Ordering::SeqCst);
        self.inode.store(self.file_inode, Ordering::SeqCst);
        self.bytes.store(PAGE_BYTES as u32, Ordering::SeqCst);
        self.version.store(PAGE_VERSION, Ordering::SeqCst);
        self.magic.store(MAGIC, Ordering::SeqCst);
    }

    fn map(file: &File) -> io::Result<Self> {
        Ok(Self {
            mapping: os::Mapping::new(file, PAGE_BYTES)?,
            file_inode: fs::inode(&file.metadata()?),
        })
    }
}

impl Deref for SharedPage {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        // SAFETY: the mapping is PAGE_BYTES long, which is the size of Fields, page-aligned, and
        // lives as long as self. Every bit pattern is a value of the fields, and all are atomics,
        // so that stores by other processes are no data races.
        unsafe { self.mapping.start().cast::<Fields>().as_ref() }
    }
}

fn page_error(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::io(&format!("{what} the shared page {}", path.display()), error)
}

/// The error for a [`PageState::Newer`] page.
pub fn newer_error(path: &Path, version: u32) -> Error {
    Error::new(
        ErrorKind::UnsupportedFormat,
        format!(
            "{} has layout version {version}; this library reads version {PAGE_VERSION}",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shared");
        (directory, path)
    }

    fn usable(path: &Path) -> SharedPage {
        match SharedPage::open(path).unwrap() {
            PageState::Usable(page) => page,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn two_maps_of_a_page_see_each_other() {
        let (_directory, path) = place();
        assert!(matches!(
            SharedPage::open(&path).unwrap(),
            PageState::Missing
        ));
        let first = SharedPage::create(&path, [9; 16], 77).unwrap();
        let second = usable(&path);
        assert_eq!(second.boot_id(), [9; 16]);
        assert_eq!(second.store_uid.load(Ordering::SeqCst), 77);
        first.synced_lsn.store(5, Ordering::SeqCst);
        first.queue_slot(1_025).fetch_add(1, Ordering::SeqCst);
        assert_eq!(second.synced_lsn.load(Ordering::SeqCst), 5);
        assert_eq!(second.queue_changes[1].load(Ordering::SeqCst), 1);
        let seen = second.changes.events();
        first.changes.bump_and_wake(u32::MAX);
        assert_ne!(second.changes.events(), seen);
    }

    #[test]
    fn cut_long_and_foreign_files_are_refused_and_replaced() {
        let (_directory, path) = place();
        drop(SharedPage::create(&path, [9; 16], 77).unwrap());
        let good = std::fs::read(&path).unwrap();
        for bytes in [0, 1, 4_096, PAGE_BYTES - 1, PAGE_BYTES + 1] {
            let mut content = good.clone();
            content.resize(bytes, 0);
            std::fs::write(&path, content).unwrap();
            let state = SharedPage::open(&path).unwrap();
            assert!(
                matches!(state, PageState::Unusable(_)),
                "{bytes}: {state:?}"
            );
        }
        std::fs::write(&path, vec![b'x'; PAGE_BYTES]).unwrap();
        assert!(matches!(
            SharedPage::open(&path).unwrap(),
            PageState::Unusable(_)
        ));
        SharedPage::create(&path, [1; 16], 78).unwrap();
        assert_eq!(usable(&path).store_uid.load(Ordering::SeqCst), 78);
    }

    #[cfg(unix)]
    #[test]
    fn a_copy_is_known_as_one_until_it_is_renewed() {
        let (_directory, path) = place();
        let page = SharedPage::create(&path, [9; 16], 77).unwrap();
        let copy = path.with_extension("copy");
        std::fs::copy(&path, &copy).unwrap();
        let copied = usable(&copy);
        assert!(copied.is_copied() && !page.is_copied());
        copied.renew([9; 16], 77);
        assert!(!usable(&copy).is_copied());
        std::fs::rename(&path, path.with_extension("moved")).unwrap();
        assert!(!usable(&path.with_extension("moved")).is_copied());
    }

    #[test]
    fn a_newer_layout_is_named() {
        let (_directory, path) = place();
        let page = SharedPage::create(&path, [9; 16], 77).unwrap();
        page.version.store(PAGE_VERSION + 1, Ordering::SeqCst);
        let state = SharedPage::open(&path).unwrap();
        assert!(matches!(state, PageState::Newer(version) if version == PAGE_VERSION + 1));
        let error = newer_error(&path, PAGE_VERSION + 1);
        assert_eq!(error.kind(), ErrorKind::UnsupportedFormat);
    }

    #[test]
    fn a_file_with_holes_is_filled_before_it_is_used() {
        let (_directory, path) = place();
        File::create(&path)
            .unwrap()
            .set_len(PAGE_BYTES as u64)
            .unwrap();
        assert!(matches!(
            SharedPage::open(&path).unwrap(),
            PageState::Unusable(_)
        ));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), PAGE_BYTES as u64);
    }
}
