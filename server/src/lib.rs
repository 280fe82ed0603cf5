//! An SQS server over Forebay's durable queues: both wire protocols of today, on the same queues
//! as the library. A program may use the directory while the server serves it.
//!
//! [`run`] serves a listener until it is told to stop, [`embed`] starts and stops a server inside
//! another program, [`program`] is the command line.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod actions;
pub mod auth;
mod cli;
pub mod client;
mod command;
pub mod config;
pub mod embed;
pub mod http;
pub mod legacy;
pub mod load;
pub mod program;
pub mod service;
pub mod test_mode;
pub mod wire;

pub use config::Config;

use forebay::store::ClockMode;
use forebay::{ErrorKind, OpenOptions, Store};
use service::Service;
use std::fmt;
use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Why the server did not start, or stopped by itself.
#[derive(Debug)]
pub enum ServeError {
    /// The configuration contradicts itself; the sentence says where.
    Config(String),
    /// The store could not be opened.
    Store(forebay::Error),
    /// The listener or a file failed.
    Io(String, std::io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(text) => write!(f, "configuration: {text}"),
            Self::Store(error) => write!(f, "{error}"),
            Self::Io(what, error) => write!(f, "{what}: {error}"),
        }
    }
}

impl std::error::Error for ServeError {}

/// For hosts that have one kind of errors for everything.
impl From<ServeError> for forebay::Error {
    fn from(error: ServeError) -> Self {
        let text = error.to_string();
        match error {
            ServeError::Config(_) => Self::new(ErrorKind::InvalidArgument, text),
            ServeError::Store(error) => error,
            ServeError::Io(..) => Self::new(ErrorKind::Io, text),
        }
    }
}

impl From<forebay::Error> for ServeError {
    fn from(error: forebay::Error) -> Self {
        Self::Store(error)
    }
}

/// Serves `listener` until `shutdown` is ready: then every wait is answered, running requests
/// end, and the store is closed. Connections may come as soon as the listener is bound.
///
/// Errors: a configuration that contradicts itself, a store that cannot be opened.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    config.check().map_err(ServeError::Config)?;
    let store = options(&config).open(&config.store.location)?;
    let service = service(&store, config)?;
    serve(listener, store, service, shutdown).await
}

/// The service over a store, with the queues that it is told to have. Called in the runtime that
/// will serve it.
fn service(store: &Store, config: Config) -> Result<Arc<Service>, ServeError> {
    config::queues::create(store, &config)?;
    Ok(Arc::new(Service::new(store.clone(), config)?))
}

/// Serves until `shutdown`, then closes the store.
async fn serve(
    listener: TcpListener,
    store: Store,
    service: Arc<Service>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let served = http::serve(listener, service, shutdown).await;
    let closing = tokio::task::spawn_blocking(move || store.close());
    // A store that another process keeps busy must not keep this one from ending.
    let _ = tokio::time::timeout(Duration::from_secs(30), closing).await;
    served
}

/// The real time, milliseconds since the epoch.
fn real_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_millis() as u64
}

/// How the store is opened: SQS's own limits always hold on the wire.
fn options(config: &Config) -> OpenOptions {
    let clock = match &config.test {
        None => ClockMode::System,
        Some(test) => ClockMode::Manual {
            start_ms: test.start_ms.unwrap_or_else(real_ms),
        },
    };
    OpenOptions::new()
        .clock(clock)
        .account(&*config.account)
        .region(&*config.region)
        .sqs_limits(true)
        .sixty_second_rules(config.sixty_second_rules)
        .durability(config.store.durability.into())
}
