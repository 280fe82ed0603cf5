//! Bits that flip in a segment, and segments that are cut: reported, and the rest readable.

use super::{Place, body, number, options, queue, segments};
use forebay::{PeekOptions, Queue, Store};
use std::collections::BTreeSet;
use std::path::Path;

const MESSAGES: usize = 300;

/// A closed store of several full segments.
fn filled() -> Place {
    let place = Place::new();
    let store = place.open();
    let queue = queue(&store);
    for number in 0..MESSAGES {
        queue.send(body(number)).unwrap();
    }
    store.close();
    assert!(segments(&place.store).len() > 3);
    place
}

/// Flips a bit in the middle of the body of message `wanted`.
fn flip(store: &Path, wanted: usize) {
    let needle = &body(wanted)[..40];
    for path in segments(store) {
        let mut content = std::fs::read(&path).unwrap();
        let found = content
            .windows(needle.len())
            .position(|part| part == needle);
        if let Some(at) = found {
            content[at + 20] ^= 0x10;
            std::fs::write(&path, content).unwrap();
            return;
        }
    }
    panic!("message {wanted} is in no segment");
}

/// Numbers of all messages that can be read, by peeking at them one by one.
fn readable(queue: &Queue) -> BTreeSet<usize> {
    let mut numbers = BTreeSet::new();
    for sequence in 0..MESSAGES as u64 {
        let options = PeekOptions::new().after(sequence).limit(1);
        if let Ok(peeked) = queue.peek(&options)
            && let Some(peeked) = peeked.first()
        {
            numbers.insert(number(&peeked.message.body));
        }
    }
    numbers
}

fn all_but(lost: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
    let lost: BTreeSet<usize> = lost.into_iter().collect();
    (0..MESSAGES)
        .filter(|number| !lost.contains(number))
        .collect()
}

fn reopen(place: &Place) -> Store {
    options().create(false).open(&place.store).unwrap()
}

#[test]
fn check_names_a_flipped_bit_and_the_rest_is_readable() {
    let place = filled();
    flip(&place.store, 100);
    let store = reopen(&place);
    let report = store.check().unwrap();
    assert!(!report.problems.is_empty());
    assert_eq!(readable(&queue(&store)), all_but([100]));
}

#[test]
fn a_rebuild_reports_a_flipped_bit_and_reads_the_rest() {
    let place = filled();
    flip(&place.store, 100);
    std::fs::remove_dir_all(place.store.join("index")).unwrap();
    let store = reopen(&place);
    let recovery = store.recovery().unwrap().unwrap();
    assert_eq!(recovery.damage.len(), 1, "{recovery:?}");
    assert_eq!(recovery.cut, None);
    assert_eq!(readable(&queue(&store)), all_but([100]));
    queue(&store).send(body(0)).unwrap();
    let problems = store.check().unwrap().problems;
    assert!(
        problems.iter().all(|text| text.contains("damaged")),
        "{problems:?}"
    );
}

#[test]
fn a_rebuild_reports_a_cut_segment_and_reads_the_rest() {
    let place = filled();
    let path = segments(&place.store).swap_remove(1);
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(40 << 10).unwrap();
    std::fs::remove_dir_all(place.store.join("index")).unwrap();
    let store = reopen(&place);
    let recovery = store.recovery().unwrap().unwrap();
    assert!(!recovery.damage.is_empty(), "{recovery:?}");
    let left = readable(&queue(&store));
    // 64 KiB hold about 60 messages; the last third of one segment is gone.
    assert!(
        (270..MESSAGES).contains(&left.len()),
        "{} are left",
        left.len()
    );
    queue(&store).send(body(0)).unwrap();
}

#[test]
fn a_missing_segment_is_reported_and_the_rest_is_readable() {
    let place = filled();
    std::fs::remove_file(&segments(&place.store)[1]).unwrap();
    std::fs::remove_dir_all(place.store.join("index")).unwrap();
    let store = reopen(&place);
    let recovery = store.recovery().unwrap().unwrap();
    assert!(!recovery.damage.is_empty(), "{recovery:?}");
    let left = readable(&queue(&store));
    assert!(
        (200..MESSAGES).contains(&left.len()),
        "{} are left",
        left.len()
    );
}

#[test]
fn a_damaged_index_is_built_anew() {
    let place = filled();
    let path = place.store.join("index").join("data.mdb");
    let bytes = std::fs::metadata(&path).unwrap().len();
    std::fs::write(&path, vec![0xA5; bytes as usize]).unwrap();
    let store = reopen(&place);
    assert!(store.recovery().unwrap().is_some());
    assert_eq!(readable(&queue(&store)), all_but([]));
}

#[test]
fn a_damaged_shared_page_is_replaced() {
    for content in [vec![], vec![0xA5; 100], vec![0xA5; 16_384]] {
        let place = filled();
        std::fs::write(place.store.join("shared"), content).unwrap();
        let store = reopen(&place);
        assert_eq!(readable(&queue(&store)), all_but([]));
    }
}
