//! A server inside a program that has other things to do, such as a test: started and stopped by
//! calls, on threads of its own. It prints nothing and leaves the signals of the process alone.

use crate::config::Config;
use crate::service::Service;
use crate::{ServeError, options, serve, service};
use forebay::sys::fork;
use forebay::{Error, ErrorKind, Store};
use hyper::Method;
use serde_json::{Map, Value};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// Threads that handle requests, at most: the program has work of its own.
const THREADS_MAX: usize = 4;

/// Size of a log segment of a store in memory: the smallest there is. Making the first ones is what
/// a server for a test takes its time for.
const MEMORY_SEGMENT_BYTES: u64 = 4 << 20;

/// How long a stopped server's last threads may take before they are left to themselves.
const LAST_THREADS: Duration = Duration::from_secs(5);

/// Which queues are served.
#[derive(Debug)]
pub enum Source {
    /// Those of a store that the program has open, and that stays open when the server stops.
    Open(Store),
    /// Those of a location. In one process all who open a directory share one engine.
    At(PathBuf),
}

/// What a server is started with.
#[derive(Debug)]
pub struct Start {
    /// Which queues.
    pub source: Source,
    /// A name or an address of this machine.
    pub host: String,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// A JSON object with the names of the configuration file; without `store.location`.
    pub options: String,
    /// True: accept anyone on an address that others can reach.
    pub insecure: bool,
}

impl Start {
    /// Starts the server; it answers when this returns.
    ///
    /// Errors: options that contradict themselves or the open store, an address that cannot be
    /// listened on, a store that cannot be opened.
    pub fn start(self) -> Result<Running, ServeError> {
        fork::watch().map_err(|error| ServeError::Io("cannot watch for forks".into(), error))?;
        let config = config(&self.options, &self.source)?;
        let listener = self.listen(&config)?;
        let address = listener.local_addr().map_err(listening)?;
        let url = config.url(address);
        let (store, is_own) = match self.source {
            Source::Open(store) => (store, false),
            Source::At(location) => (open(&config, &location)?, true),
        };
        let served = options(&config).open_beside(&store)?;
        let runtime = runtime(&config)?;
        let service = {
            let _inside = runtime.enter();
            service(&served, config)
        };
        let service = match service {
            Ok(service) => service,
            Err(error) => {
                // The caller may be a task of a runtime, where waiting for threads panics.
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let shared = service.clone();
        let work = move || {
            let stopped = async {
                // A sender that was dropped stops the server as well.
                let _ = stopped.await;
            };
            let ended = runtime.block_on(serve(listener, served, shared, stopped));
            runtime.shutdown_timeout(LAST_THREADS);
            ended
        };
        let thread = std::thread::Builder::new()
            .name("forebay-serve".into())
            .spawn(work)
            .map_err(threads)?;
        Ok(Running {
            fork_generation: fork::fork_generation(),
            address,
            url,
            store,
            is_own,
            service,
            runtime: handle,
            ending: Mutex::new(Some(Ending { stop, thread })),
        })
    }

    fn listen(&self, config: &Config) -> Result<TcpListener, ServeError> {
        let addresses = (&*self.host, self.port).to_socket_addrs();
        let failed = |error| {
            let place = format!("cannot listen on {}:{}", self.host, self.port);
            ServeError::Io(place, error)
        };
        let addresses: Vec<SocketAddr> = addresses.map_err(failed)?.collect();
        for address in addresses.iter().filter(|_| !self.insecure) {
            config
                .check_exposure(*address, "start it as insecure")
                .map_err(ServeError::Config)?;
        }
        TcpListener::bind(&*addresses).map_err(failed)
    }
}

/// Opens a store for the server, without the limits of the wire.
fn open(config: &Config, location: &Path) -> Result<Store, ServeError> {
    let mut options = options(config).sqs_limits(false);
    if location == Path::new("mem:") {
        options = options.segment_bytes(MEMORY_SEGMENT_BYTES);
    }
    Ok(options.open(location)?)
}

fn listening(error: std::io::Error) -> ServeError {
    ServeError::Io("cannot listen".into(), error)
}

fn threads(error: std::io::Error) -> ServeError {
    ServeError::Io("cannot start threads".into(), error)
}

fn runtime(config: &Config) -> Result<Runtime, ServeError> {
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
    Builder::new_multi_thread()
        .worker_threads(processors.min(THREADS_MAX))
        .max_blocking_threads(config.limits.threads)
        .thread_name("forebay-serve")
        .enable_all()
        .build()
        .map_err(threads)
}

/// The options as a whole configuration. What an open store has decided already is taken from it.
fn config(text: &str, source: &Source) -> Result<Config, ServeError> {
    let read = |error: serde_json::Error| ServeError::Config(error.to_string());
    let mut options: Map<String, Value> = serde_json::from_str(text).map_err(read)?;
    if options.get("test").is_some_and(|test| !test.is_null()) {
        options
            .entry("sixty_second_rules")
            .or_insert(Value::Bool(false));
    }
    if let Source::Open(store) = source {
        if options.contains_key("store") {
            let text = "durability: the store is open, and was given one when it was opened";
            return Err(ServeError::Config(text.into()));
        }
        let of_store = [("account", store.account()), ("region", store.region())];
        for (name, value) in of_store {
            options.entry(name).or_insert(Value::String(value.into()));
        }
    }
    let mut config: Config = serde_json::from_value(Value::Object(options)).map_err(read)?;
    match source {
        Source::At(location) => config.store.location.clone_from(location),
        Source::Open(store) => {
            if let Some(test) = &mut config.test {
                if !store.has_manual_clock() {
                    let text = "test: the clock of the open store cannot be moved; open it with \
                                a manual one";
                    return Err(ServeError::Config(text.into()));
                }
                // Its time is the program's to move.
                test.frozen = true;
            }
        }
    }
    config.check().map_err(ServeError::Config)?;
    Ok(config)
}

/// A server that was started; it stops with this value, at the latest.
pub struct Running {
    fork_generation: u32,
    address: SocketAddr,
    url: String,
    store: Store,
    /// The store was opened for the server, and closes with it.
    is_own: bool,
    service: Arc<Service>,
    runtime: Handle,
    ending: Mutex<Option<Ending>>,
}

struct Ending {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The store, without the limits that hold on the wire.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Answers every waiting receive, lets running requests end, and returns when all of it has
    /// ended. A second call waits for the first; in a forked child there is nothing to stop.
    ///
    /// Errors: why the server had ended by itself.
    pub fn stop(&self) -> Result<(), ServeError> {
        if self.is_elsewhere() {
            return Ok(());
        }
        let mut ending = self.ending();
        let Some(Ending { stop, thread }) = ending.take() else {
            return Ok(());
        };
        drop(stop);
        let ended = thread.join().unwrap_or_else(|_| {
            let text = "the server's thread panicked";
            Err(ServeError::Store(Error::new(ErrorKind::Panic, text)))
        });
        if self.is_own {
            self.store.close();
        }
        ended
    }

    /// A request to a page of the test mode, such as `("POST", "reset", b"")`; what the page
    /// answers.
    ///
    /// Errors: `UnsupportedOperation` without the test mode, `Closed` after a stop, `Forked` in a
    /// child, `InvalidArgument` for what the page refuses.
    pub fn control(&self, method: &str, page: &str, body: &[u8]) -> forebay::Result<String> {
        if self.is_elsewhere() {
            let text = "the server was started before a fork; start another one in the child";
            return Err(Error::new(ErrorKind::Forked, text));
        }
        if self.service.test.is_none() {
            let text = "the server was not started for tests";
            return Err(Error::new(ErrorKind::UnsupportedOperation, text));
        }
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| {
            let text = format!("the method {method:?} is none of HTTP");
            Error::new(ErrorKind::InvalidArgument, text)
        })?;
        let (service, page, body) = (self.service.clone(), page.to_owned(), body.to_vec());
        let (sender, answer) = mpsc::sync_channel(1);
        // A task of a runtime that ends is dropped, and its sender with it.
        self.runtime.spawn(async move {
            let answer = service.answer_test(&method, &page, &body).await;
            // Whoever asked waits for it.
            let _ = sender.send(answer);
        });
        let printed = answer.recv().ok().flatten();
        let printed = printed.ok_or_else(|| {
            Error::new(
                ErrorKind::Closed,
                "the server was stopped; start another one",
            )
        })?;
        let text = String::from_utf8_lossy(&printed.body).into_owned();
        match printed.status.is_success() {
            true => Ok(text),
            false => Err(Error::new(ErrorKind::InvalidArgument, reason(&text))),
        }
    }

    fn is_elsewhere(&self) -> bool {
        self.fork_generation != fork::fork_generation()
    }

    fn ending(&self) -> MutexGuard<'_, Option<Ending>> {
        // Whoever panicked left it whole: it is only ever taken.
        self.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sentence of a refusing page.
fn reason(text: &str) -> String {
    let page: Option<Value> = serde_json::from_str(text).ok();
    let sentence = page.as_ref().and_then(|page| page["message"].as_str());
    sentence.unwrap_or(text).to_owned()
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_elsewhere() {
            // The threads that these belong to are the parent's. Dropping would wake them.
            let ending = self
                .ending
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(ending.take());
        }
        // Elsewhere the sender's end stops the server; nobody waits for it here.
    }
}
