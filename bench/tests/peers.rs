//! The measuring of peers, with the library's own program as the only one, and one that is absent.
#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
fn rows_skips_and_failures_are_printed() {
    let own = env!("CARGO_BIN_EXE_forebay-bench");
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list");
    let lines = format!(
        "ours\tfull\t{own}\tmember\tpeer\nours\tos\t{own}\tmember\tpeer\n\
         other\tos\t-\tnot on this machine\nbroken\tfull\tfalse\n"
    );
    std::fs::write(&list, lines).unwrap();
    let bench = Command::new(own)
        .args(["--peers".as_ref(), list.as_os_str()])
        .args(["--rounds", "1", "--seconds", "0.05"])
        .output()
        .unwrap();
    let text = String::from_utf8(bench.stdout).unwrap();
    assert!(bench.status.success(), "{text}");
    assert_eq!(text.matches("durability=").count(), 2, "{text}");
    assert!(
        text.contains("skipped: other (os): not on this machine"),
        "{text}"
    );
    assert!(text.contains("skipped: broken (full): "), "{text}");
    let full = text.lines().find(|line| line.starts_with("ours")).unwrap();
    let syncs: f64 = full.split_whitespace().last().unwrap().parse().unwrap();
    assert!(syncs >= 2.0, "send and delete are synced: {text}");
}
