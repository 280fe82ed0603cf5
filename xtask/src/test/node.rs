//! The npm package: its types, and its tests on the machine's Node and on a current one.

use super::tiers;
use crate::node::{self, Node};
use crate::package::node as package;
use crate::place::Profile;
use crate::shell::Call;
use crate::tally::Tally;
use std::path::PathBuf;

pub fn run() -> Result<Tally, String> {
    tiers::build()?;
    node::build()?;
    let mut tally = types()?;
    let tarballs = tarballs()?;
    for node in node::all()? {
        println!("Node {}", node.version);
        tally += tests(&node)?;
        tally += package::try_out(&tarballs, &node)?;
    }
    Ok(tally)
}

/// The package as users get it, with the native half of this build.
fn tarballs() -> Result<PathBuf, String> {
    let library = node::native(Profile::Dev)?;
    let platform = package::own_platform().map(|platform| (platform, library));
    package::tarballs("npm", platform.as_slice())
}

/// The type tests compile, and so do the package's own declarations.
fn types() -> Result<Tally, String> {
    let compiled = Call::new("node")
        .dir(node::folder())
        .args([
            "node_modules/typescript/bin/tsc",
            "-p",
            "tsconfig.types.json",
        ])
        .run();
    if let Err(text) = &compiled {
        println!("{text}");
    }
    Ok(Tally::one(compiled.is_ok()))
}

fn tests(node: &Node) -> Result<Tally, String> {
    Call::new(&node.program)
        .dir(node::folder())
        .env("FOREBAY_NATIVE", node::native(Profile::Dev)?)
        .args(["--test", "--expose-gc"])
        .arg("--test-reporter=./test/tools/reporter.mjs")
        .args(files()?)
        .counted()
}

/// The test files, in the order of their names.
fn files() -> Result<Vec<PathBuf>, String> {
    let folder = node::folder().join("test");
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| format!("read {}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    Ok(files)
}
