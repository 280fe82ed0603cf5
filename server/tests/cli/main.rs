//! The commands of `forebay` on a store, run as a user runs them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bench;
mod documented;
mod messages;
#[cfg(target_os = "linux")]
mod outputs;
mod stores;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A folder with a store that is not there yet.
struct World {
    folder: tempfile::TempDir,
}

/// What a command did.
struct Ran {
    status: i32,
    lines: Vec<Value>,
    text: String,
    error: String,
}

impl World {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("queues")
    }

    /// Runs a command line, its words separated by spaces.
    fn run(&self, words: &str) -> Ran {
        self.run_with(words, "")
    }

    /// The same with something on standard input.
    fn run_with(&self, words: &str, input: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_forebay"))
            .args(words.split_whitespace())
            .env("FOREBAY_STORE", self.store())
            .env_remove("FOREBAY_ACCOUNT")
            .env_remove("FOREBAY_REGION")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may have ended by now.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        Ran {
            status: output.status.code().unwrap(),
            lines: text
                .lines()
                .map_while(|line| serde_json::from_str(line).ok())
                .collect(),
            text,
            error: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// A command that must succeed.
    fn good(&self, words: &str) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.status, 0, "{words}: {}", ran.error);
        ran
    }
}

impl Ran {
    /// The bodies of all lines.
    fn bodies(&self) -> Vec<&str> {
        let body = |line: &'_ Value| line["body"].as_str().is_some();
        assert!(self.lines.iter().all(body), "{}", self.text);
        self.lines
            .iter()
            .filter_map(|line| line["body"].as_str())
            .collect()
    }
}
