//! Runs the scenario files of `tests/scenarios` through every driver, and compares
//! docs/SEMANTICS.md with them. The format is described in tests/scenarios/README.md.

pub mod compatibility;
pub mod driver;
pub mod drivers;
pub mod expect;
pub mod json;
pub mod request;
pub mod run;
pub mod scenario;
pub mod schema;
pub mod semantics;
pub mod table;
pub mod template;

use std::path::{Path, PathBuf};

/// The repository that this crate was built from.
pub fn root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder
        .ancestors()
        .nth(2)
        .unwrap_or(crate_folder)
        .to_path_buf()
}
