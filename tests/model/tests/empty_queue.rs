//! Deleting a queue only if it is empty: one answer from every store, decided in one transition.
#![allow(clippy::unwrap_used)]

use forebay::command::{Command, Outcome, SendEntry, Strictness};
use forebay::limits::RETENTION_S_MIN;
use forebay::message::MessageId;
use forebay::{Error, ErrorKind};
use forebay_model::history::Scale;
use forebay_model::subject::{InMemory, OnDisk, OnPostgres, Subject};
use forebay_model::world::key;
use std::collections::BTreeMap;

/// Index of the queue that is used.
const QUEUE: usize = 0;

#[test]
fn the_reference_deletes_empty_queues_only() {
    messages_in_any_state_keep_a_queue(&InMemory::reference());
}

#[test]
fn the_embedded_store_deletes_empty_queues_only() {
    messages_in_any_state_keep_a_queue(&OnDisk::open(Scale::Small).unwrap());
}

#[test]
fn the_store_on_postgres_deletes_empty_queues_only() {
    if forebay_test_postgres::shared().is_some() {
        messages_in_any_state_keep_a_queue(&OnPostgres::open().unwrap());
    }
}

fn messages_in_any_state_keep_a_queue(subject: &dyn Subject) {
    let store = subject.storage();
    let kept = |state: &str| {
        let answer = store.execute(delete_if_empty());
        let text = "The queue still has 1 messages and was to be deleted only if empty.";
        let refusal = Error::new(ErrorKind::UnsupportedOperation, text);
        assert_eq!(answer, Err(refusal), "{state}");
    };
    store.execute(create()).unwrap();
    store.execute(send(1)).unwrap();
    kept("delayed");
    store.advance_ms(1_000).unwrap();
    kept("visible");
    store.execute(receive()).unwrap();
    kept("in flight");
    store.advance_ms(30_000).unwrap();
    kept("visible again");
    // S6.1: what is past its retention is gone before the queue is looked at.
    store
        .advance_ms(u64::from(RETENTION_S_MIN) * 1_000)
        .unwrap();
    assert_eq!(store.execute(delete_if_empty()), Ok(Outcome::Done));
    // S11.6: deleting again within 60 s succeeds.
    assert_eq!(store.execute(delete_if_empty()), Ok(Outcome::Done));
    store.advance_ms(60_000).unwrap();
    let missing = store.execute(delete_if_empty()).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::QueueDoesNotExist);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

fn delete_if_empty() -> Command {
    Command::DeleteQueue {
        queue: key(QUEUE),
        only_if_empty: true,
    }
}

fn create() -> Command {
    let retention = ("MessageRetentionPeriod".into(), RETENTION_S_MIN.to_string());
    Command::CreateQueue {
        queue: key(QUEUE),
        attributes: BTreeMap::from([retention]),
        tags: BTreeMap::new(),
        strictness: Strictness {
            sqs_limits: false,
            sixty_second_rules: false,
        },
    }
}

fn send(delay_s: u32) -> Command {
    Command::Send {
        queue: key(QUEUE),
        entries: vec![SendEntry {
            id: MessageId([1; 16]),
            body: "m".into(),
            attributes: Vec::new(),
            trace_header: None,
            group: None,
            deduplication: None,
            delay_s: Some(delay_s),
            sender: "000000000000".into(),
        }],
        batch: false,
    }
}

fn receive() -> Command {
    Command::Receive {
        queue: key(QUEUE),
        max: 1,
        visibility_s: None,
        attempt: None,
        wait_s: Some(0),
    }
}
