//! The tools that the tests need beside Rust, a C compiler, Python and Node; put there if absent.

use crate::place;
use crate::shell::Call;
use std::path::{Path, PathBuf};

/// The wheel that stands in where no package manager may be used.
const CMAKE_WHEEL: &str = "cmake==3.31.6";

/// The C compiler: `$CC` or `cc`.
pub fn c_compiler() -> String {
    std::env::var("CC").unwrap_or_else(|_| "cc".into())
}

/// The C++ compiler: `$CXX` or `c++`.
pub fn cxx_compiler() -> String {
    std::env::var("CXX").unwrap_or_else(|_| "c++".into())
}

/// True where `program --version` works.
pub fn has(program: &str) -> bool {
    Call::new(program).arg("--version").works()
}

/// True where `openssl` works, which knows no `--version`.
pub fn has_openssl() -> bool {
    Call::new("openssl").arg("version").works()
}

/// Installs what is missing. What cannot be installed is said here and counted as skipped by
/// the tier that needs it.
pub fn prepare() -> Result<(), String> {
    for component in ["fmt", "clippy"] {
        if !Call::cargo().args([component, "--version"]).works() {
            let name = if component == "fmt" {
                "rustfmt"
            } else {
                component
            };
            Call::new("rustup").args(["component", "add", name]).run()?;
        }
    }
    if !has(&c_compiler()) {
        return Err("no C compiler: install one, or name it in CC".into());
    }
    let mut packages: Vec<&str> = Vec::new();
    for (program, package) in [
        (cxx_compiler().as_str(), "g++"),
        ("cmake", "cmake"),
        ("make", "make"),
        ("pkg-config", "pkg-config"),
        ("valgrind", "valgrind"),
        ("curl", "curl"),
    ] {
        if !has(program) {
            packages.push(package);
        }
    }
    if !has_openssl() {
        packages.push("openssl");
    }
    // Debian keeps the half of venv that puts pip there in a package of its own.
    if !Call::new("python3")
        .args(["-c", "import ensurepip"])
        .works()
    {
        packages.push("python3-venv");
    }
    // A library without a program; the example for it is left out where it is absent.
    if root() && !Path::new("/usr/include/asio.hpp").exists() && has("apt-get") {
        packages.push("libasio-dev");
    }
    if root() && has("apt-get") && !has_postgres() {
        packages.push("postgresql");
    }
    if root() && has("apt-get") && !has_pooler() {
        packages.push("pgbouncer");
    }
    if !packages.is_empty() {
        println!("not on this machine: {}", packages.join(", "));
        install(&packages)?;
    }
    Ok(())
}

/// True where tests can start a PostgreSQL server of their own.
pub fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let mut versions = versions.into_iter().flatten().flatten();
    versions.any(|version| version.path().join("bin/initdb").exists()) || has("initdb")
}

/// True where tests can start a pooler in front of it.
pub fn has_pooler() -> bool {
    Path::new("/usr/sbin/pgbouncer").exists()
}

/// True where packages may be installed.
fn root() -> bool {
    let id = Call::new("id").arg("-u").output();
    id.is_ok_and(|id| id.trim() == "0")
}

/// Installs packages of Debian, as far as this user may.
pub fn install(packages: &[&str]) -> Result<(), String> {
    if root() && has("apt-get") {
        Call::new("apt-get").args(["update", "-qq"]).run()?;
        return Call::new("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .run();
    }
    if packages.contains(&"cmake") {
        let folder = place::target()?.join("tools");
        Call::new("python3")
            .args(["-m", "venv"])
            .arg(&folder)
            .run()?;
        Call::new(folder.join("bin/pip"))
            .args(["install", "--quiet", CMAKE_WHEEL])
            .run()?;
    }
    Ok(())
}

/// CMake: the machine's, or the one that [`prepare`] put under the target folder.
pub fn cmake() -> Result<Option<PathBuf>, String> {
    if has("cmake") {
        return Ok(Some("cmake".into()));
    }
    let own = place::target()?.join("tools/bin/cmake");
    Ok(own.exists().then_some(own))
}
