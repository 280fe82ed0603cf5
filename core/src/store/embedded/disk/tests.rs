//! All disks behave alike while nothing goes wrong, and as told when it does.

use super::*;

fn names(disk: &dyn Disk) -> Vec<String> {
    let mut names = disk.list().unwrap();
    names.sort();
    names
}

fn read(disk: &dyn Disk, name: &str) -> Vec<u8> {
    let file = disk.open(name).unwrap();
    let mut content = vec![0; file.len().unwrap() as usize];
    file.read_at(&mut content, 0).unwrap();
    content
}

fn behaves(disk: &dyn Disk) {
    let file = disk.create("a", 10).unwrap();
    assert_eq!(read(disk, "a"), [0; 10]);
    file.write_at(b"xyz", 8).unwrap();
    file.sync_data().unwrap();
    assert_eq!(read(disk, "a"), b"\0\0\0\0\0\0\0\0xyz");
    assert!(!file.is_empty().unwrap());
    let end = file.read_at(&mut [0; 4], 8).unwrap_err();
    assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
    let taken = disk.create("a", 1).map(|_| ()).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
    disk.create("b", 1).unwrap();
    let taken = disk.rename("a", "b").unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
    disk.remove("b").unwrap();
    disk.rename("a", "b").unwrap();
    disk.sync_dir().unwrap();
    assert_eq!(names(disk), ["b"]);
    file.write_at(b"w", 0).unwrap();
    assert_eq!(read(disk, "b")[0], b'w');
    for missing in [
        disk.open("a").map(|_| ()),
        disk.remove("a"),
        disk.rename("a", "c"),
    ] {
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

#[test]
fn every_disk_behaves_alike() {
    let directory = tempfile::tempdir().unwrap();
    behaves(&RealDisk::new(directory.path(), false));
    behaves(&SimDisk::new());
    behaves(&FaultDisk::new(Arc::new(SimDisk::new())));
}

#[test]
fn the_nth_change_fails_as_planned() {
    for fault in [Fault::NoSpace, Fault::Io, Fault::ShortWrite] {
        let disk = FaultDisk::new(Arc::new(SimDisk::new()));
        let file = disk.create("a", 4).unwrap();
        assert_eq!(disk.operations(), 1);
        disk.fail(2, 1, fault);
        file.write_at(b"1234", 0).unwrap();
        let error = file.write_at(b"5678", 0).unwrap_err();
        let full = error.kind() == io::ErrorKind::StorageFull;
        assert_eq!(full, fault != Fault::Io);
        let short = fault == Fault::ShortWrite;
        let expected: &[u8] = if short { b"5634" } else { b"1234" };
        assert_eq!(read(&disk, "a"), expected);
        file.sync_data().unwrap();
        disk.fail(disk.operations(), u64::MAX, fault);
        file.sync_data().unwrap_err();
        disk.rename("a", "b").unwrap_err();
        disk.create("c", 1).map(|_| ()).unwrap_err();
        disk.remove("a").unwrap_err();
        disk.sync_dir().unwrap_err();
        disk.heal();
        file.sync_data().unwrap();
        assert_eq!(names(&disk), ["a"]);
    }
}

#[test]
fn a_crash_keeps_what_was_synced_and_any_of_the_rest() {
    let disk = SimDisk::new();
    let file = disk.create("a", 2_048).unwrap();
    file.write_at(&[1; 1_024], 0).unwrap();
    file.sync_data().unwrap();
    file.write_at(&[2; 1_024], 1_024).unwrap();
    disk.rename("a", "b").unwrap();
    let (mut kept, mut lost, mut cut, mut old_name) = (0, 0, 0, 0);
    for seed in 0..200 {
        let after = disk.crash(seed);
        let found = names(&after);
        assert_eq!(found.len(), 1);
        old_name += usize::from(found[0] == "a");
        let content = after.content(&found[0]).unwrap();
        assert_eq!(content[..1_024], [1; 1_024]);
        match content[1_024..].iter().filter(|byte| **byte == 2).count() {
            0 => lost += 1,
            1_024 => kept += 1,
            _ => cut += 1,
        }
    }
    assert!(kept > 20 && lost > 20 && cut > 20, "{kept} {lost} {cut}");
    assert!(old_name > 50 && old_name < 150, "{old_name}");
    let after = disk.crash_losing_all();
    assert_eq!(names(&after), ["a"]);
    assert_eq!(after.content("a").unwrap()[1_024..], [0; 1_024]);
}

#[test]
fn nothing_works_without_power() {
    let disk = SimDisk::new();
    let file = disk.create("a", 8).unwrap();
    assert_eq!(disk.operations(), 4);
    disk.freeze_at(5);
    file.write_at(&[1; 8], 0).unwrap();
    file.sync_data().unwrap_err();
    file.read_at(&mut [0], 0).unwrap_err();
    file.write_at(&[2; 8], 0).unwrap_err();
    disk.list().unwrap_err();
    assert_eq!(disk.crash_losing_all().content("a").unwrap(), [0; 8]);
    let written = (0..50).any(|seed| disk.crash(seed).content("a").unwrap() == [1; 8]);
    assert!(written);
}

#[test]
fn a_creation_can_be_cut_in_each_of_its_steps() {
    for step in 0..4 {
        let disk = SimDisk::new();
        disk.freeze_at(step);
        disk.create("a", 8).map(|_| ()).unwrap_err();
        assert!(names(&disk.crash_losing_all()).is_empty());
    }
}
