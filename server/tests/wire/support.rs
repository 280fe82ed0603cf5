//! A server in this process, and a client that writes and reads bytes.

use forebay_server::config::{StoreConfig, TestConfig};
use forebay_server::{Config, ServeError, run};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;
use tokio::sync::oneshot;

/// Nothing that is tested takes so long.
const WATCHDOG: Duration = Duration::from_secs(60);

/// A configuration with queues in memory.
pub fn config() -> Config {
    Config {
        store: StoreConfig {
            location: "mem:".into(),
            ..StoreConfig::default()
        },
        ..Config::default()
    }
}

/// As [`config`], with a clock that follows the real one, and all pages for tests.
pub fn test_config() -> Config {
    Config {
        sixty_second_rules: false,
        test: Some(TestConfig::default()),
        ..config()
    }
}

/// A running server; it stops with this value.
pub struct Server {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<Result<(), ServeError>>>,
}

impl Server {
    pub fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(run(listener, config, async {
                let _ = stopped.await;
            }))
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Begins to stop it.
    pub fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until it has stopped.
    pub fn stop(&mut self) -> Result<(), ServeError> {
        self.begin_stop();
        self.thread.take().map_or(Ok(()), |it| it.join().unwrap())
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// One JSON request in a connection of its own.
    pub fn json(&self, action: &str, body: &str) -> Response {
        self.connect().json(action, body)
    }

    /// One form in a connection of its own.
    pub fn form(&self, path: &str, form: &str) -> Response {
        let kind = "application/x-www-form-urlencoded";
        let headers = format!("content-type: {kind}\r\n");
        self.connect().call("POST", path, &headers, form.as_bytes())
    }

    pub fn get(&self, path: &str) -> Response {
        self.connect().call("GET", path, "", b"")
    }

    /// Creates a queue and returns its URL.
    pub fn queue(&self, name: &str) -> String {
        let created = self.json("CreateQueue", &format!("{{\"QueueName\":\"{name}\"}}"));
        assert_eq!(created.status, 200, "{}", created.text());
        format!("http://{}/000000000000/{name}", self.address)
    }

    /// Sends a message.
    pub fn send(&self, url: &str, body: &str) {
        let input = format!("{{\"QueueUrl\":\"{url}\",\"MessageBody\":\"{body}\"}}");
        assert_eq!(self.json("SendMessage", &input).status, 200);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.begin_stop();
            let _ = thread.join();
        }
    }
}

/// A connection.
pub struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        Self {
            reader: BufReader::new(stream),
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

    /// Code and status, in either protocol.
    pub fn refusal(&self) -> String {
        let error = self.header("x-amzn-query-error").unwrap_or("none");
        format!("{} {}", self.status, error.split(';').next().unwrap())
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
        self.write(&[head.as_bytes(), body].concat());
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
}

/// Tries until it is true.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !done() {
        assert!(start.elapsed() < WATCHDOG, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
