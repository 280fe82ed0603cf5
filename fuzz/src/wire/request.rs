//! Whole requests: raw bytes, and requests that are framed well with anything in them, to the
//! HTTP service of this process. There is always an answer, and it is below 500.

use super::responses;
use crate::{Input, Target};
use forebay::store::{ClockMode, Durability};
use forebay::{OpenOptions, QueueOptions, Store};
use forebay_server::Config;
use forebay_server::config::Credential;
use forebay_server::http::connection::{Peer, serve_http};
use forebay_server::service::Service;
use forebay_server::wire::action::NAMES;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

/// Requests over a connection.
pub const TARGET: Target = Target {
    name: "request",
    about: "whole requests to the HTTP service, raw or framed: always an answer below 500",
    body,
    seeds,
    words: &[
        "GET /",
        "POST /",
        " HTTP/1.1\r\n",
        "host: h\r\n",
        "content-length: ",
        "\r\n\r\n",
        "transfer-encoding: chunked\r\n",
        "x-amz-target: AmazonSQS.",
        "content-encoding: gzip\r\n",
        "?Action=ListQueues",
        "&Version=2012-11-05",
        "expect: 100-continue\r\n",
        "0\r\n\r\n",
        "authorization: AWS4-HMAC-SHA256 ",
        "connection: close\r\n",
        "/000000000000/q",
        "HEAD ",
        "\"QueueUrl\":\"/000000000000/q\"",
        "SendMessage",
        "ReceiveMessage",
        "CreateQueue",
        "\"MessageBody\":\"b\"",
        "WaitTimeSeconds",
        "/metrics",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    bytes_max: 4_096,
    mutations: 300,
};

/// An answer takes no longer, whatever was asked.
const WATCHDOG: Duration = Duration::from_secs(20);
/// A wait begins a while before the clock moves.
const PATIENCE: Duration = Duration::from_millis(2);
/// Longer than any wait, milliseconds.
const WAIT_MS: u64 = 21_000;
/// Queues at which all are deleted.
const QUEUES_MAX: usize = 30;

fn seeds() -> Vec<Vec<u8>> {
    let json = |action: &str, body: &str| {
        let length = body.len();
        format!(
            "POST / HTTP/1.1\r\nhost: h:1\r\ncontent-type: application/x-amz-json-1.0\r\n\
             x-amz-target: AmazonSQS.{action}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    };
    let url = "\"QueueUrl\":\"http://h/000000000000/q\"";
    let requests = [
        json("SendMessage", &format!("{{{url},\"MessageBody\":\"b\"}}")),
        json(
            "ReceiveMessage",
            &format!("{{{url},\"WaitTimeSeconds\":20}}"),
        ),
        json(
            "CreateQueue",
            "{\"QueueName\":\"r.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}",
        ),
        "GET /?Action=ListQueues HTTP/1.1\r\nhost: h\r\n\r\n".repeat(2),
        "POST /000000000000/q HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n\
         12\r\nAction=PurgeQueue&\r\n0\r\n\r\n"
            .into(),
        "GET /metrics HTTP/1.0\r\n\r\n".into(),
    ];
    let raw = requests
        .iter()
        .map(|text| [b"\0", text.as_bytes()].concat());
    let framed = |start: [u8; 4]| [&start[..], &b"\x04body\x02/x\x03a=b\x01".repeat(8)].concat();
    let framed = [[2, 0, 17, 1], [2, 1, 15, 3], [3, 2, 4, 5]].map(framed);
    raw.chain(framed).collect()
}

/// The service with and without credentials, on one store.
struct World {
    runtime: Runtime,
    store: Store,
    open: Arc<Service>,
    guarded: Arc<Service>,
}

/// One input at a time: the clock is shared.
fn world() -> &'static Mutex<World> {
    static WORLD: OnceLock<Mutex<World>> = OnceLock::new();
    WORLD.get_or_init(|| {
        let clock = ClockMode::Manual {
            start_ms: 1_735_787_045_000,
        };
        let options = OpenOptions::new().clock(clock).sqs_limits(true);
        let options = options.sixty_second_rules(false).durability(Durability::Os);
        let store = options.open("mem:").unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_time()
            .build()
            .unwrap();
        let service = |credentials: Vec<Credential>| {
            let mut config = Config {
                credentials,
                ..Config::default()
            };
            config.limits.body_bytes = 1 << 16;
            Arc::new(Service::new(store.clone(), config).unwrap())
        };
        Mutex::new(World {
            open: service(Vec::new()),
            guarded: service(vec![crate::auth::client::credential(None)]),
            runtime,
            store,
        })
    })
}

impl World {
    /// A queue with a message, and not too many others.
    fn prepare(&self) {
        let names = self.store.list_queues("").unwrap();
        if names.len() > QUEUES_MAX {
            for name in names {
                self.store.delete_queue(&name).unwrap();
            }
        }
        let queue = self.store.create_queue("q", &QueueOptions::new());
        let queue = queue.or_else(|_| self.store.get_queue("q")).unwrap();
        queue.send("message").unwrap();
    }

    /// Sends bytes over a connection, and nothing after them; returns all that comes back. With
    /// `patient` it ends when the server ends it, else when the server has nothing more to say.
    fn exchange(&self, bytes: Vec<u8>, mode: Mode, patient: bool) -> Vec<u8> {
        let service = if mode.guarded {
            &self.guarded
        } else {
            &self.open
        }
        .clone();
        let (client, server) = tokio::io::duplex(1 << 16);
        let peer = Peer {
            address: ([127, 0, 0, 1], 1).into(),
            secure: false,
        };
        let start = Instant::now();
        self.runtime
            .spawn(serve_http(server, mode.http2, peer, service));
        let enough = Arc::new(Notify::new());
        let mut talk = self.runtime.spawn(talk(client, bytes, enough.clone()));
        let mut advanced = false;
        loop {
            let waited = async { tokio::time::timeout(PATIENCE, &mut talk).await };
            if let Ok(ended) = self.runtime.block_on(waited) {
                return ended.unwrap();
            }
            assert!(start.elapsed() < WATCHDOG, "no answer");
            if advanced && !patient {
                enough.notify_one();
            }
            self.store.advance(WAIT_MS).unwrap();
            advanced = true;
        }
    }
}

/// Whom a request meets, and how it speaks.
#[derive(Clone, Copy)]
struct Mode {
    guarded: bool,
    http2: bool,
}

async fn talk(client: DuplexStream, bytes: Vec<u8>, enough: Arc<Notify>) -> Vec<u8> {
    let (mut reader, mut writer) = tokio::io::split(client);
    let write = async {
        // The server may have closed already.
        let _ = writer.write_all(&bytes).await;
        // A client that ends its side is taken for one that went away.
        enough.notified().await;
        let _ = writer.shutdown().await;
    };
    let mut answer = Vec::new();
    let read = reader.read_to_end(&mut answer);
    tokio::pin!(write, read);
    tokio::select! {
        _ = &mut read => {}
        () = write => drop(read.await),
    }
    answer
}

fn body(data: &[u8]) {
    let input = &mut Input::new(data);
    let mode = input.byte();
    let http2 = mode & 6 == 6;
    let framed = mode & 6 == 2;
    let bytes = match (framed, http2) {
        (true, _) => framed_request(input),
        (false, true) => [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", input.rest()].concat(),
        (false, false) => input.rest().to_vec(),
    };
    let world = world().lock().unwrap_or_else(|broken| broken.into_inner());
    world.prepare();
    // An answer to HEAD has a length and no body.
    let bodies = framed || !bytes.windows(4).any(|it| it == b"HEAD");
    let mode = Mode {
        guarded: mode & 1 == 1,
        http2,
    };
    let answer = world.exchange(bytes, mode, framed);
    if http2 {
        // Frames are hyper's own; that it came to an end is what counts.
        return;
    }
    let responses = responses::read(&answer, bodies);
    responses.iter().for_each(responses::check);
    if framed {
        let last = responses
            .last()
            .unwrap_or_else(|| panic!("no answer to {data:?}"));
        assert!(last.status >= 200, "{last:?}");
    }
}

/// A request whose frame is right, with anything in it.
fn framed_request(input: &mut Input<'_>) -> Vec<u8> {
    // A token, a target, a value: what HTTP lets stand there.
    let kept = |bytes: &[u8], not: &[u8]| -> Vec<u8> {
        let fits = |byte: &u8| (b'!'..=b'~').contains(byte) && !not.contains(byte);
        bytes.iter().copied().filter(fits).collect()
    };
    let method = input.one(&["POST", "POST", "GET", "PUT", "DELETE", "OPTIONS", "PATCH"]);
    let action = NAMES[usize::from(input.byte()) % NAMES.len()];
    let mut head = format!("{method} /").into_bytes();
    let headers = input.byte();
    head.extend(kept(input.bytes(), b"#\"<>\\^`{|}?"));
    if headers & 4 == 4 {
        head.extend(format!("?Action={action}&").into_bytes());
    } else {
        head.push(b'?');
    }
    head.extend(kept(input.bytes(), b"#\"<>\\^`{|}"));
    head.extend(b" HTTP/1.1\r\nhost: h\r\nconnection: close\r\n");
    if headers & 1 == 1 {
        head.extend(format!("x-amz-target: AmazonSQS.{action}\r\n").into_bytes());
    }
    if headers & 2 == 2 {
        head.extend(b"content-type: application/x-www-form-urlencoded\r\n");
    }
    if headers & 8 == 8 {
        head.extend(b"authorization: ");
        head.extend(kept(input.bytes(), b""));
        head.extend(b"\r\n");
    }
    if headers & 16 == 16 {
        head.extend(b"content-encoding: gzip\r\n");
    }
    let body = input.rest();
    head.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    head.extend(body);
    head
}
