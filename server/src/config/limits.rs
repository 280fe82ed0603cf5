//! Bounds of connections and requests, each with its unit.

use serde::Deserialize;

/// The most of what is counted: far more than a machine can have.
const COUNT_MAX: u64 = u32::MAX as u64;
/// The most bytes, 1 GiB.
const BYTES_MAX: u64 = 1 << 30;
/// The most bytes of many requests together, 1 TiB.
const ALL_BYTES_MAX: u64 = 1 << 40;
/// The longest time, a year in seconds.
const TIME_S_MAX: u64 = 31_536_000;
/// The most threads.
const THREADS_MAX: u64 = 10_000;

/// Bounds of connections and requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Open connections; more wait to be accepted. Default 20,000.
    pub connections: usize,
    /// Bytes of a request's head, 8,192 at least. Default 64 KiB.
    pub header_bytes: usize,
    /// Bytes of a request's body, after decompression. The default, 4 MiB, holds a batch of
    /// 1 MiB however it is escaped.
    pub body_bytes: usize,
    /// Bytes of all bodies that are there at a time, from when they come until their requests are
    /// answered; twice `body_bytes` at least. A request for which there is no room is answered
    /// with 503. Default 256 MiB.
    pub bodies_bytes: usize,
    /// A request's head must come within this time, and a connection may be idle for as long,
    /// seconds. Default 60.
    pub header_timeout_s: u64,
    /// A request's body must come within this time, and a client must take something of an answer
    /// within as long, seconds. Default 60.
    pub body_timeout_s: u64,
    /// Requests at a time on one HTTP/2 connection. Default 1,000.
    pub http2_streams: u32,
    /// How long a shutdown waits for running requests, seconds. Default 20.
    pub shutdown_s: u64,
    /// Threads that wait for the disk. Default 64.
    pub threads: usize,
    /// Queues up to which `/metrics` shows each; above, sums only. Default 100.
    pub metrics_queues: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            header_bytes: 64 << 10,
            body_bytes: 4 << 20,
            bodies_bytes: 256 << 20,
            header_timeout_s: 60,
            body_timeout_s: 60,
            http2_streams: 1_000,
            shutdown_s: 20,
            threads: 64,
            metrics_queues: 100,
        }
    }
}

impl Limits {
    /// Every bound must leave something possible, and be a number that can be reckoned with.
    pub fn check(&self) -> Result<(), String> {
        let ranges = [
            ("connections", self.connections as u64, 1..=COUNT_MAX),
            ("header_bytes", self.header_bytes as u64, 8_192..=BYTES_MAX),
            ("body_bytes", self.body_bytes as u64, 1_024..=BYTES_MAX),
            (
                "bodies_bytes",
                self.bodies_bytes as u64,
                1_024..=ALL_BYTES_MAX,
            ),
            ("header_timeout_s", self.header_timeout_s, 1..=TIME_S_MAX),
            ("body_timeout_s", self.body_timeout_s, 1..=TIME_S_MAX),
            ("http2_streams", self.http2_streams.into(), 1..=COUNT_MAX),
            ("shutdown_s", self.shutdown_s, 0..=TIME_S_MAX),
            ("threads", self.threads as u64, 1..=THREADS_MAX),
        ];
        match ranges
            .iter()
            .find(|(_, value, range)| !range.contains(value))
        {
            Some((name, value, range)) => Err(format!(
                "limits.{name} is {value}; it must be {} to {}",
                range.start(),
                range.end()
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is refused of these lines of a file.
    fn refused(line: &str) -> String {
        let limits: Limits = toml::from_str(line).unwrap();
        limits.check().unwrap_err()
    }

    #[test]
    fn bounds_have_bounds() {
        Limits::default().check().unwrap();
        // The largest number of a file: who writes it means that there shall be no bound.
        let most = i64::MAX;
        for name in [
            "connections",
            "header_bytes",
            "body_bytes",
            "bodies_bytes",
            "threads",
        ] {
            let error = refused(&format!("{name} = {most}"));
            let start = format!("limits.{name} is {most}; it must be ");
            assert!(error.starts_with(&start), "{error}");
        }
        for name in ["header_timeout_s", "body_timeout_s", "shutdown_s"] {
            let error = refused(&format!("{name} = {most}"));
            assert!(error.ends_with(" to 31536000"), "{error}");
        }
        assert_eq!(
            refused("header_bytes = 100"),
            "limits.header_bytes is 100; it must be 8192 to 1073741824"
        );
        assert_eq!(
            refused("threads = 0"),
            "limits.threads is 0; it must be 1 to 10000"
        );
    }
}
