//! docs/SEMANTICS.md against the scenarios: no rule without a proof, no scenario without its rule.

use crate::scenario::Scenario;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How many numbered rules each chapter of SQS's semantics has.
const CHAPTERS: [(u32, u32); 18] = [
    (1, 5),
    (2, 22),
    (3, 7),
    (4, 8),
    (5, 20),
    (6, 6),
    (7, 24),
    (8, 7),
    (9, 15),
    (10, 16),
    (11, 11),
    (12, 9),
    (13, 6),
    (14, 4),
    (15, 3),
    (17, 4),
    (18, 16),
    (19, 16),
];
/// Rules between two numbers, and chapters that are tables.
const OTHERS: [&str; 4] = ["S2.21b", "S9.7b", "S12", "S16"];
/// What stands as the proof of a rule that has no meaning before there is a server.
const WITH_SERVER: &str = "with the server";

/// Every rule.
pub fn rules() -> Vec<String> {
    let numbered = CHAPTERS
        .iter()
        .flat_map(|(chapter, last)| (1..=*last).map(move |number| format!("S{chapter}.{number}")));
    numbered
        .chain(OTHERS.iter().map(|rule| (*rule).to_owned()))
        .collect()
}

/// True for the number of a rule.
pub fn is_rule(name: &str) -> bool {
    rules().iter().any(|rule| rule == name)
}

/// A row of the document.
struct Row {
    decision: String,
    proof: String,
    named: Vec<String>,
}

/// Compares the document with the scenarios and the tests below `root`; one sentence a fault.
pub fn check(document: &str, scenarios: &[Scenario], root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    let rows = read(document, &mut faults);
    for rule in rules() {
        match rows.get(&rule) {
            None => faults.push(format!("{rule} has no row")),
            Some(row) => check_row(&rule, row, scenarios, root, &mut faults),
        }
    }
    for scenario in scenarios {
        for rule in &scenario.rules {
            let named = rows
                .get(rule)
                .is_some_and(|row| row.named.contains(&scenario.path));
            if !named {
                faults.push(format!("the row of {rule} does not name {}", scenario.path));
            }
        }
    }
    faults
}

/// Every rule of the document with what was decided, in the document's order.
pub fn decisions(document: &str) -> Vec<(String, String)> {
    let rows = read(document, &mut Vec::new());
    let mut all: Vec<(String, String)> = rules()
        .into_iter()
        .filter_map(|rule| {
            let decision = rows.get(&rule)?.decision.clone();
            Some((rule, decision))
        })
        .collect();
    let position = |rule: &str| document.find(&format!("| {rule} |"));
    all.sort_by_key(|(rule, _)| position(rule));
    all
}

/// Rows `| rule | decision | proof |`; other lines are prose.
fn read(document: &str, faults: &mut Vec<String>) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    for line in document.lines() {
        let cells: Vec<&str> = line.trim().split(" | ").collect();
        let [first, decision, last] = cells.as_slice() else {
            continue;
        };
        let Some(rule) = first
            .strip_prefix("| S")
            .map(|number| format!("S{}", number.trim()))
        else {
            continue;
        };
        let row = Row {
            decision: decision.trim().to_owned(),
            proof: last.trim_end_matches('|').trim().to_owned(),
            named: last
                .split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect(),
        };
        if !is_rule(&rule) {
            faults.push(format!("{rule} is not a rule"));
        }
        if rows.insert(rule.clone(), row).is_some() {
            faults.push(format!("{rule} has two rows"));
        }
    }
    rows
}

fn check_row(rule: &str, row: &Row, scenarios: &[Scenario], root: &Path, faults: &mut Vec<String>) {
    if row.decision.is_empty() {
        faults.push(format!("{rule} has no decision"));
    }
    if row.named.is_empty() && !row.proof.starts_with(WITH_SERVER) {
        faults.push(format!(
            "{rule} names no scenario, no test, and not {WITH_SERVER:?}"
        ));
    }
    let mut seen = BTreeSet::new();
    for name in &row.named {
        if !seen.insert(name) {
            faults.push(format!("{rule} names {name} twice"));
        }
        if name.ends_with(".json") {
            match scenarios.iter().find(|scenario| scenario.path == *name) {
                None => faults.push(format!("{rule} names {name}, which does not exist")),
                Some(scenario) if scenario.rules.iter().any(|own| own == rule) => {}
                Some(_) => faults.push(format!("{name} does not say that it proves {rule}")),
            }
        } else if let Err(error) = check_test(name, root) {
            faults.push(format!("{rule}: {error}"));
        }
    }
}

/// A test is named as `path/to/file.rs::function`.
fn check_test(name: &str, root: &Path) -> Result<(), String> {
    let (path, function) = name
        .split_once("::")
        .ok_or_else(|| format!("{name:?} is neither a scenario nor file::function"))?;
    let text =
        std::fs::read_to_string(root.join(path)).map_err(|error| format!("{name}: {error}"))?;
    if text.contains(&format!("fn {function}(")) {
        Ok(())
    } else {
        Err(format!("{path} has no function {function}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn faults_are_found() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut complete: String = rules()
            .iter()
            .map(|rule| format!("| {rule} | as SQS | with the server |\n"))
            .collect();
        assert_eq!(check(&complete, &[], root), Vec::<String>::new());
        for (row, fault) in [
            ("| S2.4 | x | `no.json` |", "S2.4 has two rows"),
            ("| S99.1 | x | with the server |", "S99.1 is not a rule"),
        ] {
            let faults = check(&format!("{complete}{row}\n"), &[], root);
            assert!(faults.iter().any(|one| one == fault), "{faults:?}");
        }
        for (proof, fault) in [
            ("", "S2.4 names no scenario"),
            ("`a/b.json`", "which does not exist"),
            ("`src/semantics.rs::nothing`", "has no function nothing"),
            ("`somewhere`", "is neither a scenario nor file::function"),
        ] {
            let changed = complete.replace(
                "| S2.4 | as SQS | with the server |",
                &format!("| S2.4 | as SQS | {proof} |"),
            );
            let faults = check(&changed, &[], root);
            assert!(faults.iter().any(|one| one.contains(fault)), "{faults:?}");
        }
        complete = complete.replace("| S2.4 |", "| S2.5 |");
        assert!(
            check(&complete, &[], root)
                .iter()
                .any(|one| one == "S2.4 has no row")
        );
    }
}
