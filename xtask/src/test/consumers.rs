//! Programs outside the source tree, through pkg-config and CMake, each linked against the shared
//! and the static library.

use super::stage::Stage;
use crate::place;
use crate::shell::Call;
use crate::tally::Tally;
use crate::tools;
use std::path::{Path, PathBuf};

/// pkg-config, find_package, and both folders that can be a part of another project.
pub fn run() -> Result<Tally, String> {
    let stage = Stage::new("consumers")?;
    let mut tally = pkg_config(&stage)?;
    let Some(cmake) = tools::cmake()? else {
        println!("skipped: cmake is not on this machine and could not be installed");
        tally.skipped += 3;
        return Ok(tally);
    };
    let package = copy(&stage, "cmake")?;
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", stage.prefix.display());
    let programs = ["c_shared", "c_static", "cpp_shared", "cpp_static"];
    tally += built(&cmake, &package, &[prefix], &programs);
    let project = copy(&stage, "subdirectory")?;
    let installed = stage.library().join("cmake/forebay");
    let folder = |folder: PathBuf| format!("-DFOREBAY_FOLDER={}", folder.display());
    let programs = ["shared", "static"];
    tally += built(&cmake, &project, &[folder(installed)], &programs);
    let sources = [
        folder(place::root().join("bindings/cpp")),
        "-DFOREBAY_CARGO_PROFILE=dev".into(),
        format!("-DFOREBAY_CARGO_TARGET_DIR={}", place::target()?.display()),
    ];
    tally += built(&cmake, &project, &sources, &programs);
    Ok(tally)
}

/// Copies a consumer out of the source tree.
fn copy(stage: &Stage, name: &str) -> Result<PathBuf, String> {
    let to = stage.folder.join(name);
    Call::new("cp")
        .arg("-r")
        .arg(place::root().join("tests/consumers").join(name))
        .arg(&to)
        .run()?;
    Ok(to)
}

fn pkg_config(stage: &Stage) -> Result<Tally, String> {
    let folder = copy(stage, "pkgconfig")?;
    let path = stage.library().join("pkgconfig");
    Call::new("make")
        .dir(&folder)
        .env("PKG_CONFIG_PATH", path)
        .env("CC", tools::c_compiler())
        .run()?;
    let mut tally = Tally::default();
    for program in ["shared", "static"] {
        tally += Call::new(folder.join(program)).dir(&folder).counted()?;
    }
    Ok(tally)
}

/// Builds a project in a fresh folder and runs its programs.
fn built(cmake: &Path, project: &Path, settings: &[String], programs: &[&str]) -> Tally {
    let build = project.join("build");
    let mut tally = Tally::default();
    let made = Call::new("rm")
        .arg("-rf")
        .arg(&build)
        .run()
        .and_then(|()| make(cmake, project, &build, settings));
    for program in programs {
        let ran = made
            .clone()
            .and_then(|()| Call::new(build.join(program)).dir(&build).run());
        if let Err(text) = &ran {
            println!("{text}");
        }
        tally += Tally::one(ran.is_ok());
    }
    tally
}

/// Configures and builds a CMake project.
pub fn make(cmake: &Path, project: &Path, build: &Path, settings: &[String]) -> Result<(), String> {
    Call::new(cmake)
        .args(["-S".as_ref(), project.as_os_str()])
        .args(["-B".as_ref(), build.as_os_str()])
        .args(settings)
        .run()?;
    Call::new(cmake).arg("--build").arg(build).run()
}
