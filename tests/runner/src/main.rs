//! `cargo run -p forebay-scenarios -- --all`: the table of scenarios and drivers.

use forebay_scenarios::drivers::{self, Entry, Paths, StoreForm};
use forebay_scenarios::table::Table;
use forebay_scenarios::{compatibility, root, run, scenario};
use std::process::ExitCode;

const USAGE: &str = "\
forebay-scenarios [--all | --driver NAME ...] [--store postgres] [--only PART] [--quiet] [--list]

  --all          every driver
  --driver NAME  this driver; may be given several times
  --store postgres  drivers on queues in a private PostgreSQL, where they have a directory else
  --only PART    scenarios with PART in their path; may be given several times
  --under WORDS  start the drivers by these words, such as 'valgrind --quiet'
  --quiet        no rows, only what failed or was skipped, and the totals
  --list         print the scenarios and their rules, run nothing
  --compatibility  print docs/COMPATIBILITY.md
  --serve-http P be the driver of the server over HTTP, P is json or query
  --serve        be the Rust driver: requests on stdin, answers on stdout";

#[derive(Default)]
struct Arguments {
    drivers: Vec<String>,
    all: bool,
    on_postgres: bool,
    only: Vec<String>,
    under: Vec<String>,
    quiet: bool,
    list: bool,
    serve: bool,
    serve_http: Option<String>,
    compatibility: bool,
}

fn main() -> ExitCode {
    let arguments = match read_arguments(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::from(64);
        }
    };
    let (input, output) = (std::io::stdin().lock(), std::io::stdout());
    let served = match &arguments.serve_http {
        Some(protocol) => Some(forebay_scenario_driver_http::serve(protocol, input, output)),
        None if arguments.serve => Some(forebay_scenario_driver::serve(input, output)),
        None => None,
    };
    match served {
        Some(Ok(())) => return ExitCode::SUCCESS,
        Some(Err(error)) => {
            eprintln!("forebay-scenarios: {error}");
            return ExitCode::FAILURE;
        }
        None => {}
    }
    match run_scenarios(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn read_arguments(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--all" => arguments.all = true,
            "--driver" => arguments.drivers.push(value()?),
            "--store" => match value()?.as_str() {
                "postgres" => arguments.on_postgres = true,
                other => return Err(format!("unknown store {other:?}; there is postgres")),
            },
            "--only" => arguments.only.push(value()?),
            "--under" => {
                arguments.under = value()?.split_whitespace().map(str::to_owned).collect();
            }
            "--quiet" => arguments.quiet = true,
            "--list" => arguments.list = true,
            "--compatibility" => arguments.compatibility = true,
            "--serve-http" => arguments.serve_http = Some(value()?),
            "--serve" => arguments.serve = true,
            other => return Err(format!("unknown argument {other:?}")),
        }
    }
    for name in &arguments.drivers {
        if !drivers::ALL.iter().any(|entry| entry.name == name) {
            let names: Vec<&str> = drivers::ALL.iter().map(|entry| entry.name).collect();
            return Err(format!("unknown driver {name:?}; there are {names:?}"));
        }
    }
    let works = arguments.serve
        || arguments.serve_http.is_some()
        || arguments.compatibility
        || arguments.list
        || arguments.all
        || !arguments.drivers.is_empty();
    if works {
        Ok(arguments)
    } else {
        Err("nothing to do".into())
    }
}

/// True if nothing failed.
fn run_scenarios(arguments: &Arguments) -> Result<bool, String> {
    let root = root();
    let scenarios = scenario::read_all(&root.join("tests/scenarios"));
    let mut scenarios = scenarios.map_err(|errors| errors.join("\n"))?;
    let only = &arguments.only;
    scenarios.retain(|it| only.is_empty() || only.iter().any(|part| it.path.contains(part)));
    if scenarios.is_empty() {
        return Err(format!("no scenario has {:?} in its path", arguments.only));
    }
    if arguments.list {
        for scenario in &scenarios {
            println!("{}  {}", scenario.path, scenario.rules.join(" "));
        }
        return Ok(true);
    }
    let runner = std::env::current_exe().map_err(|error| error.to_string())?;
    let paths = Paths { root, runner };
    if arguments.compatibility {
        return print_compatibility(&paths, &scenarios);
    }
    let chosen = chosen(arguments);
    // At once: most of their time is waits that the rules ask for.
    let columns = std::thread::scope(|scope| {
        let (paths, scenarios) = (&paths, &scenarios);
        let run = |entry| move || run::run_all(entry, paths, scenarios, &arguments.under);
        let running: Vec<_> = chosen
            .iter()
            .map(|entry| (entry.name, scope.spawn(run(entry))))
            .collect();
        running
            .into_iter()
            .map(|(name, column)| {
                let column = column
                    .join()
                    .map_err(|_| format!("{name}: the runner panicked"));
                column.map(|column| (name, column))
            })
            .collect::<Result<Vec<_>, String>>()
    })?;
    let table = Table {
        scenarios: &scenarios,
        columns,
    };
    print!("{}", table.print(arguments.quiet));
    Ok(table.totals().1 == 0)
}

/// The drivers that were asked for. On PostgreSQL, those alone that open a directory elsewhere.
fn chosen(arguments: &Arguments) -> Vec<Entry> {
    let named =
        |entry: &&Entry| arguments.all || arguments.drivers.iter().any(|name| name == entry.name);
    let chosen = drivers::ALL.iter().filter(named);
    if !arguments.on_postgres {
        return chosen.copied().collect();
    }
    chosen
        .filter(|entry| entry.store == StoreForm::Directory)
        .map(Entry::on_postgres)
        .collect()
}

/// True if nothing failed.
fn print_compatibility(paths: &Paths, scenarios: &[scenario::Scenario]) -> Result<bool, String> {
    let semantics = std::fs::read_to_string(paths.root.join("docs/SEMANTICS.md"));
    let semantics = semantics.map_err(|error| format!("docs/SEMANTICS.md: {error}"))?;
    let verdicts = |name: &str| {
        let entry = drivers::ALL.iter().find(|entry| entry.name == name);
        entry.map(|entry| run::run_all(entry, paths, scenarios, &[]))
    };
    let [Some(json), Some(query)] = compatibility::DRIVERS.map(verdicts) else {
        return Err("a driver over HTTP is missing".into());
    };
    print!(
        "{}",
        compatibility::print(&semantics, scenarios, [&json, &query])
    );
    let failed = |verdict: &run::Verdict| matches!(verdict, run::Verdict::Failed(_));
    Ok(!json.iter().chain(&query).any(failed))
}
