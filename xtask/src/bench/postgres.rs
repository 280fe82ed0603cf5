//! Installs what `cargo xtask bench --postgres` measures beside this library, and writes the list
//! of it. What cannot be installed is in the list with the reason.

use super::peers::List;
use crate::node;
use crate::place;
use crate::shell::Call;
use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};

const CLASS: &[&str] = &["full"];

/// Installs everything; returns the file of the list.
pub fn prepare() -> Result<PathBuf, String> {
    if !tools::has_postgres() {
        tools::install(&["postgresql"])?;
    }
    let folder = place::target()?.join("peers-postgres");
    fs::create_dir_all(&folder).map_err(|error| format!("make {}: {error}", folder.display()))?;
    let mut list = List::default();
    list.add("pgmq", CLASS, &pgmq());
    let python = python(&folder);
    for (name, subject) in [
        ("procrastinate", "procrastinate_queue"),
        ("awa", "awa_queue"),
    ] {
        let words = python.clone().map(|words| {
            let own = words.into_iter().chain([subject.to_owned()]);
            own.collect()
        });
        list.add(name, CLASS, &words);
    }
    list.add("pg-boss", CLASS, &javascript(&folder));
    list.write(&folder.join("list"))
}

/// The SQL of the release that cargo fetches.
fn pgmq() -> Result<Vec<String>, String> {
    let manifest = place::root().join("bench/peers/pgmq/Cargo.toml");
    let described = Call::cargo()
        .args(["metadata", "--format-version", "1", "--locked"])
        .arg("--manifest-path")
        .arg(manifest)
        .output()?;
    let described: serde_json::Value =
        serde_json::from_str(&described).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = described["packages"].as_array().into_iter().flatten();
    let mut found = packages.filter(|package| package["name"] == "pgmq");
    let manifest = found
        .next()
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or("cargo did not fetch pgmq")?;
    let file = Path::new(manifest).with_file_name("src/install/embedded/sql/pgmq.sql");
    match file.exists() {
        true => Ok(vec![file.to_string_lossy().into_owned()]),
        false => Err(format!("no {}", file.display())),
    }
}

/// The words before a subject's name.
fn python(folder: &Path) -> Result<Vec<String>, String> {
    let sources = place::root().join("bench/peers/python");
    let interpreter = folder.join("python/bin/python");
    if !interpreter.exists() {
        let venv = Call::new("python3").args(["-m", "venv"]);
        venv.arg(folder.join("python")).run()?;
    }
    Call::new(&interpreter)
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "--only-binary", ":all:"])
        .arg("--requirement")
        .arg(sources.join("requirements-postgres.txt"))
        .run()?;
    Ok(vec![
        interpreter.to_string_lossy().into_owned(),
        "-B".into(),
        sources.join("postgres.py").to_string_lossy().into_owned(),
    ])
}

/// pg-boss, which needs a current Node.
fn javascript(folder: &Path) -> Result<Vec<String>, String> {
    let node = node::current()?;
    let folder = folder.join("node");
    fs::create_dir_all(&folder).map_err(|error| format!("make {}: {error}", folder.display()))?;
    let sources = place::root().join("bench/peers/node-postgres/.");
    Call::new("cp").arg("-r").args([&sources, &folder]).run()?;
    if !folder.join("node_modules/.package-lock.json").exists() {
        Call::new("npm")
            .dir(&folder)
            .args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"])
            .run()?;
    }
    Ok(vec![
        node.program.to_string_lossy().into_owned(),
        folder.join("peer.js").to_string_lossy().into_owned(),
    ])
}
