//! The Python package as it stands in the tree, ready to be imported, and the tools around it.

use crate::place::{self, Profile};
use crate::shell::Call;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the package's sources.
pub fn sources() -> PathBuf {
    place::root().join("bindings/python")
}

/// The interpreter of a virtual environment with everything in `requirements.txt`; made where
/// it is absent or older than the file.
pub fn interpreter() -> Result<PathBuf, String> {
    let folder = place::target()?.join("python/venv");
    let python = folder.join("bin/python");
    let requirements = sources().join("requirements.txt");
    let wanted = read(&requirements)?;
    let stamp = folder.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    Call::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder)
        .run()?;
    Call::new(&python)
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "--requirement"])
        .arg(&requirements)
        .run()?;
    write(&stamp, &wanted)?;
    Ok(python)
}

/// A folder for PYTHONPATH with the package in it, its native half from `profile`'s build.
pub fn site(profile: Profile) -> Result<PathBuf, String> {
    let site = place::fresh("python/site")?;
    copy_tree(&sources().join("python"), &site)?;
    let (from, to) = if cfg!(windows) {
        ("forebay_native.dll", "_native.pyd")
    } else if cfg!(target_os = "macos") {
        ("libforebay_native.dylib", "_native.abi3.so")
    } else {
        ("libforebay_native.so", "_native.abi3.so")
    };
    copy(
        &profile.folder()?.join(from),
        &site.join("forebay").join(to),
    )?;
    Ok(site)
}

/// A call of `python` that finds the package in `site` and leaves nothing in the tree.
pub fn call(python: &Path, site: &Path) -> Call {
    Call::new(python)
        .dir(sources())
        .env("PYTHONPATH", site)
        .env("PYTHONDONTWRITEBYTECODE", "1")
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("read {}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("write {}: {error}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to)
        .map(drop)
        .map_err(|error| format!("copy {}: {error}", from.display()))
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("copy {}: {error}", from.display());
    fs::create_dir_all(to).map_err(fail)?;
    for entry in fs::read_dir(from).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        match path.is_dir() {
            true if name == "__pycache__" => {}
            true => copy_tree(&path, &to.join(name))?,
            false => copy(&path, &to.join(name))?,
        }
    }
    Ok(())
}
