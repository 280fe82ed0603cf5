//! PgBouncer in front of a server, where it is installed.

use super::{Cluster, WATCHDOG, as_user, free_port};
use std::io;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Where Debian keeps it.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A running pooler.
pub struct Pooler {
    port: u16,
    /// Reads our end of a pipe: when that closes, it ends the pooler.
    keeper: Child,
    _directory: TempDir,
}

impl Pooler {
    /// Starts one in this mode with so many sessions of the server; `None`, and a line that says
    /// so, where it is not installed.
    pub fn start(cluster: &Cluster, mode: &str, sessions: u32) -> io::Result<Option<Self>> {
        if !Path::new(PROGRAM).exists() {
            eprintln!("skipped: PgBouncer is not installed");
            return Ok(None);
        }
        let directory = TempDir::with_prefix("forebay-pooler-")?;
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o700))?;
        let port = free_port()?;
        let settings = directory.path().join("settings");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=forebay\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\npool_mode = {mode}\ndefault_pool_size = {sessions}\n\
             ignore_startup_parameters = extra_float_digits,options\n",
            cluster.port()
        );
        std::fs::write(&settings, text)?;
        if let Some((uid, gid)) = cluster.user() {
            chown(directory.path(), Some(uid), Some(gid))?;
            chown(&settings, Some(uid), Some(gid))?;
        }
        let script = "\"$@\" >\"$LOG\" 2>&1 <&- & pooler=$!; read -r _; \
                      kill -TERM $pooler 2>/dev/null; wait $pooler";
        let keeper = as_user(Path::new("sh"), cluster.user())
            .env("LOG", directory.path().join("log"))
            .args(["-c", script, "sh", PROGRAM])
            .arg(settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pooler = Self {
            port,
            keeper,
            _directory: directory,
        };
        let started = Instant::now();
        while let Err(error) = TcpStream::connect(("127.0.0.1", port)) {
            if started.elapsed() > WATCHDOG {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Some(pooler))
    }

    /// Where clients connect to.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It has ended, or will: there is nobody to tell.
        let _ = self.keeper.wait();
    }
}
