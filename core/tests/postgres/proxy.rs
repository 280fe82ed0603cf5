//! A proxy that a test can cut: what the server says after the cut is never heard.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Between clients and a server on loopback.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    /// Bytes of the server that still get through before every connection is cut; negative: all.
    allowance: AtomicI64,
    stopped: AtomicBool,
    cuts: AtomicI64,
}

impl Proxy {
    pub fn start(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            allowance: AtomicI64::new(-1),
            stopped: AtomicBool::new(false),
            cuts: AtomicI64::new(0),
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
                join(client, server, &shared);
            }
        });
        Self { port, state }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// After this many bytes of answers the connection that asked is cut, once.
    pub fn cut_after(&self, bytes: i64) {
        self.state.allowance.store(bytes, Ordering::Release);
    }

    pub fn cuts(&self) -> i64 {
        self.state.cuts.load(Ordering::Acquire)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Release);
        // The listener is in `accept`; there is nobody to tell of a failure.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn join(client: TcpStream, server: TcpStream, state: &Arc<State>) {
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || pump(from, to, |_| true));
    let state = state.clone();
    std::thread::spawn(move || {
        pump(server, client, |count| {
            let count = count as i64;
            let before = state.allowance.fetch_update(
                Ordering::AcqRel,
                Ordering::Acquire,
                |left| match left {
                    left if left < 0 => None,
                    left if left < count => Some(-1),
                    left => Some(left - count),
                },
            );
            let through = before.is_ok_and(|left| left >= count) || before.is_err();
            if !through {
                state.cuts.fetch_add(1, Ordering::AcqRel);
            }
            through
        });
    });
}

/// Copies until an end, or until `allow` says no; then both directions are cut.
fn pump(mut from: TcpStream, mut to: TcpStream, mut allow: impl FnMut(usize) -> bool) {
    let mut buffer = [0; 65536];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        if !allow(count) || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
