//! The table of proofs in docs/LEGACY.md: it has every row of the descriptions that these versions
//! were built from, each row names tests that are there, and a test's name begins with its rows.

use std::collections::BTreeSet;
use std::path::Path;

/// Numbered rows of each chapter.
const NUMBERED: [(&str, u32); 5] = [("L3", 10), ("L4", 9), ("L8", 4), ("L9", 5), ("L11", 14)];
/// Rows of their tables, which have names.
const NAMED: [(&str, &[&str]); 5] = [
    (
        "L3",
        &[
            "AddGrant",
            "ChangeMessageVisibility",
            "CreateQueue",
            "DeleteMessage",
            "DeleteQueue",
            "GetQueueAttributes",
            "GetVisibilityTimeout",
            "ListGrants",
            "ListQueues",
            "PeekMessage",
            "ReceiveMessage",
            "RemoveGrant",
            "SendMessage",
            "SetQueueAttributes",
            "SetVisibilityTimeout",
        ],
    ),
    (
        "L4",
        &[
            "POST /",
            "GET /",
            "PUT back",
            "PUT back with a timeout",
            "PUT a timeout",
            "PUT an attribute",
            "GET front",
            "GET a queue",
            "GET a message",
            "DELETE a message",
            "DELETE a queue",
        ],
    ),
    (
        "L6",
        &[
            "permissions",
            "spelling in answers",
            "the creator's grant",
            "who may grant",
            "ownership",
            "separate grants",
            "whole queues",
            "e-mail",
            "ids",
            "AccessFailure",
            "unknown e-mail",
            "name space",
        ],
    ),
    (
        "L8",
        &[
            "versions of SOAP",
            "transport",
            "recognition",
            "style",
            "port types",
            "credentials",
            "signature",
            "WS-Security",
            "status of faults",
            "grants",
            "schemas",
        ],
    ),
    (
        "L9",
        &[
            "AddPermission",
            "ChangeMessageVisibility",
            "CreateQueue",
            "DeleteMessage",
            "DeleteQueue",
            "GetQueueAttributes",
            "ListQueues",
            "ReceiveMessage",
            "RemovePermission",
            "SendMessage",
            "SetQueueAttributes",
            "codes",
        ],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Rows `| row | proofs |` below the heading "Proofs".
fn table() -> Vec<(String, Vec<String>)> {
    let document = std::fs::read_to_string(root().join("docs/LEGACY.md")).unwrap();
    let (_, section) = document.split_once("\n## Proofs\n").expect("a section");
    let section = section.split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| {
        let (row, proofs) = line.strip_prefix("| L")?.split_once(" | ")?;
        let proofs = proofs.split('`').skip(1).step_by(2).map(str::to_owned);
        Some((format!("L{row}"), proofs.collect()))
    });
    cells.collect()
}

/// Whether the name of a test begins with the row: `l3_1_3_4_...` with L3.1, L3.3 and L3.4.
fn names(test: &str, row: &str) -> bool {
    let chapter = row.split(['.', ' ']).next().unwrap().to_lowercase();
    let Some((_, rest)) = test.split_once(&format!("{chapter}_")) else {
        return false;
    };
    match row.split_once('.') {
        None => true,
        Some((_, number)) => rest
            .split('_')
            .take_while(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
            .any(|word| word == number),
    }
}

#[test]
fn every_row_has_its_proofs() {
    let numbered = NUMBERED
        .iter()
        .flat_map(|(chapter, last)| (1..=*last).map(move |number| format!("{chapter}.{number}")));
    let named = NAMED
        .iter()
        .flat_map(|(chapter, rows)| rows.iter().map(move |row| format!("{chapter} {row}")));
    let wanted: BTreeSet<String> = numbered.chain(named).collect();
    let table = table();
    let found: BTreeSet<String> = table.iter().map(|(row, _)| row.clone()).collect();
    assert_eq!(table.len(), found.len(), "a row stands twice");
    assert_eq!(found, wanted);
    for (row, proofs) in &table {
        assert!(!proofs.is_empty(), "{row} has no proof");
        for proof in proofs {
            let (file, test) = proof.split_once("::").expect("file::test");
            let folder = if file.contains('/') {
                ""
            } else {
                "server/tests/legacy"
            };
            let source = std::fs::read_to_string(root().join(folder).join(file));
            let source = source.unwrap_or_else(|error| panic!("{row}: {file}: {error}"));
            let is_there = source.contains(&format!("#[test]\nfn {test}()"))
                || source.contains(&format!("    #[test]\n    fn {test}()"));
            assert!(is_there, "{row}: {file} has no test {test}");
            assert!(
                names(test, row),
                "{row}: the name of {test} does not say so"
            );
        }
    }
}
