//! The program `forebay serve` as a process, and a client that writes and reads bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Nothing that is tested takes so long.
pub const WATCHDOG: Duration = Duration::from_secs(90);

/// A running server with queues in memory; it ends with this value.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Server {
    /// With these lines below `[limits]`.
    pub fn start(limits: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("forebay.toml");
        let text = format!("[store]\nlocation = \"mem:\"\n[limits]\n{limits}\n");
        std::fs::write(&file, text).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_forebay"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log",
                "error",
                "--config",
            ])
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().parse();
        Self {
            process,
            address: address.unwrap(),
            _folder: folder,
        }
    }

    /// Memory that it has in use, KiB; `None` where the system does not tell.
    pub fn resident_kib(&self) -> Option<u64> {
        let status = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(status).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    pub fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        Client {
            reader: BufReader::with_capacity(1_024, stream),
        }
    }

    /// It still answers, over a connection that is new.
    pub fn is_well(&self) {
        let answer = self
            .connect()
            .call(b"GET /readyz HTTP/1.1\r\nhost: h\r\n\r\n");
        assert_eq!(answer.status, 200);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection.
pub struct Client {
    reader: BufReader<TcpStream>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The code of a refusal.
    pub fn code(&self) -> Option<&str> {
        self.header("x-amzn-query-error")?.split(';').next()
    }
}

impl Client {
    /// Sends a request and reads its answer.
    pub fn call(&mut self, request: &[u8]) -> Answer {
        self.write(request).unwrap();
        self.read().expect("an answer")
    }

    /// The other end may have gone.
    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Reads an answer; `None` if the connection ends first.
    pub fn read(&mut self) -> Option<Answer> {
        let status = self.line()?.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ")?;
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let length = answer.header("content-length").unwrap_or("0");
        answer.body.resize(length.parse().ok()?, 0);
        self.reader.read_exact(&mut answer.body).ok()?;
        Some(answer)
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
        }
    }

    /// True if the other end has closed by now; does not wait.
    pub fn is_closed(&mut self) -> bool {
        let stream = self.reader.get_mut();
        stream.set_nonblocking(true).unwrap();
        let mut bytes = [0; 512];
        let closed = loop {
            match stream.read(&mut bytes) {
                Ok(0) => break true,
                Ok(_) => {}
                Err(error) => break error.kind() != std::io::ErrorKind::WouldBlock,
            }
        };
        stream.set_nonblocking(false).unwrap();
        closed
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
