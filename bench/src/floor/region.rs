//! A file of fixed size whose blocks all exist: a sync of a write into it needs no journal commit
//! of the file system, which about halves its cost.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A pre-written file that is written round and round.
pub struct Region {
    file: File,
    bytes: u64,
}

impl Region {
    /// Makes the file, full of zeros that are on disk.
    pub fn create(path: &Path, bytes: u64) -> io::Result<Self> {
        let mut file = File::create(path)?;
        // As the store does: larger writes make large folios, into which small writes are slow.
        let zeros = vec![0u8; 64 << 10];
        let mut left = bytes;
        while left > 0 {
            let count = left.min(zeros.len() as u64) as usize;
            file.write_all(&zeros[..count])?;
            left -= count as u64;
        }
        file.sync_all()?;
        Self::open(path)
    }

    /// Opens a file that [`Region::create`] made.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes })
    }

    /// Writes at a position that counts on for ever and wraps round in the file.
    pub fn write(&self, position: u64, data: &[u8]) -> io::Result<()> {
        let mut rest = data;
        let mut at = position % self.bytes;
        while !rest.is_empty() {
            let count = rest.len().min((self.bytes - at) as usize);
            self.file.write_all_at(&rest[..count], at)?;
            rest = &rest[count..];
            at = 0;
        }
        Ok(())
    }

    /// Waits until what was written is on disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}
