//! The whole corpus through every driver, and docs/SEMANTICS.md against it.
#![allow(clippy::unwrap_used, clippy::panic)]

use forebay_scenarios::drivers::{ALL, Paths};
use forebay_scenarios::run::run_all;
use forebay_scenarios::scenario::{Scenario, read_all};
use forebay_scenarios::table::Table;
use forebay_scenarios::{compatibility, root, semantics};

fn scenarios() -> Vec<Scenario> {
    match read_all(&root().join("tests/scenarios")) {
        Ok(scenarios) => scenarios,
        Err(errors) => panic!("{}", errors.join("\n")),
    }
}

#[test]
fn every_scenario_passes_with_every_driver() {
    let scenarios = scenarios();
    let paths = Paths {
        root: root(),
        runner: env!("CARGO_BIN_EXE_forebay-scenarios").into(),
    };
    // At once: most of their time is waits that the rules ask for.
    let columns = std::thread::scope(|scope| {
        let (paths, scenarios) = (&paths, &scenarios);
        let run = |entry| scope.spawn(move || run_all(entry, paths, scenarios, &[]));
        let running: Vec<_> = ALL.iter().map(|entry| (entry.name, run(entry))).collect();
        running
            .into_iter()
            .map(|(name, column)| (name, column.join().unwrap()))
            .collect()
    });
    let table = Table {
        columns,
        scenarios: &scenarios,
    };
    let (passed, failed, _) = table.totals();
    println!("{}", table.print(true));
    assert_eq!(failed, 0);
    compatibility_is_as_printed(&table);
    assert!(passed > scenarios.len(), "at least two drivers run");
}

/// docs/COMPATIBILITY.md is what these results give.
fn compatibility_is_as_printed(table: &Table<'_>) {
    let read = |name: &str| std::fs::read_to_string(root().join("docs").join(name)).unwrap();
    let column = |name: &str| {
        let column = table.columns.iter().find(|(own, _)| *own == name);
        column.unwrap().1.as_slice()
    };
    let columns = compatibility::DRIVERS.map(column);
    let printed = compatibility::print(&read("SEMANTICS.md"), table.scenarios, columns);
    let advice = "cargo xtask compatibility writes docs/COMPATIBILITY.md anew";
    assert!(printed == read("COMPATIBILITY.md"), "{advice}");
}

#[test]
fn semantics_names_every_rule_and_its_proof() {
    let document = std::fs::read_to_string(root().join("docs/SEMANTICS.md")).unwrap();
    let faults = semantics::check(&document, &scenarios(), &root());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
