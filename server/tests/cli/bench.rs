//! `forebay bench` against a server.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

struct Server {
    child: Child,
    endpoint: String,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_forebay"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--store",
                "mem:",
                "--log",
                "warn",
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut endpoint = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut endpoint)
            .unwrap();
        Self {
            child,
            endpoint: endpoint.trim().to_owned(),
        }
    }

    fn bench(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(env!("CARGO_BIN_EXE_forebay"))
            .args(["bench", "--endpoint", &self.endpoint, "--warm-up", "0"])
            .args(arguments)
            .output()
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_step_moves_the_same_messages_and_leaves_no_queue() {
    let server = Server::start();
    let cells = ["--connections", "1,3", "--batch", "1,10", "--json"];
    // Long enough that receives and deletes finish what a busy machine has sent.
    let output = server.bench(&[&cells[..], &["--seconds", "0.2", "--body-bytes", "20"]].concat());
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
    let page = http_get(&server.endpoint, "/metrics");
    assert!(page.contains("\nforebay_queues 0\n"), "{page}");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let server = Server::start();
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
    let wrong = server.bench(&["--batch", "11"]);
    assert_eq!(wrong.status.code(), Some(64));
}

fn http_get(endpoint: &str, path: &str) -> String {
    use std::io::{Read, Write};
    let address = endpoint.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}
