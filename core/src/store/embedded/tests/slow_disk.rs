use super::*;
use crate::store::embedded::disk::{Fault, FaultDisk, RealDisk};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, channel};

const LONG: Duration = Duration::from_secs(60);

fn open_slow(directory: &Path) -> (Arc<Embedded>, FaultDisk) {
    // The store itself, and with it the directory of its log.
    drop(open(directory));
    let disk = RealDisk::new(&directory.join("log"), false);
    let disk = FaultDisk::new(Arc::new(disk));
    let surroundings = Surroundings {
        disk: Some(Arc::new(disk.clone())),
        ..Surroundings::default()
    };
    let options = StoreOptions {
        durability: Durability::Full,
        ..options()
    };
    let store = open_on(directory, &options, &surroundings).unwrap();
    // So that it is known as a slow one.
    store.engine().counters.note_sync(Duration::from_secs(1));
    create(&store, "q", &[]);
    (store, disk)
}

fn send_command(number: u64) -> Command {
    Command::Send {
        queue: queue("q"),
        entries: vec![entry(number, 10, None)],
        batch: false,
    }
}

fn receive_command() -> Command {
    Command::Receive {
        queue: queue("q"),
        max: 1,
        visibility_s: None,
        attempt: None,
        wait_s: Some(0),
    }
}

fn submit(store: &Embedded, command: Command) -> Receiver<Result<Outcome>> {
    let (done, answer) = channel();
    store.submit(command, Box::new(move |result| done.send(result).unwrap()));
    answer
}

/// While the disk is busy with one caller's send, others receive what is on disk already; and the
/// send is answered only when it is.
#[test]
fn a_receive_waits_for_no_sync_of_other_callers() {
    let dir = tempfile::tempdir().unwrap();
    let (store, disk) = open_slow(dir.path());
    send(&store, "q", entry(1, 10, None));
    send(&store, "q", entry(2, 10, None));
    disk.stall_syncs();
    let sent = submit(&store, send_command(3));
    let first = submit(&store, receive_command());
    assert_eq!(received(first.recv_timeout(LONG).unwrap()).len(), 1);
    let deleted = submit(
        &store,
        Command::Delete {
            queue: queue("q"),
            receipts: vec![
                received(
                    submit(&store, receive_command())
                        .recv_timeout(LONG)
                        .unwrap(),
                )[0]
                .receipt,
            ],
        },
    );
    // What is not on disk is not handed out either.
    let third = submit(&store, receive_command());
    for waits in [&sent, &deleted, &third] {
        assert!(waits.recv_timeout(Duration::from_millis(20)).is_err());
    }
    disk.go_on();
    assert!(matches!(
        sent.recv_timeout(LONG).unwrap(),
        Ok(Outcome::Sent(_))
    ));
    assert!(matches!(
        deleted.recv_timeout(LONG).unwrap(),
        Ok(Outcome::Each(_))
    ));
    assert_eq!(received(third.recv_timeout(LONG).unwrap()).len(), 1);
}

/// A lease that is not on disk, or a delete, keeps nobody from receiving at once; a message that
/// is not does.
#[test]
fn only_an_unsynced_message_keeps_a_receive_from_being_prompt() {
    let dir = tempfile::tempdir().unwrap();
    let (store, disk) = open_slow(dir.path());
    for number in 1..=3 {
        send(&store, "q", entry(number, 10, None));
    }
    let prompt = |store: &Embedded| match store.execute_now(receive_command()) {
        ControlFlow::Break(answer) => Some(received(answer)),
        ControlFlow::Continue(_) => None,
    };
    let one = prompt(&store).unwrap();
    assert_eq!(prompt(&store).unwrap().len(), 1);
    disk.stall_syncs();
    let deleted = submit(
        &store,
        Command::Delete {
            queue: queue("q"),
            receipts: vec![one[0].receipt],
        },
    );
    assert!(deleted.recv_timeout(Duration::from_millis(20)).is_err());
    assert_eq!(prompt(&store).unwrap().len(), 1);
    let sent = submit(&store, send_command(4));
    assert!(sent.recv_timeout(Duration::from_millis(20)).is_err());
    assert!(prompt(&store).is_none());
    disk.go_on();
    sent.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(prompt(&store).unwrap().len(), 1);
}

/// A sync that fails is the answer of everyone who depended on it, and of nobody else.
#[test]
fn a_failed_sync_answers_who_depended_on_it() {
    let dir = tempfile::tempdir().unwrap();
    let (store, disk) = open_slow(dir.path());
    send(&store, "q", entry(1, 10, None));
    disk.stall_syncs();
    let sent: Vec<_> = (2..10)
        .map(|number| submit(&store, send_command(number)))
        .collect();
    let one = submit(&store, receive_command());
    assert_eq!(received(one.recv_timeout(LONG).unwrap()).len(), 1);
    disk.fail(disk.operations(), u64::MAX, Fault::Io);
    disk.go_on();
    for answer in sent {
        let error = answer.recv_timeout(LONG).unwrap().unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Io | ErrorKind::Poisoned),
            "{error}"
        );
    }
    let error = submit(&store, receive_command())
        .recv_timeout(LONG)
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Poisoned);
}

/// A change that finds no other command under way needs no thread but the one that waits for the
/// disk: it is answered while a callback keeps the other one.
#[test]
fn a_change_alone_needs_only_the_thread_that_syncs() {
    let dir = tempfile::tempdir().unwrap();
    let _keeper = hold_the_keeper_off(dir.path());
    let (store, _disk) = open_slow(dir.path());
    let (entering, entered) = channel();
    let (leave, left) = channel::<()>();
    store.submit(
        receive_command(),
        Box::new(move |_| {
            entering.send(()).unwrap();
            let _ = left.recv();
        }),
    );
    entered.recv_timeout(LONG).unwrap();
    for number in 1..=3 {
        let sent = submit(&store, send_command(number));
        assert!(matches!(
            sent.recv_timeout(LONG).unwrap(),
            Ok(Outcome::Sent(_))
        ));
    }
    leave.send(()).unwrap();
    let first = submit(&store, receive_command());
    assert_eq!(received(first.recv_timeout(LONG).unwrap()).len(), 1);
}

/// Callbacks run on threads of the store, which it waits for when it is closed.
#[test]
fn a_callback_may_close_the_store() {
    for command in [send_command(1), receive_command()] {
        let dir = tempfile::tempdir().unwrap();
        let (store, _disk) = open_slow(dir.path());
        let (done, closed) = channel();
        let (kept, last) = channel();
        store.submit(
            command,
            Box::new(move |_| {
                drop::<Arc<Embedded>>(last.recv().unwrap());
                done.send(()).unwrap();
            }),
        );
        kept.send(store).unwrap();
        closed.recv_timeout(LONG).unwrap();
    }
}
