//! A proxy that a test can make a bad way to the server: cut after so many bytes of answers, cut
//! at once, closed in one direction only, slow, or silent.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a pump looks whether it may go on.
const LOOK: Duration = Duration::from_millis(5);

/// Between clients and a server on loopback.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Bytes of the server that still get through before every connection is cut; negative: all.
    allowance: AtomicI64,
    /// The end of the message behind which nothing gets through to the server for now.
    last: Mutex<Option<Vec<u8>>>,
    /// Every piece rests this long in either direction.
    delay_ms: AtomicU64,
    /// Nothing gets through, and nothing is closed.
    silent: AtomicBool,
    stopped: AtomicBool,
    cuts: AtomicI64,
    open: Mutex<Vec<(TcpStream, TcpStream)>>,
}

impl State {
    fn open(&self) -> MutexGuard<'_, Vec<(TcpStream, TcpStream)>> {
        // A list is whole whatever befell who held it.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if so many bytes of an answer get through.
    fn allows(&self, count: i64) -> bool {
        let before = self
            .allowance
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| match left {
                left if left < 0 => None,
                left if left < count => Some(-1),
                left => Some(left - count),
            });
        let through = before.is_ok_and(|left| left >= count) || before.is_err();
        if !through {
            self.cuts.fetch_add(1, Ordering::AcqRel);
        }
        through
    }

    /// Writes a piece to the server; from behind the message that is to be the last on, later.
    fn hold_behind(&self, piece: &[u8], to: &mut TcpStream) -> bool {
        let last = self.last().clone();
        let found = last.as_deref().and_then(|last| {
            let mut windows = piece.windows(last.len());
            Some(windows.position(|it| it == last)? + last.len())
        });
        let (now, later) = piece.split_at(found.unwrap_or(piece.len()));
        if to.write_all(now).is_err() {
            return false;
        }
        while !later.is_empty() && self.last().is_some() {
            if self.stopped.load(Ordering::Acquire) {
                return false;
            }
            std::thread::sleep(LOOK);
        }
        to.write_all(later).is_ok()
    }

    fn last(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for as long as what comes through rests.
    fn rest(&self) {
        std::thread::sleep(Duration::from_millis(self.delay_ms.load(Ordering::Acquire)));
        while self.silent.load(Ordering::Acquire) && !self.stopped.load(Ordering::Acquire) {
            std::thread::sleep(LOOK);
        }
    }
}

impl Proxy {
    /// Begins to take connections, for a server on this port of loopback.
    pub fn start(server: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State {
            allowance: AtomicI64::new(-1),
            ..State::default()
        });
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if shared.stopped.load(Ordering::Acquire) {
                    return;
                }
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", server)))
                else {
                    continue;
                };
                // A connection that ended at once is the client's to make again.
                let _ = join(client, server, &shared);
            }
        });
        Ok(Self { port, state })
    }

    /// Where clients connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// After this many bytes of answers the connection that asked is cut, once; never if negative.
    pub fn cut_after(&self, bytes: i64) {
        self.state.allowance.store(bytes, Ordering::Release);
    }

    /// Holds what follows a statement, as a client does that stands still; `None` lets all go on.
    /// The statement is one without parameters.
    pub fn hold_behind(&self, statement: Option<&str>) {
        *self.state.last() = statement.map(|text| format!("{text}\0").into_bytes());
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        let mut open = self.state.open();
        for (client, server) in open.drain(..) {
            self.state.cuts.fetch_add(1, Ordering::AcqRel);
            // Those that ended by themselves are cut already.
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
    }

    /// Closes every connection in one direction: towards the server, which hears no more, or
    /// towards the clients. The other direction stays open.
    pub fn half_close(&self, towards_server: bool) {
        for (client, server) in self.state.open().iter() {
            self.state.cuts.fetch_add(1, Ordering::AcqRel);
            let stream = if towards_server { server } else { client };
            let _ = stream.shutdown(Shutdown::Write);
        }
    }

    /// Makes every piece rest this long, in either direction.
    pub fn delay(&self, by: Duration) {
        let ms = by.as_millis().min(u128::from(u64::MAX)) as u64;
        self.state.delay_ms.store(ms, Ordering::Release);
    }

    /// Lets nothing through and closes nothing, as a machine without power does.
    pub fn silence(&self, silent: bool) {
        self.state.silent.store(silent, Ordering::Release);
    }

    /// Connections that were cut so far.
    pub fn cuts(&self) -> i64 {
        self.state.cuts.load(Ordering::Acquire)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Release);
        self.cut();
        // The listener is in `accept`; there is nobody to tell of a failure.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn join(client: TcpStream, server: TcpStream, state: &Arc<State>) -> io::Result<()> {
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let pair = (client.try_clone()?, server.try_clone()?);
    let (from, to) = (client.try_clone()?, server.try_clone()?);
    let mut open = state.open();
    open.retain(|(client, _)| client.peer_addr().is_ok());
    open.push(pair);
    drop(open);
    let shared = state.clone();
    std::thread::spawn(move || {
        pump(from, to, |piece, to| {
            shared.rest();
            shared.hold_behind(piece, to)
        });
    });
    let shared = state.clone();
    std::thread::spawn(move || {
        pump(server, client, |piece, to| {
            shared.rest();
            shared.allows(piece.len() as i64) && to.write_all(piece).is_ok()
        });
    });
    Ok(())
}

/// Hands on until an end, or until `pass` says no; then both directions are cut.
fn pump(
    mut from: TcpStream,
    mut to: TcpStream,
    mut pass: impl FnMut(&[u8], &mut TcpStream) -> bool,
) {
    let mut buffer = [0; 65536];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        if !pass(&buffer[..count], &mut to) {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
