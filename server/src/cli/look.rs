//! `forebay peek`.

use super::json;
use super::place::{Place, say};
use super::print::Lines;
use super::{Ending, Outcome};
use clap::{Args, ValueEnum};
use forebay::message::MessageState;
use forebay::{PeekOptions, Queue};
use serde_json::{Map, Value};

/// Messages of a page.
pub const PAGE: usize = 500;

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    Delayed,
    Visible,
    InFlight,
}

impl State {
    fn core(self) -> MessageState {
        match self {
            Self::Delayed => MessageState::Delayed,
            Self::Visible => MessageState::Visible,
            Self::InFlight => MessageState::InFlight,
        }
    }
}

/// Shows messages without any effect on them
#[derive(Debug, Args)]
pub struct Peek {
    queue: String,
    /// At most this many
    #[arg(long, default_value_t = 10)]
    max: usize,
    /// Only those in this state; may be repeated
    #[arg(long, value_enum)]
    state: Vec<State>,
    /// Only those of this group
    #[arg(long)]
    group: Option<String>,
    #[command(flatten)]
    place: Place,
}

pub fn peek(arguments: &Peek) -> Outcome {
    let store = arguments.place.open()?;
    let queue = arguments.place.queue(&store, &arguments.queue)?;
    let mut options = PeekOptions::new();
    for state in &arguments.state {
        options = options.state(state.core());
    }
    if let Some(group) = &arguments.group {
        options = options.group(group);
    }
    let mut lines = Lines::new();
    let shown = each(&queue, &options, arguments.max, |record| {
        lines.put(&Value::Object(record))
    })?;
    lines.flush()?;
    Ok(Ending::of(shown))
}

/// Calls `take` with up to `max` messages of a queue, page by page; how many there were.
pub fn each(
    queue: &Queue,
    options: &PeekOptions,
    max: usize,
    mut take: impl FnMut(Map<String, Value>) -> Result<(), String>,
) -> Result<usize, String> {
    let mut shown = 0;
    let mut after = 0;
    while shown < max {
        let page = options.clone().after(after).limit((max - shown).min(PAGE));
        let found = queue.peek(&page).map_err(|error| say(&error))?;
        let Some(last) = found.last() else { break };
        after = last.message.sequence;
        shown += found.len();
        for peeked in found {
            let mut record = json::message(&peeked.message, queue.is_fifo());
            let state = match peeked.state {
                MessageState::Delayed => "delayed",
                MessageState::Visible => "visible",
                MessageState::InFlight => "in_flight",
            };
            record.insert("state".into(), state.into());
            if let Some(visible_ms) = peeked.visible_ms {
                record.insert("visible_ms".into(), visible_ms.into());
            }
            take(record)?;
        }
    }
    Ok(shown)
}
