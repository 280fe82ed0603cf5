//! Standard output and standard error that take no more, as files on a full disk.

use crate::World;
use crate::support::Process;
use std::fs::File;
use std::process::{Command, Output, Stdio};

fn full() -> Stdio {
    File::options()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}

fn forebay(world: &World) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forebay"));
    command
        .current_dir(world.folder.path())
        .env("FOREBAY_STORE", world.store());
    command
}

/// Runs a command line whose standard output is full.
fn unwritten(world: &World, words: &str) -> Output {
    let mut command = forebay(world);
    command.args(words.split_whitespace()).stdout(full());
    command.output().unwrap()
}

#[test]
fn what_cannot_be_written_is_a_failure_that_says_so() {
    let world = World::new();
    world.good("create orders");
    world.good("send orders hello");
    std::fs::write(world.folder.path().join("e.conf"), "queues { a {} }").unwrap();
    let server = Process::start(&["--store", "mem:", "--log", "warn"]);
    let bench = format!(
        "bench --endpoint http://{} --connections 1 --batch 1 --seconds 0.01 --warm-up 0",
        server.address
    );
    for words in [
        "peek orders",
        "completions bash",
        "completions fish",
        "man",
        "convert-elasticmq e.conf",
        "serve --store mem: --listen 127.0.0.1:0",
        &bench,
    ] {
        let output = unwritten(&world, words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}: {error}");
        assert!(
            error.contains("standard output: No space"),
            "{words}: {error}"
        );
    }
}

#[test]
fn a_failure_that_cannot_be_said_is_still_one() {
    let world = World::new();
    for words in ["ls", "convert-elasticmq absent", "serve --config absent"] {
        let mut command = forebay(&world);
        command.args(words.split_whitespace()).stderr(full());
        assert_eq!(command.status().unwrap().code(), Some(1), "{words}");
    }
}

/// Its log may lie on the disk that is full.
#[test]
fn a_server_whose_log_takes_no_more_goes_on() {
    let server = Process::spawn(&["--store", "mem:", "--log", "trace"], full());
    for _ in 0..3 {
        let answer = server.connect().call("GET", "/livez", "", b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn what_could_not_be_written_out_is_not_deleted() {
    let world = World::new();
    world.good("create orders --visibility-timeout 0");
    world.good("send orders hello");
    let output = unwritten(&world, "receive orders --delete");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(world.good("peek orders").bodies(), ["hello"]);
}
