//! The open store of a driver: its server, its connection, its queues and its waits.

use crate::answer::{Answer, Failure, ok};
use crate::client::Client;
use crate::codec::{self, Protocol};
use crate::receive::Wait;
use crate::server::{Options, Server};
use crate::sign::Key;
use forebay::key::{DEFAULT_ACCOUNT, DEFAULT_REGION};
use forebay_scenario_driver::wire::Line;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use tokio::runtime::Runtime;

/// What a driver holds between two requests.
pub struct Session {
    /// How it speaks.
    pub protocol: Protocol,
    /// Ids of messages that were accepted, in stores of before too: one that comes again was a
    /// duplicate.
    pub seen: BTreeSet<String>,
    runtime: Runtime,
    open: Option<Open>,
}

/// An open store.
pub struct Open {
    server: Server,
    client: Client,
    /// Account of its queues.
    pub account: String,
    /// Region of its queues.
    pub region: String,
    /// Waits that were started and not yet awaited.
    pub waits: BTreeMap<String, Wait>,
}

/// What this driver can do.
pub fn hello() -> Line {
    let mut line = ok();
    let capabilities = ["manual_clock", "durable", "tickets", "explicit_zero"];
    for (index, name) in capabilities.iter().enumerate() {
        line.put(format!("capabilities.{}", index + 1), name);
    }
    line.put("capabilities.count", capabilities.len().to_string());
    line
}

impl Session {
    /// Without a store.
    pub fn new(protocol: Protocol) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        Ok(Self {
            protocol,
            seen: BTreeSet::new(),
            runtime,
            open: None,
        })
    }

    /// Opens a store; one that is open already is closed first.
    pub fn open(&mut self, request: &Line) -> Answer {
        self.close()?;
        let account = request.text("account")?.unwrap_or(DEFAULT_ACCOUNT);
        let region = request.text("region")?.unwrap_or(DEFAULT_REGION);
        let options = Options {
            location: request.required("location")?.into(),
            account: account.into(),
            region: region.into(),
            sixty_second_rules: request.flag("sixty_second_rules")?,
            start_ms: request.number("clock_start_ms")?,
        };
        let server = Server::start(&self.runtime, options)?;
        self.open = Some(Open {
            client: Client::connect(server.address)?,
            server,
            account: account.into(),
            region: region.into(),
            waits: BTreeMap::new(),
        });
        // The server has opened its store when it answers.
        self.waiting()?;
        Ok(ok())
    }

    /// Stops the server.
    pub fn close(&mut self) -> Answer {
        if let Some(open) = self.open.take() {
            drop(open.client);
            drop(open.waits);
            open.server.stop(&self.runtime)?;
        }
        Ok(ok())
    }

    /// The open store.
    pub fn store(&mut self) -> Result<&mut Open, Failure> {
        let missing = || Failure::Misuse("no store is open".into());
        self.open.as_mut().ok_or_else(missing)
    }

    /// Calls an action as the account's root.
    pub fn call(&mut self, action: &str, input: Value) -> Result<Value, Failure> {
        let protocol = self.protocol;
        let open = self.store()?;
        let key = open.server.root.clone();
        codec::call(
            protocol,
            &mut open.client,
            &key,
            open.server.address,
            action,
            &input,
        )
    }

    /// Calls an action as the user whose `SenderId` scenarios know.
    pub fn call_as_sender(&mut self, action: &str, input: Value) -> Result<Value, Failure> {
        let protocol = self.protocol;
        let open = self.store()?;
        let key = open.server.sender.clone();
        codec::call(
            protocol,
            &mut open.client,
            &key,
            open.server.address,
            action,
            &input,
        )
    }

    /// Calls a page of the test mode.
    pub fn control(&mut self, method: &str, page: &str, input: Value) -> Result<Value, Failure> {
        let client = &mut self.store()?.client;
        let head = format!("{method} /_forebay/test/{page} HTTP/1.1\r\nhost: localhost\r\n");
        let response = client.call(&head, input.to_string().as_bytes())?;
        let value: Value = serde_json::from_slice(&response.body)
            .map_err(|error| Failure::Misuse(format!("{page}: {error}")))?;
        match response.status {
            200 => Ok(value),
            status => Err(Failure::Misuse(format!("{page}: {status} {value}"))),
        }
    }

    /// How many receives the server lets wait.
    pub fn waiting(&mut self) -> Result<u64, Failure> {
        let head = "GET /metrics HTTP/1.1\r\nhost: localhost\r\n";
        let page = self.store()?.client.call(head, b"")?.body;
        let page = String::from_utf8_lossy(&page);
        let mut lines = page.lines();
        let number = lines.find_map(|line| line.strip_prefix("forebay_waiting_receives "));
        let number = number.and_then(|number| number.parse().ok());
        number.ok_or_else(|| Failure::Misuse("the metrics do not tell who waits".into()))
    }

    /// The store's time.
    pub fn now(&mut self) -> Answer {
        let clock = self.control("GET", "clock", json!({}))?;
        let mut line = ok();
        line.put("now_ms", clock["now_ms"].to_string());
        Ok(line)
    }

    /// Moves the manual clock on.
    pub fn advance(&mut self, request: &Line) -> Answer {
        let ms: Option<u64> = request.number("ms")?;
        let ms = ms.ok_or_else(|| "advance needs ms".to_owned())?;
        let clock = self.control("POST", "clock/advance", json!({ "ms": ms }))?;
        let mut line = ok();
        line.put("now_ms", clock["now_ms"].to_string());
        Ok(line)
    }
}

impl Open {
    /// Where the server is.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Signs as the account's root.
    pub fn root(&self) -> &Key {
        &self.server.root
    }

    /// The URL of a queue.
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{}/{name}", self.server.address, self.account)
    }

    /// The ARN of a queue by its name; what cannot be a name stays as it is.
    pub fn arn(&self, queue: &str) -> String {
        match forebay::rules::names::check_queue_name(queue) {
            Ok(()) => format!("arn:aws:sqs:{}:{}:{queue}", self.region, self.account),
            Err(_) => queue.to_owned(),
        }
    }
}
