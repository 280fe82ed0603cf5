//! `cargo xtask install --prefix P [--release]`: the C library as C and C++ programs find it:
//! both libraries, the headers, a pkg-config file and a CMake package.

use crate::place::{Profile, root};
use crate::shell::Call;
use std::fs;
use std::path::{Path, PathBuf};

/// What a program that links libforebay.a needs besides, on Linux with glibc; tests link so.
pub const STATIC_LIBRARIES: &str = "-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc";

const PKG_CONFIG: &str = include_str!("../templates/forebay.pc.in");
const CMAKE_CONFIG: &str = include_str!("../templates/forebayConfig.cmake.in");
const CMAKE_LISTS: &str = include_str!("../templates/CMakeLists.txt.in");
const CMAKE_VERSION: &str = include_str!("../templates/forebayConfigVersion.cmake.in");

struct Options {
    prefix: PathBuf,
    profile: Profile,
    features: Vec<String>,
}

/// Builds the library and installs it.
pub fn run(args: &[String]) -> crate::Outcome {
    let options = parse(args)?;
    let root = root();
    let built = build(&options)?;
    install(&root, &built, &options.prefix)?;
    println!(
        "installed forebay {} in {}",
        version(),
        options.prefix.display()
    );
    Ok(())
}

fn parse(args: &[String]) -> Result<Options, String> {
    let mut prefix = None;
    let mut profile = Profile::Dev;
    let mut features = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--prefix" => prefix = rest.next().map(PathBuf::from),
            "--release" => profile = Profile::Release,
            "--features" => features.extend(rest.next().cloned()),
            other => {
                return Err(format!(
                    "argument {other:?} is unknown; known: --prefix DIR, --release, --features F"
                ));
            }
        }
    }
    let prefix = prefix.ok_or("say where with --prefix DIR")?;
    fs::create_dir_all(&prefix).map_err(|error| format!("create {}: {error}", prefix.display()))?;
    let prefix = prefix
        .canonicalize()
        .map_err(|error| format!("find {}: {error}", prefix.display()))?;
    Ok(Options {
        prefix,
        profile,
        features,
    })
}

/// Builds the library; returns the folder of the results.
fn build(options: &Options) -> Result<PathBuf, String> {
    let mut call = Call::cargo().args(["build", "--quiet", "--package", "forebay-ffi", "--lib"]);
    if options.profile == Profile::Release {
        call = call.arg("--release");
    }
    for feature in &options.features {
        call = call.args(["--features", feature]);
    }
    call.run()?;
    options.profile.folder()
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The part of the version that is the ABI: two numbers while the first is 0, then one.
pub fn abi() -> String {
    match env!("CARGO_PKG_VERSION_MAJOR") {
        "0" => format!("0.{}", env!("CARGO_PKG_VERSION_MINOR")),
        major => major.to_owned(),
    }
}

/// Installs what was built in the folder `built`.
pub fn install(root: &Path, built: &Path, prefix: &Path) -> Result<(), String> {
    let libraries = prefix.join("lib");
    let include = root.join("include");
    for folder in ["", "forebay"] {
        for header in files(&include.join(folder))? {
            let name = Path::new(folder).join(header);
            copy(&include.join(&name), &prefix.join("include").join(&name))?;
        }
    }
    copy(
        &built.join("libforebay_ffi.a"),
        &libraries.join("libforebay.a"),
    )?;
    let shared = install_shared(built, &libraries)?;
    let fill = |template: &str| {
        template
            .replace("@PREFIX@", &prefix.display().to_string())
            .replace("@VERSION@", version())
            .replace("@MAJOR@", env!("CARGO_PKG_VERSION_MAJOR"))
            .replace("@MINOR@", env!("CARGO_PKG_VERSION_MINOR"))
            .replace("@SHARED@", &shared)
            .replace("@SONAME@", &format!("libforebay.so.{}", abi()))
            .replace("@STATIC_LIBRARIES@", STATIC_LIBRARIES)
            .replace(
                "@STATIC_LIBRARIES_CMAKE@",
                &STATIC_LIBRARIES.replace(' ', ";"),
            )
    };
    write(&libraries.join("pkgconfig/forebay.pc"), &fill(PKG_CONFIG))?;
    let cmake = libraries.join("cmake/forebay");
    write(&cmake.join("forebayConfig.cmake"), &fill(CMAKE_CONFIG))?;
    write(&cmake.join("CMakeLists.txt"), &fill(CMAKE_LISTS))?;
    write(
        &cmake.join("forebayConfigVersion.cmake"),
        &fill(CMAKE_VERSION),
    )
}

/// The names of the files in a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("list {}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.path().is_file() {
            names.push(entry.file_name().into());
        }
    }
    Ok(names)
}

/// Installs the shared library under its full name with the usual links to it; returns that
/// name.
fn install_shared(built: &Path, libraries: &Path) -> Result<String, String> {
    if cfg!(target_os = "macos") {
        let name = format!("libforebay.{}.dylib", abi());
        copy(&built.join("libforebay_ffi.dylib"), &libraries.join(&name))?;
        link(&name, &libraries.join("libforebay.dylib"))?;
        return Ok(name);
    }
    let name = format!("libforebay.so.{}", version());
    let soname = format!("libforebay.so.{}", abi());
    copy(&built.join("libforebay_ffi.so"), &libraries.join(&name))?;
    link(&name, &libraries.join(&soname))?;
    link(&soname, &libraries.join("libforebay.so"))?;
    Ok(name)
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    make_parent(to)?;
    // A library that a running program has mapped must not be written over in place.
    if to.exists() {
        fs::remove_file(to).map_err(|error| format!("replace {}: {error}", to.display()))?;
    }
    fs::copy(from, to)
        .map(|_| ())
        .map_err(|error| format!("copy {} to {}: {error}", from.display(), to.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    make_parent(path)?;
    fs::write(path, text).map_err(|error| format!("write {}: {error}", path.display()))
}

fn make_parent(path: &Path) -> Result<(), String> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(|error| format!("create {}: {error}", parent.display()))
}

#[cfg(unix)]
fn link(target: &str, at: &Path) -> Result<(), String> {
    if at.is_symlink() || at.exists() {
        fs::remove_file(at).map_err(|error| format!("replace {}: {error}", at.display()))?;
    }
    std::os::unix::fs::symlink(target, at)
        .map_err(|error| format!("link {} to {target}: {error}", at.display()))
}

#[cfg(not(unix))]
fn link(target: &str, at: &Path) -> Result<(), String> {
    copy(&at.with_file_name(target), at)
}
