//! What SQS allows itself on standard queues and programs must bear: messages in another order,
//! messages twice, and short polls that miss some (S1.5, S4.6).

use super::random::Random;
use forebay::Message;
use serde::{Deserialize, Serialize};
use std::sync::Mutex;

/// How much of each, percent. All are 0 at first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Degree {
    /// Receives whose messages come in another order.
    pub reorder: u64,
    /// Messages that stay visible after a receive, so that they come twice.
    pub duplicate: u64,
    /// Short polls that find nothing, whatever there is.
    pub miss: u64,
    /// Starts the random numbers anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// Disorder of all standard queues.
#[derive(Debug)]
pub struct Disorder {
    state: Mutex<(Degree, Random)>,
}

impl Disorder {
    /// None at first.
    pub fn new(seed: u64) -> Self {
        Self {
            state: Mutex::new((Degree::default(), Random::new(seed))),
        }
    }

    /// How much there is from now on.
    pub fn set(&self, degree: Degree) {
        let mut state = self.lock();
        if let Some(seed) = degree.seed {
            state.1 = Random::new(seed);
        }
        state.0 = degree;
    }

    /// True while short polls may miss what is there.
    pub fn can_miss(&self) -> bool {
        self.lock().0.miss > 0
    }

    /// Whether this short poll misses what is there.
    pub fn misses(&self) -> bool {
        let (degree, random) = &mut *self.lock();
        random.chance(degree.miss)
    }

    /// Puts messages into another order; returns those that shall come again.
    pub fn disturb(&self, messages: &mut [Message]) -> Vec<Message> {
        let (degree, random) = &mut *self.lock();
        if random.chance(degree.reorder) {
            random.shuffle(messages);
        }
        let again = messages.iter().filter(|_| random.chance(degree.duplicate));
        again.cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Degree, Random)> {
        // Both are right after each single change.
        self.state
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
    }
}
