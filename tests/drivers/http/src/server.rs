//! The server of an open store, in this process.

use crate::sign::Key;
use forebay_server::config::{Credential, StoreConfig, TestConfig};
use forebay_server::{Config, ServeError, run};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The `SenderId` that scenarios give to a message: a user of this driver's server has it.
pub const SENDER: &str = "me";

/// What a store is opened with.
pub struct Options {
    /// Directory.
    pub location: PathBuf,
    /// Account of the caller.
    pub account: String,
    /// Region of the caller.
    pub region: String,
    /// S11.5, S11.8.
    pub sixty_second_rules: bool,
    /// Time of a new store, milliseconds since the epoch; without it time is real.
    pub start_ms: Option<u64>,
}

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Signs as the account's root.
    pub root: Key,
    /// Signs as the user whose id is [`SENDER`].
    pub sender: Key,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), ServeError>>,
}

fn credential(id: &str, account: &str, user: Option<&str>) -> Credential {
    Credential {
        access_key_id: id.into(),
        secret_access_key: format!("secret of {id}"),
        session_token: None,
        account: account.into(),
        user: user.map(String::from),
        role: None,
        principal_id: user.map(String::from),
        expires_at: None,
        enabled: true,
    }
}

impl Server {
    /// Starts a server; connections wait until it has opened its store.
    pub fn start(runtime: &Runtime, options: Options) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let root = credential("ROOT", &options.account, None);
        let sender = credential("SENDER", &options.account, Some(SENDER));
        let key = |credential: &Credential| Key {
            id: credential.access_key_id.clone(),
            secret: credential.secret_access_key.clone(),
            region: options.region.clone(),
        };
        let (root_key, sender_key) = (key(&root), key(&sender));
        let config = Config {
            store: StoreConfig {
                location: options.location,
                ..StoreConfig::default()
            },
            account: options.account,
            region: options.region,
            sixty_second_rules: options.sixty_second_rules,
            credentials: vec![root, sender],
            test: options.start_ms.map(|start_ms| TestConfig {
                frozen: true,
                start_ms: Some(start_ms),
                seed: 0,
            }),
            ..Config::default()
        };
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move {
            // A driver that is gone wants its server to end too.
            let _ = stopped.await;
        };
        Ok(Self {
            address,
            root: root_key,
            sender: sender_key,
            stop,
            ended: runtime.spawn(run(listener, config, shutdown)),
        })
    }

    /// Stops it, and waits until its store is closed.
    pub fn stop(self, runtime: &Runtime) -> Result<(), String> {
        // One that has ended by itself says why below.
        let _ = self.stop.send(());
        match runtime.block_on(self.ended) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}
