//! A directory that is moved, removed or replaced while it is open answers for nothing any more.

use super::{Place, body, drain, options, queue};
use forebay::store::Durability;
use forebay::{ErrorKind, Queue};
use std::fs;
use std::time::{Duration, Instant};

/// Sends until it is refused; answers what was accepted.
fn send_until_refused(queue: &Queue) -> Vec<usize> {
    let start = Instant::now();
    let mut accepted = Vec::new();
    loop {
        let number = accepted.len() + 1;
        match queue.send(body(number)) {
            Ok(_) => accepted.push(number),
            Err(error) => {
                let known = [ErrorKind::Io, ErrorKind::Poisoned].contains(&error.kind());
                assert!(known && error.text().contains("moved"), "{error}");
                return accepted;
            }
        }
        assert!(start.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_is_sent_to_a_removed_directory_is_not_accepted() {
    let place = Place::new();
    let store = place.open();
    let queue = queue(&store);
    fs::remove_dir_all(&place.store).unwrap();
    assert_eq!(send_until_refused(&queue), [0_usize; 0]);
    // Opened anew while the old handles are still there, it is a new store.
    let store = place.open();
    let queue = super::queue(&store);
    queue.send(body(1)).unwrap();
    assert_eq!(drain(&queue), [1]);
}

#[test]
fn a_moved_directory_has_what_was_accepted_and_nobody_writes_to_another_in_its_place() {
    let place = Place::new();
    let store = place.open();
    let queue = queue(&store);
    queue.send(body(0)).unwrap();
    let moved = place.store.with_file_name("moved");
    fs::rename(&place.store, &moved).unwrap();
    let other = place.open();
    assert_eq!(send_until_refused(&queue), [0_usize; 0]);
    assert_eq!(drain(&super::queue(&other)), [0_usize; 0]);
    let moved = options().open(&moved).unwrap();
    assert_eq!(drain(&super::queue(&moved))[0], 0);
}

/// Where nobody waits for the disk it is the keeper who sees it.
#[test]
fn a_removed_directory_is_seen_without_syncs() {
    let place = Place::new();
    let store = options()
        .durability(Durability::Os)
        .open(&place.store)
        .unwrap();
    let queue = queue(&store);
    fs::remove_dir_all(&place.store).unwrap();
    send_until_refused(&queue);
}

#[test]
fn a_store_that_failed_is_opened_anew_beside_its_handles() {
    let place = Place::new();
    let store = place.open();
    let queue = queue(&store);
    queue.send(body(7)).unwrap();
    let moved = place.store.with_file_name("moved");
    fs::rename(&place.store, &moved).unwrap();
    send_until_refused(&queue);
    fs::rename(&moved, &place.store).unwrap();
    let error = queue.send(body(8)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Poisoned);
    assert_eq!(drain(&super::queue(&place.open()))[0], 7);
}
