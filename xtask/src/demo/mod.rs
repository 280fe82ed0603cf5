//! `cargo xtask demo`: builds the programs of demo/ in every language there is, and runs them.

mod cast;

use crate::place::{self, Profile};
use crate::shell::Call;
use std::path::Path;

/// Fewer files than this on the machine, and more folders are taken.
const FILES_MIN: usize = 2_000;

pub fn run(arguments: &[String]) -> crate::Outcome {
    let profile = if arguments.iter().any(|word| word == "--dev") {
        Profile::Dev
    } else {
        Profile::Release
    };
    let mut own: Vec<String> = Vec::new();
    let mut folders: Vec<String> = Vec::new();
    let mut words = arguments.iter().filter(|word| *word != "--dev");
    while let Some(word) = words.next() {
        if word == "--files" {
            let value = words.next().ok_or("--files needs a number after it")?;
            own.extend(["--files".into(), value.clone()]);
        } else if word.starts_with('-') {
            return Err(format!("no option {word:?}; there is --files N"));
        } else {
            folders.push(absolute(word)?);
        }
    }
    if folders.is_empty() {
        folders = default_folders()?;
    }
    let cast = cast::prepare(profile)?;
    let mut demo = Call::new(profile.program("forebay-demo")?).env("PYTHONDONTWRITEBYTECODE", "1");
    for (name, value) in &cast.variables {
        demo = demo.env(name, value);
    }
    demo.arg("run")
        .args(&cast.arguments)
        .arg("--work")
        .arg(place::fresh("demo")?)
        .args(own)
        .args(folders)
        .run()
}

fn absolute(folder: &str) -> Result<String, String> {
    let path = Path::new(folder)
        .canonicalize()
        .map_err(|error| format!("{folder}: {error}"))?;
    if !path.is_dir() {
        return Err(format!("{folder} is not a folder"));
    }
    path.into_os_string()
        .into_string()
        .map_err(|path| format!("{path:?} is not UTF-8"))
}

/// Documentation and headers of this machine, then Rust's own, until there are enough files.
fn default_folders() -> Result<Vec<String>, String> {
    let sysroot = Call::new("rustc").args(["--print", "sysroot"]).output()?;
    let rust = Path::new(sysroot.trim());
    let mut folders = Vec::new();
    let mut files = 0;
    for folder in [
        Path::new("/usr/share/doc").to_path_buf(),
        Path::new("/usr/include").to_path_buf(),
        rust.join("share/doc"),
        rust.join("lib/rustlib/src"),
        place::root(),
    ] {
        if files >= FILES_MIN && folders.len() >= 2 {
            break;
        }
        let count = count_files(&folder);
        if count > 0 {
            println!("{count} files in {}", folder.display());
            folders.push(folder.to_string_lossy().into_owned());
            files += count;
        }
    }
    Ok(folders)
}

fn count_files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => count_files(&entry.path()),
            Ok(kind) => usize::from(kind.is_file()),
            Err(_) => 0,
        })
        .sum()
}
