//! A queue that one process knows and another one deletes, or deletes and makes anew.
#![allow(clippy::unwrap_used, clippy::panic)]

use forebay_model::history::{Entry, History, Identity, Op, Pick, Scale};
use forebay_model::run::compare;
use forebay_model::subject::{OnDisk, OnPostgres, Subject};

#[test]
fn the_embedded_store_sees_what_became_of_a_queue() {
    compare_all(|| Box::new(OnDisk::open(Scale::Small).unwrap()));
}

#[test]
fn the_store_on_postgres_sees_what_became_of_a_queue() {
    if forebay_test_postgres::shared().is_some() {
        compare_all(|| Box::new(OnPostgres::open().unwrap()));
    }
}

fn compare_all(open: impl Fn() -> Box<dyn Subject>) {
    for queue in [0, 3] {
        for op in operations(queue) {
            for again in [false, true] {
                let history = history(queue, again, op.clone());
                if let Err(difference) = compare(&history, open().as_mut()) {
                    panic!("{history:?}: {difference}");
                }
            }
        }
    }
}

/// One process knows the queue when the other deletes it; then the first does `last`.
fn history(queue: usize, again: bool, last: Op) -> History {
    let create = Op::Create {
        queue,
        settings: Vec::new(),
        strict: false,
    };
    let known = [create.clone(), send(queue), receive(queue), send(queue)];
    let gone = Op::DeleteQueue {
        queue,
        only_if_empty: false,
    };
    let mut ops = Vec::from(known);
    ops.extend([Op::Switch, gone]);
    ops.extend(again.then_some(create));
    ops.extend([Op::Switch, last]);
    History { ops }
}

fn send(queue: usize) -> Op {
    let entry = Entry {
        group: None,
        identity: Identity::Unique,
        delay_s: None,
        padding: 0,
        attributes: Vec::new(),
        flaw: None,
    };
    Op::Send {
        queue,
        entries: vec![entry],
    }
}

fn receive(queue: usize) -> Op {
    Op::Receive {
        queue,
        max: 1,
        visibility_s: None,
        attempt: None,
        wait_s: Some(20),
    }
}

/// Every operation that names a queue.
fn operations(queue: usize) -> Vec<Op> {
    let pick = Pick {
        back: 0,
        any_queue: false,
    };
    vec![
        send(queue),
        receive(queue),
        Op::Delete {
            queue,
            picks: vec![pick],
        },
        Op::Change {
            queue,
            entries: vec![(pick, 0)],
        },
        Op::Peek {
            queue,
            in_flight: false,
            group: None,
            after: 0,
            limit: 10,
        },
        Op::Get { queue },
        Op::Set {
            queue,
            settings: Vec::new(),
        },
        Op::Tag { queue, key: 1 },
        Op::Untag { queue, key: 1 },
        Op::ListSources { queue, limit: 10 },
        Op::Purge {
            queue,
            strict: false,
        },
        Op::StartTask {
            queue,
            destination: Some(1),
            rate: None,
        },
        Op::CancelTask { queue, back: 0 },
        Op::ListTasks { queue },
        Op::DeleteQueue {
            queue,
            only_if_empty: true,
        },
        Op::Create {
            queue,
            settings: Vec::new(),
            strict: true,
        },
    ]
}
