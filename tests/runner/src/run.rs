//! Runs scenarios: one driver process for many, a store of its own for each.

use crate::driver::Driver;
use crate::drivers::{Entry, Paths, Start, StoreForm};
use crate::expect::show;
use crate::request;
use crate::scenario::{Call, Scenario, Step};
use crate::template::Names;
use forebay::OpenOptions;
use forebay::store::ClockMode;
use forebay_scenario_driver::wire::Line;
use forebay_test_postgres::Cluster;
use std::path::Path;

/// Time at which every scenario starts, milliseconds since the epoch.
pub const START_MS: u64 = 1_700_000_000_000;

/// Segments of a scenario's log: as short as they may be.
const SEGMENT_BYTES: u64 = 4 << 20;

/// How a scenario went with a driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every expectation held.
    Passed,
    /// Which one did not.
    Failed(String),
    /// What the driver lacks.
    Skipped(String),
}

/// Runs `scenarios` with one driver, in order; its program is started by the words of `under`, if
/// there are any.
pub fn run_all(
    entry: &Entry,
    paths: &Paths,
    scenarios: &[Scenario],
    under: &[String],
) -> Vec<Verdict> {
    if entry.store == StoreForm::Postgres && forebay_test_postgres::programs().is_none() {
        let skipped = Verdict::Skipped("PostgreSQL is not installed".into());
        return vec![skipped; scenarios.len()];
    }
    match (entry.prepare)(paths).map(|start| start.under(under)) {
        Ok(start) => Runner::new(entry, start).run_all(scenarios),
        Err(error) => {
            let failed = Verdict::Failed(format!("the driver cannot be built: {error}"));
            vec![failed; scenarios.len()]
        }
    }
}

struct Runner<'a> {
    entry: &'a Entry,
    start: Start,
    driver: Option<Driver>,
    /// Why the driver does not start: then it is not tried for every scenario.
    broken: Option<String>,
}

impl<'a> Runner<'a> {
    fn new(entry: &'a Entry, start: Start) -> Self {
        Self {
            entry,
            start,
            driver: None,
            broken: None,
        }
    }

    fn run_all(&mut self, scenarios: &[Scenario]) -> Vec<Verdict> {
        let mut verdicts: Vec<Verdict> = scenarios
            .iter()
            .map(|scenario| self.run(scenario))
            .collect();
        let end = self.driver.take().map_or(Ok(()), Driver::finish);
        if let (Err(error), Some(last)) = (end, verdicts.last_mut()) {
            *last = Verdict::Failed(format!("after this and those before it {error}"));
        }
        verdicts
    }

    fn run(&mut self, scenario: &Scenario) -> Verdict {
        if let Some(error) = &self.broken {
            return Verdict::Failed(format!("the driver does not start: {error}"));
        }
        let driver = match &mut self.driver {
            Some(driver) => driver,
            empty => match Driver::start(&mut self.start.command()) {
                Ok(driver) => empty.insert(driver),
                Err(error) => {
                    self.broken = Some(error.clone());
                    return Verdict::Failed(error);
                }
            },
        };
        let mut lacking = scenario.requires.iter().filter(|one| {
            !driver.capabilities.contains(*one) || self.entry.lacks.contains(&one.as_str())
        });
        if let Some(lacking) = lacking.next() {
            return Verdict::Skipped(format!("lacks {lacking}"));
        }
        match in_fresh_store(driver, self.entry.store, scenario) {
            Ok(()) => Verdict::Passed,
            Err(error) => {
                // What it holds now is unknown: the next scenario gets a new process.
                self.driver = None;
                Verdict::Failed(error)
            }
        }
    }
}

fn in_fresh_store(
    driver: &mut Driver,
    store: StoreForm,
    scenario: &Scenario,
) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let mut play = Play {
        driver,
        scenario,
        location: location(store, folder.path())?,
        names: Names::default(),
    };
    play.open(&[])?;
    play.steps(&scenario.steps)?;
    play.must_succeed(&Line::new("close"))
}

fn location(store: StoreForm, folder: &Path) -> Result<String, String> {
    Ok(match store {
        StoreForm::Directory => directory(&folder.join("queues"))?,
        StoreForm::Model => "model:".into(),
        StoreForm::Postgres => {
            let cluster = forebay_test_postgres::shared();
            let cluster = cluster.ok_or("PostgreSQL is not installed")?;
            cluster.location(&Cluster::fresh_schema())
        }
    })
}

/// A store without queues. Made here, so that every driver's has short segments: with those of the
/// defaults each scenario writes 48 MiB of zeros.
fn directory(path: &Path) -> Result<String, String> {
    let clock = ClockMode::Manual { start_ms: START_MS };
    let options = OpenOptions::new().clock(clock).segment_bytes(SEGMENT_BYTES);
    let store = options.open(path).map_err(|error| error.to_string())?;
    store.close();
    Ok(path.to_string_lossy().into_owned())
}

/// One scenario while it runs.
struct Play<'a> {
    driver: &'a mut Driver,
    scenario: &'a Scenario,
    location: String,
    names: Names,
}

impl Play<'_> {
    /// Opens the store with the scenario's options, `changes` winning.
    fn open(&mut self, changes: &[(String, Vec<u8>)]) -> Result<(), String> {
        let mut line = request::line("open", &self.scenario.open, &mut self.names)?;
        for (key, value) in [("sqs_limits", "1"), ("sixty_second_rules", "0")] {
            if line.bytes(key).is_none() {
                line.put(key, value);
            }
        }
        line.put("location", &self.location);
        // Also where no step advances it: a slow machine then changes nothing.
        if self.driver.capabilities.contains("manual_clock") {
            line.put("clock_start_ms", START_MS.to_string());
        }
        for (key, value) in changes {
            line.put(key, value);
        }
        self.must_succeed(&line)
    }

    fn must_succeed(&mut self, line: &Line) -> Result<(), String> {
        let answer = self.driver.call(line)?;
        succeeded(&answer).map_err(|error| format!("{}: {error}", line.word))
    }

    fn steps(&mut self, steps: &[Step]) -> Result<(), String> {
        for (index, step) in steps.iter().enumerate() {
            self.step(step)
                .map_err(|error| format!("step {}: {error}", index + 1))?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Advance(ms) => {
                let mut line = Line::new("advance");
                line.put("ms", ms.to_string());
                self.must_succeed(&line)
            }
            Step::Repeat(times, steps) => {
                let outer = self.names.turn;
                for turn in 1..=*times {
                    self.names.turn = Some(turn);
                    self.steps(steps)
                        .map_err(|error| format!("turn {turn}, {error}"))?;
                }
                self.names.turn = outer;
                Ok(())
            }
            Step::Call(call) if call.verb.name == "reopen" => self.reopen(call),
            Step::Call(call) => self.call(call),
        }
    }

    fn reopen(&mut self, call: &Call) -> Result<(), String> {
        let line = request::line("reopen", &call.args, &mut self.names)?;
        self.must_succeed(&Line::new("close"))?;
        self.open(&line.fields.into_iter().collect::<Vec<_>>())
    }

    fn call(&mut self, call: &Call) -> Result<(), String> {
        let what = |error: String| format!("{}: {error}", call.verb.name);
        let line = request::line(call.verb.name, &call.args, &mut self.names).map_err(what)?;
        let answer = self.driver.call(&line).map_err(what)?;
        if let Some(name) = &call.save {
            let fields = named(&answer, call);
            self.names.results.insert(name.clone(), fields);
        }
        match &call.expect {
            Some(expect) => expect.check(&answer, &self.names).map_err(what),
            None => succeeded(&answer).map_err(what),
        }
    }
}

/// The fields of an answer as references see them: of a list, those of its records without the
/// list's name (`2.body`), and those of the first one without a number (`body`).
fn named(answer: &Line, call: &Call) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut fields = answer.fields.clone();
    if let Some((list, _)) = call.verb.list() {
        for (key, value) in &answer.fields {
            if let Some(record) = key.strip_prefix(list).and_then(|key| key.strip_prefix('.')) {
                fields.insert(record.to_owned(), value.clone());
                if let Some(first) = record.strip_prefix("1.") {
                    fields.insert(first.to_owned(), value.clone());
                }
            }
        }
    }
    fields
}

fn succeeded(answer: &Line) -> Result<(), String> {
    if answer.word == "ok" {
        return Ok(());
    }
    let text = answer.bytes("text").unwrap_or_default();
    Err(format!("{} {}", answer.required("name")?, show(text)))
}
