use super::*;
use std::fs;

/// Copies a file or a directory with all that is in it over what is there, as `cp -r` does.
fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}

fn send_all(store: &Embedded, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        send(store, "q", entry(number, 900, None));
    }
    store.engine().settle().unwrap();
}

fn bodies(store: &Embedded) -> Vec<u8> {
    let peeked = peek(store, "q");
    peeked.iter().map(|one| one.message.body[0]).collect()
}

fn assert_holds(store: &Embedded, numbers: std::ops::RangeInclusive<u8>) {
    assert_eq!(bodies(store), numbers.collect::<Vec<u8>>());
}

/// The directory without its index, which is made anew from the log.
fn open_rebuilt(directory: &Path) -> Arc<Embedded> {
    fs::remove_dir_all(directory.join("index")).unwrap();
    open(directory)
}

/// The index of a copy may be of another moment than its log, or of several.
#[test]
fn a_copy_that_was_made_in_use_is_read_from_its_log() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(dir.path());
    create(&store, "q", &[]);
    send_all(&store, 1..=10);
    copy(&dir.path().join("index"), &other.path().join("index"));
    send_all(&store, 11..=20);
    for name in ["store", "shared", "lock", "log"] {
        copy(&dir.path().join(name), &other.path().join(name));
    }
    let copied = open(other.path());
    assert_holds(&copied, 1..=20);
    let reason = copied.recovery().unwrap().reason;
    assert!(reason.contains("copy"), "{reason}");
    send_all(&copied, 21..=30);
    drop(copied);
    assert_holds(&open(other.path()), 1..=30);
    assert_holds(&open_rebuilt(other.path()), 1..=30);
    assert_holds(&store, 1..=20);
}

#[test]
fn an_index_of_an_earlier_moment_is_not_used() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(dir.path());
    create(&store, "q", &[]);
    send_all(&store, 1..=10);
    copy(&dir.path().join("index"), other.path());
    send_all(&store, 11..=20);
    drop(store);
    copy(other.path(), &dir.path().join("index"));
    let store = open(dir.path());
    assert_holds(&store, 1..=20);
    send_all(&store, 21..=30);
    drop(store);
    assert_holds(&open_rebuilt(dir.path()), 1..=30);
}

/// As by a backup that was put back over a directory in which the store went on.
#[test]
fn a_log_of_an_earlier_moment_is_told_of_and_goes_on() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(dir.path());
    create(&store, "q", &[]);
    send_all(&store, 1..=10);
    store.backup(&other.path().join("backup")).unwrap();
    send_all(&store, 11..=20);
    drop(store);
    copy(&other.path().join("backup"), dir.path());
    let store = open(dir.path());
    assert_holds(&store, 1..=10);
    assert_eq!(store.recovery().unwrap().damage.len(), 1);
    send_all(&store, 21..=30);
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.recovery(), None);
    drop(store);
    let expected: Vec<u8> = (1..=10).chain(21..=30).collect();
    assert_eq!(bodies(&open_rebuilt(dir.path())), expected);
}
