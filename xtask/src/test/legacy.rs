//! Clients of the versions of 2006 to 2011: boto 2.49, and REST by `curl`.

use super::clients::{Server, environment};
use crate::place;
use crate::shell::Call;
use crate::tally::Tally;
use crate::tools;
use std::path::PathBuf;

fn source(name: &str) -> PathBuf {
    place::root().join("tests/clients/legacy").join(name)
}

/// A server that verifies, and accepts the signatures of old.
pub(super) fn server(name: &str) -> Result<Server, String> {
    let config = source("server.toml");
    let config = config.to_string_lossy();
    Server::start(name, &["--config", &config])
}

/// The last boto of the first line, from the registry, and messages between it and boto3.
pub fn boto() -> Result<Tally, String> {
    let python = environment("legacy")?;
    let server = server("legacy-boto")?;
    Call::new(python)
        .arg("-B")
        .arg(source("boto_2.py"))
        .arg(server.endpoint())
        .counted()
}

/// `curl`, with signatures that `openssl` computes.
pub fn rest() -> Result<Tally, String> {
    if !tools::has("curl") || !tools::has_openssl() {
        println!("curl or openssl is missing: REST is not tried with them");
        return Ok(Tally {
            skipped: 1,
            ..Tally::default()
        });
    }
    let server = server("legacy-rest")?;
    Call::new("sh")
        .arg(source("rest.sh"))
        .arg(server.endpoint())
        .counted()
}
