use super::*;
use crate::store::embedded::disk::SimDisk;
use crate::sys::boot::BootId;

const FIRST_BOOT: BootId = [1; 16];
const SECOND_BOOT: BootId = [2; 16];

fn open_on_disk(directory: &Path, disk: &SimDisk, boot: BootId) -> Arc<Embedded> {
    let surroundings = Surroundings {
        disk: Some(Arc::new(disk.clone())),
        boot: Some(boot),
        wall_ms: None,
    };
    let options = StoreOptions {
        durability: Durability::Full,
        ..options()
    };
    open_on(directory, &options, &surroundings).unwrap()
}

fn try_send(store: &Embedded, number: u64) -> Result<Outcome> {
    store.execute(Command::Send {
        queue: queue("q"),
        entries: vec![entry(number, 10, None)],
        batch: false,
    })
}

fn bodies(store: &Embedded) -> Vec<u8> {
    let peeked = peek(store, "q");
    peeked.iter().map(|one| one.message.body[0]).collect()
}

/// After a sync that failed the system takes what was to be written for written: later syncs of
/// the file succeed, and do not bring it to the disk. What is answered for afterwards lies behind
/// it in the log.
#[test]
fn what_is_sent_after_a_lost_sync_and_a_reopening_survives_a_power_cut() {
    let dir = tempfile::tempdir().unwrap();
    let disk = SimDisk::new();
    let store = open_on_disk(dir.path(), &disk, FIRST_BOOT);
    create(&store, "q", &[]);
    try_send(&store, 1).unwrap();
    disk.lose_next_sync();
    assert_eq!(try_send(&store, 2).unwrap_err().kind(), ErrorKind::Io);
    drop(store);
    let store = open_on_disk(dir.path(), &disk, FIRST_BOOT);
    try_send(&store, 3).unwrap();
    drop(store);
    let store = open_on_disk(dir.path(), &disk.crash_losing_all(), SECOND_BOOT);
    assert_eq!(bodies(&store), [1, 2, 3]);
    assert_eq!(store.recovery().unwrap().damage, Vec::<String>::new());
}

/// The same of another process that has the store open: it must not answer for what lies behind.
#[test]
fn nobody_answers_for_what_lies_behind_a_lost_sync_before_it_is_mended() {
    let dir = tempfile::tempdir().unwrap();
    let disk = SimDisk::new();
    let one = open_on_disk(dir.path(), &disk, FIRST_BOOT);
    let other = open_on_disk(dir.path(), &disk, FIRST_BOOT);
    create(&one, "q", &[]);
    try_send(&one, 1).unwrap();
    disk.lose_next_sync();
    assert_eq!(try_send(&one, 2).unwrap_err().kind(), ErrorKind::Io);
    let error = try_send(&other, 3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    // One that is opened beside them mends it for itself and for whoever was not told.
    let third = open_on_disk(dir.path(), &disk, FIRST_BOOT);
    try_send(&third, 4).unwrap();
    drop((one, other, third));
    let store = open_on_disk(dir.path(), &disk.crash_losing_all(), SECOND_BOOT);
    assert_eq!(bodies(&store), [1, 2, 3, 4]);
}
