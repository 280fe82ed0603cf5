//! Many long polls at once against the server: what each costs in memory, and how soon a message
//! that is sent reaches the client that waits for it.

use crate::args::Args;
use crate::memory;
use crate::stats::Latencies;
use crate::workloads::Failure;
use forebay_server::Config;
use forebay_server::client::{Connection, Endpoint, Key};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Queues that the polls are spread over.
const QUEUES: usize = 100;
/// Files of either process beside the connections.
const OTHER_FILES: u64 = 1_000;
/// Messages that are sent one after the other to wake somebody, for each round.
const WAKES: u32 = 200;
/// Pause between them: what is measured is a wake-up and not a queue of them.
const PAUSE: Duration = Duration::from_millis(2);
/// Nothing that works takes so long.
const WATCHDOG: Duration = Duration::from_secs(60);

/// A message that reached its client.
struct Woken {
    number: u32,
    at: Instant,
}

/// Measures `count` polls.
pub fn run(count: u64, args: &Args) -> Result<(), Failure> {
    allow_files(count + OTHER_FILES)?;
    let private = tempfile::tempdir_in(&args.dir)?;
    let server = Server::start(private.path())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(measure(&server, count, args.rounds as u32 * WAKES))
}

/// Both processes need a file for each poll.
fn allow_files(wanted: u64) -> Result<(), Failure> {
    let granted = rlimit::increase_nofile_limit(wanted)?;
    if granted < wanted {
        let raised = rlimit::setrlimit(rlimit::Resource::NOFILE, wanted, wanted);
        raised.map_err(|error| {
            format!(
                "{wanted} open files are needed, {granted} are allowed, and the limit cannot be \
                 raised: {error}; start it as root, or ask for fewer polls"
            )
        })?;
    }
    Ok(())
}

async fn measure(server: &Server, count: u64, wakes: u32) -> Result<(), Failure> {
    let endpoint = &server.endpoint;
    let mut control = Connection::open(endpoint, &Key::default()).await?;
    let mut urls = Vec::new();
    for number in 0..QUEUES {
        let create = json!({ "QueueName": format!("polls-{number}") });
        let answer = call(&mut control, "CreateQueue", &create).await?;
        urls.push(answer["QueueUrl"].as_str().ok_or("no QueueUrl")?.to_owned());
    }
    let empty = server.resident()?;
    let mut connections = Vec::new();
    for number in 0..count as usize {
        let mut connection = Connection::open(endpoint, &Key::default()).await?;
        // A request each, so that both sides have the buffers of one.
        call(
            &mut connection,
            "ReceiveMessage",
            &poll(&urls[number % QUEUES], 0),
        )
        .await?;
        connections.push(connection);
    }
    let connected = server.resident()?;
    let (sender, mut woken) = unbounded_channel();
    for (number, connection) in connections.into_iter().enumerate() {
        let url = urls[number % QUEUES].clone();
        tokio::spawn(wait(connection, url, sender.clone()));
    }
    all_wait(endpoint, count).await?;
    let waiting = server.resident()?;
    let kib = |bytes: u64| bytes as f64 / 1024.0;
    let each = |bytes: u64| kib(bytes) / count as f64;
    println!("{count} long polls on {QUEUES} queues, a connection each, durability full");
    println!(
        "private memory of the server: {:.0} KiB without clients; {:.1} KiB for each connection, \
         and {:.1} KiB more while it waits",
        kib(empty),
        each(connected.saturating_sub(empty)),
        each(waiting.saturating_sub(connected)),
    );
    wake(&mut control, &urls, &mut woken, wakes).await
}

fn poll(url: &str, wait_s: u32) -> Value {
    json!({ "QueueUrl": url, "WaitTimeSeconds": wait_s })
}

async fn call(connection: &mut Connection, action: &str, input: &Value) -> Result<Value, Failure> {
    let body = input.to_string();
    let answer = connection.call(action, body.as_bytes()).await?.ok()?;
    match answer.is_empty() {
        true => Ok(Value::Null),
        false => Ok(serde_json::from_slice(&answer)?),
    }
}

/// Polls over and over, and tells of every message.
async fn wait(mut connection: Connection, url: String, sender: UnboundedSender<Woken>) {
    loop {
        let answer = match call(&mut connection, "ReceiveMessage", &poll(&url, 20)).await {
            Ok(answer) => answer,
            Err(error) => return eprintln!("a poll failed: {error}"),
        };
        let at = Instant::now();
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let number = message["Body"].as_str().and_then(|text| text.parse().ok());
            let delete = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
            let deleted = call(&mut connection, "DeleteMessage", &delete).await;
            let Some(number) = number.filter(|_| deleted.is_ok()) else {
                return eprintln!("a message was wrong or could not be deleted: {message}");
            };
            if sender.send(Woken { number, at }).is_err() {
                return;
            }
        }
    }
}

/// Returns when the server says that so many receives wait.
async fn all_wait(endpoint: &Endpoint, count: u64) -> Result<(), Failure> {
    let started = Instant::now();
    loop {
        let waiting = waiting(endpoint)?;
        if waiting == count {
            return Ok(());
        }
        if started.elapsed() > WATCHDOG {
            return Err(format!("{waiting} of {count} receives wait after {WATCHDOG:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The server's own count.
fn waiting(endpoint: &Endpoint) -> Result<u64, Failure> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(endpoint.address)?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix("forebay_waiting_receives "));
    Ok(line.ok_or("the server does not count its waits")?.parse()?)
}

/// Sends messages one by one, each to the next queue, and waits for each to arrive.
async fn wake(
    control: &mut Connection,
    urls: &[String],
    woken: &mut UnboundedReceiver<Woken>,
    wakes: u32,
) -> Result<(), Failure> {
    let (mut whole, mut sends, mut after) = Default::default();
    for number in 0..wakes {
        let url = &urls[number as usize % urls.len()];
        let send = json!({ "QueueUrl": url, "MessageBody": number.to_string() });
        let begun = Instant::now();
        call(control, "SendMessage", &send).await?;
        let sent = Instant::now();
        let arrived = tokio::time::timeout(WATCHDOG, woken.recv()).await?;
        let arrived = arrived.ok_or("nobody polls any more")?;
        if arrived.number != number {
            return Err(format!("message {} came for {number}", arrived.number).into());
        }
        Latencies::add(&mut whole, arrived.at - begun);
        Latencies::add(&mut sends, sent - begun);
        Latencies::add(&mut after, arrived.at.saturating_duration_since(sent));
        tokio::time::sleep(PAUSE).await;
    }
    println!("{wakes} messages, one at a time, each to a client that waits; ms");
    println!("{:<44}{:>8}{:>8}{:>8}", "", "p50", "p99", "highest");
    for (what, times) in [
        ("from the send's begin to the waiting client", &mut whole),
        ("from the send's answer to the waiting client", &mut after),
        ("the send itself, on stable storage", &mut sends),
    ] {
        let ms = |times: &mut Latencies, share| times.percentile_us(share) / 1_000.0;
        let [p50, p99, highest] = [0.5, 0.99, 1.0].map(|share| ms(times, share));
        println!("{what:<44}{p50:>8.2}{p99:>8.2}{highest:>8.2}");
    }
    Ok(())
}

/// The server, in a process of its own.
struct Server {
    child: Child,
    endpoint: Endpoint,
}

impl Server {
    fn start(folder: &Path) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["member", "serve"])
            .arg(folder.join("queues"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or("no standard output")?;
        BufReader::new(output).read_line(&mut line)?;
        let endpoint = Endpoint::parse(line.trim())?;
        Ok(Self { child, endpoint })
    }

    /// Private memory of its process, bytes.
    fn resident(&self) -> Result<u64, Failure> {
        Ok(memory::resident_of(self.child.id())?.anonymous)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The server as `forebay serve` runs it, on a free port, until it is killed.
pub fn serve(words: &[String]) -> Result<(), Failure> {
    let [store] = words else {
        return Err("a server needs its store".into());
    };
    let mut config = Config::default();
    config.store.location = store.into();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    Ok(runtime.block_on(forebay_server::run(
        listener,
        config,
        std::future::pending(),
    ))?)
}
