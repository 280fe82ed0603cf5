//! A directory that holds something else is refused and left as it was.

use super::{Place, options};
use forebay::ErrorKind;
use std::fs;

#[test]
fn a_directory_of_other_files_is_refused_untouched() {
    let place = Place::new();
    fs::create_dir(&place.store).unwrap();
    fs::write(place.store.join("thesis.txt"), "years of work").unwrap();
    let error = options().open(&place.store).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignDirectory);
    assert!(error.text().contains("store"), "{error}");
    let left: Vec<_> = fs::read_dir(&place.store).unwrap().collect();
    assert_eq!(left.len(), 1);
    let text = fs::read_to_string(place.store.join("thesis.txt")).unwrap();
    assert_eq!(text, "years of work");
}

#[test]
fn a_file_is_refused_untouched() {
    let place = Place::new();
    fs::write(&place.store, "a file").unwrap();
    let error = options().open(&place.store).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::ForeignDirectory | ErrorKind::Io),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&place.store).unwrap(), "a file");
}

#[test]
fn an_empty_directory_becomes_a_store_only_if_asked() {
    let place = Place::new();
    options().create(false).open(&place.store).unwrap_err();
    assert!(!place.store.exists());
    fs::create_dir(&place.store).unwrap();
    options().create(false).open(&place.store).unwrap_err();
    assert_eq!(fs::read_dir(&place.store).unwrap().count(), 0);
    place.open();
    options().create(false).open(&place.store).unwrap();
}

/// The top of a new volume of ext4 is not empty.
#[test]
fn a_new_volume_becomes_a_store_and_takes_a_backup() {
    let place = Place::new();
    let backup = place.store.with_file_name("backup");
    for volume in [&place.store, &backup] {
        fs::create_dir_all(volume.join("lost+found")).unwrap();
    }
    let store = place.open();
    store.backup(&backup).unwrap();
    options().create(false).open(&backup).unwrap();
}
