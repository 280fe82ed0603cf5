//! What a store must survive, tried: processes and the SQS server killed under load, processes at
//! every step of the write path, power cuts at every write and sync, failing calls of the operating
//! system, a full disk. Every run ends with an audit of notes that were kept outside the store.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![allow(
    missing_docs,
    reason = "a test program; what is not plain is documented"
)]

use forebay::store::StoreLimits;

pub mod audit;
pub mod body;
pub mod failover;
pub mod faults;
pub mod fleet;
pub mod full_disk;
pub mod kills;
pub mod load;
pub mod notes;
pub mod orphan;
pub mod points;
pub mod power;
pub mod random;
pub mod server;
pub mod sim;
pub mod worker;

/// What ends a run.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How all runs open their store: fully durable, and with small segments, so that the log turns
/// over and is reclaimed many times within a run.
pub fn open_options() -> forebay::OpenOptions {
    forebay::OpenOptions::new()
        .sixty_second_rules(false)
        .segment_bytes(256 << 10)
        .limits(small_segments())
}

/// Allows segments that a few messages fill.
pub fn small_segments() -> StoreLimits {
    StoreLimits {
        segment_bytes_min: 64 << 10,
        ..StoreLimits::default()
    }
}
