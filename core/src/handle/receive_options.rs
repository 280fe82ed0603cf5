//! How messages are received, and how they are looked at.

use crate::command::PeekFilter;
use crate::message::MessageState;

/// How messages are received. By default one message, waiting and hidden for as long as the queue
/// says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiveOptions {
    pub(super) max: u32,
    pub(super) wait_s: Option<u32>,
    pub(super) visibility_s: Option<u32>,
    pub(super) attempt: Option<String>,
    pub(super) beyond_sqs: bool,
}

impl Default for ReceiveOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl ReceiveOptions {
    /// The defaults, as each method names them.
    pub fn new() -> Self {
        Self {
            max: 1,
            wait_s: None,
            visibility_s: None,
            attempt: None,
            beyond_sqs: false,
        }
    }

    /// At most this many messages: 1 to 10,000, or 1 to 10 with
    /// [`OpenOptions::sqs_limits`](super::OpenOptions::sqs_limits). Default 1. A receive answers
    /// with what there is, it does not wait for this many (S4.2).
    pub fn max(mut self, messages: u32) -> Self {
        self.max = messages;
        self
    }

    /// Allow 10,000 messages with [`OpenOptions::sqs_limits`](super::OpenOptions::sqs_limits) too:
    /// before 2008 a receive gave up to 256.
    pub fn beyond_sqs(mut self) -> Self {
        self.beyond_sqs = true;
        self
    }

    /// Wait for a first message this long, 0 to 20 seconds on the store's clock (S4.1). Without
    /// it the queue's `ReceiveMessageWaitTimeSeconds` holds.
    pub fn wait(mut self, seconds: u32) -> Self {
        self.wait_s = Some(seconds);
        self
    }

    /// Hide the messages this long, 0 to 43,200 seconds (S2.2). Without it the queue's
    /// `VisibilityTimeout` holds.
    pub fn visibility_timeout(mut self, seconds: u32) -> Self {
        self.visibility_s = Some(seconds);
        self
    }

    /// `ReceiveRequestAttemptId`, FIFO only: a repeat with the same id within five minutes gives
    /// the same messages (S7.19). 1 to 128 letters, digits and punctuation.
    pub fn attempt(mut self, id: impl Into<String>) -> Self {
        self.attempt = Some(id.into());
        self
    }
}

/// Which messages a peek shows: by default the first 10 of any state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeekOptions {
    filter: PeekFilter,
}

impl Default for PeekOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl PeekOptions {
    /// The defaults, as each method names them.
    pub fn new() -> Self {
        Self {
            filter: PeekFilter {
                states: Vec::new(),
                group: None,
                after: 0,
                limit: 10,
            },
        }
    }

    /// Also show messages in this state; without any, all states are shown.
    pub fn state(mut self, state: MessageState) -> Self {
        self.filter.states.push(state);
        self
    }

    /// Only messages of this group.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.filter.group = Some(group.into());
        self
    }

    /// Only messages with a sequence number above this one: that of the last message of the
    /// page before. Default 0.
    pub fn after(mut self, sequence: u64) -> Self {
        self.filter.after = sequence;
        self
    }

    /// At most this many messages, 1 to 10,000, and no more than 64 MiB of them; fewer where many
    /// others had to be passed over. Only an answer without messages says that no more follow.
    /// Default 10.
    pub fn limit(mut self, messages: usize) -> Self {
        self.filter.limit = messages;
        self
    }

    pub(super) fn filter(&self) -> PeekFilter {
        self.filter.clone()
    }
}
