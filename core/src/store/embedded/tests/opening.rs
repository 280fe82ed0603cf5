use super::*;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// LMDB's transactions are only safe behind the writer lock, those of opening included: without
/// it, one process in some hundreds found the index of a busy store empty.
#[test]
fn opening_looks_at_the_index_in_its_turn_only() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    create(&first, "q", &[]);
    let engine = first.engine();
    let mut held = engine.held.lock();
    let tx = engine.begin(&mut held).unwrap();
    let (opened, openings) = channel();
    std::thread::scope(|scope| {
        scope.spawn(|| opened.send(open(dir.path())).unwrap());
        let early = openings.recv_timeout(Duration::from_millis(300));
        assert_eq!(early.err(), Some(RecvTimeoutError::Timeout));
        engine.give_up(&mut held, tx);
        let second = openings.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(peek(&second, "q"), Vec::new());
    });
}
