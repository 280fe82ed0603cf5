//! The server as a process that can be killed.

use crate::{Failure, orphan};
use forebay_server::Config;
use forebay_server::client::Endpoint;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server.
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts one on `store`, on a free port or on that of the one before it, and returns when
    /// connections are taken.
    pub fn start(
        program: &Path,
        store: &Path,
        address: Option<SocketAddr>,
    ) -> Result<Self, Failure> {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut child = Command::new(program)
            .arg("serve")
            .arg(store)
            .arg(address.unwrap_or(free).to_string())
            .stdin(orphan::leash())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let Ok(address) = line.trim().parse() else {
            let ended = child.wait()?;
            return Err(format!("the server did not start: {ended}").into());
        };
        Ok(Self { child, address })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            address: self.address,
            host: self.address.to_string(),
        }
    }

    /// Kills it; fails if it had ended by itself.
    pub fn kill(mut self) -> Result<(), Failure> {
        if let Some(ended) = self.child.try_wait()? {
            return Err(format!("the server ended by itself: {ended}").into());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After a failure of the run; nothing must be left running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `forebay-crash serve STORE ADDRESS` runs until it is killed: the server as
/// `forebay serve` runs it.
pub fn serve(words: &[String]) -> Result<(), Failure> {
    let [store, address] = words else {
        return Err("the server is started by the crash test itself".into());
    };
    let address: SocketAddr = address.parse()?;
    let mut config = Config::default();
    config.store.location = store.into();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let listener = TcpListener::bind(address)?;
    println!("{}", listener.local_addr()?);
    let never = std::future::pending();
    Ok(runtime.block_on(forebay_server::run(listener, config, never))?)
}
