//! What can happen to a store's directory and its processes, one hazard a file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clock;
mod damage;
mod double_open;
mod foreign;
mod forked;
mod format;
#[cfg(unix)]
mod moved;
mod stopped;

use forebay::store::StoreLimits;
use forebay::{OpenOptions, Queue, QueueOptions, ReceiveOptions, Store};
use std::path::{Path, PathBuf};

/// A directory for one store, which is not there yet.
struct Place {
    _directory: tempfile::TempDir,
    store: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = directory.path().join("store");
        Self {
            _directory: directory,
            store,
        }
    }

    fn open(&self) -> Store {
        options().open(&self.store).unwrap()
    }
}

/// Small segments, so that a few messages fill several.
fn options() -> OpenOptions {
    OpenOptions::new()
        .segment_bytes(64 << 10)
        .limits(StoreLimits {
            segment_bytes_min: 64 << 10,
            ..StoreLimits::default()
        })
        .sixty_second_rules(false)
}

fn queue(store: &Store) -> Queue {
    store.create_queue("hazard", &QueueOptions::new()).unwrap()
}

/// Body of message `number`: long enough that 64 messages fill a segment.
fn body(number: usize) -> Vec<u8> {
    let mut body = format!("{number}:").into_bytes();
    body.resize(1_000, b'a' + (number % 26) as u8);
    body
}

fn number(body: &[u8]) -> usize {
    let text = std::str::from_utf8(body).unwrap();
    let number = text.split(':').next().unwrap().parse().unwrap();
    assert_eq!(body, self::body(number));
    number
}

/// Takes what is there, without waiting, and deletes it.
fn drain(queue: &Queue) -> Vec<usize> {
    let mut numbers = Vec::new();
    loop {
        let messages = queue.receive(&ReceiveOptions::new().max(10)).unwrap();
        if messages.is_empty() {
            return numbers;
        }
        for message in messages {
            numbers.push(number(message.body()));
            message.delete().unwrap();
        }
    }
}

/// Paths of the log's segments, oldest first.
fn segments(store: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(store.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "seg"))
        .collect();
    paths.sort();
    paths
}
