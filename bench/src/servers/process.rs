//! A server's process, on a port of its own.

use crate::workloads::Failure;
use forebay_server::client::Endpoint;
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that takes no connection for so long will not.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// As it was started, without folders.
    pub command: String,
}

impl Server {
    /// Starts a program with `{port}` and `{folder}` in its arguments replaced, on one processor
    /// if it is to have one for itself, and waits until it takes connections.
    pub fn start(
        command: &[String],
        folder: &Path,
        processor: Option<usize>,
    ) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder)?;
        let address = free()?;
        let port = address.port().to_string();
        let place = folder.display().to_string();
        let words: Vec<String> = command
            .iter()
            .map(|word| word.replace("{port}", &port).replace("{folder}", &place))
            .collect();
        let (program, arguments) = words.split_first().ok_or("no program")?;
        let mut start = match processor {
            None => Command::new(program),
            Some(processor) => {
                let mut pinned = Command::new("taskset");
                pinned.args(["-c", &processor.to_string(), program]);
                pinned
            }
        };
        let log = folder.join("log");
        let output = File::create(&log)?;
        let child = start
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .map_err(|error| format!("start {program}: {error}"))?;
        let mut server = Self {
            child,
            address,
            command: shown(command),
        };
        server.wait(&log)?;
        Ok(server)
    }

    fn wait(&mut self, log: &Path) -> Result<(), Failure> {
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let ended = self.child.try_wait()?;
            if ended.is_some() || started.elapsed() > PATIENCE {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                let said = said.lines().last().unwrap_or("nothing");
                return Err(format!("it takes no connections ({ended:?}), and said {said}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Where it listens.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            address: self.address,
            host: self.address.to_string(),
        }
    }

    /// The most memory it has had resident, bytes.
    pub fn peak_bytes(&self) -> Result<u64, Failure> {
        crate::memory::peak(self.child.id()).map_err(Into::into)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended by itself has failed its requests, which the table tells.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port that nobody uses now.
fn free() -> std::io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// Paths of this machine say nothing elsewhere.
fn shown(command: &[String]) -> String {
    let name = |word: &String| match PathBuf::from(word).file_name() {
        Some(name) if word.starts_with('/') => name.to_string_lossy().into_owned(),
        _ => word.clone(),
    };
    command.iter().map(name).collect::<Vec<_>>().join(" ")
}
