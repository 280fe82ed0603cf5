//! macOS and other Unix systems: `flock` on one small file a lock, polling instead of futexes.

pub(super) use super::futex::{poll_wait as futex_wait, poll_wake as futex_wake};
use super::posix::check;
#[cfg(feature = "faults")]
pub(super) use super::posix::kill_self;
pub(super) use super::posix::{
    Mapping, at_fork, close_in_child, free_bytes, process_alive, signals_end_process,
};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::path::Path;

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

/// The lock file and one file beside it for each further byte (`lock.1`, `lock.2`, ...):
/// `flock` locks whole files. It belongs to the open file description like the locks of Linux.
#[derive(Debug)]
pub(super) struct LockHandle {
    files: Vec<File>,
}

impl LockHandle {
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        for byte in 0..super::lock::LOCK_BYTES {
            let mut name = path.as_os_str().to_owned();
            if byte > 0 {
                name.push(format!(".{byte}"));
            }
            files.push(
                OpenOptions::new()
                    .read(true)
                    .write(true)
                    .create(true)
                    .truncate(false)
                    .open(name)?,
            );
        }
        Ok(Self { files })
    }

    /// Descriptors that a forked child must close.
    pub fn descriptors(&self) -> Vec<RawFd> {
        self.files.iter().map(AsRawFd::as_raw_fd).collect()
    }

    /// What the first file is, whatever its name leads to by now.
    pub fn metadata(&self) -> io::Result<Metadata> {
        let first = self.files.first().ok_or(io::ErrorKind::NotFound)?;
        first.metadata()
    }

    /// Changes the hold on one byte without waiting; false if another process is in the way.
    pub fn set(&self, byte: u8, hold: Hold) -> io::Result<bool> {
        let file = self.files.get(usize::from(byte)).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("no lock byte {byte}"))
        })?;
        let wish = match hold {
            Hold::None => libc::LOCK_UN,
            Hold::Shared => libc::LOCK_SH | libc::LOCK_NB,
            Hold::Exclusive => libc::LOCK_EX | libc::LOCK_NB,
        };
        loop {
            // SAFETY: only numbers are passed, the descriptor is open as long as self.
            match check(unsafe { libc::flock(file.as_raw_fd(), wish) }) {
                Ok(_) => return Ok(true),
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock => return Ok(false),
                    _ => return Err(error),
                },
            }
        }
    }
}

/// Nanoseconds of a clock that never goes back and counts sleep where the system offers that.
pub(super) fn boottime_ns() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes only to `now`; a failure would leave zero.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    (now.tv_sec as u64)
        .saturating_mul(1_000_000_000)
        .saturating_add(now.tv_nsec as u64)
}

/// A value that differs after every start of the machine.
#[cfg(target_vendor = "apple")]
pub(super) fn boot_id() -> io::Result<[u8; 16]> {
    let mut text = [0_u8; 64];
    let mut bytes = text.len();
    // SAFETY: the name ends in a zero byte, and the call writes at most `bytes` bytes to `text`.
    check(unsafe {
        libc::sysctlbyname(
            c"kern.bootsessionuuid".as_ptr(),
            text.as_mut_ptr().cast(),
            &mut bytes,
            std::ptr::null_mut(),
            0,
        )
    })?;
    super::boot::parse_uuid(&String::from_utf8_lossy(&text[..bytes.min(text.len())]))
}

/// Elsewhere: the time of the start, which is wrong after a step of the wall clock. The store
/// then rebuilds its index once more than it has to.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn boot_id() -> io::Result<[u8; 16]> {
    Ok(super::boot::from_uptime(boottime_ns()))
}

/// Name of the network file system that holds `path`, if it is one.
#[cfg(target_vendor = "apple")]
pub(super) fn network_name(path: &Path) -> io::Result<Option<&'static str>> {
    let path = super::posix::c_path(path)?;
    // SAFETY: statfs is plain numbers, for which all zeros is a value.
    let mut found: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers live through the call.
    check(unsafe { libc::statfs(path.as_ptr(), &mut found) })?;
    let local = found.f_flags & libc::MNT_LOCAL as u32 != 0;
    Ok((!local).then_some("network"))
}

/// Elsewhere unknown, and taken for local.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn network_name(_path: &Path) -> io::Result<Option<&'static str>> {
    Ok(None)
}

/// Not offered alike by these systems: the caller writes zeros.
pub(super) fn allocate(_file: &File, _from: u64, _bytes: u64, _keep_size: bool) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not offered alike by these systems: the caller links and removes.
pub(super) fn rename_no_replace(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
