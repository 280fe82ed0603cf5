//! `forebay redrive`.

use super::filter::Filter;
use super::place::{Place, say};
use super::print::{self, Lines};
use super::relocate::{self, Relocation};
use super::{Ending, Outcome};
use clap::Args;
use forebay::command::MoveStatus;
use forebay::key::QueueKey;
use forebay::{MoveTaskEntry, Queue, Store};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Moves dead letters back to where they came from, or to another queue
///
/// The work belongs to the store: it goes on when this command is stopped and a program has the
/// store open, and the same command again shows its progress. With a filter the command does the
/// work itself: those that it passes over count as received once more and are visible again when it
/// ends; of a group of a FIFO queue they keep those behind them back.
#[derive(Debug, Args)]
pub struct Redrive {
    /// The dead-letter queue
    queue: String,
    /// Where they go instead of back
    #[arg(long, value_name = "QUEUE")]
    to: Option<String>,
    /// Messages a second, 1 to 500; default: as fast as it goes
    #[arg(long)]
    rate: Option<u32>,
    /// Only say how many messages would move
    #[arg(long)]
    dry_run: bool,
    /// Stop the task that runs
    #[arg(long, conflicts_with_all = ["dry_run", "rate", "to"])]
    cancel: bool,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    place: Place,
}

pub fn run(arguments: &Redrive) -> Outcome {
    let store = arguments.place.open()?;
    let queue = arguments.place.queue(&store, &arguments.queue)?;
    let mut lines = Lines::new();
    if arguments.dry_run {
        let visible = match arguments.filter.is_empty() {
            true => queue.counts().map_err(|error| say(&error))?.visible,
            false => relocate::count(&queue, &arguments.filter)?,
        };
        let sources = queue.dead_letter_sources().map_err(|error| say(&error))?;
        lines.put(&json!({"would_move": visible, "to": arguments.to, "sources": sources}))?;
        lines.flush()?;
        return Ok(Ending::of(usize::from(visible > 0)));
    }
    let running = newest(&store, &arguments.queue)?.and_then(|task| task.handle());
    if arguments.cancel {
        let Some(handle) = running else {
            return Ok(Ending::Nothing);
        };
        let moved = store
            .cancel_move_task(&handle)
            .map_err(|error| say(&error))?;
        lines.put(&json!({"cancelled": true, "moved": moved}))?;
        lines.flush()?;
        return Ok(Ending::Done);
    }
    if !arguments.filter.is_empty() {
        return pick(arguments, &store, &queue, running.is_some());
    }
    if running.is_none() {
        let to = arguments.to.as_deref();
        let started = store.start_move_task(&arguments.queue, to, arguments.rate);
        started.map_err(|error| say(&error))?;
    }
    let task = follow(&store, &arguments.queue)?;
    if let MoveStatus::Failed(reason) = task.status() {
        return Err(format!("{} messages moved, then: {reason}", task.moved()));
    }
    lines.put(&json!({"moved": task.moved(), "of": task.to_move()}))?;
    lines.flush()?;
    Ok(Ending::of(usize::from(task.moved() > 0)))
}

/// Moves the messages that the filter takes, one batch after the other.
fn pick(arguments: &Redrive, store: &Store, from: &Queue, is_running: bool) -> Outcome {
    if is_running {
        return Err("a task moves all of them already: stop it with --cancel".into());
    }
    let mut known: BTreeMap<String, Queue> = BTreeMap::new();
    let relocation = Relocation {
        from,
        filter: &arguments.filter,
        max: None,
        rate: arguments.rate,
    };
    let moved = relocation.run(|message| {
        let origin = || {
            let arn = message.dead_letter_source()?;
            let key = QueueKey::from_arn(arn, "DeadLetterQueueSourceArn").ok()?;
            Some(key.name)
        };
        let name = arguments.to.clone().or_else(origin);
        let name = name.ok_or("it was in no other queue before: say where with --to")?;
        if let Some(queue) = known.get(&name) {
            return Ok(queue.clone());
        }
        let queue = arguments.place.queue(store, &name)?;
        known.insert(name, queue.clone());
        Ok(queue)
    })?;
    moved.print()
}

fn newest(store: &Store, queue: &str) -> Result<Option<MoveTaskEntry>, String> {
    let tasks = store
        .list_move_tasks(queue, 1)
        .map_err(|error| say(&error))?;
    Ok(tasks.into_iter().next())
}

/// Shows progress until the newest task has ended.
fn follow(store: &Store, queue: &str) -> Result<MoveTaskEntry, String> {
    let mut bar = None;
    loop {
        let task = newest(store, queue)?.ok_or("the task is gone")?;
        let bar = bar.get_or_insert_with(|| print::bar(task.to_move(), "messages"));
        bar.set_position(task.moved());
        if !matches!(task.status(), MoveStatus::Running | MoveStatus::Cancelling) {
            bar.finish_and_clear();
            return Ok(task);
        }
        std::thread::sleep(LOOK);
    }
}
