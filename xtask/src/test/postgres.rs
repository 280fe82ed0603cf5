//! Queues in PostgreSQL from every language and from SQS clients; a private server is started.

use super::clients::{Server, boto_at, command_line_at, javascript_at};
use super::tiers;
use crate::place::Profile;
use crate::shell::Call;
use crate::tally::Tally;
use crate::tools;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Rules whose scenarios go through all languages here: waits and batches, as making the tables
/// anew for each scenario takes time. The core's driver takes all rules (tier `rust`), `cargo xtask
/// scenarios --store postgres --all` all rules through all languages.
const PARTS: [&str; 2] = ["s04_", "s13_"];

/// Languages over the handles, and the server.
const DRIVERS: [&str; 7] = [
    "c",
    "cpp",
    "ctypes",
    "python",
    "node",
    "http-json",
    "http-query",
];

pub fn run() -> Result<Tally, String> {
    if !tools::has_postgres() {
        println!("skipped: PostgreSQL is not on this machine and could not be installed");
        return Ok(Tally {
            skipped: 1,
            ..Tally::default()
        });
    }
    tiers::build()?;
    let mut tally = scenarios()?;
    let database = Database::start()?;
    let server = Server::on(database.location.as_ref(), &[])?;
    for part in [
        boto_at(&server, "json"),
        boto_at(&server, "query"),
        command_line_at(&server),
        javascript_at(&server),
    ] {
        tally += part.unwrap_or_else(|text| {
            println!("{text}");
            Tally::one(false)
        });
    }
    Ok(tally)
}

fn scenarios() -> Result<Tally, String> {
    let mut call = Call::new(Profile::Dev.program("forebay-scenarios")?)
        .args(["--store", "postgres", "--quiet"]);
    for driver in DRIVERS {
        call = call.args(["--driver", driver]);
    }
    for part in PARTS {
        call = call.args(["--only", part]);
    }
    call.counted()
}

/// A running PostgreSQL of its own; it ends with this value.
struct Database {
    child: Child,
    location: String,
}

impl Database {
    fn start() -> Result<Self, String> {
        let program = Profile::Dev.program("forebay-test-postgres")?;
        let mut child = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output)
                .read_line(&mut line)
                .map_err(|error| format!("the location of PostgreSQL: {error}"))?;
        }
        let location = line.trim().to_owned();
        let database = Self { child, location };
        match database.location.is_empty() {
            true => Err("PostgreSQL did not start".into()),
            false => Ok(database),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The end of its input ends it, and its server with it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
