//! The test mode: `--test`, or a section `[test]` in the file.

use serde::Deserialize;

/// How a server for tests starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TestConfig {
    /// True: the clock stands still until it is told to move. False, the default: it runs with
    /// the real one, and can be moved ahead.
    pub frozen: bool,
    /// Time at which a new store starts, milliseconds since the epoch. Default: the real time.
    pub start_ms: Option<u64>,
    /// Seed of everything that is random in tests. Default 0.
    pub seed: u64,
}
