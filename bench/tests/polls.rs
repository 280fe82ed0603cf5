//! Few long polls, as `cargo xtask bench --polls` measures many.
#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
fn memory_and_wake_ups_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Command::new(env!("CARGO_BIN_EXE_forebay-bench"))
        .args(["--polls", "300", "--rounds", "1", "--dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(bench.stdout).unwrap();
    let error = String::from_utf8(bench.stderr).unwrap();
    assert!(bench.status.success(), "{text}\n{error}");
    assert!(text.contains("300 long polls on 100 queues"), "{text}");
    assert!(text.contains("KiB for each connection"), "{text}");
    assert_eq!(text.matches("to the waiting client").count(), 2, "{text}");
    assert_eq!(error, "", "no poll fails");
}
