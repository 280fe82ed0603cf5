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

/// Interpreters without a GIL: they do not load the stable ABI's library, and need a wheel each.
const FREE_THREADED: [&str; 2] = ["python3.14t", "python3.15t"];

/// The oldest Python that a wheel is for.
const OLDEST: &str = "3.11";

/// Interpreters that a wheel is tried with, the oldest that it supports first.
const INTERPRETERS: [&str; 5] = [
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.15",
];

pub fn run() -> crate::Outcome {
    let tools = python::interpreter()?;
    let folder = place::fresh("package/python")?;
    for target in TARGETS {
        Call::new("rustup").args(["target", "add", target]).run()?;
        wheel(&tools, target).arg("--out").arg(&folder).run()?;
        let each = FREE_THREADED.iter().flat_map(|it| ["--interpreter", it]);
        let wheels = wheel(&tools, target).args(each);
        wheels.arg("--out").arg(&folder).run()?;
    }
    maturin(&tools, "sdist").arg("--out").arg(&folder).run()?;
    let mut tally = try_wheels(&folder)?;
    tally += try_sdist(&folder)?;
    for interpreter in FREE_THREADED {
        tally += try_free_threaded(interpreter, &folder)?;
    }
    println!("{tally}");
    if tally.failed > 0 {
        return Err("a package does not work where it was installed".into());
    }
    println!("wheels and sdist: {}", folder.display());
    Ok(())
}

/// A call that builds the wheel for a target, for release. For interpreters that are named and not
/// here maturin knows what it needs to.
fn wheel(tools: &Path, target: &str) -> Call {
    maturin(tools, "build")
        .args(["--release", "--zig", "--compatibility", "manylinux2014"])
        .args(["--target", target])
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
        let wheel = only(folder, &["-abi3-", machine])?;
        super::say_size(&wheel)?;
        if machine != std::env::consts::ARCH || !cfg!(target_os = "linux") {
            tally += try_emulated(machine, &wheel)?;
            continue;
        }
        let (oldest, newest) = interpreters();
        tally += try_out(&oldest, &wheel)?;
        if newest != oldest {
            tally += try_out(&newest, &wheel)?;
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

/// The oldest and the newest interpreter that are here.
fn interpreters() -> (String, String) {
    let mut here = INTERPRETERS.into_iter().filter_map(find);
    let oldest = here.next().unwrap_or_else(|| "python3".into());
    let newest = here.next_back().unwrap_or_else(|| oldest.clone());
    (oldest, newest)
}

/// An interpreter: on the path, or one that pyenv keeps without putting it there.
fn find(name: &str) -> Option<String> {
    let works = |program: &str| Call::new(program).args(["-c", ""]).works();
    if works(name) {
        return Some(name.to_owned());
    }
    let version = name.strip_prefix("python")?;
    let (version, threads) = match version.strip_suffix('t') {
        Some(version) => (version, true),
        None => (version, false),
    };
    let versions = Path::new(&std::env::var_os("HOME")?).join(".pyenv/versions");
    let mut kept = fs::read_dir(versions).ok()?.flatten();
    let folder = kept.find(|entry| {
        let own = entry.file_name().to_string_lossy().into_owned();
        let rest = own.strip_prefix(version);
        rest.is_some_and(|rest| rest.starts_with('.') && rest.ends_with('t') == threads)
    })?;
    let program = folder.path().join("bin").join(name).display().to_string();
    works(&program).then_some(program)
}

/// Installs the sdist as users do: pip builds it, apart from the checkout and with tools that it
/// chooses by the sdist's own manifest.
fn try_sdist(folder: &Path) -> Result<Tally, String> {
    let sdist = only(folder, &[".tar.gz"])?;
    super::say_size(&sdist)?;
    let (oldest, _) = interpreters();
    let python = environment(&oldest)?;
    // Its cache would answer with the wheel of an older sdist of this name.
    install(&python)
        .env("CARGO_TARGET_DIR", place::target()?)
        .arg("--no-cache-dir")
        .arg(&sdist)
        .run()?;
    consume(&python)
}

/// Tries this machine's wheel for an interpreter without a GIL, where that is here.
fn try_free_threaded(interpreter: &str, folder: &Path) -> Result<Tally, String> {
    let version = interpreter.trim_start_matches("python").replace('.', "");
    let machine = std::env::consts::ARCH;
    let wheel = only(folder, &[&format!("-cp{version}-"), machine])?;
    super::say_size(&wheel)?;
    let Some(interpreter) = find(interpreter) else {
        println!("skipped: {interpreter} is not on this machine to try its wheel");
        return Ok(Tally {
            skipped: 1,
            ..Tally::default()
        });
    };
    try_out(&interpreter, &wheel)
}

/// Installs a wheel into an empty environment and runs the program of tests/consumers/python.
fn try_out(interpreter: &str, wheel: &Path) -> Result<Tally, String> {
    let python = environment(interpreter)?;
    install(&python).arg("--no-index").arg(wheel).run()?;
    consume(&python)
}

/// The interpreter of a new environment with nothing but pip in it.
fn environment(interpreter: &str) -> Result<PathBuf, String> {
    let environment = place::fresh("package/python-empty")?.join("venv");
    Call::new(interpreter)
        .args(["-m", "venv"])
        .arg(&environment)
        .run()?;
    Ok(environment.join("bin/python"))
}

/// A call that installs into an environment what is added to it.
fn install(python: &Path) -> Call {
    let quiet = ["--quiet", "--disable-pip-version-check"];
    Call::new(python).args(["-m", "pip", "install"]).args(quiet)
}

/// Uses what an environment has installed, from a folder outside the tree.
fn consume(python: &Path) -> Result<Tally, String> {
    Call::new(python)
        .dir(std::env::temp_dir())
        .arg(place::root().join("tests/consumers/python/main.py"))
        .counted()
}

/// The one file of a folder that has all these in its name.
fn only(folder: &Path, parts: &[&str]) -> Result<PathBuf, String> {
    let entries = fs::read_dir(folder);
    let entries = entries.map_err(|error| format!("read {}: {error}", folder.display()))?;
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        parts.iter().all(|part| name.contains(part))
    };
    entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(named)
        .ok_or_else(|| format!("nothing in {} is named {parts:?}", folder.display()))
}
