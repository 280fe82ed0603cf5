//! Clocks.

use super::os;
use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since the machine started, sleep included. The same for all processes.
pub fn boottime_ns() -> u64 {
    os::boottime_ns()
}

/// Wall clock, milliseconds since the epoch; 0 before it. It may step in either direction.
pub fn wall_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_run() {
        let first = boottime_ns();
        assert!(first > 0);
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(boottime_ns() >= first + 2_000_000);
        assert!(wall_ms() > 1_700_000_000_000);
    }
}
