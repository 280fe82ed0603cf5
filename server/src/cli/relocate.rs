//! Messages that a command takes from one queue to another by itself.

use super::consume::delete_all;
use super::filter::Filter;
use super::look::PAGE;
use super::place::say;
use super::print::{self, Lines};
use super::{Ending, Outcome};
use forebay::message::MessageState;
use forebay::rules::move_tasks;
use forebay::{
    Error, ErrorKind, Message, PeekOptions, Queue, ReceiveOptions, SendRequest, VisibilityRequest,
};
use serde_json::json;
use std::time::{Duration, Instant};

/// Messages of one receive.
const BATCH: u32 = 10;
/// The same where some are passed over: in flight, they keep those behind them in a group of a FIFO
/// queue back, so as many of a group as may be are looked at together.
const PICK_BATCH: u32 = 1_000;
/// Seconds that a message is hidden which is looked at, or not wanted: those that are passed over
/// come back when all have been looked at, or after this where the command was killed.
const HIDDEN_S: u32 = 600;

/// What is to be moved.
pub struct Relocation<'a> {
    pub from: &'a Queue,
    pub filter: &'a Filter,
    /// At most so many messages.
    pub max: Option<u64>,
    /// Messages a second, 1 to 500 (S10.6).
    pub rate: Option<u32>,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Relocated {
    pub moved: u64,
    pub looked_at: u64,
}

impl Relocated {
    /// Says so.
    pub fn print(&self) -> Outcome {
        let mut lines = Lines::new();
        lines.put(&json!({"moved": self.moved, "looked_at": self.looked_at}))?;
        lines.flush()?;
        Ok(match self.moved {
            0 => Ending::Nothing,
            _ => Ending::Done,
        })
    }
}

impl Relocation<'_> {
    /// Moves messages to where `target` says, up to those that are visible now. A message is sent
    /// before it is deleted: whoever dies in between leaves it in both queues, not in neither.
    /// What is not wanted, or cannot be moved, is visible again when this returns.
    pub fn run(
        &self,
        mut target: impl FnMut(&Message) -> Result<Queue, String>,
    ) -> Result<Relocated, String> {
        self.rate
            .map_or(Ok(()), move_tasks::check_rate)
            .map_err(|error| say(&error))?;
        let mut passed_over = Vec::new();
        let outcome = self.take_all(&mut target, &mut passed_over);
        // In any case: what was received here is nobody else's until it is given back.
        let returned = give_back(self.from, &passed_over);
        let relocated = outcome?;
        returned?;
        Ok(relocated)
    }

    fn take_all(
        &self,
        target: &mut impl FnMut(&Message) -> Result<Queue, String>,
        passed_over: &mut Vec<String>,
    ) -> Result<Relocated, String> {
        let counts = self.from.counts().map_err(|error| say(&error))?;
        let max = self.max.unwrap_or(u64::MAX);
        let bar = print::bar(counts.visible, "messages");
        let started = Instant::now();
        let most = match self.filter.is_empty() {
            true => BATCH,
            false => PICK_BATCH,
        };
        // Ten seconds' worth at the most: they are hidden for longer.
        let most = self
            .rate
            .map_or(most, |rate| most.min(rate.saturating_mul(10)));
        let mut done = Relocated::default();
        while done.looked_at < counts.visible && done.moved < max {
            let left = match self.filter.is_empty() {
                true => (counts.visible - done.looked_at).min(max - done.moved),
                false => counts.visible - done.looked_at,
            };
            let batch = u32::try_from(left).map_or(most, |left| left.min(most));
            let options = ReceiveOptions::new()
                .max(batch)
                .wait(0)
                .visibility_timeout(HIDDEN_S);
            let messages = match self.from.receive(&options) {
                Ok(messages) => messages,
                // As many are passed over as may be in flight.
                Err(error) if error.kind() == ErrorKind::OverLimit => break,
                Err(error) => return Err(say(&error)),
            };
            if messages.is_empty() {
                break;
            }
            done.looked_at += messages.len() as u64;
            bar.set_position(done.looked_at);
            let mut wanting = max - done.moved;
            let (mut wanted, others): (Vec<Message>, Vec<Message>) =
                messages.into_iter().partition(|message| {
                    let takes = wanting > 0 && self.filter.takes(message.stored());
                    wanting -= u64::from(takes);
                    takes
                });
            passed_over.extend(others.iter().map(Message::receipt));
            // A second's worth, and then the rest of that second.
            let step = self.rate.map_or(wanted.len(), |rate| rate as usize);
            while !wanted.is_empty() {
                let rest = wanted.split_off(step.min(wanted.len()));
                let moved = self.pass_on(wanted, target, passed_over);
                if moved.is_err() {
                    passed_over.extend(rest.iter().map(Message::receipt));
                }
                done.moved += moved?;
                self.rest(started, done.moved);
                wanted = rest;
            }
        }
        bar.finish_and_clear();
        Ok(done)
    }

    /// Moves these; what fails is passed over, and its reason is the error, once the others have
    /// been moved.
    fn pass_on(
        &self,
        messages: Vec<Message>,
        target: &mut impl FnMut(&Message) -> Result<Queue, String>,
        passed_over: &mut Vec<String>,
    ) -> Result<u64, String> {
        let mut failure = None;
        let mut fail = |message: &Message, text: String| {
            passed_over.push(message.receipt());
            failure.get_or_insert(format!("message {}: {text}", message.id()));
        };
        let mut by_target: Vec<(Queue, Vec<Message>)> = Vec::new();
        for message in messages {
            match target(&message) {
                Ok(to) => match by_target.iter_mut().find(|(it, _)| it.key() == to.key()) {
                    Some((_, messages)) => messages.push(message),
                    None => by_target.push((to, vec![message])),
                },
                Err(text) => fail(&message, text),
            }
        }
        let mut sent = Vec::new();
        for (to, messages) in by_target {
            let copies = messages.iter().map(|message| copy(message, &to));
            let answers = match to.send_batch(copies) {
                Ok(answers) => answers,
                // One without a group fails a whole batch of a FIFO queue (S13.4).
                Err(_) => messages
                    .iter()
                    .map(|message| to.send(copy(message, &to)))
                    .collect(),
            };
            for (message, answer) in messages.into_iter().zip(answers) {
                match answer {
                    Ok(_) => sent.push(message),
                    Err(error) => fail(&message, say(&error)),
                }
            }
        }
        delete_all(self.from, &sent)?;
        failure.map_or(Ok(sent.len() as u64), Err)
    }

    /// Waits until so many may have been moved.
    fn rest(&self, started: Instant, moved: u64) {
        if let Some(rate) = self.rate {
            let due = Duration::from_millis(moved * 1_000 / u64::from(rate));
            std::thread::sleep(due.saturating_sub(started.elapsed()));
        }
    }
}

/// Makes messages visible again.
fn give_back(queue: &Queue, receipts: &[String]) -> Result<(), String> {
    for chunk in receipts.chunks(1_000) {
        let changes = chunk.iter().map(|it| VisibilityRequest::new(&**it, 0));
        let answers = queue.change_visibility_batch(changes);
        for answer in answers.map_err(|error| say(&error))? {
            answer.or_else(gone).map_err(|error| say(&error))?;
        }
    }
    Ok(())
}

/// Deleted meanwhile, or visible already.
fn gone(error: Error) -> Result<(), Error> {
    match error.kind() {
        ErrorKind::MessageNotInflight | ErrorKind::InvalidParameterValue => Ok(()),
        _ => Err(error),
    }
}

/// The same message, to be sent again. A FIFO queue knows it by where it was: under its own
/// deduplication id, a queue that it was in less than five minutes ago would drop it, and it would
/// be in none; under this one, a command that was killed half-way and runs again stores it once.
fn copy(message: &Message, to: &Queue) -> SendRequest {
    let mut request = SendRequest::new(message.body().clone())
        .attributes(message.attributes().iter().cloned())
        .sender(message.sender());
    if let Some(group) = message.group() {
        request = request.group(group);
    }
    if to.is_fifo() {
        request = request.deduplication(format!("moved-{}", message.id()));
    }
    if let Some(header) = message.trace_header() {
        request = request.trace_header(header);
    }
    request
}

/// How many of the messages that are visible now are meant.
pub fn count(queue: &Queue, filter: &Filter) -> Result<u64, String> {
    let (mut count, mut after) = (0, 0);
    loop {
        let page = PeekOptions::new()
            .state(MessageState::Visible)
            .after(after)
            .limit(PAGE);
        let found = queue.peek(&page).map_err(|error| say(&error))?;
        let Some(last) = found.last() else {
            return Ok(count);
        };
        after = last.message.sequence;
        count += found.iter().filter(|it| filter.takes(&it.message)).count() as u64;
    }
}
