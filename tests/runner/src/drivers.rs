//! The drivers: how each is built and started. A new language is one more entry of [`ALL`].

use std::path::{Path, PathBuf};
use std::process::Command;

/// How to make a driver ready and how to start it.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Name on the command line and in the table.
    pub name: &'static str,
    /// Form of the location that its stores open.
    pub store: StoreForm,
    /// Capabilities that this kind of store has not, whatever the driver says.
    pub lacks: &'static [&'static str],
    /// Builds what is needed and returns the command; an error is the reason to fail.
    pub prepare: fn(&Paths) -> Result<Start, String>,
}

impl Entry {
    /// The same driver on queues in PostgreSQL.
    pub fn on_postgres(&self) -> Self {
        Self {
            store: StoreForm::Postgres,
            lacks: POSTGRES_LACKS,
            ..*self
        }
    }
}

/// They pass, in more time than a test has.
const POSTGRES_LACKS: &[&str] = &["scale"];

/// Where the queues of a driver are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreForm {
    /// A fresh directory a scenario.
    Directory,
    /// The reference store in memory.
    Model,
    /// A fresh schema a scenario, in a private server.
    Postgres,
}

/// Program and arguments of a driver.
#[derive(Debug, Clone)]
pub struct Start {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
}

impl Start {
    /// The same, started by another program that is given its command line.
    pub fn under(self, words: &[String]) -> Self {
        let Some((first, rest)) = words.split_first() else {
            return self;
        };
        let mut args = rest.to_vec();
        args.push(self.program.display().to_string());
        args.extend(self.args);
        Self {
            program: first.into(),
            args,
        }
    }

    /// The command, ready to be spawned.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        command
    }
}

/// Where things are.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The repository.
    pub root: PathBuf,
    /// The runner's own program.
    pub runner: PathBuf,
}

impl Paths {
    /// `target/<profile>` that the runner was built into, so that drivers are built into it too.
    fn profile(&self) -> Result<(PathBuf, String), String> {
        let folder = self.runner.parent().ok_or("the runner has no folder")?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        Ok((folder.to_path_buf(), name.into_owned()))
    }
}

/// Every driver, in the order of the table's columns.
pub const ALL: &[Entry] = &[
    Entry {
        name: "model",
        store: StoreForm::Model,
        lacks: &["durable", "scale"],
        prepare: rust,
    },
    Entry {
        name: "core",
        store: StoreForm::Directory,
        lacks: &[],
        prepare: rust,
    },
    Entry {
        name: "postgres",
        store: StoreForm::Postgres,
        lacks: POSTGRES_LACKS,
        prepare: rust,
    },
    Entry {
        name: "c",
        store: StoreForm::Directory,
        lacks: &[],
        prepare: c,
    },
    Entry {
        name: "cpp",
        store: StoreForm::Directory,
        lacks: &[],
        prepare: cpp,
    },
    Entry {
        name: "python",
        store: StoreForm::Directory,
        lacks: &[],
        prepare: python,
    },
    Entry {
        name: "ctypes",
        store: StoreForm::Directory,
        lacks: &[],
        prepare: ctypes,
    },
    Entry {
        name: "node",
        store: StoreForm::Directory,
        lacks: &[],
        prepare: node,
    },
    Entry {
        name: "http-json",
        store: StoreForm::Directory,
        lacks: &[],
        prepare: http_json,
    },
    Entry {
        name: "http-query",
        store: StoreForm::Directory,
        lacks: &[],
        prepare: http_query,
    },
];

/// The Rust driver is part of the runner's own program.
fn rust(paths: &Paths) -> Result<Start, String> {
    Ok(Start {
        program: paths.runner.clone(),
        args: vec!["--serve".into()],
    })
}

/// The server over HTTP, in AWS JSON 1.0; also part of the runner's own program.
fn http_json(paths: &Paths) -> Result<Start, String> {
    http(paths, "json")
}

/// The server over HTTP, in Query and XML.
fn http_query(paths: &Paths) -> Result<Start, String> {
    http(paths, "query")
}

fn http(paths: &Paths, protocol: &str) -> Result<Start, String> {
    Ok(Start {
        program: paths.runner.clone(),
        args: vec!["--serve-http".into(), protocol.into()],
    })
}

/// C99 over the committed header and the shared library.
fn c(paths: &Paths) -> Result<Start, String> {
    compiled(paths, "c", "CC", "cc", "-std=c99")
}

/// The same in C++17, over the header of C++.
fn cpp(paths: &Paths) -> Result<Start, String> {
    compiled(paths, "cpp", "CXX", "c++", "-std=c++17")
}

/// The Python package as it stands in the tree, its native half from this build.
fn python(paths: &Paths) -> Result<Start, String> {
    let library = build(paths)?;
    let name = format!(
        "{}forebay_native{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let sources = paths.root.join("bindings/python/python");
    Ok(interpreted(
        paths,
        "package.py",
        &[&sources, &library.join(name)],
    ))
}

/// The C library from Python, by its header.
fn ctypes(paths: &Paths) -> Result<Start, String> {
    let library = build(paths)?;
    let name = format!(
        "{}forebay{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let header = paths.root.join("include/forebay.h");
    Ok(interpreted(
        paths,
        "library.py",
        &[&header, &library.join(name)],
    ))
}

/// A program of tests/drivers/python.
fn interpreted(paths: &Paths, program: &str, arguments: &[&Path]) -> Start {
    let program = paths.root.join("tests/drivers/python").join(program);
    let words = std::iter::once(program.as_path()).chain(arguments.iter().copied());
    let mut args = vec!["-B".to_owned()];
    args.extend(words.map(|word| word.display().to_string()));
    Start {
        program: "python3".into(),
        args,
    }
}

/// JavaScript over the npm package as it stands in the tree.
fn node(paths: &Paths) -> Result<Start, String> {
    let library = build(paths)?;
    run(Command::new("node").arg(paths.root.join("bindings/node/scripts/build.mjs")))?;
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let native = library.join(format!("{prefix}forebay_node{suffix}"));
    let driver = paths.root.join("tests/drivers/node/main.mjs");
    Ok(Start {
        program: "node".into(),
        args: [driver, native]
            .map(|path| path.display().to_string())
            .into(),
    })
}

/// A driver of the folder and file type `language`, made by the compiler that `variable` names,
/// else by `compiler`.
fn compiled(
    paths: &Paths,
    language: &str,
    variable: &str,
    compiler: &str,
    standard: &str,
) -> Result<Start, String> {
    let library = build(paths)?;
    link_by_soname(&library)?;
    let program = library.join(format!("scenario-driver-{language}"));
    let folder = paths.root.join("tests/drivers").join(language);
    let compiler = std::env::var(variable).unwrap_or_else(|_| compiler.into());
    let mut command = Command::new(&compiler);
    command.args([standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"]);
    command.arg("-I").arg(paths.root.join("include"));
    command.args(sources(&folder, language)?);
    command.arg("-L").arg(&library).arg("-lforebay");
    command.arg(format!("-Wl,-rpath,{}", library.display()));
    command.arg("-o").arg(&program);
    run(&mut command)?;
    Ok(Start {
        program,
        args: Vec::new(),
    })
}

/// A program asks for the library by its SONAME; an installation has that link, a build has not.
fn link_by_soname(library: &Path) -> Result<(), String> {
    let major_minor = concat!(
        env!("CARGO_PKG_VERSION_MAJOR"),
        ".",
        env!("CARGO_PKG_VERSION_MINOR")
    );
    let link = library.join(format!("libforebay.so.{major_minor}"));
    if !library.join("libforebay.so").exists() || link.symlink_metadata().is_ok() {
        return Ok(());
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("libforebay.so", &link)
        .map_err(|error| format!("{}: {error}", link.display()))?;
    Ok(())
}

/// Builds the libraries in the runner's own profile; the folder they are in. As `cargo xtask test`
/// builds everything: one package alone, or without the tests, has other features, and all below it
/// would be compiled a second time.
fn build(paths: &Paths) -> Result<PathBuf, String> {
    let (folder, profile) = paths.profile()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(&paths.root);
    command.args(["build", "--quiet", "--workspace"]);
    command.args(["--all-features", "--all-targets"]);
    command
        .arg("--target-dir")
        .arg(folder.parent().ok_or("target has no folder")?);
    if profile == "release" {
        command.arg("--release");
    }
    run(&mut command)?;
    Ok(folder)
}

fn sources(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder);
    let entries = entries.map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|own| own == extension))
        .collect();
    files.sort();
    Ok(files)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} failed: {}\n{text}", output.status))
}
