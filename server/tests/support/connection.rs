//! A client that writes and reads bytes.

use super::WATCHDOG;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A connection.
pub struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        Self {
            // Small: tests have ten thousand of them.
            reader: BufReader::with_capacity(1_024, stream),
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of a refusal, in either protocol.
    pub fn code(&self) -> Option<&str> {
        self.header("x-amzn-query-error")?.split(';').next()
    }

    /// Status and code.
    pub fn refusal(&self) -> String {
        format!("{} {}", self.status, self.code().unwrap_or("none"))
    }
}

impl Client {
    pub fn write(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).unwrap();
    }

    /// As [`Client::write`]; the other end may have gone.
    pub fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    pub fn call(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Response {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: q.example:1\r\n{headers}\
             content-length: {length}\r\n\r\n"
        );
        self.ask(&[head.as_bytes(), body].concat())
    }

    /// Sends the bytes of a request and reads its answer.
    pub fn ask(&mut self, request: &[u8]) -> Response {
        self.write(request);
        self.read().expect("an answer")
    }

    pub fn json(&mut self, action: &str, body: &str) -> Response {
        let headers = format!(
            "content-type: application/x-amz-json-1.0\r\nx-amz-target: AmazonSQS.{action}\r\n"
        );
        self.call("POST", "/", &headers, body.as_bytes())
    }

    /// Reads a response; `None` if the connection ends first.
    pub fn read(&mut self) -> Option<Response> {
        let status = self.line()?;
        let status = status.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ")?;
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut response = Response {
            status,
            headers,
            body: Vec::new(),
        };
        let length = response.header("content-length").unwrap_or("0");
        response.body.resize(length.parse().ok()?, 0);
        self.reader.read_exact(&mut response.body).ok()?;
        Some(response)
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
        }
    }

    /// True once the other end has closed.
    pub fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        matches!(self.reader.read(&mut byte), Ok(0) | Err(_))
    }

    /// True if something of an answer has come by now; it is not read.
    pub fn has_answer(&mut self) -> bool {
        let stream = self.reader.get_mut();
        stream.set_nonblocking(true).unwrap();
        let has = matches!(stream.peek(&mut [0]), Ok(1..));
        stream.set_nonblocking(false).unwrap();
        has
    }

    /// True if the other end has closed by now; what it sent is passed over.
    pub fn is_closed_by_now(&mut self) -> bool {
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
