//! The whole run: plants the poison, starts the others, kills one half-way, and audits.

use crate::aggregate::Aggregator;
use crate::count;
use crate::processes::Process;
use crate::queues::Queues;
use crate::report::{Audit, Report};
use crate::walk::{Found, walk};
use crate::worker::Work;
use forebay::ReceiveOptions;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The run gives up when nothing has moved for this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which worker dies half-way.
const VICTIM: usize = 1;

/// A program of the cast.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its language.
    pub name: String,
    program: PathBuf,
    script: Option<OsString>,
}

impl Part {
    /// A program that runs by itself.
    pub fn program(name: &OsStr, program: &OsStr) -> Self {
        Self {
            name: name.to_string_lossy().into_owned(),
            program: program.into(),
            script: None,
        }
    }

    /// A file that an interpreter runs.
    pub fn script(name: &OsStr, interpreter: &OsStr, file: &OsStr) -> Self {
        Self {
            script: Some(file.to_owned()),
            ..Self::program(name, interpreter)
        }
    }

    /// Starts it with the store and the file that ends it.
    fn start(&self, role: &str, store: &Path, stop: &Path) -> Result<Process, String> {
        let script = self.script.iter().map(OsString::as_os_str);
        let arguments = script.chain([store.as_os_str(), stop.as_os_str()]);
        Process::start(format!("{role} ({})", self.name), &self.program, arguments)
    }
}

/// What is to be done.
pub struct Plan {
    /// The producer.
    pub producer: PathBuf,
    /// The workers; this program's own go by its own path and the word `worker`.
    pub workers: Vec<Part>,
    /// Receives the results; this program itself where there is none.
    pub aggregator: Option<Part>,
    /// An empty folder for the store and the poison.
    pub work: PathBuf,
    /// At most this many files.
    pub files_max: usize,
    /// The trees.
    pub folders: Vec<PathBuf>,
}

/// The running processes.
struct Cast {
    producer: Process,
    workers: Vec<Process>,
    stop: PathBuf,
}

/// Runs the demo; true if nothing was lost and every count is right.
pub fn run(plan: &Plan) -> Result<bool, String> {
    let found = walk(&plan.folders, plan.files_max);
    announce(plan, &found)?;
    let store = plan.work.join("store");
    let queues = Queues::create(&store).map_err(|error| format!("create queues: {error}"))?;
    let planted = plant_poison(&plan.work.join("poison"))?;
    let start = Instant::now();
    for path in &planted {
        let body = path.as_os_str().as_bytes().to_vec();
        let sent = queues.tasks.send(body);
        sent.map_err(|error| format!("send poison: {error}"))?;
    }
    let mut cast = Cast::start(plan, &store)?;
    let process = match &plan.aggregator {
        None => None,
        Some(part) => Some(part.start("aggregator", &store, &cast.stop)?),
    };
    let mut aggregator = Aggregator::new(found.files.len() as u64, process);
    let finished = collect(&queues, &mut cast, &mut aggregator, planted.len());
    aggregator.finish();
    let took = start.elapsed();
    let finished = finished?;
    let works = cast.stop()?;
    let aggregator_syncs = aggregator.end()?;
    let (work, own) = (sum(&works), queues.store.statistics());
    let own = own.map_err(|error| format!("statistics: {error}"))?;
    let audit = Audit::new(&found.files, &planted);
    let results = aggregator.results;
    let report = Report {
        messages: (found.files.len() + results.len()) as u64,
        results,
        poison: poison_found(&queues)?,
        left: left(&queues)?,
        results_twice: aggregator.twice,
        again: work.again,
        results_refused: work.twice,
        syncs: work.syncs + own.syncs + aggregator_syncs,
        took,
        finished,
    };
    Ok(report.print(&audit))
}

fn announce(plan: &Plan, found: &Found) -> Result<(), String> {
    let folders: Vec<_> = plan
        .folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    let folders = folders.join(", ");
    if found.files.is_empty() {
        return Err(format!("no files in {folders}"));
    }
    println!("{} files of {folders}", found.files.len());
    if found.too_long > 0 {
        println!(
            "{} files are longer than 64 MiB and left out",
            found.too_long
        );
    }
    if found.closed > 0 {
        println!("{} folders may not be read and are left out", found.closed);
    }
    let workers: Vec<&str> = plan.workers.iter().map(|part| &*part.name).collect();
    let aggregator = plan.aggregator.as_ref().map_or("Rust", |part| &*part.name);
    println!(
        "producer: C; workers: {}; aggregator: {aggregator}",
        workers.join(", ")
    );
    println!("store: {}", plan.work.join("store").display());
    Ok(())
}

/// Makes what no worker can count, and returns the paths: files marked as poison, a folder, and
/// a file that is not there.
fn plant_poison(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let make = || {
        fs::create_dir_all(folder.join("folder.txt"))?;
        fs::write(folder.join("marked.txt"), count::POISON)?;
        fs::write(
            folder.join("marked.html"),
            [count::POISON, b" and more"].concat(),
        )
    };
    make().map_err(|error| format!("make poison in {}: {error}", folder.display()))?;
    let names = ["folder.txt", "marked.txt", "marked.html", "missing.txt"];
    Ok(names.map(|name| folder.join(name)).to_vec())
}

impl Cast {
    fn start(plan: &Plan, store: &Path) -> Result<Self, String> {
        let stop = plan.work.join("stop");
        let mut arguments: Vec<OsString> = vec![store.into()];
        let limit = plan.files_max.min(i64::MAX as usize);
        arguments.push(limit.to_string().into());
        arguments.extend(plan.folders.iter().map(OsString::from));
        let producer = Process::start("producer (C)", &plan.producer, arguments)?;
        let workers = plan.workers.iter().enumerate().map(|(index, part)| {
            let role = format!("worker {}", index + 1);
            part.start(&role, store, &stop)
        });
        let workers = workers.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            producer,
            workers,
            stop,
        })
    }

    /// Lets the workers end and collects their reports; the killed one has none.
    fn stop(self) -> Result<Vec<Work>, String> {
        fs::write(&self.stop, "")
            .map_err(|error| format!("write {}: {error}", self.stop.display()))?;
        let mut works = Vec::new();
        if let Some(text) = self.producer.finish()? {
            let words: Vec<&str> = text.split_whitespace().collect();
            let syncs = match words.as_slice() {
                ["sent", _, "syncs", syncs] => syncs.parse().ok(),
                _ => None,
            };
            works.push(Work {
                syncs: syncs.ok_or_else(|| format!("the producer printed {text:?}"))?,
                ..Work::default()
            });
        }
        let mut shares = Vec::new();
        for worker in self.workers {
            let name = worker.name.clone();
            let work = worker.finish_worker()?;
            shares.push(match work {
                Some(work) => format!("{name} {}", work.done),
                None => format!("{name} killed"),
            });
            works.extend(work);
        }
        println!("tasks done: {}", shares.join(", "));
        Ok(works)
    }
}

/// Collects results until every file has one or is poison. False if nothing moved any more.
fn collect(
    queues: &Queues,
    cast: &mut Cast,
    aggregator: &mut Aggregator,
    planted: usize,
) -> Result<bool, String> {
    let total = aggregator.total() as usize;
    let mut killed = false;
    let mut moved = Instant::now();
    let mut poisoned = 0;
    while aggregator.results.len() + poisoned < total + planted {
        let came = aggregator
            .step(queues)
            .map_err(|error| format!("receive results: {error}"))?;
        if came > 0 {
            moved = Instant::now();
        }
        if !killed && aggregator.results.len() * 2 >= total {
            killed = true;
            cast.workers[VICTIM].kill()?;
            aggregator.say(&format!("{} was killed with -9", cast.workers[VICTIM].name));
        }
        if came == 0 || aggregator.results.len() >= total {
            let counts = queues.poison.counts();
            let counts = counts.map_err(|error| format!("count poison: {error}"))?;
            poisoned = counts.visible as usize;
        }
        if moved.elapsed() > PATIENCE {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sum(works: &[Work]) -> Work {
    let mut sum = Work::default();
    for work in works {
        sum.done += work.done;
        sum.again += work.again;
        sum.twice += work.twice;
        sum.failed += work.failed;
        sum.syncs += work.syncs;
    }
    sum
}

/// Empties the dead-letter queue.
fn poison_found(queues: &Queues) -> Result<BTreeSet<PathBuf>, String> {
    let fail = |error| format!("receive poison: {error}");
    let mut found = BTreeSet::new();
    loop {
        let options = ReceiveOptions::new().max(10);
        let messages = queues.poison.receive(&options).map_err(fail)?;
        if messages.is_empty() {
            return Ok(found);
        }
        for message in messages {
            found.insert(PathBuf::from(OsString::from_vec(message.body().to_vec())));
            message.delete().map_err(fail)?;
        }
    }
}

/// Tasks that are still there.
fn left(queues: &Queues) -> Result<u64, String> {
    let counts = queues.tasks.counts();
    let counts = counts.map_err(|error| format!("count tasks: {error}"))?;
    Ok(counts.total())
}
