//! `mem:` stores: the embedded store in a private temporary directory.

use super::open::{self, Surroundings};
use super::store::Embedded;
use crate::error::{Error, Result};
use crate::store::{Durability, Storage, StoreOptions};
use crate::sys::lock::{KernelLock, LockByte, LockFile};
use crate::sys::process;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const PREFIX: &str = "forebay-mem-";
/// Nobody needs as long from making a directory in memory to its lock.
const OPENING: Duration = Duration::from_secs(1);
/// A memory file system on most Linux machines.
const SHARED_MEMORY: &str = "/dev/shm";

/// Opens a store that nobody else can open and that vanishes when it is closed.
pub fn open_memory(options: &StoreOptions) -> Result<Arc<dyn Storage>> {
    let mut options = options.clone();
    options.durability = Durability::Os;
    let parent = if Path::new(SHARED_MEMORY).is_dir() {
        PathBuf::from(SHARED_MEMORY)
    } else {
        std::env::temp_dir()
    };
    remove_orphans(&parent);
    let prefix = format!("{PREFIX}{}-", process::pid());
    let make = |parent: &Path| tempfile::Builder::new().prefix(&prefix).tempdir_in(parent);
    let temporary = make(&parent)
        .or_else(|_| make(&std::env::temp_dir()))
        .map_err(|error| Error::io("make a temporary directory", &error))?;
    let opened = open::open(temporary.path(), &options, true, &Surroundings::default())?;
    Ok(Arc::new(Embedded::start(opened, Some(temporary))?))
}

/// Removes what killed processes left behind.
fn remove_orphans(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let owner = owner.and_then(|rest| rest.split('-').next()?.parse().ok());
        if owner.is_some_and(|pid| !process::alive(pid)) {
            // What cannot be removed is somebody else's.
            let _ = remove_if_left(&entry.path());
        }
    }
}

/// Containers may share a `/dev/shm` and not see each other's processes: the kernel's locks tell
/// whether a store is in use.
fn remove_if_left(directory: &Path) -> Result<()> {
    let io = |error| Error::io("remove what a killed process left", &error);
    let made = std::fs::metadata(directory).and_then(|found| found.modified());
    if made.map_err(io)?.elapsed().is_ok_and(|age| age < OPENING) {
        return Ok(());
    }
    let path = directory.join("lock");
    let presence = match path.exists() {
        true => Some(KernelLock::new(LockFile::open(&path)?, LockByte::Presence)),
        false => None,
    };
    match &presence {
        Some(presence) if !presence.try_acquire()? => Ok(()),
        _ => std::fs::remove_dir_all(directory).map_err(io),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::SystemTime;

    /// A process that cannot be seen from here.
    const HIDDEN_PID: u32 = 4_000_000_000;

    /// A container may share `/dev/shm` and not see the processes of the others.
    #[test]
    fn only_what_nobody_has_open_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let place = |name: &str| {
            let path = parent.path().join(format!("{PREFIX}{HIDDEN_PID}-{name}"));
            std::fs::create_dir(&path).unwrap();
            path
        };
        let (used, left, making) = (place("used"), place("left"), place("making"));
        let open = |path: &Path| {
            let options = StoreOptions::default();
            let opened = open::open(path, &options, true, &Surroundings::default()).unwrap();
            Embedded::start(opened, None).unwrap()
        };
        let store = open(&used);
        drop(open(&left));
        let long_ago = SystemTime::now() - Duration::from_secs(3_600);
        for path in [&used, &left] {
            File::open(path).unwrap().set_modified(long_ago).unwrap();
        }
        remove_orphans(parent.path());
        assert_eq!(
            [&used, &left, &making].map(|path| path.exists()),
            [true, false, true]
        );
        drop(store);
        File::open(&used).unwrap().set_modified(long_ago).unwrap();
        remove_orphans(parent.path());
        assert!(!used.exists());
    }
}
