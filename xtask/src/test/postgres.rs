//! Queues in PostgreSQL from every language and from SQS clients; a private server is started.

use super::background::Background;
use super::clients::{Server, boto_at, command_line_at, javascript_at};
use super::tiers;
use crate::place::Profile;
use crate::shell::Call;
use crate::tally::Tally;
use crate::tools;

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
    let server = Server::on(database.location().as_ref(), &[])?;
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
struct Database(Background);

impl Database {
    fn start() -> Result<Self, String> {
        let program = Profile::Dev.program("forebay-test-postgres")?;
        Background::start(&program, |_| {}).map(Self)
    }

    fn location(&self) -> &str {
        &self.0.said
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Killed it could not end its server.
        self.0.finish();
    }
}
