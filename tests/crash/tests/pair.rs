//! Short versions of the trials on a pair of databases, and what a server says while its database
//! is away; `cargo xtask crash failover` and `cuts` run the long ones.

#![allow(clippy::unwrap_used, clippy::panic)]

use forebay_crash::server::Server;
use forebay_crash::{failover, fleet::WATCHDOG};
use forebay_test_postgres::{Cluster, Pair, programs};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_forebay-crash"))
}

/// False, and a line that says so, where there is no PostgreSQL.
fn has_postgres() -> bool {
    let found = programs().is_some();
    if !found {
        println!("skipped: PostgreSQL is not installed");
    }
    found
}

#[test]
fn postgres_fail_overs_lose_nothing_and_clients_go_on() {
    if !has_postgres() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let report = failover::run(program(), directory.path(), 2, 1).unwrap();
    println!("{report}");
    assert!(report.good(), "{report}");
    assert_eq!(report.losses, 2);
}

#[test]
fn postgres_behind_bad_connections_loses_nothing() {
    if !has_postgres() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let report = failover::run_cuts(program(), directory.path(), 40, 1).unwrap();
    println!("{report}");
    assert!(report.good(), "{report}");
    assert!(report.cuts > 20, "{report}");
}

/// The status of a page.
fn status(server: &Server, path: &str) -> u16 {
    let mut stream = TcpStream::connect(server.endpoint().address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn await_ready(server: &Server, wanted: u16) {
    let started = Instant::now();
    loop {
        let found = status(server, "/readyz");
        if found == wanted {
            return;
        }
        assert!(started.elapsed() < WATCHDOG, "{found} and not {wanted}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn postgres_that_is_away_makes_a_server_unready_until_it_is_back() {
    if !has_postgres() {
        return;
    }
    let mut cluster = Cluster::start(&[]).unwrap();
    let location = cluster.location("forebay");
    let server = Server::start(program(), Path::new(&location), None).unwrap();
    for _ in 0..2 {
        await_ready(&server, 200);
        cluster.stop();
        await_ready(&server, 503);
        assert_eq!(status(&server, "/livez"), 200);
        cluster.restart().unwrap();
    }
    await_ready(&server, 200);
    server.kill().unwrap();
}

/// Between the loss of a primary and the promotion of its standby a server lives and is not ready,
/// although the standby can be read.
#[test]
fn postgres_standby_makes_a_server_ready_when_it_is_promoted() {
    if !has_postgres() {
        return;
    }
    let mut pair = Pair::start(&[]).unwrap();
    let location = Pair::location_at(pair.ports(), "forebay");
    let server = Server::start(program(), Path::new(&location), None).unwrap();
    for _ in 0..2 {
        await_ready(&server, 200);
        pair.kill_primary().unwrap();
        await_ready(&server, 503);
        for _ in 0..3 {
            assert_eq!(status(&server, "/readyz"), 503);
            assert_eq!(status(&server, "/livez"), 200);
        }
        pair.promote().unwrap();
        await_ready(&server, 200);
        pair.rebuild().unwrap();
    }
    server.kill().unwrap();
}
