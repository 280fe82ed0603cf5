//! An installation as a user has it, for the tests that build against it.

use super::tiers;
use crate::install;
use crate::place::{self, Profile};
use std::path::PathBuf;

/// A folder of this run with an installation in it.
pub struct Stage {
    pub folder: PathBuf,
    pub prefix: PathBuf,
}

impl Stage {
    /// Installs what the workspace builds into a fresh folder.
    pub fn new(name: &str) -> Result<Self, String> {
        tiers::build()?;
        let folder = place::fresh(name)?;
        // Prefixes of users may have a space.
        let prefix = folder.join("a prefix");
        install::install(&place::root(), &Profile::Dev.folder()?, &prefix)?;
        Ok(Self { folder, prefix })
    }

    /// The folder of its libraries.
    pub fn library(&self) -> PathBuf {
        self.prefix.join("lib")
    }
}
