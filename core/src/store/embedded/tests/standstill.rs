use super::*;
use crate::store::embedded::disk::{FaultDisk, RealDisk};
use std::thread;

/// Another holder of the segments lock, as another process is one.
fn stranger(directory: &Path) -> KernelLock {
    let file = LockFile::open(&directory.join("lock")).unwrap();
    KernelLock::new(file, LockByte::Segments)
}

/// Whoever recycles meanwhile, in this process or another, leaves the segments to their holder.
#[test]
fn segments_stay_while_one_thread_holds_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let engine = store.engine();
    let other = stranger(dir.path());
    let hold = engine.segments.acquire(Duration::from_secs(10)).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| engine.recycle_freed().unwrap());
        scope.spawn(|| assert!(engine.segments.try_acquire().unwrap().is_none()));
        let waits = scope.spawn(|| engine.segments.acquire(Duration::from_millis(20)).err());
        let error = waits.join().unwrap().unwrap();
        assert_eq!(error.kind(), ErrorKind::Busy);
    });
    assert!(!other.try_acquire().unwrap(), "the hold ended too early");
    drop(hold);
    assert!(other.try_acquire().unwrap());
    assert!(engine.segments.try_acquire().unwrap().is_none());
    other.release();
    assert!(engine.segments.try_acquire().unwrap().is_some());
}

/// Does `work` while messages come and go, and another thread recycles. Fifty messages stay.
fn beside_recycling<T>(store: &Embedded, work: impl FnOnce() -> T) -> T {
    create(store, "kept", &[]);
    create(store, "busy", &[("VisibilityTimeout", "3600")]);
    for number in 0..50 {
        send(store, "kept", entry(number, 200, None));
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 1_000;
            while !done.load(Ordering::Acquire) {
                // Without a rest it frees segments faster than anybody could remove them.
                thread::sleep(Duration::from_millis(1));
                for _ in 0..4 {
                    number += 1;
                    send(store, "busy", entry(number, 4_000, None));
                }
                let received = receive(store, "busy", 4);
                let receipts = received.iter().map(|one| one.receipt).collect();
                delete(store, "busy", receipts);
            }
        });
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                store.engine().recycle_freed_now().unwrap();
                // The lock is not fair, and a keeper rests too; then it has more to do at once.
                thread::sleep(Duration::from_millis(20));
            }
        });
        let result = work();
        done.store(true, Ordering::Release);
        result
    })
}

/// Backups one after the other: each is whole.
#[test]
fn backups_beside_recycling_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let backups = tempfile::tempdir().unwrap();
    let copied = beside_recycling(&store, || {
        let copied = (0..20).map(|number| {
            let to = backups.path().join(number.to_string());
            store.backup(&to).map(|()| to)
        });
        copied.collect::<Vec<_>>()
    });
    for to in copied {
        let copy = open(&to.unwrap());
        let recovery = copy.recovery().unwrap();
        assert_eq!(recovery.damage, Vec::<String>::new());
        assert_eq!(peek(&copy, "kept").len(), 50);
        assert_sound(&copy);
    }
}

/// A check takes its turn with who moves segments, and would report those as lost that it misses.
#[test]
fn a_check_waits_for_who_moves_segments() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        lock_timeout: Duration::from_millis(20),
        ..options()
    };
    let store = open_on(dir.path(), &options, &Surroundings::default()).unwrap();
    let mover = stranger(dir.path());
    // The keeper of a store that was opened just now may have its turn.
    while !mover.try_acquire().unwrap() {
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(store.check().unwrap_err().kind(), ErrorKind::Busy);
    mover.release();
    assert_sound(&store);
}

/// While another thread makes the next segment of the last room there is, nobody else can make it.
/// Whoever needs it for a delete waits until that is done.
#[test]
fn a_delete_survives_that_another_has_the_last_room() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let disk = FaultDisk::new(Arc::new(RealDisk::new(&dir.path().join("log"), true)));
    let surroundings = Surroundings {
        disk: Some(Arc::new(disk.clone())),
        ..Surroundings::default()
    };
    let options = StoreOptions {
        reserve_bytes: 0,
        ..options()
    };
    let store = open_on(dir.path(), &options, &surroundings).unwrap();
    create(&store, "q", &[("VisibilityTimeout", "3600")]);
    for number in 0..3_000 {
        send(&store, "q", entry(number, 10, None));
    }
    for one in receive(&store, "q", 3_000) {
        disk.refuse_creations(1);
        delete(&store, "q", vec![one.receipt]);
    }
    disk.heal();
    assert_eq!(peek(&store, "q").len(), 0);
    assert_sound(&store);
}
