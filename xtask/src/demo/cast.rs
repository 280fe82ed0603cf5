//! Who takes part in the demo: the library and every program, built.

use crate::node;
use crate::place::{self, Profile};
use crate::python;
use crate::shell::Call;
use crate::tools;
use crate::whole;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Every warning an error, in both languages.
const FLAGS: &[&str] = &[
    "-O2",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
    "-Iinclude",
];

/// C99 without extensions but POSIX.
const C_FLAGS: &[&str] = &["-std=c99", "-D_XOPEN_SOURCE=700", "-D_FILE_OFFSET_BITS=64"];

/// Ends well where Python is new enough for the package.
const PYTHON_CHECK: &str = "import sys; sys.exit(sys.version_info < (3, 11))";

/// And the same for Node.
const NODE_CHECK: &str = "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)";

/// What `forebay-demo run` is given.
#[derive(Default)]
pub struct Cast {
    /// The arguments that name the programs.
    pub arguments: Vec<OsString>,
    /// Variables by which the packages are found.
    pub variables: Vec<(&'static str, OsString)>,
}

impl Cast {
    fn add<S: Into<OsString>>(&mut self, words: impl IntoIterator<Item = S>) {
        self.arguments.extend(words.into_iter().map(Into::into));
    }

    /// A worker of the language `name`, made by `build`. Where the language is not on this machine
    /// that is said aloud; what cannot be built is a failure.
    fn add_script(
        &mut self,
        name: &str,
        is_there: Result<(), &str>,
        build: impl FnOnce() -> Result<[OsString; 2], String>,
    ) -> Result<(), String> {
        match is_there {
            Ok(()) => {
                let words = build()?;
                self.add(["--script", name]);
                self.add(words);
            }
            Err(reason) => println!("no {name} worker: {reason}"),
        }
        Ok(())
    }
}

/// Builds all that can be built here.
pub fn prepare(profile: Profile) -> Result<Cast, String> {
    build(profile, &["forebay-ffi", "forebay-demo"])?;
    let libraries = profile.folder()?;
    let programs = libraries.join("demo");
    std::fs::create_dir_all(&programs)
        .map_err(|error| format!("make {}: {error}", programs.display()))?;
    let compiler = tools::c_compiler();
    let c = |name: &str| {
        let sources = [format!("demo/c/{name}.c"), "demo/c/common.c".into()];
        let out = programs.join(name);
        compile(&compiler, C_FLAGS, &sources, &libraries, &out)
    };
    let mut cast = Cast::default();
    cast.add(["--producer".into(), c("producer")?]);
    let worker = c("worker")?;
    for _ in 0..2 {
        cast.add(["--worker", "C"]);
        cast.add([&worker]);
    }
    cast.add(["--script", "Rust"]);
    cast.add([profile.program("forebay-demo")?, "worker".into()]);
    let sources = ["demo/cpp/worker.cpp".into(), "demo/cpp/count.cpp".into()];
    cast.add(["--worker", "C++"]);
    let (cpp, out) = (tools::cxx_compiler(), programs.join("worker-cpp"));
    let worker = compile(&cpp, &["-std=c++17"], &sources, &libraries, &out)?;
    cast.add([worker]);
    let mut variables = Vec::new();
    cast.add_script("Python", has_python(), || {
        variables.push(("PYTHONPATH", python_site(profile)?.into()));
        Ok(["python3".into(), script("demo/python/worker.py")])
    })?;
    let has_node = has_node();
    cast.add_script("Node", has_node, || {
        variables.push(("FOREBAY_NATIVE", node_native(profile)?.into()));
        Ok(["node".into(), script("demo/node/worker.mjs")])
    })?;
    if has_node.is_ok() {
        cast.add(["--aggregator", "Node", "node"]);
        cast.add([script("demo/node/aggregator.mjs")]);
    }
    cast.variables = variables;
    Ok(cast)
}

fn script(name: &str) -> OsString {
    place::root().join(name).into()
}

fn build(profile: Profile, packages: &[&str]) -> Result<(), String> {
    if profile == Profile::Dev {
        return whole::build();
    }
    let mut cargo = Call::cargo().args(["build", "--release"]);
    for package in packages {
        cargo = cargo.args(["--package", package]);
    }
    cargo.run()
}

/// Whether this machine has Python, or why not.
fn has_python() -> Result<(), &'static str> {
    match Call::new("python3").args(["-c", PYTHON_CHECK]).works() {
        true => Ok(()),
        false => Err("there is no python3 of version 3.11 or later"),
    }
}

/// The same of Node.
fn has_node() -> Result<(), &'static str> {
    match Call::new("node").args(["-e", NODE_CHECK]).works() {
        true => Ok(()),
        false => Err("there is no node of version 20 or later"),
    }
}

/// The folder with the Python package.
fn python_site(profile: Profile) -> Result<PathBuf, String> {
    build(profile, &["forebay-python"])?;
    python::site(profile)
}

/// The native half of the npm package, whose other half is made too.
fn node_native(profile: Profile) -> Result<PathBuf, String> {
    build(profile, &["forebay-node"])?;
    node::build()?;
    node::native(profile)
}

/// Compiles a program that finds the library where it was built.
fn compile(
    compiler: &str,
    flags: &[&str],
    sources: &[String],
    libraries: &Path,
    out: &Path,
) -> Result<PathBuf, String> {
    Call::new(compiler)
        .args(flags)
        .args(FLAGS)
        .args(sources)
        .arg("-o")
        .arg(out)
        .arg("-L")
        .arg(libraries)
        .arg(format!("-Wl,-rpath,{}", libraries.display()))
        .arg("-lforebay")
        .run()?;
    Ok(out.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_language_that_is_not_there_is_left_out() {
        let mut cast = Cast::default();
        let words = || Ok(["python3".into(), "worker.py".into()]);
        let broken = || Err("it does not compile".to_owned());
        assert_eq!(cast.add_script("Python", Err("no python3"), words), Ok(()));
        assert_eq!(cast.add_script("Python", Err("no python3"), broken), Ok(()));
        assert!(cast.arguments.is_empty());
        assert!(cast.add_script("Python", Ok(()), broken).is_err());
        assert_eq!(cast.add_script("Python", Ok(()), words), Ok(()));
        assert_eq!(
            cast.arguments,
            ["--script", "Python", "python3", "worker.py"]
        );
    }
}
