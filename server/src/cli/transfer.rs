//! `forebay export` and `import`.

use super::json::{self, Line};
use super::look;
use super::place::{Place, say};
use super::print::{self, Lines};
use super::send::Bundle;
use super::{Ending, Outcome, both};
use clap::Args;
use forebay::rules::digest;
use forebay::rules::names::is_fifo;
use forebay::{PeekOptions, Queue, SendRequest, Store};
use serde_json::{Value, json};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Writes all messages of queues to standard output, without any effect on them
#[derive(Debug, Args)]
pub struct Export {
    /// Queues; none: all of them
    queues: Vec<String>,
    #[command(flatten)]
    place: Place,
}

pub fn export(arguments: &Export) -> Outcome {
    let store = arguments.place.open()?;
    let names = match arguments.queues.as_slice() {
        [] => store.list_queues("").map_err(|error| say(&error))?,
        given => given.to_vec(),
    };
    let queues = names.iter().map(|name| arguments.place.queue(&store, name));
    let queues = queues.collect::<Result<Vec<Queue>, _>>()?;
    let mut total = 0;
    for queue in &queues {
        let counts = queue.counts().map_err(|error| say(&error))?;
        total += counts.total();
    }
    let bar = print::bar(total, "messages");
    let mut lines = Lines::new();
    let mut written = 0;
    for queue in &queues {
        written += look::each(queue, &PeekOptions::new(), usize::MAX, |mut record| {
            record.insert("queue".into(), queue.name().into());
            bar.inc(1);
            lines.put(&Value::Object(record))
        })?;
    }
    lines.flush()?;
    bar.finish_and_clear();
    Ok(Ending::of(written))
}

/// Sends messages that export wrote, from standard input
///
/// They get new ids and times. On FIFO queues those that are there already by their deduplication
/// ids are not stored again; of messages that share one, the later ones get others.
#[derive(Debug, Args)]
pub struct Import {
    /// Send all of them here; default: each to the queue that its line names
    #[arg(long, value_name = "QUEUE")]
    to: Option<String>,
    #[command(flatten)]
    place: Place,
}

pub fn import(arguments: &Import) -> Outcome {
    let store = arguments.place.open()?;
    let mut targets: BTreeMap<String, Target> = BTreeMap::new();
    let mut sent = Sent::default();
    let lines = json::each_line(|text| {
        let line = Line::read(text)?;
        let name = arguments.to.clone().or_else(|| line.queue.clone());
        let name = name.ok_or("it names no queue: say where with --to")?;
        let target = match targets.entry(name) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let target = Target::new(&store, &arguments.place, place.key());
                place.insert(target)
            }
        };
        let full = target.add(line, text.len())?;
        full.map_or(Ok(()), |full| sent.send(target, full))
    });
    // The lines before one that cannot be read are sent, so that a second try can begin with it.
    let mut outcome = lines;
    for target in targets.values_mut() {
        if let Some(rest) = target.bundle.take() {
            outcome = both(outcome, sent.send(target, rest));
        }
    }
    outcome?;
    let mut out = Lines::new();
    out.put(&json!({"sent": sent.messages, "duplicates": sent.duplicates}))?;
    out.flush()?;
    Ok(Ending::of(sent.messages + sent.duplicates))
}

/// Where lines go, and those of them that were not sent yet.
struct Target {
    /// Or why it cannot be had, which is said when something is to be sent.
    queue: Result<Queue, String>,
    is_fifo: bool,
    bundle: Bundle,
    ids: Ids,
}

impl Target {
    fn new(store: &Store, place: &Place, name: &str) -> Self {
        let mut ids = Ids::default();
        let queue = place.queue(store, name).and_then(|queue| {
            ids.by_group = is_by_group(&queue)?;
            Ok(queue)
        });
        Self {
            queue,
            is_fifo: is_fifo(name),
            bundle: Bundle::default(),
            ids,
        }
    }

    /// As [`Bundle::add`].
    fn add(&mut self, line: Line, bytes: usize) -> Result<Option<Vec<SendRequest>>, String> {
        let line = match self.is_fifo {
            true => self.ids.tell_apart(line),
            false => line.for_standard(),
        };
        Ok(self.bundle.add(line.request()?, bytes))
    }
}

/// Whether each group of a queue has deduplication ids of its own.
fn is_by_group(queue: &Queue) -> Result<bool, String> {
    let name = "DeduplicationScope";
    let found = queue.attributes(&[name]).map_err(|error| say(&error))?;
    Ok(found.get(name).is_some_and(|scope| scope == "messageGroup"))
}

/// Deduplication ids of the lines so far. A queue takes one again after five minutes, so two
/// messages of it may share one; of them only the first would arrive.
#[derive(Default)]
struct Ids {
    by_group: bool,
    /// How often there was one, by its hash: two that share it only get other ids without need.
    times: HashMap<u64, u32>,
}

impl Ids {
    /// Gives a line another id if its own was there. The next import of the same lines gives it the
    /// same.
    fn tell_apart(&mut self, line: Line) -> Line {
        let Some((group, id)) = line.deduplication() else {
            return line;
        };
        let mut hasher = DefaultHasher::new();
        (self.by_group.then_some(group), id).hash(&mut hasher);
        let times = self.times.entry(hasher.finish()).or_default();
        *times += 1;
        if *times == 1 {
            return line;
        }
        let begin: String = id.chars().take(ID_BEGIN_CHARS).collect();
        let digest = digest::md5_hex(id.as_bytes());
        let other = format!("{begin}.{digest}.{times}");
        line.with_deduplication(other)
    }
}

/// Characters of a deduplication id that a derived one begins with: 128 are the most.
const ID_BEGIN_CHARS: usize = 80;

/// What became of the lines.
#[derive(Default)]
struct Sent {
    messages: usize,
    duplicates: usize,
}

impl Sent {
    fn send(&mut self, target: &Target, batch: Vec<SendRequest>) -> Result<(), String> {
        let queue = target.queue.as_ref().map_err(String::clone)?;
        let results = queue.send_batch(batch).map_err(|error| say(&error))?;
        let mut failure = None;
        for result in results {
            match result {
                Ok(receipt) if receipt.is_duplicate() => self.duplicates += 1,
                Ok(_) => self.messages += 1,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) => Err(format!("queue {}: {}", queue.name(), say(&error))),
            None => Ok(()),
        }
    }
}
