//! The program `forebay serve` as a process.

use super::connection::Client;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

/// A running server; it ends with this value.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
}

impl Process {
    /// With these arguments beside the address, which is of its choice.
    pub fn start(arguments: &[&str]) -> Self {
        Self::spawn(arguments, Stdio::inherit())
    }

    /// As [`Process::start`], with the lines of its log.
    pub fn start_logged(arguments: &[&str]) -> (Self, mpsc::Receiver<String>) {
        let mut process = Self::spawn(arguments, Stdio::piped());
        let logs = BufReader::new(process.child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let mut all = logs.lines().map_while(Result::ok);
            all.try_for_each(|line| sender.send(line))
        });
        (process, lines)
    }

    /// As [`Process::start`], with a place for its log.
    pub fn spawn(arguments: &[&str], logs: Stdio) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_forebay"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(logs)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().parse();
        Self {
            child,
            address: address.unwrap(),
        }
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Memory that it has in use, KiB; `None` where the system does not tell.
    pub fn resident_kib(&self) -> Option<u64> {
        self.status_kib("VmRSS:")
    }

    /// The most memory that it ever had in use, KiB.
    pub fn peak_kib(&self) -> Option<u64> {
        self.status_kib("VmHWM:")
    }

    fn status_kib(&self, name: &str) -> Option<u64> {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).ok()?;
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
