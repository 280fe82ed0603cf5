//! What the process that opens a store is like: its standard streams, its umask.

use super::{OpenOptions, QueueOptions};
use crate::error::ErrorKind;
use crate::sys::testing::{
    close_standard_streams, in_forked_child, limit_address_space, set_umask,
};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Far longer than a directory takes to be synced.
const WATCHDOG: Duration = Duration::from_secs(30);

/// True if no standard stream is a file in `directory`.
fn streams_lead_elsewhere(directory: &Path) -> bool {
    (0..=2).all(|fd| {
        let target = fs::read_link(format!("/proc/self/fd/{fd}"));
        !target.is_ok_and(|target| target.starts_with(directory))
    })
}

/// What a program prints where its standard output was closed goes to whatever file has its
/// number now: a line of text in the log or the index.
#[test]
fn no_file_of_a_store_gets_the_number_of_a_standard_stream() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().canonicalize().unwrap().join("store");
    let options = OpenOptions::new().segment_bytes(4 << 20);
    assert!(in_forked_child(|| {
        close_standard_streams();
        let store = options.open(&directory).unwrap();
        let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
        queue.send("closed before").unwrap();
        let before = streams_lead_elsewhere(&directory);
        close_standard_streams();
        for _ in 0..20 {
            queue.send(vec![b'x'; 1 << 20]).unwrap();
        }
        // Directories that are synced have such a number for a moment.
        let start = Instant::now();
        let after = loop {
            let elsewhere = streams_lead_elsewhere(&directory);
            if elsewhere || start.elapsed() > WATCHDOG {
                break elsewhere;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        before && after
    }));
}

/// Users of one group share a store where their umask lets them.
#[test]
fn every_file_of_a_store_is_as_open_as_the_umask_says() {
    let folder = tempfile::tempdir().unwrap();
    for (umask, shared) in [(0o002, 0o060), (0o077, 0)] {
        let directory = folder.path().join(format!("{umask:o}"));
        assert!(in_forked_child(|| {
            set_umask(umask);
            OpenOptions::new().open(&directory).is_ok()
        }));
        let mut files = 0;
        for folder in [
            directory.clone(),
            directory.join("log"),
            directory.join("index"),
        ] {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let mode = entry.metadata().unwrap().mode();
                assert_eq!(
                    mode & 0o066,
                    shared | (shared >> 3 & 0o4),
                    "{entry:?} {mode:o}"
                );
                files += 1;
            }
        }
        assert!(files > 5, "{files}");
    }
}

/// The index is as good as before, and a large one takes long to be made anew.
#[test]
fn an_index_is_not_thrown_away_where_there_is_no_room_to_map_it() {
    let folder = tempfile::tempdir().unwrap();
    let open = || OpenOptions::new().open(folder.path());
    let store = open().unwrap();
    store.create_queue("q", &QueueOptions::new()).unwrap();
    store.close();
    drop(store);
    assert!(in_forked_child(|| {
        let statm = fs::read_to_string("/proc/self/statm").unwrap();
        let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
        // Less than an index is mapped with.
        limit_address_space(pages * 4_096 + (1 << 30));
        open().is_err_and(|error| error.kind() == ErrorKind::Io)
    }));
    assert_eq!(open().unwrap().recovery().unwrap(), None);
}
