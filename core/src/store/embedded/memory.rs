//! `mem:` stores: the embedded store in a private temporary directory.

use super::open::{self, Surroundings};
use super::store::Embedded;
use crate::error::{Error, Result};
use crate::store::{Durability, Storage, StoreOptions};
use crate::sys::process;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const PREFIX: &str = "forebay-mem-";
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

/// Removes what killed processes left behind. A directory whose process is not visible from here
/// but alive would be in another process namespace, and then in another `/dev/shm` as well.
fn remove_orphans(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let owner = owner.and_then(|rest| rest.split('-').next()?.parse().ok());
        if owner.is_some_and(|pid| !process::alive(pid)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
