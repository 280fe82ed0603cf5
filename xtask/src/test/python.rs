//! The Python package: its tests by pytest, its types by mypy, its stub against the library.

use super::tiers;
use crate::place::Profile;
use crate::python;
use crate::tally::Tally;
use std::path::Path;

/// Programs beside the package, from its folder.
const PROGRAMS: &[&str] = &[
    "../../tests/drivers/python",
    "../../tests/consumers/python",
    "../../bench/overhead",
];

/// Modules whose types stubtest compares with the library.
const STUBS: &[&str] = &["forebay._native"];

pub fn run() -> Result<Tally, String> {
    tiers::build()?;
    let interpreter = python::interpreter()?;
    let site = python::site(Profile::Dev)?;
    let mut tally = python::call(&interpreter, &site)
        .args(["-m", "pytest", "--color=no", "-p", "no:cacheprovider"])
        .counted()?;
    tally += types(&interpreter, &site)?;
    Ok(tally)
}

fn types(interpreter: &Path, site: &Path) -> Result<Tally, String> {
    let cache = site.with_file_name("mypy-cache");
    let mypy = python::call(interpreter, site)
        .env("MYPYPATH", format!("{}:{}", site.display(), PROGRAMS[0]))
        .env("MYPY_CACHE_DIR", &cache)
        .args(["-m", "mypy"])
        .arg(site.join("forebay"))
        .arg("tests")
        .args(PROGRAMS);
    let mut tally = mypy.counted()?;
    let stubtest = python::call(interpreter, site)
        .env("MYPY_CACHE_DIR", &cache)
        .args(["-m", "mypy.stubtest"])
        .args(STUBS);
    tally += stubtest.counted()?;
    Ok(tally)
}
