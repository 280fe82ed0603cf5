//! For tests of programs that use queues: a clock that can be moved, a reset, waiting for a state
//! of a queue, disorder and faults. All of it is below one path, [`PREFIX`], and exists only in a
//! server that was started for tests.

mod clock;
mod control;
mod disorder;
mod faults;
mod random;
mod waiting;

pub use control::{answer, page_of as page};
pub use disorder::Disorder;
pub use faults::{Effect, Faults};

use crate::config::TestConfig;
use clock::Clock;
use forebay::Store;
use std::sync::Arc;

/// Where the test mode is controlled.
pub const PREFIX: &str = "/_forebay/test/";

/// What a server for tests has beside the queues.
pub struct TestMode {
    clock: Arc<Clock>,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// What standard queues do beyond what they must not.
    pub disorder: Arc<Disorder>,
}

impl TestMode {
    /// Starts the clock.
    pub fn new(store: &Store, config: &TestConfig) -> Self {
        let clock = Arc::new(Clock::new(store.clone(), !config.frozen));
        clock::start(&clock);
        Self {
            clock,
            faults: Faults::default(),
            disorder: Arc::new(Disorder::new(config.seed)),
        }
    }
}
