//! `cargo xtask tidy`: what compilers do not enforce and reviewers should not have to.

mod functions;
mod lines;
mod links;

use crate::tally::Tally;
use std::path::{Path, PathBuf};

/// Folders that hold nothing written by hand.
const FOLDERS_SKIPPED: &[&str] = &[
    "target",
    ".git",
    "node_modules",
    "dist",
    "__pycache__",
    ".venv",
];

/// Generated files: their generator is tidy, and a check proves they are its output.
const GENERATED: &[&str] = &["Cargo.lock", "include/forebay.h"];

/// A rule that a place in a file breaks.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    line: usize,
    text: String,
}

impl Fault {
    fn new(line: usize, text: impl Into<String>) -> Self {
        Self {
            line,
            text: text.into(),
        }
    }
}

/// What a file is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rust,
    /// C and C++.
    C,
    /// Other source: scripts and settings.
    Script,
    /// Text for people.
    Prose,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        if path.ends_with(".ci/run") {
            return Some(Self::Script);
        }
        Some(match path.extension()?.to_str()? {
            "rs" => Self::Rust,
            "c" | "h" | "cpp" | "hpp" => Self::C,
            "toml" | "sh" | "py" | "pyi" | "js" | "mjs" | "ts" | "mts" | "cmake" => Self::Script,
            "md" => Self::Prose,
            _ => return None,
        })
    }
}

pub fn run(arguments: &[String]) -> crate::Outcome {
    if let Some(word) = arguments.first() {
        return Err(format!("takes no argument, not {word:?}"));
    }
    let tally = check()?;
    println!("{tally}");
    if tally.failed > 0 {
        return Err("see the lines above".into());
    }
    Ok(())
}

/// Checks every file of the repository, prints the faults, and counts files; and that a small
/// generated one is what its source says.
pub fn check() -> Result<Tally, String> {
    let root = crate::place::root();
    let mut paths = Vec::new();
    collect(&root, &mut paths)?;
    paths.sort();
    let mut tally = Tally::default();
    for path in paths {
        let name = path.strip_prefix(&root).unwrap_or(&path);
        let Some(kind) = Kind::of(name) else { continue };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("read {}: {error}", path.display()))?;
        let mut faults = faults_of(name, kind, &text);
        if kind == Kind::Prose {
            links::check_links(path.parent().unwrap_or(&root), &text, &mut faults);
        }
        for fault in &faults {
            println!("{}:{}: {}", name.display(), fault.line, fault.text);
        }
        tally += Tally::one(faults.is_empty());
    }
    let layout = crate::layout::check();
    if let Err(text) = &layout {
        println!("{text}");
    }
    tally += Tally::one(layout.is_ok());
    Ok(tally)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("read {}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let kind = entry.file_type().map_err(fail)?;
        let name = entry.file_name();
        if kind.is_file() {
            paths.push(entry.path());
        } else if kind.is_dir() && !FOLDERS_SKIPPED.iter().any(|skipped| name == *skipped) {
            collect(&entry.path(), paths)?;
        }
    }
    Ok(())
}

fn faults_of(name: &Path, kind: Kind, text: &str) -> Vec<Fault> {
    if GENERATED
        .iter()
        .any(|generated| name == Path::new(generated))
    {
        return Vec::new();
    }
    let mut faults = Vec::new();
    lines::check_text(text, &mut faults);
    if kind != Kind::Prose {
        lines::check_source(name, text, &mut faults);
    }
    match kind {
        Kind::Rust => {
            lines::check_unsafe(name, text, &mut faults);
            functions::check_rust(text, &mut faults);
        }
        Kind::C => functions::check_c(text, &mut faults),
        Kind::Script if name == Path::new("Cargo.toml") => {
            lines::check_reasons(text, &mut faults);
        }
        Kind::Script | Kind::Prose => {}
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_names_and_generated_files_are_left_alone() {
        assert_eq!(Kind::of(Path::new("core/src/lib.rs")), Some(Kind::Rust));
        assert_eq!(Kind::of(Path::new("include/forebay.hpp")), Some(Kind::C));
        assert_eq!(Kind::of(Path::new(".ci/run")), Some(Kind::Script));
        assert_eq!(Kind::of(Path::new("LICENSE-MIT")), None);
        let long = "x".repeat(200);
        assert_eq!(
            faults_of(Path::new("include/forebay.h"), Kind::C, &long),
            []
        );
        assert_eq!(
            faults_of(Path::new("include/other.h"), Kind::C, &long).len(),
            2
        );
    }
}
