//! The npm tarballs: the main package, and one for each platform with its native half.

use super::emulated::{self, Emulator};
use crate::node::{self, Node};
use crate::place;
use crate::shell::Call;
use crate::tally::Tally;
use std::fs;
use std::path::{Path, PathBuf};

/// The platform of an npm package.
struct Platform {
    /// As npm names it.
    name: &'static str,
    /// As rustc names it.
    triple: &'static str,
}

const PLATFORMS: [Platform; 2] = [
    Platform {
        name: "linux-x64-gnu",
        triple: "x86_64-unknown-linux-gnu",
    },
    Platform {
        name: "linux-arm64-gnu",
        triple: "aarch64-unknown-linux-gnu",
    },
];

/// The oldest C library it runs with; the oldest supported Node needs a newer one.
const GLIBC: &str = "2.17";

/// What is run in an empty project.
const PROGRAMS: [&str; 2] = ["main.mjs", "main.cjs"];

/// A linker and C compiler for every platform and C library, as wheels.
const ZIG_WHEELS: [&str; 2] = ["ziglang==0.15.1", "cargo-zigbuild==0.24.1"];

/// Builds the tarballs of all platforms and tries them out on the oldest and on a current Node.
pub fn run() -> crate::Outcome {
    node::build()?;
    let mut libraries = Vec::new();
    for platform in &PLATFORMS {
        libraries.push((platform.name, compile(platform)?));
    }
    let folder = tarballs("package/npm", &libraries)?;
    super::say_size(&tarball(&folder, ""))?;
    for platform in &PLATFORMS {
        super::say_size(&tarball(&folder, &format!("-{}", platform.name)))?;
    }
    let mut tally = Tally::default();
    for node in node::all()? {
        tally += try_out(&folder, &node)?;
    }
    for platform in PLATFORMS
        .iter()
        .filter(|it| Some(it.name) != own_platform())
    {
        tally += try_emulated(&folder, platform)?;
    }
    println!("{tally}");
    if tally.failed > 0 {
        return Err("a package does not work where it was installed".into());
    }
    println!("tarballs: {}", folder.display());
    Ok(())
}

/// The native half for release.
fn compile(platform: &Platform) -> Result<PathBuf, String> {
    let tools = zig()?;
    Call::new("rustup")
        .args(["target", "add", platform.triple])
        .run()?;
    let path = std::env::var("PATH").unwrap_or_default();
    Call::new(tools.join("cargo-zigbuild"))
        .env("PATH", format!("{}:{path}", tools.display()))
        .args(["zigbuild", "--release", "--package", "forebay-node"])
        .args(["--target", &format!("{}.{GLIBC}", platform.triple)])
        .arg("--target-dir")
        .arg(place::target()?)
        .run()?;
    let built = place::target()?.join(platform.triple).join("release");
    Ok(built.join("libforebay_node.so"))
}

/// The folder of the zig tools' programs.
fn zig() -> Result<PathBuf, String> {
    let folder = place::target()?.join("tools-zig");
    let stamp = folder.join(ZIG_WHEELS.join(","));
    if !stamp.exists() {
        let venv = Call::new("python3").args(["-m", "venv", "--clear"]);
        venv.arg(&folder).run()?;
        Call::new(folder.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(ZIG_WHEELS)
            .run()?;
        fs::write(&stamp, "").map_err(|error| format!("write {}: {error}", stamp.display()))?;
    }
    Ok(folder.join("bin"))
}

/// Packs the package in the checkout and the libraries of some platforms.
pub fn tarballs(folder: &str, libraries: &[(&str, PathBuf)]) -> Result<PathBuf, String> {
    let folder = place::fresh(folder)?;
    let pairs = libraries
        .iter()
        .map(|(platform, library)| format!("{platform}={}", library.display()));
    node::script("package").arg(&folder).args(pairs).run()?;
    Ok(folder)
}

/// This machine's platform, where there is a package for it.
pub fn own_platform() -> Option<&'static str> {
    let own = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let own = PLATFORMS.iter().find(|platform| platform.triple == own)?;
    cfg!(target_os = "linux").then_some(own.name)
}

/// Installs the tarballs into an empty project and runs the programs of tests/consumers/npm.
pub fn try_out(tarballs: &Path, node: &Node) -> Result<Tally, String> {
    let Some(platform) = own_platform() else {
        println!("skipped: there is no npm package for this platform");
        return Ok(Tally {
            skipped: 1,
            ..Tally::default()
        });
    };
    let project = project(tarballs, platform)?;
    let mut tally = Tally::default();
    for program in PROGRAMS {
        let call = Call::new(&node.program).dir(&project).arg(program);
        tally += call.counted()?;
    }
    let own_modules = node::folder().join("node_modules");
    let compiled = Call::new(&node.program)
        .dir(&project)
        .arg(own_modules.join("typescript/bin/tsc"))
        .args(["-p", "tsconfig.json", "--typeRoots"])
        .arg(own_modules.join("@types"))
        .run();
    if let Err(text) = &compiled {
        println!("{text}");
    }
    tally += Tally::one(compiled.is_ok());
    Ok(tally)
}

/// Runs the tarballs for another processor with an emulator, where there is one.
fn try_emulated(tarballs: &Path, platform: &Platform) -> Result<Tally, String> {
    let emulator = match platform.triple.starts_with(emulated::MACHINE) {
        true => Emulator::find()?,
        false => None,
    };
    let Some(emulator) = emulator else {
        println!(
            "skipped: the tarball for {} was not run on this machine",
            platform.name
        );
        return Ok(Tally {
            skipped: 1,
            ..Tally::default()
        });
    };
    let project = project(tarballs, platform.name)?;
    let node = emulator.node()?;
    let mut tally = Tally::default();
    for program in PROGRAMS {
        tally += emulator.call(&node).dir(&project).arg(program).counted()?;
    }
    Ok(tally)
}

/// An empty project that installed the package from a registry with the tarballs; outside the tree,
/// so that nothing of it is found.
fn project(tarballs: &Path, platform: &str) -> Result<PathBuf, String> {
    let project = std::env::temp_dir().join(format!("forebay-npm-{}", std::process::id()));
    let _ = fs::remove_dir_all(&project);
    Call::new("cp")
        .arg("-r")
        .arg(place::root().join("tests/consumers/npm"))
        .arg(&project)
        .run()?;
    let manifest = project.join("package.json");
    fs::write(&manifest, "{ \"private\": true }\n")
        .map_err(|error| format!("write {}: {error}", manifest.display()))?;
    // npm chooses the platform's package itself, also for a platform that an emulator runs.
    let choice = platform.split('-').zip(["--os", "--cpu", "--libc"]);
    let choice = choice.map(|(word, option)| match word {
        "gnu" => format!("{option}=glibc"),
        _ => format!("{option}={word}"),
    });
    Call::new("node")
        .dir(&project)
        .arg(place::root().join("tests/consumers/registry.mjs"))
        .arg(tarballs)
        .args(["npm", "install", "--no-audit", "--no-fund", "--cache"])
        .arg(place::fresh("npm-cache")?)
        .args(choice)
        .arg(concat!("forebay@", env!("CARGO_PKG_VERSION")))
        .run()?;
    Ok(project)
}

/// The tarball of the main package, or with `-<platform>` of a platform's.
fn tarball(folder: &Path, platform: &str) -> PathBuf {
    let version = env!("CARGO_PKG_VERSION");
    folder.join(format!("forebay{platform}-{version}.tgz"))
}
