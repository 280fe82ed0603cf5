//! The files under the log, behind a small trait, so that tests fail the n-th operation
//! ([`FaultDisk`]) and cut the power between any two ([`SimDisk`]).

#[cfg(any(test, feature = "model"))]
mod fault;
mod real;
#[cfg(any(test, feature = "model"))]
mod sim;

#[cfg(any(test, feature = "model"))]
pub use fault::{Fault, FaultDisk};
pub use real::RealDisk;
#[cfg(any(test, feature = "model"))]
pub use sim::SimDisk;

use std::io;
use std::sync::Arc;

/// One directory of files.
pub trait Disk: Send + Sync {
    /// Names of all files, in no order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes a file of `bytes` zeros. When it returns, content and name are on disk, or, where
    /// the disk [is lazy](Disk::is_lazy), there is room for them. Fails with `AlreadyExists` if the
    /// name is taken; leaves nothing behind if it fails.
    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens an existing file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file another name; on disk after [`Disk::sync_dir`]. Fails with `AlreadyExists` if
    /// `to` exists.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file; on disk after [`Disk::sync_dir`].
    fn remove(&self, name: &str) -> io::Result<()>;

    /// True if a new file need not be on disk before it is used: nobody who writes there was
    /// promised to survive a loss of power.
    fn is_lazy(&self) -> bool {
        false
    }

    /// Brings names to the disk.
    fn sync_dir(&self) -> io::Result<()>;
}

/// An open file. Its name may change or vanish meanwhile.
pub trait DiskFile: Send + Sync {
    /// Reads exactly `buffer.len()` bytes; `UnexpectedEof` if the file ends before.
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()>;

    /// Writes all of `bytes`; after a failure any part of them may be there.
    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()>;

    /// Returns when all that was written, by any process, is on disk.
    fn sync_data(&self) -> io::Result<()>;

    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// True if there is no byte.
    fn is_empty(&self) -> io::Result<bool> {
        self.len().map(|bytes| bytes == 0)
    }
}

#[cfg(test)]
mod tests;
