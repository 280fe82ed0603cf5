//! `forebay bench` against a server.

use super::support::Process;
use serde_json::Value;
use std::process::{Command, Output};

fn serve() -> Process {
    Process::start(&["--store", "mem:", "--log", "warn"])
}

fn bench(server: &Process, arguments: &[&str]) -> Output {
    let endpoint = format!("http://{}", server.address);
    Command::new(env!("CARGO_BIN_EXE_forebay"))
        .args(["bench", "--endpoint", &endpoint, "--warm-up", "0"])
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn every_step_moves_the_same_messages_and_leaves_no_queue() {
    let server = serve();
    let cells = ["--connections", "1,3", "--batch", "1,10", "--json"];
    // Long enough that receives and deletes finish what a busy machine has sent.
    let output = bench(
        &server,
        &[&cells[..], &["--seconds", "0.2", "--body-bytes", "20"]].concat(),
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (head, rows) = lines.split_first().unwrap();
    assert_eq!(head["body_bytes"], 20);
    assert_eq!(rows.len(), 12, "{text}");
    for row in rows {
        assert!(row["failure"].is_null(), "{text}");
        assert!(row["messages"].as_u64().unwrap() > 0, "{text}");
        assert!(row["p99_us"].as_f64().unwrap() >= row["p50_us"].as_f64().unwrap());
    }
    for cell in rows.chunks(3) {
        let steps: Vec<&str> = cell
            .iter()
            .map(|row| row["step"].as_str().unwrap())
            .collect();
        assert_eq!(steps, ["send", "receive", "delete"]);
        let moved = |at: usize| cell[at]["messages"].as_u64().unwrap();
        assert!(moved(0) >= moved(1) && moved(1) >= moved(2), "{text}");
    }
    let page = server.connect().call("GET", "/metrics", "", b"").text();
    assert!(page.contains("\nforebay_queues 0\n"), "{page}");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let server = serve();
    let nowhere = Command::new(env!("CARGO_BIN_EXE_forebay"))
        .args([
            "bench",
            "--endpoint",
            "http://127.0.0.1:1",
            "--connections",
            "1",
        ])
        .output()
        .unwrap();
    assert_eq!(nowhere.status.code(), Some(1));
    let text = String::from_utf8(nowhere.stdout).unwrap();
    assert!(text.contains("failed: "), "{text}");
    let wrong = bench(&server, &["--batch", "11"]);
    assert_eq!(wrong.status.code(), Some(64));
}
