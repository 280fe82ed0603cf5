//! `cargo xtask package`: what users install, built for release, and tried out in empty projects.

mod emulated;
pub mod node;
mod python;

use std::fs;
use std::path::Path;

/// A language and what makes its packages.
type Part = (&'static str, fn() -> crate::Outcome);

const PARTS: &[Part] = &[("node", node::run), ("python", python::run)];

pub fn run(arguments: &[String]) -> crate::Outcome {
    let known = || {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    };
    for word in arguments {
        if !PARTS.iter().any(|(name, _)| name == word) {
            return Err(format!("no package {word:?}; there are {}", known()));
        }
    }
    for (name, make) in PARTS {
        if arguments.is_empty() || arguments.iter().any(|word| word == name) {
            make()?;
        }
    }
    Ok(())
}

/// How much users download.
fn say_size(package: &Path) -> Result<(), String> {
    let read = |error: std::io::Error| format!("{}: {error}", package.display());
    let bytes = fs::metadata(package).map_err(read)?.len();
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    println!("{name}: {:.2} MB", bytes as f64 / 1e6);
    Ok(())
}
