//! Where things are.

use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// Cargo's target folder: this program runs from `<target>/debug/xtask`.
pub fn target() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| format!("own path: {error}"))?;
    own.parent()
        .and_then(Path::parent)
        .map(Path::to_path_buf)
        .ok_or_else(|| format!("no target folder above {}", own.display()))
}

/// How far the compiler optimises, and the folder its results are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// What tests use; built once for all of them.
    Dev,
    /// What numbers are measured with.
    Release,
}

impl Profile {
    /// The folder of this profile's libraries and programs.
    pub fn folder(self) -> Result<PathBuf, String> {
        Ok(target()?.join(match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }))
    }

    /// A program of the workspace, built with this profile.
    pub fn program(self, name: &str) -> Result<PathBuf, String> {
        Ok(self.folder()?.join(name))
    }
}

/// An empty folder under the target folder; what an earlier run left there is removed.
pub fn fresh(name: &str) -> Result<PathBuf, String> {
    let folder = target()?.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .map_err(|error| format!("remove {}: {error}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("make {}: {error}", folder.display()))?;
    Ok(folder)
}
