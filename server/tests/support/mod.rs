//! What the tests of the server share: servers in this process and in one of their own, and a
//! client that writes and reads bytes.
// No target uses all of it.
#![allow(dead_code, unused_imports)]

mod connection;
mod process;
mod server;
pub mod tls;

pub use connection::{Client, Response};
pub use process::Process;
pub use server::{Server, config, test_config};

use std::time::Duration;

/// Nothing that is tested takes so long.
pub const WATCHDOG: Duration = Duration::from_secs(90);

/// Tries until it is true.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !done() {
        assert!(start.elapsed() < WATCHDOG, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
