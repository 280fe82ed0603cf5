//! Programs that others wrote for SQS, unmodified, against the server.

use super::background::Background;
use super::{legacy, tiers};
use crate::node;
use crate::place::{self, Profile};
use crate::python;
use crate::shell::Call;
use crate::tally::Tally;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every client, in the versions that tests/clients pins.
pub fn run() -> Result<Tally, String> {
    tiers::build()?;
    let mut tally = Tally::default();
    let parts = [
        boto_json,
        boto_query,
        boto_embedded,
        aiobotocore,
        command_line,
        celery,
        javascript,
        rust,
        soap,
        legacy::boto,
        legacy::rest,
    ];
    for part in parts {
        tally += part().unwrap_or_else(|text| {
            println!("{text}");
            Tally::one(false)
        });
    }
    Ok(tally)
}

/// boto3 of today: AWS JSON 1.0.
fn boto_json() -> Result<Tally, String> {
    boto("json")
}

/// boto3 of 2023: Query and XML.
fn boto_query() -> Result<Tally, String> {
    boto("query")
}

fn boto(protocol: &str) -> Result<Tally, String> {
    boto_at(&Server::start(&format!("boto-{protocol}"), &[])?, protocol)
}

/// boto3 against a server.
pub(super) fn boto_at(server: &Server, protocol: &str) -> Result<Tally, String> {
    let python = environment(protocol)?;
    program(&python, "boto.py")
        .args([server.endpoint(), protocol])
        .counted()
}

/// boto3 and the Python package's server in one process.
fn boto_embedded() -> Result<Tally, String> {
    let python = environment("json")?;
    program(&python, "embedded.py")
        .env("PYTHONPATH", python::site(Profile::Dev)?)
        .counted()
}

/// botocore for event loops.
fn aiobotocore() -> Result<Tally, String> {
    let python = environment("aio")?;
    let server = Server::start("aio", &[])?;
    program(&python, "aio.py").arg(server.endpoint()).counted()
}

/// The AWS command line.
fn command_line() -> Result<Tally, String> {
    command_line_at(&Server::start("cli", &[])?)
}

/// The same against a server.
pub(super) fn command_line_at(server: &Server) -> Result<Tally, String> {
    let python = environment("cli")?;
    program(&python, "cli.py")
        .arg(server.endpoint())
        .arg(python.with_file_name("aws"))
        .counted()
}

/// A Celery worker.
fn celery() -> Result<Tally, String> {
    let python = environment("celery")?;
    let server = Server::start("celery", &[])?;
    program(&python, "celery_worker.py")
        .arg(server.endpoint())
        .arg(place::fresh("celery")?)
        .counted()
}

/// zeep, with clients made of the WSDLs of 2006 to 2009: a server that takes anyone, and one that
/// verifies signatures.
fn soap() -> Result<Tally, String> {
    let python = environment("soap")?;
    let open = Server::start("soap-open", &[])?;
    let config = place::root().join("tests/clients/python/soap.toml");
    let signed = Server::start("soap-signed", &["--config", &config.to_string_lossy()])?;
    program(&python, "soap.py")
        .args([open.endpoint(), signed.endpoint()])
        .counted()
}

fn program(python: &Path, name: &str) -> Call {
    let path = place::root().join("tests/clients/python").join(name);
    // No caches beside the sources.
    Call::new(python).arg("-B").arg(path)
}

/// The AWS SDK for JavaScript, and sqs-consumer.
fn javascript() -> Result<Tally, String> {
    let mut tally = javascript_at(&Server::start("javascript", &[])?)?;
    let folder = place::target()?.join("clients/node");
    // The npm package's server in the client's own process.
    node::build()?;
    Call::new("ln")
        .arg("-sfn")
        .arg(node::folder())
        .arg(node::modules(&folder)?)
        .run()?;
    tally += Call::new("node")
        .arg("embedded.js")
        .env("FOREBAY_NATIVE", node::native(Profile::Dev)?)
        .dir(&folder)
        .counted()?;
    Ok(tally)
}

/// The same clients against a server.
pub(super) fn javascript_at(server: &Server) -> Result<Tally, String> {
    let sources = place::root().join("tests/clients/node");
    let folder = place::target()?.join("clients/node");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let copy = |name: &str| {
        let copied = fs::copy(sources.join(name), folder.join(name));
        copied.map_err(|error| format!("copy {name}: {error}"))
    };
    let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
    let (wanted, stamp) = (
        read(sources.join("package.json")),
        folder.join("installed.json"),
    );
    if read(stamp.clone()) != wanted {
        copy("package.json")?;
        Call::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--no-package-lock"])
            .args(["--loglevel", "error"])
            .dir(&folder)
            .run()?;
        fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    }
    copy("cases.js")?;
    copy("clients.js")?;
    copy("embedded.js")?;
    Call::new("node")
        .arg("clients.js")
        .arg(server.endpoint())
        .dir(&folder)
        .counted()
}

/// The AWS SDK for Rust, a workspace of its own: what it needs is compiled here only.
fn rust() -> Result<Tally, String> {
    let target = place::target()?.join("clients/rust");
    let manifest = place::root().join("tests/clients/rust/Cargo.toml");
    Call::cargo()
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(manifest)
        .env("CARGO_TARGET_DIR", &target)
        .run()?;
    let server = Server::start("rust", &[])?;
    Call::new(target.join("debug/forebay-client-rust"))
        .arg(server.endpoint())
        .counted()
}

/// A Python environment with `requirements-<name>.txt`; made once, and anew when that changes.
pub(super) fn environment(name: &str) -> Result<PathBuf, String> {
    let wanted = place::root().join(format!("tests/clients/python/requirements-{name}.txt"));
    let folder = place::target()?.join(format!("clients/{name}"));
    let (python, stamp) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    if python.exists() && read(&stamp) == read(&wanted) {
        return Ok(python);
    }
    Call::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder)
        .run()?;
    Call::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ])
        .arg(&wanted)
        .run()?;
    fs::copy(&wanted, &stamp).map_err(|error| format!("write {}: {error}", stamp.display()))?;
    Ok(python)
}

/// A running server with a store of its own; it ends with this value.
pub struct Server(Background);

impl Server {
    /// Starts `forebay serve` on a free port; `name` is that of its folder.
    pub fn start(name: &str, arguments: &[&str]) -> Result<Self, String> {
        let folder = place::fresh(&format!("server-{name}"))?;
        Self::on(folder.join("queues").as_os_str(), arguments)
    }

    /// The same on the store at a location.
    pub fn on(location: &OsStr, arguments: &[&str]) -> Result<Self, String> {
        let program = Profile::Dev.program("forebay")?;
        let words = ["serve", "--listen", "127.0.0.1:0", "--log", "warn"];
        let prepare = |command: &mut Command| {
            command.args(words).arg("--store").arg(location);
            command.args(arguments);
        };
        Background::start(&program, prepare).map(Self)
    }

    /// `http://127.0.0.1:<port>`.
    pub fn endpoint(&self) -> &str {
        &self.0.said
    }
}
