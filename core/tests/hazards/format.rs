//! Files of a newer version are refused, not guessed at, and not changed.

use super::{Place, body, options, queue, segments};
use forebay::ErrorKind;
use std::path::Path;

fn stored() -> Place {
    let place = Place::new();
    let store = place.open();
    queue(&store).send(body(1)).unwrap();
    store.close();
    place
}

fn refused(place: &Place, changed: &Path, version: &str) {
    let before = std::fs::read(changed).unwrap();
    let error = options().open(&place.store).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedFormat, "{error}");
    assert!(error.text().contains(version), "{error}");
    assert_eq!(std::fs::read(changed).unwrap(), before);
}

#[test]
fn a_newer_directory_is_refused() {
    let place = stored();
    let path = place.store.join("store");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("format 2"), "{text}");
    std::fs::write(&path, text.replace("format 2", "format 3")).unwrap();
    refused(&place, &path, "format 3");
}

#[test]
fn a_newer_segment_is_refused() {
    let place = stored();
    let path = segments(&place.store).remove(0);
    // Version and checksum of a segment's header, see docs/FORMAT.md.
    let mut content = std::fs::read(&path).unwrap();
    content[8..12].copy_from_slice(&2u32.to_le_bytes());
    let checksum = crc32c::crc32c(&content[..60]);
    content[60..64].copy_from_slice(&checksum.to_le_bytes());
    std::fs::write(&path, content).unwrap();
    refused(&place, &path, "format 2");
}

#[test]
fn a_directory_whose_description_is_damaged_is_named() {
    let place = stored();
    let path = place.store.join("store");
    std::fs::write(&path, "forebay store\nformat one\n").unwrap();
    let error = options().open(&place.store).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    std::fs::write(&path, "somebody else's file\n").unwrap();
    let error = options().open(&place.store).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignDirectory, "{error}");
}
