//! Private PostgreSQL servers for tests: in a temporary directory, on loopback, as a user without
//! rights, gone with the process that started them, however it ends.

mod pair;
mod pooler;
mod proxy;

pub use pair::Pair;
pub use pooler::Pooler;
pub use proxy::Proxy;

use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const WATCHDOG: Duration = Duration::from_secs(60);

/// Where Debian keeps the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A running server.
pub struct Cluster {
    /// Reads our end of a pipe: when that closes, it ends the server.
    keeper: Option<Child>,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    port: u16,
    settings: Vec<String>,
    /// It is never dropped, and its files go with the server.
    lasts: bool,
    directory: TempDir,
}

/// Names the folder of the programs to test with, where it is not to be the newest installed.
pub const PROGRAMS: &str = "FOREBAY_POSTGRES_BIN";

/// The folder of `postgres` and `initdb`: that of [`PROGRAMS`], or of the newest version there is.
pub fn programs() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(PROGRAMS) {
        return Some(folder.into());
    }
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").exists() && folder.join("postgres").exists())
        .collect();
    found.sort();
    let newest = found.pop().map(|(_, folder)| folder);
    newest.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|it| it.join("initdb").exists())
    })
}

/// A server that all tests of this process share, started when first asked for; `None`, and a
/// line that says so, where PostgreSQL is not installed.
pub fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED
        .get_or_init(|| {
            if programs().is_none() {
                eprintln!("skipped: PostgreSQL is not installed");
                return None;
            }
            // A server that is there and does not start is a failure, not a reason to skip.
            let settings = ["fsync=off", "full_page_writes=off"];
            match Cluster::make(&std::env::temp_dir(), &settings, true) {
                Ok(cluster) => Some(cluster),
                Err(error) => unreachable!("PostgreSQL does not start: {error}"),
            }
        })
        .as_ref()
}

impl Cluster {
    /// Starts a fresh server with these settings beside the usual ones.
    pub fn start(settings: &[&str]) -> io::Result<Self> {
        Self::make(&std::env::temp_dir(), settings, false)
    }

    /// The same with its files below `folder`: on the disk that is measured.
    pub fn start_in(folder: &Path, settings: &[&str]) -> io::Result<Self> {
        Self::make(folder, settings, false)
    }

    fn make(folder: &Path, settings: &[&str], lasts: bool) -> io::Result<Self> {
        let mut cluster = Self::prepare(folder, settings, lasts)?;
        let mut initdb = as_user(&cluster.programs.join("initdb"), cluster.user);
        initdb
            .args([
                "--username=forebay",
                "--auth=trust",
                "--no-sync",
                "--encoding=UTF8",
            ])
            .args(["--locale=C", "--pgdata"])
            .arg(cluster.data());
        run(initdb)?;
        cluster.restart()?;
        Ok(cluster)
    }

    /// A place for a server, without one.
    fn prepare(folder: &Path, settings: &[&str], lasts: bool) -> io::Result<Self> {
        let programs = programs().ok_or_else(|| io::Error::other("no PostgreSQL"))?;
        let directory = TempDir::with_prefix_in("forebay-postgres-", folder)?;
        let user = unprivileged()?;
        if let Some((uid, gid)) = user {
            chown(directory.path(), Some(uid), Some(gid))?;
        }
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o700))?;
        Ok(Self {
            keeper: None,
            programs,
            user,
            port: free_port()?,
            settings: settings.iter().map(ToString::to_string).collect(),
            lasts,
            directory,
        })
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Begins anew as a standby of `primary`, with a copy of it.
    fn follow(&mut self, primary: &Self) -> io::Result<()> {
        self.stop();
        if self.data().exists() {
            std::fs::remove_dir_all(self.data())?;
        }
        let mut copy = as_user(&self.programs.join("pg_basebackup"), self.user);
        copy.args(["--host=127.0.0.1", "--username=forebay", "--no-password"])
            .arg(format!("--port={}", primary.port))
            .args(["--checkpoint=fast", "--no-sync", "--write-recovery-conf"])
            .arg("--pgdata")
            .arg(self.data());
        run(copy)?;
        self.restart()
    }

    /// Kills every process of the server at once, as the loss of its machine would.
    pub fn kill(&mut self) -> io::Result<()> {
        let text = std::fs::read_to_string(self.data().join("postmaster.pid"))?;
        let server = text.lines().next().unwrap_or_default().to_owned();
        // Stopped first, so that no child is born between the look and the kill.
        signal("-STOP", std::slice::from_ref(&server))?;
        let mut all = children(&server)?;
        all.push(server);
        signal("-KILL", &all)?;
        self.stop();
        Ok(())
    }

    /// Starts the server after [`Cluster::stop`], on the same port.
    pub fn restart(&mut self) -> io::Result<()> {
        self.stop();
        // The shell waits for the end of its input, which comes when this process ends.
        let script = "\"$@\" >>\"$LOG\" 2>&1 <&- & server=$!; read -r _; \
                      kill -QUIT $server 2>/dev/null; wait $server; \
                      [ -z \"$ERASE\" ] || rm -rf \"$ERASE\"";
        let mut keeper = as_user(Path::new("sh"), self.user);
        keeper
            .env("LOG", self.directory.path().join("log"))
            .args(["-c", script, "sh"])
            .arg(self.programs.join("postgres"))
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string()])
            .arg("-k")
            .arg(self.directory.path())
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "max_connections=200",
            ]);
        keeper.env("ERASE", "");
        if self.lasts {
            keeper.env("ERASE", self.directory.path());
        }
        for setting in &self.settings {
            keeper.args(["-c", setting]);
        }
        let keeper = keeper
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        self.keeper = Some(keeper);
        self.await_ready()
    }

    /// Ends the server at once, as a crash would.
    pub fn stop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            // Its input ends, and it ends the server.
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }

    fn await_ready(&self) -> io::Result<()> {
        let started = Instant::now();
        while let Err(error) = self.run("SELECT 1") {
            if started.elapsed() > WATCHDOG {
                let log = std::fs::read_to_string(self.directory.path().join("log"));
                let text = format!("{error}\n{}", log.unwrap_or_default());
                return Err(io::Error::other(text));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The location of a store in this server.
    pub fn location(&self, schema: &str) -> String {
        format!(
            "postgres://forebay@127.0.0.1:{}/postgres?sslmode=disable&schema={schema}",
            self.port
        )
    }

    /// A schema that no other test has.
    pub fn fresh_schema() -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        format!("t{}_{n}", std::process::id())
    }

    /// The server's port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its programs.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// Processor time that its processes which run now have used; `None` where Linux does not say.
    pub fn processor_time(&self) -> Option<Duration> {
        let text = std::fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let server = text.lines().next()?.to_owned();
        let mut all = children(&server).ok()?;
        all.push(server);
        let mut sum = Duration::ZERO;
        for process in all {
            // Of one that has just ended there is no file.
            let path = format!("/proc/{process}/schedstat");
            let used = std::fs::read_to_string(path).unwrap_or_default();
            let nanoseconds = used.split_whitespace().next().map(str::parse);
            sum += Duration::from_nanos(nanoseconds.and_then(Result::ok).unwrap_or(0));
        }
        (!sum.is_zero()).then_some(sum)
    }

    /// Where its files are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The user that it runs as, where that is not the caller.
    pub fn user(&self) -> Option<(u32, u32)> {
        self.user
    }

    /// Carries out statements.
    pub fn run(&self, sql: &str) -> io::Result<()> {
        self.query(sql).map(drop)
    }

    /// Carries out statements; the values of the last one's rows as text.
    pub fn query(&self, sql: &str) -> io::Result<Vec<Vec<Option<String>>>> {
        query(&self.location("forebay"), sql)
    }
}

/// Carries out statements at a location; the values of all rows as text.
pub fn query(location: &str, sql: &str) -> io::Result<Vec<Vec<Option<String>>>> {
    let location = location.split("&schema").next().unwrap_or(location);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let work = async {
        let (client, connection) = tokio_postgres::connect(location, tokio_postgres::NoTls).await?;
        let connection = tokio::spawn(connection);
        let messages = client.simple_query(sql).await?;
        drop(client);
        // Its failure would have been the query's.
        let _ = connection.await;
        Ok::<_, tokio_postgres::Error>(messages)
    };
    let messages = runtime.block_on(work).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        io::Error::other(format!("{error}: {}", cause.unwrap_or_default()))
    })?;
    let rows = messages.into_iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(
            (0..row.len())
                .map(|at| row.get(at).map(String::from))
                .collect(),
        ),
        _ => None,
    });
    Ok(rows.collect())
}

/// A transaction that stays open until it is told to end.
pub struct Transaction {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

impl Transaction {
    /// Begins one at a location.
    pub fn begin(location: &str, first: &str) -> io::Result<Self> {
        let location = location.split("&schema").next().unwrap_or(location);
        // A thread of its own serves the connection between the calls.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let client = runtime.block_on(async {
            let connected = tokio_postgres::connect(location, tokio_postgres::NoTls);
            let (client, connection) = connected.await.map_err(io::Error::other)?;
            tokio::spawn(connection);
            Ok::<_, io::Error>(client)
        })?;
        let transaction = Self { runtime, client };
        transaction.run(&format!("BEGIN; {first}"))?;
        Ok(transaction)
    }

    /// The client that it was begun on, and a runtime to wait with.
    pub fn parts(&self) -> (&tokio_postgres::Client, &tokio::runtime::Runtime) {
        (&self.client, &self.runtime)
    }

    /// Carries out statements in it; `COMMIT` and `ROLLBACK` end it.
    pub fn run(&self, sql: &str) -> io::Result<()> {
        let run = self.client.batch_execute(sql);
        self.runtime.block_on(run).map_err(io::Error::other)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// PostgreSQL refuses to run as root: then it runs as its own user, or as nobody.
fn unprivileged() -> io::Result<Option<(u32, u32)>> {
    let own = std::fs::metadata("/proc/self")?;
    if std::os::unix::fs::MetadataExt::uid(&own) != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let id = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse::<u32>);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    };
    let user = id("postgres").or_else(|| id("nobody"));
    user.map(Some)
        .ok_or_else(|| io::Error::other("there is neither a user postgres nor nobody"))
}

/// A program as the server's user, without the caller's settings for PostgreSQL.
pub fn as_user(program: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// Processes whose parent is this one.
fn children(parent: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        // "pid (name) state parent ...", and the name may hold anything. A process may have ended.
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        if after_name.split_whitespace().nth(1) == Some(parent) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

fn signal(name: &str, processes: &[String]) -> io::Result<()> {
    let mut kill = Command::new("kill");
    kill.arg(name).args(processes);
    run(kill)
}

fn run(mut command: Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(format!("{command:?}: {text}")))
}
