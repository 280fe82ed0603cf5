//! The server that is attacked, and the bytes of requests to it.

use super::support::{Client, Process};

/// A server with queues in memory.
pub struct Server {
    process: Process,
    _folder: tempfile::TempDir,
}

impl Server {
    /// With these lines below `[limits]`.
    pub fn start(limits: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("forebay.toml");
        let text = format!("[store]\nlocation = \"mem:\"\n[limits]\n{limits}\n");
        std::fs::write(&file, text).unwrap();
        let arguments = ["--log", "error", "--config", file.to_str().unwrap()];
        Self {
            process: Process::start(&arguments),
            _folder: folder,
        }
    }

    pub fn connect(&self) -> Client {
        self.process.connect()
    }

    /// Memory that it has in use, KiB; `None` where the system does not tell.
    pub fn resident_kib(&self) -> Option<u64> {
        self.process.resident_kib()
    }

    /// The most memory that it ever had in use, KiB.
    pub fn peak_kib(&self) -> Option<u64> {
        self.process.peak_kib()
    }

    /// It still answers, over a connection that is new.
    pub fn is_well(&self) {
        let answer = self.connect().call("GET", "/readyz", "", b"");
        assert_eq!(answer.status, 200);
    }
}

/// A request in JSON.
pub fn json(action: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: h:1\r\ncontent-type: application/x-amz-json-1.0\r\n\
         x-amz-target: {action}\r\n{headers}content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A form.
pub fn form(path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: h:1\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
