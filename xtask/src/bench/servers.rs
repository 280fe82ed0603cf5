//! Installs what `cargo xtask bench --servers` measures, and writes the list of it. What cannot be
//! installed is in the list with the reason.

use crate::node;
use crate::place::{self, Profile};
use crate::shell::Call;
use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};

/// The module of GoAWS's program, and its version.
const GOAWS: &str = "github.com/Admiral-Piett/goaws/app/cmd@v0.5.4";
/// Survives nothing: the process's end loses it.
const MEMORY: &str = "nothing, messages are in memory";

/// Where everything runs.
struct World {
    /// What these programs are installed in.
    folder: PathBuf,
    /// True in a network namespace of its own, where every address is loopback.
    alone: bool,
}

/// The list for `forebay-bench --servers`: words separated by tabs, a line each.
#[derive(Default)]
struct List(String);

impl List {
    fn add(&mut self, name: &str, survived: &str, command: Result<Vec<String>, String>) {
        let words = match command {
            Ok(words) => words.join("\t"),
            Err(reason) => format!("-\t{}", reason.replace(['\n', '\t'], " ")),
        };
        self.0 += &format!("{name}\t{survived}\t{words}\n");
    }
}

/// Installs the servers and measures them with the benchmark's program.
pub fn run(bench: &Path, arguments: &[String]) -> crate::Outcome {
    let world = World {
        folder: place::target()?.join("servers"),
        alone: namespace(Call::new("true")).works(),
    };
    make(&world.folder)?;
    let list = prepare(&world)?;
    let mut call = Call::new(bench).arg("--servers").arg(list);
    if pins() {
        let pinned = Call::new("taskset").args(["-c", "1"]).arg(bench);
        call = pinned.args(["--server-processor", "0"]);
        call = call.arg("--servers").arg(world.folder.join("list"));
    }
    let call = call.args(arguments);
    match world.alone {
        true => namespace(call).run(),
        false => call.run(),
    }
}

/// True where servers and generator can have a processor each.
fn pins() -> bool {
    let several = std::thread::available_parallelism().is_ok_and(|count| count.get() >= 2);
    several && Call::new("taskset").args(["-c", "1", "true"]).works()
}

/// A call in a network namespace that has nothing but loopback.
fn namespace(call: Call) -> Call {
    Call::new("unshare")
        .args([
            "--net",
            "sh",
            "-c",
            "ip link set lo up && exec \"$@\"",
            "sh",
        ])
        .args(call.words())
}

fn make(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("make {}: {error}", folder.display()))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("write {}: {error}", file.display()))
}

fn sources() -> PathBuf {
    place::root().join("bench/servers")
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

/// Installs everything; returns the file of the list, ours first.
fn prepare(world: &World) -> Result<PathBuf, String> {
    let mut list = List::default();
    let version = env!("CARGO_PKG_VERSION");
    for (durability, survived) in [
        ("full", "loss of power"),
        ("os", "the process's end"),
        ("memory", MEMORY),
    ] {
        let name = format!("forebay {version}, {durability}");
        list.add(&name, survived, ours(world, durability));
    }
    list.add("ElasticMQ 1.7.1", MEMORY, elasticmq(world));
    list.add("GoAWS 0.5.4", MEMORY, goaws(world));
    list.add("fauxqs 2.4.1", MEMORY, fauxqs(world));
    let python = python(world);
    let moto = |python: PathBuf| {
        let program = python.with_file_name("moto_server");
        words([&text(&program), "-H", "127.0.0.1", "-p", "{port}"])
    };
    list.add("moto 5.2.5", MEMORY, python.clone().map(moto));
    let ministack = python.and_then(|python| {
        needs_namespace(world)?;
        let program = python.with_file_name("ministack");
        Ok(words(["env", "GATEWAY_PORT={port}", &text(&program)]))
    });
    list.add("MiniStack 1.5.33", MEMORY, ministack);
    let file = world.folder.join("list");
    write(&file, &list.0)?;
    Ok(file)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Several servers listen on every address of the machine, and cannot be told not to.
fn needs_namespace(world: &World) -> Result<(), String> {
    match world.alone {
        true => Ok(()),
        false => Err("it would be open to other machines: no network namespace can be made".into()),
    }
}

fn ours(world: &World, durability: &str) -> Result<Vec<String>, String> {
    let location = match durability {
        "memory" => "location = \"mem:\"\ndurability = \"os\"\n".to_owned(),
        durability => format!("location = \"queues\"\ndurability = \"{durability}\"\n"),
    };
    let config = world.folder.join(format!("forebay-{durability}.toml"));
    write(&config, &format!("[store]\n{location}"))?;
    let program = text(&Profile::Release.program("forebay")?);
    Ok(words([
        &program,
        "serve",
        "--listen",
        "127.0.0.1:{port}",
        "--config",
        &text(&config),
        "--log",
        "error",
    ]))
}

fn elasticmq(world: &World) -> Result<Vec<String>, String> {
    if !tools::has("java") {
        return Err("java is not on this machine".into());
    }
    let folder = world.folder.join("elasticmq");
    let jars = folder.join("jars");
    if !jars.exists() {
        if !tools::has("mvn") {
            return Err("mvn is not on this machine".into());
        }
        Call::new("mvn")
            .args(["--quiet", "--batch-mode", "--file"])
            .arg(sources().join("elasticmq/pom.xml"))
            .arg("dependency:copy-dependencies")
            .arg(format!("-DoutputDirectory={}", text(&jars)))
            .run()?;
    }
    Ok(words([
        "java",
        "-Dnode-address.port={port}",
        "-Drest-sqs.bind-port={port}",
        "-Drest-sqs.bind-hostname=127.0.0.1",
        "-Drest-stats.enabled=false",
        "-cp",
        &format!("{}/*", text(&jars)),
        "org.elasticmq.server.Main",
    ]))
}

fn goaws(world: &World) -> Result<Vec<String>, String> {
    needs_namespace(world)?;
    let folder = world.folder.join("go");
    let program = folder.join("bin/cmd");
    if !program.exists() {
        if !Call::new("go").arg("version").works() {
            return Err("go is not on this machine".into());
        }
        Call::new("go")
            .args(["install", GOAWS])
            .env("GOBIN", folder.join("bin"))
            .run()?;
    }
    let template = sources().join("goaws.yaml");
    let script =
        "sed \"s/PORT/$1/\" \"$2\" > \"$3/goaws.yaml\" && exec \"$4\" -config \"$3/goaws.yaml\"";
    Ok(words([
        "sh",
        "-c",
        script,
        "goaws",
        "{port}",
        &text(&template),
        "{folder}",
        &text(&program),
    ]))
}

fn fauxqs(world: &World) -> Result<Vec<String>, String> {
    needs_namespace(world)?;
    let folder = world.folder.join("node");
    let program = folder.join("node_modules/.bin/fauxqs");
    if !program.exists() {
        make(&folder)?;
        let from = sources().join("node/package.json");
        fs::copy(&from, folder.join("package.json"))
            .map_err(|error| format!("copy {}: {error}", from.display()))?;
        Call::new("npm")
            .dir(&folder)
            .args(["install", "--no-audit", "--no-fund", "--no-package-lock"])
            .args(["--loglevel", "error"])
            .run()?;
    }
    // It wants a newer Node than many machines have.
    Ok(words([
        "env",
        "FAUXQS_PORT={port}",
        "FAUXQS_LOGGER=false",
        &text(&node::current()?.program),
        &text(&program),
    ]))
}

/// The interpreter of an environment with the servers in Python.
fn python(world: &World) -> Result<PathBuf, String> {
    let folder = world.folder.join("python");
    let interpreter = folder.join("bin/python");
    if !folder.join("bin/ministack").exists() {
        Call::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder)
            .run()?;
        Call::new(&interpreter)
            .args(["-m", "pip", "install", "--quiet"])
            .args(["--disable-pip-version-check", "-r"])
            .arg(sources().join("requirements.txt"))
            .run()?;
    }
    Ok(interpreter)
}
