//! What Linux and the other Unix systems do alike.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::NonNull;

/// The result of a C call that answers -1 on failure.
pub(super) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// `path` for C.
pub(super) fn c_path(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("path {} has a zero byte", path.display()),
        )
    })
}

/// A file mapped into memory, shared with every process that maps it.
#[derive(Debug)]
pub(super) struct Mapping {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: the mapping stays where it is until dropped, and its bytes are only reached through
// `start`, whose user (shared.rs) reads and writes them as atomics.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `bytes` bytes of `file`, which must be at least that long.
    pub fn new(file: &File, bytes: usize) -> io::Result<Self> {
        // SAFETY: a fresh mapping at an address of the kernel's choice touches no memory in use;
        // failure is checked before the address is used.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(start.cast::<u8>())
            .map(|start| Self { start, bytes })
            .ok_or_else(|| io::Error::other("mmap gave the address 0"))
    }

    /// Address of the first byte; aligned to a memory page.
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is exactly what mmap gave, and nobody can hold a reference into it
        // that outlives self.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

/// Calls `child` in the child of every later `fork`. It may only do what a signal handler may.
pub(super) fn at_fork(child: unsafe extern "C" fn()) -> io::Result<()> {
    // SAFETY: registers a function that lives as long as the program.
    match unsafe { libc::pthread_atfork(None, None, Some(child)) } {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// Closes a file descriptor; callable from a fork hook.
pub(super) fn close_in_child(fd: RawFd) {
    // SAFETY: only called in a forked child, for the child's copy of a descriptor that nothing
    // in the child uses again (see fork.rs).
    unsafe { libc::close(fd) };
}

/// Keeps a descriptor from programs that this process starts.
pub(super) fn close_on_exec(fd: RawFd) -> io::Result<()> {
    // SAFETY: changes a flag of the descriptor and touches no memory.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) }).map(drop)
}

/// Bytes that this user may still write to the file system of `path`.
pub(super) fn free_bytes(path: &Path) -> io::Result<u64> {
    let path = c_path(path)?;
    // SAFETY: statvfs is plain numbers, for which all zeros is a value.
    let mut found: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers live through the call.
    check(unsafe { libc::statvfs(path.as_ptr(), &mut found) })?;
    // The widths of these two fields differ between systems.
    #[allow(clippy::unnecessary_cast)]
    Ok((found.f_bavail as u64).saturating_mul(found.f_frsize as u64))
}

/// SIGINT and SIGTERM do what they do by default, unless they are ignored.
pub(super) fn signals_end_process() {
    for number in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the handlers that are set are names of what the kernel does; no code is called.
        unsafe {
            if libc::signal(number, libc::SIG_DFL) == libc::SIG_IGN {
                libc::signal(number, libc::SIG_IGN);
            }
        }
    }
}

#[cfg(feature = "faults")]
pub(super) fn kill_self() -> ! {
    // SAFETY: only numbers are passed.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    // The signal cannot be held up; this is never reached.
    std::process::abort()
}

/// True if a process `pid` exists, a zombie included.
pub(super) fn process_alive(pid: u32) -> bool {
    let Ok(pid) = libc::pid_t::try_from(pid) else {
        return false;
    };
    if pid <= 0 {
        return false;
    }
    // SAFETY: signal 0 only asks whether the process exists.
    let answer = check(unsafe { libc::kill(pid, 0) });
    match answer {
        Ok(_) => true,
        Err(error) => error.raw_os_error() == Some(libc::EPERM),
    }
}
