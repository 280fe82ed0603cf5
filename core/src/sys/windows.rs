//! Windows: files opened without sharing as locks, polling instead of futexes.

pub(super) use super::futex::{poll_wait as futex_wait, poll_wake as futex_wake};
use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

// The few functions of kernel32 that std does not offer.
#[allow(non_snake_case)]
unsafe extern "system" {
    fn CreateFileMappingW(
        file: *mut c_void,
        attributes: *const c_void,
        protect: u32,
        size_high: u32,
        size_low: u32,
        name: *const u16,
    ) -> *mut c_void;
    fn MapViewOfFile(
        mapping: *mut c_void,
        access: u32,
        offset_high: u32,
        offset_low: u32,
        bytes: usize,
    ) -> *mut c_void;
    fn UnmapViewOfFile(start: *const c_void) -> i32;
    fn CloseHandle(handle: *mut c_void) -> i32;
    fn GetTickCount64() -> u64;
    fn GetDiskFreeSpaceExW(
        directory: *const u16,
        available: *mut u64,
        total: *mut u64,
        free: *mut u64,
    ) -> i32;
    fn OpenProcess(access: u32, inherit: i32, pid: u32) -> *mut c_void;
}

const PAGE_READWRITE: u32 = 4;
const FILE_MAP_READ_WRITE: u32 = 6;
const FILE_SHARE_READ: u32 = 1;
const ERROR_SHARING_VIOLATION: i32 = 32;
const PROCESS_QUERY_LIMITED_INFORMATION: u32 = 0x1000;

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Not at all.
    None,
    /// Together with others.
    Shared,
    /// Alone.
    Exclusive,
}

/// One file a lock (`lock.0`, `lock.1`, ...): to hold it is to have it open without sharing.
#[derive(Debug)]
pub(super) struct LockHandle {
    path: PathBuf,
    held: Mutex<Vec<Option<File>>>,
}

impl LockHandle {
    pub fn open(path: &Path) -> io::Result<Self> {
        let held = (0..super::lock::LOCK_BYTES).map(|_| None).collect();
        Ok(Self {
            path: path.to_owned(),
            held: Mutex::new(held),
        })
    }

    /// Changes the hold on one byte without waiting; false if another process is in the way.
    pub fn set(&self, byte: u8, hold: Hold) -> io::Result<bool> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = held.get_mut(usize::from(byte)).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("no lock byte {byte}"))
        })?;
        // Our own handle would be in the way of another kind of hold.
        *slot = None;
        if hold == Hold::None {
            return Ok(true);
        }
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{byte}"));
        let mut options = OpenOptions::new();
        options.read(true);
        if hold == Hold::Shared {
            // Reading cannot create: make the file first, which fails if it is held.
            match OpenOptions::new().write(true).create_new(true).open(&name) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return refused(error),
            }
            options.share_mode(FILE_SHARE_READ);
        } else {
            options
                .write(true)
                .create(true)
                .truncate(false)
                .share_mode(0);
        }
        match options.open(&name) {
            Ok(file) => {
                *slot = Some(file);
                Ok(true)
            }
            Err(error) => refused(error),
        }
    }
}

fn refused(error: io::Error) -> io::Result<bool> {
    if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) {
        Ok(false)
    } else {
        Err(error)
    }
}

/// A file mapped into memory, shared with every process that maps it.
#[derive(Debug)]
pub(super) struct Mapping {
    start: NonNull<u8>,
}

// SAFETY: the view stays where it is until dropped, and its bytes are only reached through
// `start`, whose user (shared.rs) reads and writes them as atomics.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `bytes` bytes of `file`, which must be at least that long.
    pub fn new(file: &File, bytes: usize) -> io::Result<Self> {
        // SAFETY: the handle is open; null attributes and name are allowed.
        let mapping = unsafe {
            CreateFileMappingW(
                file.as_raw_handle().cast(),
                std::ptr::null(),
                PAGE_READWRITE,
                0,
                0,
                std::ptr::null(),
            )
        };
        if mapping.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the mapping handle is good; the address is of the system's choice.
        let start = unsafe { MapViewOfFile(mapping, FILE_MAP_READ_WRITE, 0, 0, bytes) };
        let error = io::Error::last_os_error();
        // SAFETY: the handle is ours; the view keeps the mapping alive.
        unsafe { CloseHandle(mapping) };
        NonNull::new(start.cast::<u8>())
            .map(|start| Self { start })
            .ok_or(error)
    }

    /// Address of the first byte; aligned to a memory page.
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the address is what MapViewOfFile gave, and no reference outlives self.
        unsafe { UnmapViewOfFile(self.start.as_ptr().cast()) };
    }
}

fn wide(path: &Path) -> Vec<u16> {
    path.as_os_str().encode_wide().chain([0]).collect()
}

/// Bytes that this user may still write to the file system of `path`.
pub(super) fn free_bytes(path: &Path) -> io::Result<u64> {
    let path = wide(path);
    let (mut available, mut total, mut free) = (0, 0, 0);
    // SAFETY: the path ends in zero and all pointers live through the call.
    let done = unsafe { GetDiskFreeSpaceExW(path.as_ptr(), &mut available, &mut total, &mut free) };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(available)
}

/// True if a process `pid` exists.
#[cfg(feature = "faults")]
pub(super) fn kill_self() -> ! {
    std::process::abort()
}

pub(super) fn process_alive(pid: u32) -> bool {
    // SAFETY: only numbers are passed.
    let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    if handle.is_null() {
        return false;
    }
    // SAFETY: the handle is ours.
    unsafe { CloseHandle(handle) };
    true
}

/// Nanoseconds since the machine started, sleep included.
pub(super) fn boottime_ns() -> u64 {
    // SAFETY: takes nothing and only returns a number.
    unsafe { GetTickCount64() }.saturating_mul(1_000_000)
}

/// The time of the start, which is wrong after a step of the wall clock. The store then rebuilds
/// its index once more than it has to.
pub(super) fn boot_id() -> io::Result<[u8; 16]> {
    Ok(super::boot::from_uptime(boottime_ns()))
}

/// Name of the network file system that holds `path`: known by a share's name (`\\server\share`).
pub(super) fn network_name(path: &Path) -> io::Result<Option<&'static str>> {
    use std::path::{Component, Prefix};
    let full = path.canonicalize()?;
    Ok(match full.components().next() {
        Some(Component::Prefix(prefix)) => match prefix.kind() {
            Prefix::UNC(..) | Prefix::VerbatimUNC(..) => Some("SMB"),
            _ => None,
        },
        _ => None,
    })
}

/// Not offered in this form: the caller writes zeros.
pub(super) fn allocate(_file: &File, _from: u64, _bytes: u64, _keep_size: bool) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not offered in this form: the caller links and removes.
pub(super) fn rename_no_replace(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
