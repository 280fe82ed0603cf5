//! What a queue is created with.

use super::Store;
use crate::error::Result;
use crate::queue::RedrivePolicy;
use crate::rules::redrive;
use std::collections::BTreeMap;

/// Attributes and tags of a queue to be created. What is not named takes SQS's default for a new
/// queue, and any value for one that exists (S11.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueOptions {
    attributes: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    dead_letter: Option<(String, u32)>,
}

impl QueueOptions {
    /// Nothing named.
    pub fn new() -> Self {
        Self::default()
    }

    /// Any attribute by its SQS name, as text (S12): the other methods are short forms of this.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(name.into(), value.into());
        self
    }

    /// Several attributes by their SQS names.
    pub fn attributes<N, V>(mut self, given: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        let given = given.into_iter();
        self.attributes
            .extend(given.map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// A tag (S14.1): key 1 to 128 characters, value up to 256. Tags of a queue that exists stay.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// A FIFO queue; its name must end in `.fifo` (S1.2).
    pub fn fifo(self) -> Self {
        self.attribute("FifoQueue", "true")
    }

    /// FIFO: messages without a deduplication id take the SHA-256 of their body (S7.10).
    /// Default false.
    pub fn content_deduplication(self, on: bool) -> Self {
        self.attribute("ContentBasedDeduplication", on.to_string())
    }

    /// How long a received message stays hidden, 0 to 43,200 seconds. Default 30.
    pub fn visibility_timeout(self, seconds: u32) -> Self {
        self.attribute("VisibilityTimeout", seconds.to_string())
    }

    /// How long a message is held back at first, 0 to 900 seconds. Default 0.
    pub fn delay(self, seconds: u32) -> Self {
        self.attribute("DelaySeconds", seconds.to_string())
    }

    /// How long a message is kept, 60 to 1,209,600 seconds. Default 345,600 (4 days).
    pub fn retention(self, seconds: u32) -> Self {
        self.attribute("MessageRetentionPeriod", seconds.to_string())
    }

    /// How long a receive waits that names no wait itself, 0 to 20 seconds. Default 0.
    pub fn receive_wait(self, seconds: u32) -> Self {
        self.attribute("ReceiveMessageWaitTimeSeconds", seconds.to_string())
    }

    /// Largest message, 1,024 to 1,048,576 bytes, attributes included (S5.2).
    /// Default 1,048,576.
    pub fn message_bytes_max(self, bytes: u32) -> Self {
        self.attribute("MaximumMessageSize", bytes.to_string())
    }

    /// Messages that were received `max_receives` times, 1 to 1,000, and not deleted move to the
    /// queue `target`: a name in the account and region of the new queue, or an ARN. It must
    /// exist and be of the same kind (S9.2). Wins over an attribute `RedrivePolicy`.
    pub fn dead_letter(mut self, target: impl Into<String>, max_receives: u32) -> Self {
        self.dead_letter = Some((target.into(), max_receives));
        self
    }
}

impl QueueOptions {
    /// Attributes and tags as the store takes them; short names of `store` become ARNs.
    pub(super) fn resolve(
        &self,
        store: &Store,
    ) -> Result<(BTreeMap<String, String>, BTreeMap<String, String>)> {
        let mut attributes = self.attributes.clone();
        if let Some((target, max_receives)) = &self.dead_letter {
            let policy = RedrivePolicy {
                target: store.resolve(target, "deadLetterTargetArn")?,
                max_receives: *max_receives,
            };
            attributes.insert("RedrivePolicy".into(), redrive::print_policy(&policy));
        }
        Ok((attributes, self.tags.clone()))
    }
}
