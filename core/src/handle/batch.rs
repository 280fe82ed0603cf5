//! What all batch calls have in common (S13).

use super::Queue;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::rules::batch;

impl Queue {
    /// S13.1. `what` is SQS's name of an entry.
    pub(super) fn check_batch_count(&self, count: usize, what: &str) -> Result<()> {
        let max = match self.shared().settings.strictness.sqs_limits {
            true => limits::SQS_BATCH_ENTRIES_MAX,
            false => limits::BATCH_ENTRIES_MAX,
        };
        batch::check_count(count, max, what)
    }
}

/// S13.2: if any entry of a batch has an id, all need one, and all are checked.
pub(super) fn check_batch_ids(ids: Vec<Option<String>>) -> Result<()> {
    if ids.iter().all(Option::is_none) {
        return Ok(());
    }
    let ids: Vec<&str> = ids.iter().map(|id| id.as_deref().unwrap_or("")).collect();
    batch::check_ids(&ids)
}

/// A store that does not keep its contract.
pub(super) fn short_answer() -> Error {
    let text = "the store answered for fewer entries than it was given";
    Error::new(ErrorKind::Internal, text)
}
