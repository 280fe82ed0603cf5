//! A server in this process.

use super::connection::{Client, Response};
use forebay_server::config::{StoreConfig, TestConfig};
use forebay_server::{Config, ServeError, run};
use std::net::{SocketAddr, TcpListener};
use tokio::sync::oneshot;

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
