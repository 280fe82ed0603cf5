//! Linux: open-file-description locks, futexes, fallocate, boot time.

#[cfg(feature = "faults")]
pub(super) use super::posix::kill_self;
pub(super) use super::posix::{
    Mapping, at_fork, close_in_child, free_bytes, process_alive, signals_end_process,
};
use super::posix::{c_path, check};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// How a byte of the lock file is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Not at all.
    None,
    /// Together with others.
    Shared,
    /// Alone.
    Exclusive,
}

/// The lock file, opened for this process only: locks belong to this open file description.
#[derive(Debug)]
pub(super) struct LockHandle {
    file: File,
}

impl LockHandle {
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        Ok(Self { file })
    }

    /// Descriptors that a forked child must close.
    pub fn descriptors(&self) -> Vec<RawFd> {
        vec![self.file.as_raw_fd()]
    }

    /// What the file is, whatever its name leads to by now.
    pub fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    /// Changes the hold on one byte without waiting; false if another process is in the way.
    pub fn set(&self, byte: u8, hold: Hold) -> io::Result<bool> {
        let kind = match hold {
            Hold::None => libc::F_UNLCK,
            Hold::Shared => libc::F_RDLCK,
            Hold::Exclusive => libc::F_WRLCK,
        };
        // SAFETY: flock is plain numbers, for which all zeros is a value.
        let mut wish: libc::flock = unsafe { std::mem::zeroed() };
        wish.l_type = kind as libc::c_short;
        wish.l_whence = libc::SEEK_SET as libc::c_short;
        wish.l_start = libc::off_t::from(byte);
        wish.l_len = 1;
        loop {
            // SAFETY: the descriptor is open as long as self, `wish` lives through the call.
            let done =
                check(unsafe { libc::fcntl(self.file.as_raw_fd(), libc::F_OFD_SETLK, &wish) });
            match done {
                Ok(_) => return Ok(true),
                Err(error) => match error.raw_os_error() {
                    Some(libc::EINTR) => {}
                    Some(libc::EAGAIN | libc::EACCES) => return Ok(false),
                    _ => return Err(error),
                },
            }
        }
    }
}

/// Sleeps while `word` holds `expected`, at most `timeout`; may return early for no reason.
pub(super) fn futex_wait(word: &AtomicU32, expected: u32, timeout: Duration) {
    let limit = libc::timespec {
        tv_sec: libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: timeout.subsec_nanos() as libc::c_long,
    };
    // Not FUTEX_PRIVATE_FLAG: the word is shared between processes.
    // SAFETY: the kernel only reads the aligned word and `limit`, both alive through the call.
    // Every outcome (woken, other value, time out, signal) means the same: look again.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT,
            expected,
            &limit,
            std::ptr::null::<u32>(),
            0_u32,
        );
    }
}

/// Wakes up to `count` sleepers on `word`; returns how many there were.
pub(super) fn futex_wake(word: &AtomicU32, count: u32) -> u32 {
    let count = libc::c_int::try_from(count).unwrap_or(libc::c_int::MAX);
    // SAFETY: the kernel uses the address only as a key.
    let woken = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAKE,
            count,
            std::ptr::null::<libc::timespec>(),
            std::ptr::null::<u32>(),
            0_u32,
        )
    };
    u32::try_from(woken).unwrap_or(0)
}

/// Nanoseconds since the machine started, sleep included.
pub(super) fn boottime_ns() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes only to `now`. The call cannot fail with this clock and address; it would
    // leave zero.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut now) };
    (now.tv_sec as u64)
        .saturating_mul(1_000_000_000)
        .saturating_add(now.tv_nsec as u64)
}

/// A value that differs after every start of the machine.
pub(super) fn boot_id() -> io::Result<[u8; 16]> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    super::boot::parse_uuid(&text)
}

/// Name of the network file system that holds `path`, if it is one.
pub(super) fn network_name(path: &Path) -> io::Result<Option<&'static str>> {
    let path = c_path(path)?;
    // SAFETY: statfs is plain numbers, for which all zeros is a value.
    let mut found: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers live through the call.
    check(unsafe { libc::statfs(path.as_ptr(), &mut found) })?;
    Ok(network_of(found.f_type as u32))
}

/// The network file system of this number of statfs. The numbers are those of linux/magic.h and of
/// the file systems' own sources. FUSE and overlays are not among them: they may be either.
fn network_of(number: u32) -> Option<&'static str> {
    match number {
        0x0000_6969 => Some("NFS"),
        0x0000_517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x0102_1997 => Some("9P"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        0x7375_7245 => Some("Coda"),
        0x7461_636f => Some("OCFS2"),
        0x0116_1970 => Some("GFS2"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x786f_4256 => Some("VirtualBox shared folder"),
        0xbacb_acbc => Some("VMware shared folder"),
        0x7c7c_6673 => Some("Parallels shared folder"),
        0x4750_4653 => Some("GPFS"),
        0x1983_0326 => Some("BeeGFS"),
        0x2003_0528 => Some("OrangeFS"),
        0xaad7_aaea => Some("PanFS"),
        0xbeef_dead => Some("StorNext"),
        0x6163_6673 => Some("ACFS"),
        0x0000_564c => Some("NCP"),
        _ => None,
    }
}

/// Gives the range of `file` blocks on the disk; `keep_size` leaves the file's length alone.
pub(super) fn allocate(file: &File, from: u64, bytes: u64, keep_size: bool) -> io::Result<()> {
    let to_offset = |number: u64| {
        libc::off_t::try_from(number).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("file position {number} is too large"),
            )
        })
    };
    let (from, bytes) = (to_offset(from)?, to_offset(bytes)?);
    let mode = if keep_size {
        libc::FALLOC_FL_KEEP_SIZE
    } else {
        0
    };
    loop {
        // SAFETY: only numbers are passed, the descriptor is open.
        match check(unsafe { libc::fallocate(file.as_raw_fd(), mode, from, bytes) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {
                return Err(io::ErrorKind::Unsupported.into());
            }
            other => return other.map(|_| ()),
        }
    }
}

/// Renames `from` to `to`; fails with `AlreadyExists` if `to` exists, `Unsupported` if the file
/// system cannot do that.
pub(super) fn rename_no_replace(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (c_path(from)?, c_path(to)?);
    // SAFETY: both strings live through the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            from.as_ptr(),
            libc::AT_FDCWD,
            to.as_ptr(),
            libc::RENAME_NOREPLACE,
        )
    };
    if done == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EINVAL | libc::ENOSYS) => Err(io::ErrorKind::Unsupported.into()),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        for (number, name) in [
            (0x6969, "NFS"),
            (0x4750_4653, "GPFS"),
            (0x1983_0326, "BeeGFS"),
        ] {
            assert_eq!(network_of(number), Some(name));
        }
        // ext4, tmpfs, XFS, Btrfs, an overlay.
        for number in [0xef53, 0x0102_1994, 0x5846_5342, 0x9123_683e, 0x794c_7630] {
            assert_eq!(network_of(number), None, "{number:#x}");
        }
    }
}
