//! Tests of the embedded store as a whole: reclamation, rebuilding, backup, check.

mod bounds;
mod checking;
#[cfg(unix)]
mod copied;
mod damage;
mod dead_letters;
mod given_up;
mod lost_sync;
mod opening;
mod rebuilding;
mod reclamation;
mod retention;
mod slow_disk;
mod standstill;

use super::{Embedded, Surroundings, open_on};
use crate::command::{Command, Outcome, PeekFilter, SendEntry, Strictness};
use crate::error::{ErrorKind, Result};
use crate::key::QueueKey;
use crate::message::{MessageId, Peeked, Receipt, Received};
use crate::store::{ClockMode, Durability, Storage, StoreLimits, StoreOptions};
use crate::sys::lock::{KernelLock, LockByte, LockFile};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn options() -> StoreOptions {
    StoreOptions {
        durability: Durability::Os,
        clock: ClockMode::Manual {
            start_ms: 1_000_000,
        },
        segment_bytes: 64 << 10,
        reserve_bytes: 64 << 10,
        limits: StoreLimits {
            segment_bytes_min: 64 << 10,
            ..StoreLimits::default()
        },
        ..StoreOptions::default()
    }
}

fn open(directory: &Path) -> Arc<Embedded> {
    open_on(directory, &options(), &Surroundings::default()).unwrap()
}

/// No keeper of the store has its turn meanwhile, so what a deletion leaves behind is not
/// swept, and nobody but the test takes the writer lock.
fn hold_the_keeper_off(directory: &Path) -> KernelLock {
    drop(open(directory));
    let file = LockFile::open(&directory.join("lock")).unwrap();
    let keeper = KernelLock::new(file, LockByte::Keeper);
    while !keeper.try_acquire().unwrap() {}
    keeper
}

fn queue(name: &str) -> QueueKey {
    QueueKey::new("000000000000", "us-east-1", name)
}

fn create(store: &Embedded, name: &str, attributes: &[(&str, &str)]) {
    let pairs = attributes
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    store
        .execute(Command::CreateQueue {
            queue: queue(name),
            attributes: pairs.collect(),
            tags: BTreeMap::new(),
            strictness: Strictness {
                sqs_limits: false,
                sixty_second_rules: false,
            },
        })
        .unwrap();
}

fn entry(number: u64, bytes: usize, group: Option<&str>) -> SendEntry {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_le_bytes());
    SendEntry {
        id: MessageId(id),
        body: Bytes::from(vec![number as u8; bytes]),
        attributes: Vec::new(),
        trace_header: None,
        group: group.map(str::to_owned),
        deduplication: group.map(|_| format!("d{number}")),
        delay_s: None,
        sender: "000000000000".into(),
    }
}

fn send(store: &Embedded, name: &str, mut entry: SendEntry) {
    entry.deduplication = entry.deduplication.filter(|_| name.ends_with(".fifo"));
    let outcome = store
        .execute(Command::Send {
            queue: queue(name),
            entries: vec![entry],
            batch: false,
        })
        .unwrap();
    assert!(matches!(outcome, Outcome::Sent(sent) if sent[0].is_ok()));
}

fn receive(store: &Embedded, name: &str, max: u32) -> Vec<Received> {
    let command = Command::Receive {
        queue: queue(name),
        max,
        visibility_s: None,
        attempt: None,
        wait_s: Some(0),
    };
    received(store.execute(command))
}

fn received(answer: Result<Outcome>) -> Vec<Received> {
    match answer.unwrap() {
        Outcome::Received { messages, .. } => messages,
        other => panic!("{other:?}"),
    }
}

fn delete(store: &Embedded, name: &str, receipts: Vec<Receipt>) {
    store
        .execute(Command::Delete {
            queue: queue(name),
            receipts,
        })
        .unwrap();
}

/// All messages of a queue, as they stand.
fn peek(store: &Embedded, name: &str) -> Vec<Peeked> {
    let mut all: Vec<Peeked> = Vec::new();
    loop {
        let after = all.last().map_or(0, |last| last.message.sequence);
        let page = peek_page(store, name, after);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// The messages behind one, as many as one peek shows.
fn peek_page(store: &Embedded, name: &str, after: u64) -> Vec<Peeked> {
    let filter = PeekFilter {
        states: Vec::new(),
        group: None,
        after,
        limit: 1_000_000,
    };
    match store
        .execute(Command::Peek {
            queue: queue(name),
            filter,
        })
        .unwrap()
    {
        Outcome::Peeked(peeked) => peeked,
        other => panic!("{other:?}"),
    }
}

/// The log that reclamation has not passed, bytes. When its files go is the keeper's affair.
fn log_in_use(store: &Embedded) -> u64 {
    let meta = store.engine().with_meta(|meta| meta.clone()).unwrap();
    meta.tail_lsn - meta.reclaimed_lsn
}

fn assert_sound(store: &Embedded) {
    let report = store.check().unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
}
