//! Bounds of connections and requests, each with its unit.

use serde::Deserialize;

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
    /// A request's head must come within this time, and a connection may be idle for as long,
    /// seconds. Default 60.
    pub header_timeout_s: u64,
    /// A request's body must come within this time, seconds. Default 60.
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
    /// Every bound must leave something possible.
    pub fn check(&self) -> Result<(), String> {
        let least = [
            ("connections", self.connections, 1),
            ("header_bytes", self.header_bytes, 8_192),
            ("body_bytes", self.body_bytes, 1_024),
            ("header_timeout_s", self.header_timeout_s as usize, 1),
            ("body_timeout_s", self.body_timeout_s as usize, 1),
            ("http2_streams", self.http2_streams as usize, 1),
            ("threads", self.threads, 1),
        ];
        match least.iter().find(|(_, value, least)| value < least) {
            Some((name, value, least)) => Err(format!(
                "limits.{name} is {value}; it must be {least} at least"
            )),
            None => Ok(()),
        }
    }
}
