//! File systems: what they are, how much room they have, and how to make changes last.

use super::os;
use std::fs::File;
use std::io;
#[cfg(unix)]
use std::os::fd::{AsRawFd, IntoRawFd};
use std::path::Path;

/// The last of the numbers that every program takes for its standard streams.
#[cfg(unix)]
const STANDARD_ERROR: i32 = 2;

/// Name of the network file system that holds `path`, or `None` on a local one. Locks and shared
/// maps cannot be trusted on the former.
pub fn is_network(path: &Path) -> io::Result<Option<&'static str>> {
    std::fs::metadata(path)?;
    os::network_name(path)
}

/// Keeps a descriptor from programs that this process starts, for files that were not opened by
/// the standard library.
#[cfg(unix)]
pub fn close_on_exec(descriptor: i32) -> io::Result<()> {
    super::posix::close_on_exec(descriptor)
}

/// Gives the numbers of standard streams that are closed to the null device, which keeps them. What
/// this process prints would go to the next file or connection that is opened otherwise.
pub fn keep_standard_streams() {
    #[cfg(unix)]
    while let Ok(null) = File::options().read(true).write(true).open("/dev/null") {
        if null.as_raw_fd() > STANDARD_ERROR {
            break;
        }
        let _kept = null.into_raw_fd();
    }
}

/// `file` under a number that is no standard stream's, whoever closed one since
/// [`keep_standard_streams`].
pub fn beyond_standard_streams(file: File) -> io::Result<File> {
    #[cfg(unix)]
    if file.as_raw_fd() <= STANDARD_ERROR {
        // The standard library takes numbers from 3 on for this.
        return file.try_clone();
    }
    Ok(file)
}

/// Number of a file within its file system; 0 where it is not told.
pub fn inode(metadata: &std::fs::Metadata) -> u64 {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    {
        let _ = metadata;
        0
    }
}

/// Tells a file from all others as long as anybody has it open.
#[cfg(unix)]
pub type FileId = (u64, u64);

/// The id of the file that this was read of.
#[cfg(unix)]
pub fn file_id(metadata: &std::fs::Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Bytes that this user may still write to the file system of `path`.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    os::free_bytes(path)
}

/// Gives bytes `from..from + bytes` of `file` their blocks on the disk, so that writing there
/// cannot meet a full disk. With `keep_size` the length of the file stays as it is, where the
/// system can do that. Elsewhere zeros are written: only call it for a range without content.
pub fn allocate(file: &File, from: u64, bytes: u64, keep_size: bool) -> io::Result<()> {
    match os::allocate(file, from, bytes, keep_size) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => write_zeros(file, from, bytes),
        other => other,
    }
}

/// Bytes that `file` takes on the disk; its length where the system does not tell.
pub fn allocated_bytes(file: &File) -> io::Result<u64> {
    let metadata = file.metadata()?;
    #[cfg(unix)]
    return Ok(std::os::unix::fs::MetadataExt::blocks(&metadata) * 512);
    #[cfg(not(unix))]
    Ok(metadata.len())
}

/// As [`allocate`] for a range that has content; does nothing where the system cannot do it.
pub fn allocate_in_place(file: &File, bytes: u64) -> io::Result<()> {
    match os::allocate(file, 0, bytes, true) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        other => other,
    }
}

/// Writes zeros to bytes `from..from + bytes` of `file`.
pub fn write_zeros(file: &File, from: u64, bytes: u64) -> io::Result<()> {
    // The size of these writes becomes that of the pages' folios in the cache, and each later small
    // write walks all blocks of its folio (ext4, Linux 6.18): 0.9 us after chunks of 64 KiB, 1.9 us
    // after chunks of 1 MiB. Smaller ones make this call slower.
    const CHUNK: usize = 64 << 10;
    let zeros = vec![0; CHUNK.min(usize::try_from(bytes).unwrap_or(CHUNK))];
    let mut written = 0;
    while written < bytes {
        let left = usize::try_from(bytes - written).unwrap_or(CHUNK);
        let part = &zeros[..left.min(zeros.len())];
        write_all_at(file, part, from + written)?;
        written += part.len() as u64;
    }
    Ok(())
}

/// Reads exactly `buffer.len()` bytes at `position`, without the file's own position.
pub fn read_exact_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, buffer, position);
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < buffer.len() {
            let place = position + done as u64;
            match std::os::windows::fs::FileExt::seek_read(file, &mut buffer[done..], place)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                bytes => done += bytes,
            }
        }
        Ok(())
    }
}

/// Writes all of `bytes` at `position`, without the file's own position.
pub fn write_all_at(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_all_at(file, bytes, position);
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < bytes.len() {
            let place = position + done as u64;
            match std::os::windows::fs::FileExt::seek_write(file, &bytes[done..], place)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => done += count,
            }
        }
        Ok(())
    }
}

/// Makes creations, renames and removals in `directory` last.
pub fn sync_dir(directory: &Path) -> io::Result<()> {
    // Windows cannot open directories this way and its file systems journal names by themselves.
    if cfg!(windows) {
        return Ok(());
    }
    File::open(directory)?.sync_all()
}

/// Makes `directory` and what it lies in, as far as that is missing, and makes their names last.
pub fn create_dirs(directory: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = directory
        .ancestors()
        .take_while(|part| !part.as_os_str().is_empty() && !part.exists())
        .collect();
    std::fs::create_dir_all(directory)?;
    missing.into_iter().try_for_each(sync_name)
}

/// Makes the name of a directory last.
pub fn sync_name(directory: &Path) -> io::Result<()> {
    let parent = match directory.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    match sync_dir(parent) {
        // Who may not read it can make names in it all the same.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

/// Renames `from` to `to`; fails with `AlreadyExists` if `to` exists.
pub fn rename_no_replace(from: &Path, to: &Path) -> io::Result<()> {
    match os::rename_no_replace(from, to) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            std::fs::hard_link(from, to)?;
            std::fs::remove_file(from)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_directory_is_not_a_network_and_has_room() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(is_network(directory.path()).unwrap(), None);
        assert!(free_bytes(directory.path()).unwrap() > 0);
        assert!(is_network(&directory.path().join("absent")).is_err());
    }

    #[test]
    fn allocating_keeps_content() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, b"content").unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        allocate_in_place(&file, 4096).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"content");
        allocate(&file, 7, 1000, false).unwrap();
        let mut expected = b"content".to_vec();
        expected.resize(1007, 0);
        assert_eq!(std::fs::read(&path).unwrap(), expected);
    }

    #[test]
    fn zeros_are_written_where_asked() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, [1; 10]).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        write_zeros(&file, 2, 3).unwrap();
        assert_eq!(
            std::fs::read(&path).unwrap(),
            [1, 1, 0, 0, 0, 1, 1, 1, 1, 1]
        );
    }

    #[test]
    fn directories_are_made_with_all_they_lie_in() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("a").join("b").join("c");
        create_dirs(&inner).unwrap();
        create_dirs(&inner).unwrap();
        assert!(inner.is_dir());
        std::fs::write(inner.join("file"), b"").unwrap();
        assert!(create_dirs(&inner.join("file").join("d")).is_err());
        sync_name(Path::new("/")).unwrap();
        sync_name(Path::new("src")).unwrap();
    }

    #[test]
    fn renaming_never_replaces() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("a"), directory.path().join("b"));
        std::fs::write(&from, b"a").unwrap();
        std::fs::write(&to, b"b").unwrap();
        let error = rename_no_replace(&from, &to).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&to).unwrap(), b"b");
        std::fs::remove_file(&to).unwrap();
        rename_no_replace(&from, &to).unwrap();
        sync_dir(directory.path()).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"a");
        assert!(!from.exists());
    }
}
