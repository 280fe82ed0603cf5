//! The endless log, cut into segments of equal length.
//!
//! A position in the log is its LSN, counted in bytes from the beginning of time; segment `n` holds
//! LSNs from `n * segment_bytes` on. Each change is a frame that names its own LSN and the checksum
//! of the frame before: bytes of a recycled segment can never pass for frames of the present.
//!
//! One process at a time appends (the writer lock); any may read and sync meanwhile.
//! docs/FORMAT.md draws the bytes.

mod append;
mod frame;
mod repair;
mod scan;
mod segment;

pub use append::Appender;
pub use frame::{FRAME_HEADER_BYTES, frame_bytes};
pub use scan::{EndReason, ScanEnd, ScanFrom};
pub use segment::{LOG_VERSION, SEGMENT_HEADER_BYTES};

use super::disk::{Disk, DiskFile};
use crate::error::{Error, ErrorKind, Result};
use crate::sync::Mutex;
use bytes::Bytes;
use frame::{Checksum, FrameHeader, FrameKind};
use segment::SegmentHeader;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

/// Open segment files that one process keeps.
const OPEN_FILES_MAX: usize = 64;

/// Smallest and largest segment, bytes.
const SEGMENT_BYTES_MIN: u64 = 4 << 10;
const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// Where the next frame belongs, and the checksum of the frame before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tail {
    /// Position after the last frame.
    pub lsn: u64,
    /// Checksum of the last frame.
    pub chain: u32,
}

/// The log of one store. Clones are the same log and share its open files.
#[derive(Clone)]
pub struct Log {
    inner: Arc<Inner>,
}

struct Inner {
    disk: Arc<dyn Disk>,
    store_uid: u64,
    /// A power of two, so that places are found by shifts: a scan does so for every frame.
    segment_bytes: u64,
    segment_shift: u32,
    checksum: Checksum,
    files: Mutex<OpenFiles>,
}

#[derive(Default)]
struct OpenFiles {
    by_number: HashMap<u64, OpenFile>,
    /// Counts uses, as a clock for [`OpenFile::used`].
    uses: u64,
}

struct OpenFile {
    file: Arc<dyn DiskFile>,
    used: u64,
    /// Its name is known to be on disk, so that it may be written.
    named: bool,
}

impl OpenFiles {
    fn get(&mut self, number: u64) -> Option<&mut OpenFile> {
        self.uses += 1;
        let open = self.by_number.get_mut(&number)?;
        open.used = self.uses;
        Some(open)
    }

    fn put(&mut self, number: u64, file: Arc<dyn DiskFile>, named: bool) {
        if self.by_number.len() >= OPEN_FILES_MAX {
            let oldest = self.by_number.iter().min_by_key(|(_, open)| open.used);
            if let Some(oldest) = oldest.map(|(number, _)| *number) {
                self.by_number.remove(&oldest);
            }
        }
        self.uses += 1;
        let used = self.uses;
        self.by_number
            .insert(number, OpenFile { file, used, named });
    }
}

impl Log {
    /// The log of store `store_uid` on `disk`; nothing is written. Segments that are there must be
    /// of this store, this format and `segment_bytes` long; a damaged header is left to
    /// [`Log::scan`] to report.
    pub fn open(disk: Arc<dyn Disk>, store_uid: u64, segment_bytes: u64) -> Result<Self> {
        if !segment_bytes.is_power_of_two()
            || !(SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX).contains(&segment_bytes)
        {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "segment_bytes is {segment_bytes}; it must be a power of two from \
                     {SEGMENT_BYTES_MIN} to {SEGMENT_BYTES_MAX}"
                ),
            ));
        }
        let log = Self {
            inner: Arc::new(Inner {
                disk,
                store_uid,
                segment_bytes,
                segment_shift: segment_bytes.trailing_zeros(),
                checksum: Checksum::new(store_uid),
                files: Mutex::default(),
            }),
        };
        let first_lsns = log.segment_lsns()?;
        let ends = [first_lsns.first(), first_lsns.last()];
        for first_lsn in ends.into_iter().flatten() {
            log.check_segment(*first_lsn)?;
        }
        Ok(log)
    }

    /// Refuses a segment that says it is something else.
    fn check_segment(&self, first_lsn: u64) -> Result<()> {
        let name = segment::name(first_lsn);
        // Another process may have given it back since the names were listed.
        let file = match self.inner.disk.open(&name) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::io(&format!("open {name}"), &error)),
        };
        let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
        if file.read_at(&mut bytes, 0).is_err() {
            return Ok(());
        }
        let Some(header) = SegmentHeader::read(&bytes) else {
            return Ok(());
        };
        if header.version > LOG_VERSION {
            return Err(Error::new(
                ErrorKind::UnsupportedFormat,
                format!(
                    "{name} has format {}; this library reads format {LOG_VERSION}",
                    header.version
                ),
            ));
        }
        // A file whose new header was lost with the power still has that of its earlier place; its
        // frames say where they belong, and a scan tells of it.
        let expected = self.header(header.first_lsn);
        if header != expected {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!(
                    "{name} belongs to another store: store {:016x}, segments of {} bytes; \
                     expected store {:016x}, segments of {} bytes",
                    header.store_uid,
                    header.segment_bytes,
                    self.inner.store_uid,
                    self.inner.segment_bytes
                ),
            ));
        }
        Ok(())
    }

    fn header(&self, first_lsn: u64) -> SegmentHeader {
        SegmentHeader {
            version: LOG_VERSION,
            store_uid: self.inner.store_uid,
            first_lsn,
            segment_bytes: self.inner.segment_bytes,
        }
    }

    /// Length of each segment.
    pub fn segment_bytes(&self) -> u64 {
        self.inner.segment_bytes
    }

    /// Longest payload of a frame.
    pub fn payload_max(&self) -> usize {
        (self.inner.segment_bytes - SEGMENT_HEADER_BYTES - FRAME_HEADER_BYTES) as usize
    }

    /// The tail of a log without a frame.
    pub fn empty_tail() -> Tail {
        Tail {
            lsn: SEGMENT_HEADER_BYTES,
            chain: 0,
        }
    }

    /// The segment that holds `lsn`.
    pub fn segment_of(&self, lsn: u64) -> u64 {
        lsn >> self.inner.segment_shift
    }

    /// First LSN of a segment; no frame is there, but its header.
    pub fn segment_start(&self, number: u64) -> u64 {
        number << self.inner.segment_shift
    }

    /// Where a frame that follows position `lsn` starts, if it fits there.
    fn place(&self, lsn: u64) -> u64 {
        let start = self.segment_start(self.segment_of(lsn));
        if lsn - start < SEGMENT_HEADER_BYTES {
            start + SEGMENT_HEADER_BYTES
        } else if self.room(lsn) < FRAME_HEADER_BYTES {
            start + self.inner.segment_bytes + SEGMENT_HEADER_BYTES
        } else {
            lsn
        }
    }

    /// Bytes from `lsn` to the end of its segment.
    fn room(&self, lsn: u64) -> u64 {
        self.inner.segment_bytes - (lsn & (self.inner.segment_bytes - 1))
    }

    fn segment_lsns(&self) -> Result<Vec<u64>> {
        let names = self.inner.disk.list();
        let names = names.map_err(|error| Error::io("list the segments of the log", &error))?;
        let mut first_lsns: Vec<u64> = names
            .iter()
            .filter_map(|name| segment::parse_name(name))
            .collect();
        first_lsns.sort_unstable();
        Ok(first_lsns)
    }

    /// Numbers of the segments that are there, ascending. Reads the directory.
    pub fn segments(&self) -> Result<Vec<u64>> {
        let first_lsns = self.segment_lsns()?;
        let mut numbers = Vec::with_capacity(first_lsns.len());
        for first_lsn in first_lsns {
            if first_lsn % self.inner.segment_bytes != 0 {
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    format!(
                        "{} starts at no multiple of the segment length {}",
                        segment::name(first_lsn),
                        self.inner.segment_bytes
                    ),
                ));
            }
            numbers.push(self.segment_of(first_lsn));
        }
        Ok(numbers)
    }

    /// Start of the oldest segment, `None` without segments. Reads the directory, and closes files
    /// of segments that are gone.
    pub fn first_lsn(&self) -> Result<Option<u64>> {
        let first = self.segments()?.first().copied();
        if let Some(number) = first {
            self.forget_before(number);
        }
        Ok(first.map(|number| self.segment_start(number)))
    }

    /// Closes this process's files of segments before `number`.
    pub fn forget_before(&self, number: u64) {
        let mut files = self.inner.files.lock();
        files.by_number.retain(|held, _| *held >= number);
    }

    fn disk_do<T>(
        &self,
        what: &str,
        name: &str,
        action: impl FnOnce(&dyn Disk) -> io::Result<T>,
    ) -> Result<T> {
        action(self.inner.disk.as_ref())
            .map_err(|error| Error::io(&format!("{what} {name}"), &error))
    }

    /// The open file of a segment.
    fn file(&self, number: u64) -> Result<Arc<dyn DiskFile>> {
        match self.file_if_present(number)? {
            Some(file) => Ok(file),
            None => Err(Error::new(
                ErrorKind::Corrupt,
                format!("segment {} is missing", self.segment_name(number)),
            )),
        }
    }

    fn file_if_present(&self, number: u64) -> Result<Option<Arc<dyn DiskFile>>> {
        if let Some(open) = self.inner.files.lock().get(number) {
            return Ok(Some(open.file.clone()));
        }
        let name = self.segment_name(number);
        match self.inner.disk.open(&name) {
            Ok(file) => {
                self.inner.files.lock().put(number, file.clone(), false);
                Ok(Some(file))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(&format!("open {name}"), &error)),
        }
    }

    fn segment_name(&self, number: u64) -> String {
        segment::name(self.segment_start(number))
    }

    /// Reads `bytes` bytes at `lsn`, which lie in one segment. Their checksum is not verified.
    pub fn read(&self, lsn: u64, bytes: usize) -> Result<Bytes> {
        let mut buffer = vec![0; bytes];
        self.read_into(lsn, &mut buffer)?;
        Ok(buffer.into())
    }

    fn read_into(&self, lsn: u64, buffer: &mut [u8]) -> Result<()> {
        if buffer.len() as u64 > self.room(lsn) {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!(
                    "{} bytes at LSN {lsn:#x} cross the end of a segment",
                    buffer.len()
                ),
            ));
        }
        let number = self.segment_of(lsn);
        let position = lsn - self.segment_start(number);
        self.file(number)?
            .read_at(buffer, position)
            .map_err(|error| {
                let name = self.segment_name(number);
                let what = format!("read {} bytes at {position} of {name}", buffer.len());
                match error.kind() {
                    io::ErrorKind::UnexpectedEof => {
                        Error::new(ErrorKind::Corrupt, format!("{what}: the file ends before"))
                    }
                    _ => Error::io(&what, &error),
                }
            })
    }

    /// Reads the whole payload that starts at `payload_lsn`, verifying length and checksum.
    pub fn read_verified(&self, payload_lsn: u64, payload_bytes: usize) -> Result<Bytes> {
        let lsn = payload_lsn.wrapping_sub(FRAME_HEADER_BYTES);
        let whole = self.read(lsn, payload_bytes + FRAME_HEADER_BYTES as usize)?;
        let good = FrameHeader::read(&whole).is_some_and(|header| {
            header.lsn == lsn
                && header.payload_bytes as usize == payload_bytes
                && header.known_kind() == Some(FrameKind::Record)
                && header.crc == self.inner.checksum.of(&whole)
        });
        if !good {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!(
                    "no record of {payload_bytes} bytes at LSN {payload_lsn:#x} in {}",
                    self.segment_name(self.segment_of(lsn))
                ),
            ));
        }
        Ok(whole.slice(FRAME_HEADER_BYTES as usize..))
    }

    /// True if a whole frame that continues the log starts at `tail`: a process died after
    /// appending it and before saying so.
    pub fn valid_at(&self, tail: Tail) -> Result<bool> {
        let lsn = self.place(tail.lsn);
        let number = self.segment_of(lsn);
        let Some(file) = self.file_if_present(number)? else {
            return Ok(false);
        };
        let position = lsn - self.segment_start(number);
        let mut bytes = vec![0; FRAME_HEADER_BYTES as usize];
        let read = |bytes: &mut Vec<u8>| match file.read_at(bytes, position) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => {
                let name = self.segment_name(number);
                Err(Error::io(&format!("read {name} at {position}"), &error))
            }
        };
        if !read(&mut bytes)? {
            return Ok(false);
        }
        // Nearly always there is no frame, and these 32 bytes are all that is read.
        let Some(header) = FrameHeader::read(&bytes) else {
            return Ok(false);
        };
        if header.lsn != lsn
            || header.chain != tail.chain
            || header.known_kind().is_none()
            || header.frame_bytes() > self.room(lsn)
        {
            return Ok(false);
        }
        bytes.resize(
            (FRAME_HEADER_BYTES + u64::from(header.payload_bytes)) as usize,
            0,
        );
        Ok(read(&mut bytes)? && self.inner.checksum.of(&bytes) == header.crc)
    }

    /// Returns when the log from `from_lsn` to before `to_lsn` is on disk, whoever wrote it.
    pub fn sync(&self, from_lsn: u64, to_lsn: u64) -> Result<()> {
        if from_lsn >= to_lsn {
            return Ok(());
        }
        for number in self.segment_of(from_lsn)..=self.segment_of(to_lsn - 1) {
            // After the pad at the end of a segment the next one need not exist.
            let Some(file) = self.file_if_present(number)? else {
                continue;
            };
            self.ensure_named(number)?;
            file.sync_data().map_err(|error| {
                Error::io(&format!("sync {}", self.segment_name(number)), &error)
            })?;
        }
        Ok(())
    }

    /// Makes segment `number` if it is not there; true if it was made. When it returns, the
    /// segment is on disk with its header and name. Processes may do this at the same time.
    pub fn ensure_segment(&self, number: u64) -> Result<bool> {
        if self.file_if_present(number)?.is_some() {
            self.ensure_named(number)?;
            return Ok(false);
        }
        let new_name = segment::new_name(self.segment_start(number));
        self.disk_do("create", &new_name, |disk| {
            disk.create(&new_name, self.inner.segment_bytes)
        })?;
        self.publish(&new_name, number)
    }

    /// Brings the name of a present segment to the disk, unless this process knows that it is
    /// there: the maker may have been killed, or may be about to do it.
    fn ensure_named(&self, number: u64) -> Result<()> {
        if self
            .inner
            .files
            .lock()
            .get(number)
            .is_some_and(|open| open.named)
        {
            return Ok(());
        }
        let name = self.segment_name(number);
        self.disk_do("sync the name of", &name, |disk| disk.sync_dir())?;
        if let Some(open) = self.inner.files.lock().get(number) {
            open.named = true;
        }
        Ok(())
    }

    /// The open file of segment `number`, made if it is absent, ready to be written.
    fn file_for_writing(&self, number: u64) -> Result<Arc<dyn DiskFile>> {
        if let Some(open) = self.inner.files.lock().get(number)
            && open.named
        {
            return Ok(open.file.clone());
        }
        self.ensure_segment(number)?;
        self.file(number)
    }

    /// Turns segment `old`, which nobody needs any more, into the future segment `new`. Each step
    /// is on disk before the next: at no time does a name lead to a header that contradicts it.
    /// Fails if `old` is not there; true if `new` was made, false if it was there already.
    pub fn recycle(&self, old: u64, new: u64) -> Result<bool> {
        let old_name = self.segment_name(old);
        let new_name = segment::new_name(self.segment_start(new));
        self.inner.files.lock().by_number.remove(&old);
        self.disk_do("rename", &old_name, |disk| {
            disk.rename(&old_name, &new_name)?;
            disk.sync_dir()
        })?;
        self.publish(&new_name, new)
    }

    /// Writes the header of segment `number` to the file `new_name` and gives it its name.
    fn publish(&self, new_name: &str, number: u64) -> Result<bool> {
        let name = self.segment_name(number);
        let header = self.header(self.segment_start(number)).write();
        let renamed = self.inner.disk.open(new_name).and_then(|file| {
            file.write_at(&header, 0)?;
            // A recycled file is full of old messages that this would bring to the disk, too.
            if !self.inner.disk.is_lazy() {
                file.sync_data()?;
            }
            self.inner.disk.rename(new_name, &name)?;
            Ok(file)
        });
        let made = match renamed {
            Ok(file) => {
                self.inner.files.lock().put(number, file, false);
                true
            }
            Err(error) => {
                // The room is worth more than the error of a failed removal.
                let _ = self.inner.disk.remove(new_name);
                if error.kind() != io::ErrorKind::AlreadyExists {
                    return Err(Error::io(&format!("make {name}"), &error));
                }
                false
            }
        };
        self.ensure_named(number)?;
        Ok(made)
    }

    /// Removes a segment that nobody needs any more. On disk when it returns: otherwise a power cut
    /// could bring it back behind a gap.
    pub fn remove(&self, number: u64) -> Result<()> {
        let name = self.segment_name(number);
        self.inner.files.lock().by_number.remove(&number);
        self.disk_do("remove", &name, |disk| {
            disk.remove(&name)?;
            disk.sync_dir()
        })
    }

    /// Removes segments that a killed process or a power cut left half made; returns how many.
    /// Only while no other process has the store open.
    pub fn remove_leftovers(&self) -> Result<usize> {
        let names = self.disk_do("list", "the log", |disk| disk.list())?;
        let mut removed = 0;
        for name in names.iter().filter(|name| segment::is_new_name(name)) {
            self.disk_do("remove", name, |disk| disk.remove(name))?;
            removed += 1;
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests;
