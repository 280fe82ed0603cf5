use super::*;

/// What a process that is killed between its write to the log and its commit leaves behind.
fn send_and_die(store: &Embedded, number: u64) {
    let engine = store.engine();
    let mut held = engine.held.claim();
    let mut tx = engine.begin(&mut held).unwrap();
    let command = Command::Send {
        queue: queue("q"),
        entries: vec![entry(number, 10, None)],
        batch: false,
    };
    tx.run(&command, engine.clock_ms()).unwrap();
    let tail = tx.appender.flush().unwrap();
    engine.page.appended_lsn.store(tail.lsn, Ordering::Release);
    drop(tx);
    engine.unlock_writer();
}

/// A session that carries in what the log has beyond the index, and fails itself, as one does that
/// finds no room, leaves that to the next one.
#[test]
fn a_session_that_is_given_up_loses_nothing_of_a_killed_process() {
    let dir = tempfile::tempdir().unwrap();
    let _keeper = hold_the_keeper_off(dir.path());
    let store = open(dir.path());
    create(&store, "q", &[]);
    store.engine().settle().unwrap();
    send_and_die(&store, 1);
    let engine = store.engine();
    let mut held = engine.held.claim();
    let tx = engine.begin(&mut held).unwrap();
    engine.give_up(&mut held, tx);
    drop(held);
    send(&store, "q", entry(2, 10, None));
    let bodies: Vec<u8> = peek(&store, "q")
        .iter()
        .map(|one| one.message.body[0])
        .collect();
    assert_eq!(bodies, [1, 2]);
    assert_sound(&store);
}
