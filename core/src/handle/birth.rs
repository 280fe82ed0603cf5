//! In which process a handle was made.

use crate::error::{Error, ErrorKind, Result};
use crate::sys::fork;

/// The process that made a handle. A child of `fork` inherits the handle, but neither the locks
/// nor the threads that belong to it, so there it only answers `Forked`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Birth {
    generation: u32,
}

impl Birth {
    /// This process.
    pub fn here() -> Result<Self> {
        fork::watch().map_err(|error| Error::io("cannot watch for forks", &error))?;
        let generation = fork::fork_generation();
        Ok(Self { generation })
    }

    /// True in a child that was forked since.
    pub fn is_elsewhere(self) -> bool {
        self.generation != fork::fork_generation()
    }

    /// Errors: `Forked` in a child that was forked since.
    pub fn check(self) -> Result<()> {
        if self.is_elsewhere() {
            let text = "the store was opened before a fork; open it again in the child";
            return Err(Error::new(ErrorKind::Forked, text));
        }
        Ok(())
    }
}
