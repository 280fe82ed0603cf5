//! Installs what `cargo xtask bench --peers` measures, and writes the list of it. What cannot be
//! installed is in the list with the reason.

use crate::node;
use crate::place::{self, Profile};
use crate::python;
use crate::shell::Call;
use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};

/// A library: its subject's file, the requirement that installs it, and its classes.
struct Library {
    name: &'static str,
    subject: &'static str,
    classes: &'static [&'static str],
}

const fn library(
    name: &'static str,
    subject: &'static str,
    classes: &'static [&'static str],
) -> Library {
    Library {
        name,
        subject,
        classes,
    }
}

const PYTHON: [Library; 6] = [
    library("honker", "honker", &["full", "os"]),
    library("huey", "huey", &["full", "os"]),
    library("litequeue", "litequeue", &["full", "os"]),
    library("localqueue", "localqueue", &["full", "os"]),
    library("persist-queue", "persist_queue", &["full"]),
    library("simplebroker", "simplebroker", &["full"]),
];

const NODE: [Library; 2] = [
    library("plainjob", "plainjob", &["os"]),
    library("bullmq", "bullmq", &["full", "os"]),
];

/// Of this library, in every language.
const OWN: &[&str] = &["full", "os"];

/// The list for `forebay-bench`: words separated by tabs, a line each.
#[derive(Default)]
pub struct List(String);

impl List {
    /// Adds a peer in each of its classes: its command, or why there is none.
    pub fn add(&mut self, name: &str, classes: &[&str], command: &Result<Vec<String>, String>) {
        for class in classes {
            let words = match command {
                Ok(words) => words.join("\t"),
                Err(reason) => format!("-\t{}", reason.replace(['\n', '\t'], " ")),
            };
            self.0 += &format!("{name}\t{class}\t{words}\n");
        }
    }

    /// Writes it; the file's path again.
    pub fn write(self, file: &Path) -> Result<PathBuf, String> {
        fs::write(file, self.0).map_err(|error| format!("write {}: {error}", file.display()))?;
        Ok(file.to_path_buf())
    }
}

/// Installs everything; returns the file of the list. `own` is the benchmark's program.
pub fn prepare(own: &Path) -> Result<PathBuf, String> {
    let folder = place::target()?.join("peers");
    fs::create_dir_all(&folder).map_err(|error| format!("make {}: {error}", folder.display()))?;
    let mut list = List::default();
    let words = [
        own.to_string_lossy().into_owned(),
        "member".into(),
        "peer".into(),
    ];
    list.add("forebay (Rust)", OWN, &Ok(words.to_vec()));
    python_peers(&folder, &mut list);
    node_peers(&folder, &mut list);
    list.write(&folder.join("list"))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn python_peers(folder: &Path, list: &mut List) {
    let program = place::root().join("bench/peers/python/peer.py");
    let interpreter = folder.join("python/bin/python");
    let made = if interpreter.exists() {
        Ok(())
    } else {
        let venv = Call::new("python3").args(["-m", "venv"]);
        venv.arg(folder.join("python")).run()
    };
    let command = |subject: &str, path: &Path| {
        let variables = format!("PYTHONPATH={}", path.display());
        ["env", &variables, "PYTHONDONTWRITEBYTECODE=1"]
            .map(str::to_owned)
            .into_iter()
            .chain([text(&interpreter), text(&program), subject.to_owned()])
            .collect::<Vec<_>>()
    };
    let ours = made.clone().and_then(|()| {
        let build = Call::cargo().args(["build", "--release", "--package", "forebay-python"]);
        build.run()?;
        python::site(Profile::Release).map(|site| command("ours", &site))
    });
    list.add("forebay (Python)", OWN, &ours);
    for library in &PYTHON {
        let installed = made
            .clone()
            .and_then(|()| install(&interpreter, library.name))
            .map(|()| command(library.subject, Path::new("")));
        list.add(
            &format!("{} (Python)", library.name),
            library.classes,
            &installed,
        );
    }
}

/// Installs the lines of requirements.txt that begin with `name`.
fn install(interpreter: &Path, name: &str) -> Result<(), String> {
    let file = place::root().join("bench/peers/python/requirements.txt");
    let all =
        fs::read_to_string(&file).map_err(|error| format!("read {}: {error}", file.display()))?;
    let wanted = all
        .lines()
        .filter(|line| line.starts_with(&format!("{name}==")));
    Call::new(interpreter)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(wanted)
        .run()
}

fn node_peers(folder: &Path, list: &mut List) {
    let folder = folder.join("node");
    let installed = install_node(&folder);
    let ours = installed.clone().and_then(|()| own_node(&folder));
    list.add("forebay (Node)", OWN, &ours);
    for library in &NODE {
        let command = installed.clone().and_then(|()| {
            if library.name == "bullmq" {
                redis()?;
            }
            let words = ["node".into(), text(&folder.join("peer.js"))];
            Ok(words.into_iter().chain([library.subject.into()]).collect())
        });
        list.add(
            &format!("{} (Node)", library.name),
            library.classes,
            &command,
        );
    }
}

/// The command of this library's own npm package.
fn own_node(folder: &Path) -> Result<Vec<String>, String> {
    Call::cargo()
        .args(["build", "--release", "--package", "forebay-node"])
        .run()?;
    node::build()?;
    let package = node::folder().join("dist/index.mjs");
    Ok(vec![
        "env".into(),
        format!("FOREBAY_NATIVE={}", text(&node::native(Profile::Release)?)),
        format!("FOREBAY_PACKAGE={}", text(&package)),
        concat!("FOREBAY_VERSION=", env!("CARGO_PKG_VERSION")).into(),
        "node".into(),
        text(&folder.join("peer.js")),
        "ours".into(),
    ])
}

/// Copies the programs to `folder`, where their packages are installed.
fn install_node(folder: &Path) -> Result<(), String> {
    if !tools::has("node") || !tools::has("npm") {
        return Err("node or npm is not on this machine".into());
    }
    fs::create_dir_all(folder).map_err(|error| format!("make {}: {error}", folder.display()))?;
    let sources = place::root().join("bench/peers/node/.");
    Call::new("cp").arg("-r").args([&sources, folder]).run()?;
    let known = folder.join("node_modules/.package-lock.json").exists();
    if known && Call::new("npm").dir(folder).args(["ls", "--all"]).works() {
        return Ok(());
    }
    Call::new("npm")
        .dir(folder)
        .args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"])
        .run()
}

/// BullMQ's server.
fn redis() -> Result<(), String> {
    if tools::has("redis-server") {
        return Ok(());
    }
    let installed = tools::install(&["redis-server"]);
    if installed.is_ok() && tools::has("redis-server") {
        return Ok(());
    }
    Err("redis-server is not on this machine and could not be installed".into())
}
