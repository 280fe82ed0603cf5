//! The embedded store: a log that is the truth, and an index that can be thrown away.
//!
//! A command is decided against the index ([`transition`]), becomes records that are appended to
//! the log ([`log`], [`record`]), and these are applied to the index ([`index`]). Threads of a
//! process combine ([`combiner`]), processes take turns by a kernel-owned lock ([`session`]), and
//! one sync serves all ([`engine`]).

pub mod backup;
mod carry;
pub mod check;
pub mod combiner;
pub mod disk;
pub mod engine;
pub mod fault;
pub mod identity;
pub mod index;
pub mod keeper;
pub mod log;
pub mod memory;
pub mod open;
mod pieces;
mod prompt;
pub mod rebuild;
pub mod reclaim;
pub mod record;
pub mod registry;
mod reserve;
pub mod salvage;
mod segments_lock;
pub mod session;
pub mod space;
pub mod store;
mod submitted;
pub mod transition;

pub use memory::open_memory;
pub use open::Surroundings;
pub use store::Embedded;

use crate::error::{Error, Result};
use crate::store::{Storage, StoreOptions};
use crate::sys::fs;
use std::path::Path;
use std::sync::Arc;

/// Opens the store in `directory`, made if it is absent and `options.create` is set. Opening a
/// directory twice in one process gives the same store.
pub fn open(directory: &Path, options: &StoreOptions) -> Result<Arc<dyn Storage>> {
    if options.create {
        fs::create_dirs(directory)
            .map_err(|error| Error::io(&format!("create {}", directory.display()), &error))?;
    }
    let directory = directory
        .canonicalize()
        .map_err(|error| Error::io(&format!("open {}", directory.display()), &error))?;
    let store = registry::open_shared(&directory, options, || {
        Embedded::start(
            open::open(&directory, options, false, &Surroundings::default())?,
            None,
        )
    })?;
    Ok(store)
}

/// As [`open`], with parts of the machine replaced; not shared within the process.
#[cfg(any(test, feature = "model"))]
pub fn open_on(
    directory: &Path,
    options: &StoreOptions,
    surroundings: &Surroundings,
) -> Result<Arc<Embedded>> {
    let opened = open::open(directory, options, false, surroundings)?;
    Ok(Arc::new(Embedded::start(opened, None)?))
}

#[cfg(test)]
mod tests;
