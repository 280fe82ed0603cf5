//! The three queues, and what is written in their messages.
//!
//! A task's body is a path. A result's body is `WORDS LINES BYTES PATH`, where the path is the
//! rest; its group is the file's type and its deduplication id the path (see
//! [`deduplication_of`]), so that a file counted twice is reported once.

use crate::count::{Counts, deduplication_of, kind_of};
use forebay::Result;
use forebay::{Queue, QueueOptions, SendRequest, Store};
use std::path::Path;

/// Files to count. `c/common.h` has the same names.
pub const TASKS: &str = "tasks";
/// Counts of files.
pub const RESULTS: &str = "results.fifo";
/// Tasks that nobody could carry out.
pub const POISON: &str = "poison";

/// Seconds that a worker has for the messages it received.
const VISIBILITY_S: u32 = 3;
/// Receives after which a task is poison.
const RECEIVES_MAX: u32 = 3;

/// The store with its queues.
pub struct Queues {
    /// The store.
    pub store: Store,
    /// [`TASKS`].
    pub tasks: Queue,
    /// [`RESULTS`].
    pub results: Queue,
    /// [`POISON`].
    pub poison: Queue,
}

impl Queues {
    /// Makes the queues in a new store.
    pub fn create(folder: &Path) -> Result<Self> {
        let store = Store::open(folder)?;
        let poison = store.create_queue(POISON, &QueueOptions::new())?;
        let tasks = QueueOptions::new()
            .visibility_timeout(VISIBILITY_S)
            .dead_letter(POISON, RECEIVES_MAX);
        Ok(Self {
            tasks: store.create_queue(TASKS, &tasks)?,
            results: store.create_queue(RESULTS, &QueueOptions::new().fifo())?,
            poison,
            store,
        })
    }

    /// The queues that another process made.
    pub fn open(folder: &Path) -> Result<Self> {
        let store = Store::open(folder)?;
        Ok(Self {
            tasks: store.get_queue(TASKS)?,
            results: store.get_queue(RESULTS)?,
            poison: store.get_queue(POISON)?,
            store,
        })
    }
}

/// The message that reports a file's counts.
pub fn result_message(path: &[u8], counts: &Counts) -> SendRequest {
    let mut body = format!("{} {} {} ", counts.words, counts.lines, counts.bytes).into_bytes();
    body.extend_from_slice(path);
    SendRequest::new(body)
        .group(kind_of(path))
        .deduplication(deduplication_of(path))
}

/// Reads what [`result_message`] or `c/worker.c` wrote.
pub fn read_result(body: &[u8]) -> Option<(Vec<u8>, Counts)> {
    let mut parts = body.splitn(4, |byte| *byte == b' ');
    let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse().ok();
    let counts = Counts {
        words: number()?,
        lines: number()?,
        bytes: number()?,
    };
    Some((parts.next()?.to_vec(), counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_with_any_path() {
        let counts = Counts {
            words: 1,
            lines: 22,
            bytes: 333,
        };
        let read = |body: &[u8]| read_result(body);
        assert_eq!(
            read(b"1 22 333 /a b\n\xff"),
            Some((b"/a b\n\xff".to_vec(), counts))
        );
        for bad in [&b""[..], b"1 2 3", b"1 2 x /a", b"-1 2 3 /a"] {
            assert_eq!(read(bad), None);
        }
    }
}
