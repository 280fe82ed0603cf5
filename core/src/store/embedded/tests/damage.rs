use super::*;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

/// Bytes of a body; each has a number of its own, so that it can be found in a file.
const BODY_BYTES: usize = 400;

fn kept(number: u64) -> SendEntry {
    let mut one = entry(number, BODY_BYTES, None);
    one.body = format!("kept {number:08} ").repeat(BODY_BYTES / 14).into();
    one
}

/// Flips a bit where the log says `needle`.
fn flip(directory: &Path, needle: &str) {
    let needle = needle.as_bytes();
    for file in std::fs::read_dir(directory.join("log")).unwrap() {
        let path = file.unwrap().path();
        let content = std::fs::read(&path).unwrap();
        let places = content
            .windows(needle.len())
            .position(|part| part == needle);
        if let Some(at) = places {
            let file = OpenOptions::new().write(true).open(&path).unwrap();
            file.write_all_at(&[content[at] ^ 4], at as u64).unwrap();
            return;
        }
    }
    panic!("{} is not in the log", String::from_utf8_lossy(needle));
}

/// Sends and deletes so much that reclamation passes everything sent before.
fn churn(store: &Embedded) {
    for number in 0..2_000 {
        send(store, "busy", entry(number, 900, None));
        let receipts = receive(store, "busy", 10);
        delete(
            store,
            "busy",
            receipts.iter().map(|one| one.receipt).collect(),
        );
    }
}

fn sequences(store: &Embedded) -> Vec<u64> {
    let peeked = peek(store, "kept");
    peeked.iter().map(|one| one.message.sequence).collect()
}

/// A damaged record costs what cannot be read of it, once; it does not hold up reclamation.
#[test]
fn reclamation_goes_on_behind_damage_and_reports_it_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create(&store, "kept", &[]);
    create(&store, "busy", &[("VisibilityTimeout", "3600")]);
    for number in 1..=100 {
        send(&store, "kept", kept(number));
    }
    store.engine().settle().unwrap();
    flip(dir.path(), "kept 00000050 kept");
    churn(&store);
    let in_use = log_in_use(&store);
    assert!(in_use < 1 << 20, "{in_use}");
    let expected: Vec<u64> = (1..=100).filter(|number| *number != 50).collect();
    assert_eq!(sequences(&store), expected);
    let damage = store.recovery().unwrap().damage;
    assert_eq!(damage.len(), 1, "{damage:?}");
    assert!(damage[0].contains("1 message"), "{damage:?}");
    assert_sound(&store);
    drop(store);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = open(dir.path());
    assert_eq!(store.recovery().unwrap().damage, Vec::<String>::new());
    assert_eq!(sequences(&store), expected);
}

/// What a queue is and what it holds is carried on from the index where the log lost it.
#[test]
fn a_damaged_record_of_a_queue_is_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create(&store, "busy", &[("VisibilityTimeout", "3600")]);
    create(&store, "kept-1", &[("DelaySeconds", "7")]);
    store.engine().settle().unwrap();
    flip(dir.path(), "kept-1");
    churn(&store);
    assert_eq!(store.recovery().unwrap().damage.len(), 1);
    drop(store);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = open(dir.path());
    let queue = queue("kept-1");
    let view = store
        .execute(Command::GetQueue {
            queue,
            counted: true,
        })
        .unwrap();
    assert!(format!("{view:?}").contains("delay_s: 7"), "{view:?}");
    assert_sound(&store);
}

/// A closed store of 300 messages whose second segment was changed by `spoil`.
fn spoiled(spoil: impl Fn(&Path)) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create(&store, "kept", &[]);
    create(&store, "busy", &[("VisibilityTimeout", "3600")]);
    for number in 1..=300 {
        send(&store, "kept", kept(number));
    }
    drop(store);
    spoil(&dir.path().join("log").join("0000000000010000.seg"));
    dir
}

/// Messages whose bytes are gone are told of one by one, and do not hold up the others.
#[test]
fn a_receive_passes_messages_that_are_not_there_any_more() {
    let cut = |path: &Path| {
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(10_000).unwrap();
    };
    for spoil in [&cut as &dyn Fn(&Path), &|path| {
        std::fs::remove_file(path).unwrap()
    }] {
        let dir = spoiled(spoil);
        let store = open(dir.path());
        let (mut received, mut told) = (0, 0);
        while received + told < 300 {
            let command = Command::Receive {
                queue: queue("kept"),
                max: 10,
                visibility_s: None,
                attempt: None,
                wait_s: Some(0),
            };
            match store.execute(command) {
                Ok(Outcome::Received { messages, .. }) if !messages.is_empty() => {
                    received += messages.len();
                }
                Err(error) if error.text().contains("taken out") => told += 1,
                other => panic!("{other:?} after {received} messages and {told} errors"),
            }
        }
        assert!((90..150).contains(&told), "{told} messages were lost");
    }
}

/// A segment that is gone takes its messages with it and nothing else.
#[test]
fn reclamation_passes_a_missing_segment() {
    let dir = spoiled(|path| std::fs::remove_file(path).unwrap());
    let store = open(dir.path());
    churn(&store);
    let left = sequences(&store);
    assert!((100..250).contains(&left.len()), "{} are left", left.len());
    assert_eq!(receive(&store, "kept", 300).len(), left.len());
    let in_use = log_in_use(&store);
    assert!(in_use < 2 << 20, "{in_use}");
    assert_eq!(store.recovery().unwrap().damage.len(), 1);
    assert_sound(&store);
}
