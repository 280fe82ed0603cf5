//! `forebay redrive`.

use super::place::{Place, say};
use super::print::{self, Lines};
use super::{Ending, Outcome};
use clap::Args;
use forebay::command::MoveStatus;
use forebay::{MoveTaskEntry, Store};
use serde_json::json;
use std::time::Duration;

/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Moves dead letters back to where they came from, or to another queue
///
/// The work belongs to the store: it goes on when this command is stopped and a program has the
/// store open, and the same command again shows its progress.
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
    place: Place,
}

pub fn run(arguments: &Redrive) -> Outcome {
    let store = arguments.place.open()?;
    let queue = arguments.place.queue(&store, &arguments.queue)?;
    let mut lines = Lines::new();
    if arguments.dry_run {
        let visible = queue.counts().map_err(|error| say(&error))?.visible;
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
