//! A directory of the file system.

use super::{Disk, DiskFile};
use crate::sys::fs;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files in a directory, which must exist.
#[derive(Debug)]
pub struct RealDisk {
    directory: PathBuf,
    lazy: bool,
}

impl RealDisk {
    /// The files of `directory`; for `lazy` see [`Disk::is_lazy`].
    pub fn new(directory: &Path, lazy: bool) -> Self {
        Self {
            directory: directory.to_owned(),
            lazy,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Disk for RealDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            // Our names are ASCII: others cannot be meant.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.path(name);
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .and_then(fs::beyond_standard_streams)?;
        // Writing the zeros, and not only allocating, makes later syncs cheap: overwriting blocks
        // that hold data changes nothing in the file system's own records.
        // Allocating first makes a full disk known before it is filled to the last block, and zeros
        // that are only in the cache would meet it later, when nobody can be told.
        let mut made =
            fs::allocate(&file, 0, bytes, true).and_then(|()| fs::write_zeros(&file, 0, bytes));
        if !self.lazy {
            made = made
                .and_then(|()| file.sync_all())
                .and_then(|()| self.sync_dir());
        }
        if let Err(error) = made {
            // On a full disk the part that was written is what others need.
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        Ok(Arc::new(RealFile { file }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = File::options()
            .read(true)
            .write(true)
            .open(self.path(name))
            .and_then(fs::beyond_standard_streams)?;
        Ok(Arc::new(RealFile { file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename_no_replace(&self.path(from), &self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path(name))
    }

    fn is_lazy(&self) -> bool {
        self.lazy
    }

    fn sync_dir(&self) -> io::Result<()> {
        fs::sync_dir(&self.directory)
    }
}

#[derive(Debug)]
struct RealFile {
    file: File,
}

impl DiskFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        fs::read_exact_at(&self.file, buffer, position)
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        fs::write_all_at(&self.file, bytes, position)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        self.file.metadata().map(|metadata| metadata.len())
    }
}
