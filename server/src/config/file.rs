//! Reading the configuration file.

use super::Config;
use std::path::Path;

/// Reads a TOML file; the error names the file and the place in it.
pub fn read(path: &Path) -> Result<Config, String> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}
