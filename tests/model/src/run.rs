//! Carries a history out on the reference and on a subject and compares every answer.

use crate::history::{History, Op, QUEUES, Reopen};
use crate::subject::{InMemory, Subject};
use crate::world::{World, is_fifo, key};
use forebay::command::{Command, Outcome, PeekFilter};
use std::collections::VecDeque;
use std::fmt;

/// Where a subject answered otherwise than the reference.
#[derive(Debug)]
pub struct Difference {
    /// Index of the operation; the number of operations for the final look.
    pub at: usize,
    /// What was done.
    pub what: String,
    /// The reference's answer.
    pub reference: String,
    /// The subject's answer.
    pub subject: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at,
            what,
            reference,
            subject,
        } = self;
        write!(
            f,
            "operation {at}: {what}\n  reference: {reference}\n  subject:   {subject}"
        )
    }
}

impl Difference {
    /// The subject could not even be opened.
    pub fn of_opening(error: &forebay::Error) -> Self {
        Self {
            at: 0,
            what: "opening the subject".into(),
            reference: "Ok".into(),
            subject: error.to_string(),
        }
    }
}

/// Compares a subject with the reference on a history.
pub fn compare(history: &History, subject: &mut dyn Subject) -> Result<(), Box<Difference>> {
    let reference = InMemory::reference();
    let mut world = World::default();
    for (at, op) in history.ops.iter().enumerate() {
        step(op, at, &mut world, &reference, subject)?;
    }
    let at = history.ops.len();
    let mut left: VecDeque<Command> = final_look().into();
    while let Some(command) = left.pop_front() {
        let expected = reference.storage().execute(command.clone());
        let found = subject.storage().execute(command.clone());
        check(at, &command, &expected, &found)?;
        if let Some(next) = next_page(command, &expected) {
            left.push_front(next);
        }
    }
    let report = subject.storage().check().map(|report| report.problems);
    check(at, &"check", &Ok(Vec::new()), &report)
}

fn step(
    op: &Op,
    at: usize,
    world: &mut World,
    reference: &InMemory,
    subject: &mut dyn Subject,
) -> Result<(), Box<Difference>> {
    if let Op::Switch = op {
        return check(at, op, &Ok(()), &subject.switch());
    }
    if let Op::Reopen(how) = op {
        let reopened = subject.reopen(*how);
        check(at, op, &Ok(()), &reopened)?;
        check(
            at,
            op,
            &reference.storage().now_ms(),
            &subject.storage().now_ms(),
        )?;
        return match how {
            Reopen::WithoutIndex | Reopen::FromBackup => adopt_group_orders(at, reference, subject),
            Reopen::Plain => Ok(()),
        };
    }
    let reference = reference.storage();
    let now_ms = reference.now_ms();
    if let Some(by_ms) = world.advance_ms(op, now_ms) {
        let (expected, found) = (
            reference.advance_ms(by_ms),
            subject.storage().advance_ms(by_ms),
        );
        return check(at, op, &expected, &found);
    }
    if let Some(command) = world.command(op, now_ms) {
        let expected = reference.execute(command.clone());
        let found = subject.storage().execute(command.clone());
        check(at, &command, &expected, &found)?;
        if let Ok(outcome) = &expected {
            world.learn(op, outcome, now_ms);
        }
    }
    Ok(())
}

/// A rebuilt index may give the groups of a FIFO queue their turns in another order (S7.7). They
/// must be the same groups; the reference goes on in that order.
fn adopt_group_orders(
    at: usize,
    reference: &InMemory,
    subject: &mut dyn Subject,
) -> Result<(), Box<Difference>> {
    for queue in (0..QUEUES.len()).filter(|queue| is_fifo(*queue)).map(key) {
        // What is due becomes ready first.
        let look = Command::GetQueue {
            queue: queue.clone(),
            counted: true,
        };
        let expected = reference.storage().execute(look.clone());
        let found = subject.storage().execute(look.clone());
        check(at, &look, &expected, &found)?;
        let Some(order) = subject.new_group_order(&queue) else {
            continue;
        };
        let adopted = order
            .as_ref()
            .map(|order| reference.adopt_group_order(&queue, order));
        check(
            at,
            &"groups that have turns",
            &adopted,
            &order.as_ref().cloned(),
        )?;
    }
    Ok(())
}

/// A peek shows no more than it may hold, and may have more to show.
fn next_page(command: Command, outcome: &forebay::Result<Outcome>) -> Option<Command> {
    let (Command::Peek { queue, mut filter }, Ok(Outcome::Peeked(messages))) = (command, outcome)
    else {
        return None;
    };
    filter.after = messages.last()?.message.sequence;
    Some(Command::Peek { queue, filter })
}

/// Everything that can be seen, and then what a receive finds, which shows the order too.
fn final_look() -> Vec<Command> {
    let filter = PeekFilter {
        states: Vec::new(),
        group: None,
        after: 0,
        limit: 1_000_000,
    };
    let mut commands = Vec::new();
    for queue in (0..QUEUES.len()).map(key) {
        commands.push(Command::GetQueue {
            queue: queue.clone(),
            counted: true,
        });
        commands.push(Command::Peek {
            queue: queue.clone(),
            filter: filter.clone(),
        });
        commands.push(Command::ListMoveTasks {
            source: queue,
            limit: 10,
        });
    }
    for queue in (0..QUEUES.len()).map(key) {
        commands.push(Command::Receive {
            queue,
            max: 10_000,
            visibility_s: Some(30),
            attempt: None,
            wait_s: Some(20),
        });
    }
    commands
}

fn check<T: PartialEq + fmt::Debug>(
    at: usize,
    what: &impl fmt::Debug,
    expected: &T,
    found: &T,
) -> Result<(), Box<Difference>> {
    if expected == found {
        return Ok(());
    }
    Err(Box::new(Difference {
        at,
        what: format!("{what:?}"),
        reference: format!("{expected:?}"),
        subject: format!("{found:?}"),
    }))
}
