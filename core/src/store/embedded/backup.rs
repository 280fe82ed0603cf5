//! Backup: a consistent copy of a store in use. It is the log only; whoever opens it first builds
//! the index. Copying the directory by other means while it is in use is not safe.

use super::engine::Engine;
use super::identity::is_of_file_system;
use super::log::SEGMENT_HEADER_BYTES;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::fs;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes copied at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// Copies the store to `to`, which is absent or an empty directory.
pub fn backup(engine: &Engine, to: &Path) -> Result<()> {
    engine.check_usable()?;
    prepare(to)?;
    // While this is held no segment is recycled or removed, so what the log holds up to its
    // present end stays where it is.
    let _hold = engine.segments.acquire(engine.options.lock_timeout)?;
    copy(engine, to)
}

fn prepare(to: &Path) -> Result<()> {
    fs::create_dirs(to).map_err(|error| Error::io("create the backup", &error))?;
    let entries =
        std::fs::read_dir(to).map_err(|error| Error::io("list the backup's place", &error))?;
    let mut names = entries.flatten().map(|entry| entry.file_name());
    if names.any(|name| !is_of_file_system(&name)) {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "{} is not empty; a backup goes to an absent or empty directory",
                to.display()
            ),
        ));
    }
    std::fs::create_dir(to.join("log")).map_err(|error| Error::io("create the backup", &error))
}

fn copy(engine: &Engine, to: &Path) -> Result<()> {
    let tail_lsn = engine.with_meta(|meta| meta.tail_lsn)?;
    let segment = engine.log.segment_bytes();
    for number in engine.log.segments()? {
        let start = engine.log.segment_start(number);
        if start + SEGMENT_HEADER_BYTES > tail_lsn {
            break;
        }
        let name = format!("{start:016x}.seg");
        let used = segment.min(tail_lsn - start);
        let from = engine.directory.join("log").join(&name);
        copy_segment(&from, &to.join("log").join(&name), used, segment)
            .map_err(|error| Error::io(&format!("copy {name}"), &error))?;
    }
    // Last, so that a backup that was cut short is no store.
    let identity = engine.directory.join("store");
    std::fs::copy(identity, to.join("store"))
        .and_then(|_| File::open(to.join("store")))
        .and_then(|file| file.sync_all())
        .map_err(|error| Error::io("copy the file `store`", &error))?;
    for directory in [to.join("log"), to.to_owned()] {
        fs::sync_dir(&directory).map_err(|error| Error::io("sync the backup", &error))?;
    }
    Ok(())
}

/// Copies the first `used` bytes and fills up to `bytes` with zeros.
fn copy_segment(from: &Path, to: &Path, used: u64, bytes: u64) -> std::io::Result<()> {
    let mut source = File::open(from)?;
    let mut target = File::create_new(to)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut left = used;
    while left > 0 {
        let size = left.min(CHUNK_BYTES as u64) as usize;
        source.read_exact(&mut chunk[..size])?;
        target.write_all(&chunk[..size])?;
        left -= size as u64;
    }
    if used < bytes {
        target.seek(SeekFrom::Start(bytes - 1))?;
        target.write_all(&[0])?;
    }
    target.sync_all()
}
