//! The wheels of all platforms and the sdist, each installed into an empty environment.

use super::emulated::{self, Emulator};
use crate::place;
use crate::python;
use crate::shell::Call;
use crate::tally::Tally;
use std::fs;
use std::path::{Path, PathBuf};

/// What wheels are built for; the C library of every Linux since 2014 will do.
const TARGETS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/// Interpreters without a GIL. Before 3.15 they need a wheel each, without the stable ABI.
const FREE_THREADED: [&str; 2] = ["python3.14t", "python3.13t"];

/// The oldest Python that a wheel is for.
const OLDEST: &str = "3.11";

/// Interpreters that a wheel is tried with, the oldest that it supports first.
const INTERPRETERS: [&str; 4] = ["python3.11", "python3.12", "python3.13", "python3.14"];

pub fn run() -> crate::Outcome {
    let tools = python::interpreter()?;
    let folder = place::fresh("package/python")?;
    for target in TARGETS {
        Call::new("rustup").args(["target", "add", target]).run()?;
        let wheel = maturin(&tools, "build")
            .args(["--release", "--zig", "--compatibility", "manylinux2014"])
            .args(["--target", target, "--out"]);
        wheel.arg(&folder).run()?;
    }
    maturin(&tools, "sdist").arg("--out").arg(&folder).run()?;
    let mut tally = try_wheels(&folder)?;
    tally += try_sdist(&tools, &folder)?;
    tally += free_threaded(&tools)?;
    println!("{tally}");
    if tally.failed > 0 {
        return Err("a package does not work where it was installed".into());
    }
    println!("wheels and sdist: {}", folder.display());
    Ok(())
}

/// maturin, which finds zig beside itself.
fn maturin(tools: &Path, command: &str) -> Call {
    let programs = tools.parent().unwrap_or(tools);
    let path = std::env::var("PATH").unwrap_or_default();
    let target = place::target().unwrap_or_default();
    Call::new(programs.join("maturin"))
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("CARGO_TARGET_DIR", target)
        .args([command, "--manifest-path"])
        .arg(python::sources().join("Cargo.toml"))
}

/// Tries this machine's wheel with the oldest and the newest interpreter that are here.
fn try_wheels(folder: &Path) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for target in TARGETS {
        let machine = target.split('-').next().unwrap_or(target);
        let wheel = only(folder, &format!("_{machine}.whl"))?;
        super::say_size(&wheel)?;
        if machine != std::env::consts::ARCH || !cfg!(target_os = "linux") {
            tally += try_emulated(machine, &wheel)?;
            continue;
        }
        let here: Vec<String> = INTERPRETERS.into_iter().filter_map(find).collect();
        let (oldest, newest) = match (here.first(), here.last()) {
            (Some(oldest), Some(newest)) => (oldest.as_str(), newest.as_str()),
            _ => ("python3", "python3"),
        };
        tally += try_out(oldest, &wheel)?;
        if newest != oldest {
            tally += try_out(newest, &wheel)?;
        }
    }
    Ok(tally)
}

/// Runs the wheel for another processor with an emulator, where there is one.
fn try_emulated(machine: &str, wheel: &Path) -> Result<Tally, String> {
    let emulator = match machine {
        emulated::MACHINE => Emulator::find()?,
        _ => None,
    };
    let Some(emulator) = emulator else {
        println!("skipped: the wheel for {machine} was not run on this machine");
        return Ok(Tally {
            skipped: 1,
            ..Tally::default()
        });
    };
    let site = place::fresh("package/python-emulated")?;
    Call::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-index", "--no-deps"])
        .args(["--disable-pip-version-check", "--only-binary=:all:"])
        .args(["--platform", &format!("manylinux2014_{machine}")])
        .args(["--python-version", OLDEST, "--target"])
        .arg(&site)
        .arg(wheel)
        .run()?;
    emulator
        .call(&emulator.python())
        .dir(&site)
        .env("PYTHONPATH", &site)
        .arg(place::root().join("tests/consumers/python/main.py"))
        .counted()
}

/// An interpreter: on the path, or one that pyenv keeps without putting it there.
fn find(name: &str) -> Option<String> {
    let works = |program: &str| Call::new(program).args(["-c", ""]).works();
    if works(name) {
        return Some(name.to_owned());
    }
    let version = name.strip_prefix("python")?;
    let versions = Path::new(&std::env::var_os("HOME")?).join(".pyenv/versions");
    let mut kept = fs::read_dir(versions).ok()?.flatten();
    let folder = kept.find(|entry| {
        let own = entry.file_name().to_string_lossy().into_owned();
        own.strip_prefix(version)
            .is_some_and(|rest| rest.starts_with('.'))
    })?;
    let program = folder.path().join("bin").join(name).display().to_string();
    works(&program).then_some(program)
}

/// Builds a wheel from the sdist alone, without the checkout, and tries it.
fn try_sdist(tools: &Path, folder: &Path) -> Result<Tally, String> {
    let sdist = only(folder, ".tar.gz")?;
    let built = place::fresh("package/python-sdist")?;
    let path = std::env::var("PATH").unwrap_or_default();
    let programs = tools.parent().unwrap_or(tools);
    Call::new(tools)
        .dir(&built)
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("CARGO_TARGET_DIR", place::target()?)
        .args(["-m", "pip", "wheel", "--quiet", "--no-build-isolation"])
        .args(["--disable-pip-version-check", "--no-deps", "--wheel-dir"])
        .arg(&built)
        .arg(sdist)
        .run()?;
    try_out("python3", &only(&built, ".whl")?)
}

/// Builds and tries a wheel for an interpreter without a GIL, where there is one.
fn free_threaded(tools: &Path) -> Result<Tally, String> {
    let mut here = FREE_THREADED.into_iter();
    let Some(interpreter) = here.find(|name| Call::new(name).args(["-c", ""]).works()) else {
        println!("skipped: no free-threaded interpreter ({FREE_THREADED:?}) on this machine");
        return Ok(Tally {
            skipped: 1,
            ..Tally::default()
        });
    };
    let folder = place::fresh("package/python-free-threaded")?;
    maturin(tools, "build")
        .args(["--release", "--no-default-features"])
        .args(["--interpreter", interpreter, "--out"])
        .arg(&folder)
        .run()?;
    try_out(interpreter, &only(&folder, ".whl")?)
}

/// Installs a wheel into an empty environment and runs the program of tests/consumers/python.
fn try_out(interpreter: &str, wheel: &Path) -> Result<Tally, String> {
    let folder = place::fresh("package/python-empty")?;
    let environment = folder.join("venv");
    Call::new(interpreter)
        .args(["-m", "venv"])
        .arg(&environment)
        .run()?;
    let python = environment.join("bin/python");
    Call::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--no-index"])
        .arg("--disable-pip-version-check")
        .arg(wheel)
        .run()?;
    Call::new(&python)
        .dir(&folder)
        .arg(place::root().join("tests/consumers/python/main.py"))
        .counted()
}

/// The one file of a folder that ends so.
fn only(folder: &Path, ending: &str) -> Result<PathBuf, String> {
    let entries = fs::read_dir(folder);
    let entries = entries.map_err(|error| format!("read {}: {error}", folder.display()))?;
    entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.to_string_lossy().ends_with(ending))
        .ok_or_else(|| format!("nothing in {} ends in {ending}", folder.display()))
}
