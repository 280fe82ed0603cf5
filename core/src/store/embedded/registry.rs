//! One engine per directory and process: two opens of a directory share it. LMDB forbids two
//! environments of one file in a process, and one combiner is better than two.

use super::store::Embedded;
use crate::error::{Error, ErrorKind, Result};
use crate::store::StoreOptions;
use crate::sync::Mutex;
use crate::sys::fork::{fork_generation, watch};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

struct Entry {
    store: Weak<Embedded>,
    fork_generation: u32,
}

/// Registries, one per generation of forks.
const GENERATIONS: usize = 64;

/// A thread of the parent may hold the lock at the moment of a fork, and in the child nobody would
/// ever give it back: a child therefore uses another registry. A number comes round after 64
/// forks of forks, by when the thread would have to be stuck since the first.
static OPEN: [Mutex<BTreeMap<PathBuf, Entry>>; GENERATIONS] =
    [const { Mutex::new(BTreeMap::new()) }; GENERATIONS];

/// The store of `directory`, which is canonical: the one this process has open, or a new one.
pub fn open_shared(
    directory: &Path,
    options: &StoreOptions,
    open: impl FnOnce() -> Result<Embedded>,
) -> Result<Arc<Embedded>> {
    // Forks count from before the lock is taken.
    watch().map_err(|error| Error::io("watch for forks", &error))?;
    // Dropped behind the lock: it may be the last to hold the store by then.
    let mut unusable = None;
    // Held while opening, so that two threads do not open one directory twice.
    let mut stores = OPEN[fork_generation() as usize % GENERATIONS].lock();
    if let Some(entry) = stores.get(directory)
        && entry.fork_generation == fork_generation()
        && let Some(store) = entry.store.upgrade()
    {
        let engine = store.engine();
        if engine
            .check_place()
            .and_then(|()| engine.check_usable())
            .is_ok()
        {
            check_options(directory, &engine.options, options)?;
            return Ok(store);
        }
        unusable = Some(store);
    }
    let store = Arc::new(open()?);
    stores.retain(|_, entry| entry.store.strong_count() > 0);
    let entry = Entry {
        store: Arc::downgrade(&store),
        fork_generation: fork_generation(),
    };
    stores.insert(directory.to_owned(), entry);
    drop(stores);
    drop(unusable);
    Ok(store)
}

fn check_options(directory: &Path, open: &StoreOptions, asked: &StoreOptions) -> Result<()> {
    let same_clock = std::mem::discriminant(&open.clock) == std::mem::discriminant(&asked.clock);
    if open.durability == asked.durability && same_clock {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        format!(
            "{} is already open in this process with durability {:?} and clock {:?}; it cannot be \
             opened with {:?} and {:?} at the same time",
            directory.display(),
            open.durability,
            open.clock,
            asked.durability,
            asked.clock
        ),
    ))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::store::embedded::open::{self, Surroundings};
    use crate::sys::testing::in_forked_child;

    fn opened(directory: &Path) -> Result<Embedded> {
        let options = StoreOptions::default();
        let opened = open::open(directory, &options, false, &Surroundings::default())?;
        Embedded::start(opened, None)
    }

    /// Forked while a directory is being opened, a child can open one itself.
    #[test]
    fn a_child_forked_during_an_open_is_not_locked_out() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let options = StoreOptions::default();
        let store = open_shared(one.path(), &options, || {
            assert!(in_forked_child(|| {
                open_shared(two.path(), &options, || opened(two.path())).is_ok()
            }));
            opened(one.path())
        });
        assert!(store.is_ok());
    }
}
