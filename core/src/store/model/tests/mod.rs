//! The model proved against the rules, one small test each. Each test is named after its rules.

mod fair;
mod fifo;
mod life;
mod queues;
mod redrive;
mod tasks;

use super::{Bug, Model};
use crate::command::{
    Command, MoveTask, Outcome, PeekFilter, QueueView, SendEntry, Sent, Strictness,
};
use crate::error::{ErrorKind, Result};
use crate::key::{DEFAULT_ACCOUNT, DEFAULT_REGION, QueueKey};
use crate::message::{MessageId, Peeked, Receipt, Received};
use crate::store::{ClockMode, Storage};
use std::cell::Cell;
use std::collections::BTreeMap;

const START_MS: u64 = 1_700_000_000_000;
const STRICT: Strictness = Strictness {
    sqs_limits: true,
    sixty_second_rules: true,
};
const FREE: Strictness = Strictness {
    sqs_limits: false,
    sixty_second_rules: false,
};

fn key(name: &str) -> QueueKey {
    QueueKey::new(DEFAULT_ACCOUNT, DEFAULT_REGION, name)
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

fn policy(target: &str, max_receives: u32) -> String {
    format!(
        r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{max_receives}}}"#,
        key(target).arn()
    )
}

fn bodies(received: &[Received]) -> Vec<&str> {
    received
        .iter()
        .map(|received| std::str::from_utf8(&received.message.body).unwrap())
        .collect()
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

/// A store on a manual clock with short words for what tests do.
struct Fixture {
    model: Model,
    ids: Cell<u8>,
}

impl Fixture {
    fn new() -> Self {
        Self::with(Model::new(ClockMode::Manual { start_ms: START_MS }))
    }

    fn with_bug(bug: Bug) -> Self {
        Self::with(Model::with_bug(
            ClockMode::Manual { start_ms: START_MS },
            bug,
        ))
    }

    fn with(model: Model) -> Self {
        Self {
            model,
            ids: Cell::new(0),
        }
    }

    fn standard(attributes: &[(&str, &str)]) -> Self {
        let fixture = Self::new();
        fixture.create("q", attributes);
        fixture
    }

    fn fifo(attributes: &[(&str, &str)]) -> Self {
        let fixture = Self::new();
        fixture.create("q.fifo", attributes);
        fixture
    }

    fn execute(&self, command: Command) -> Result<Outcome> {
        self.model.execute(command)
    }

    fn advance(&self, by_ms: u64) {
        self.model.advance_ms(by_ms).unwrap();
    }

    fn try_create(
        &self,
        name: &str,
        attributes: &[(&str, &str)],
        strictness: Strictness,
    ) -> Result<QueueView> {
        let mut attributes = map(attributes);
        if name.ends_with(".fifo") {
            attributes.insert("FifoQueue".into(), "true".into());
        }
        let outcome = self.execute(Command::CreateQueue {
            queue: key(name),
            attributes,
            tags: BTreeMap::new(),
            strictness,
        })?;
        match outcome {
            Outcome::Queue(view) => Ok(*view),
            other => panic!("{other:?}"),
        }
    }

    fn create(&self, name: &str, attributes: &[(&str, &str)]) -> QueueView {
        self.try_create(name, attributes, FREE).unwrap()
    }

    fn set(&self, name: &str, attributes: &[(&str, &str)]) -> Result<Outcome> {
        self.execute(Command::SetAttributes {
            queue: key(name),
            attributes: map(attributes),
        })
    }

    fn view(&self, name: &str) -> Result<QueueView> {
        match self.execute(Command::GetQueue {
            queue: key(name),
            counted: true,
        })? {
            Outcome::Queue(view) => Ok(*view),
            other => panic!("{other:?}"),
        }
    }

    /// Visible, in flight, delayed.
    fn counts(&self, name: &str) -> (u64, u64, u64) {
        let counts = self.view(name).unwrap().counts;
        (counts.visible, counts.in_flight, counts.delayed)
    }

    fn entry(&self, body: &str) -> SendEntry {
        self.ids.set(self.ids.get().wrapping_add(1));
        SendEntry {
            id: MessageId([self.ids.get(); 16]),
            body: body.to_string().into(),
            attributes: Vec::new(),
            trace_header: None,
            group: None,
            deduplication: None,
            delay_s: None,
            sender: "me".into(),
        }
    }

    fn send_entries(&self, name: &str, entries: Vec<SendEntry>) -> Vec<Result<Sent>> {
        let command = Command::Send {
            queue: key(name),
            entries,
            batch: true,
        };
        match self.execute(command).unwrap() {
            Outcome::Sent(results) => results,
            other => panic!("{other:?}"),
        }
    }

    fn send(&self, name: &str, body: &str) -> Sent {
        self.send_entries(name, vec![self.entry(body)])
            .remove(0)
            .unwrap()
    }

    fn send_delayed(&self, name: &str, body: &str, delay_s: u32) -> Sent {
        let entry = SendEntry {
            delay_s: Some(delay_s),
            ..self.entry(body)
        };
        self.send_entries(name, vec![entry]).remove(0).unwrap()
    }

    /// A message of a group; on FIFO queues its body is its deduplication id.
    fn send_group(&self, name: &str, group: &str, body: &str) -> Sent {
        self.send_group_id(name, group, body, body)
    }

    fn send_group_id(&self, name: &str, group: &str, body: &str, id: &str) -> Sent {
        let entry = SendEntry {
            group: Some(group.into()),
            deduplication: name.ends_with(".fifo").then(|| id.into()),
            ..self.entry(body)
        };
        self.send_entries(name, vec![entry]).remove(0).unwrap()
    }

    fn try_receive(
        &self,
        name: &str,
        max: u32,
        visibility_s: Option<u32>,
        attempt: Option<&str>,
    ) -> Result<(Vec<Received>, Option<u64>)> {
        let outcome = self.execute(Command::Receive {
            queue: key(name),
            max,
            visibility_s,
            attempt: attempt.map(String::from),
            wait_s: Some(0),
        })?;
        match outcome {
            Outcome::Received {
                messages,
                next_due_ms,
                ..
            } => Ok((messages, next_due_ms)),
            other => panic!("{other:?}"),
        }
    }

    fn receive(&self, name: &str, max: u32) -> Vec<Received> {
        self.try_receive(name, max, None, None).unwrap().0
    }

    fn receive_for(&self, name: &str, max: u32, seconds: u32) -> Vec<Received> {
        self.try_receive(name, max, Some(seconds), None).unwrap().0
    }

    fn attempt(&self, name: &str, max: u32, attempt: &str) -> Vec<Received> {
        self.try_receive(name, max, None, Some(attempt)).unwrap().0
    }

    fn each(&self, command: Command) -> Result<()> {
        match self.execute(command)? {
            Outcome::Each(mut results) => results.remove(0),
            other => panic!("{other:?}"),
        }
    }

    fn delete(&self, name: &str, received: &Received) -> Result<()> {
        self.delete_receipt(name, received.receipt)
    }

    fn delete_receipt(&self, name: &str, receipt: Receipt) -> Result<()> {
        self.each(Command::Delete {
            queue: key(name),
            receipts: vec![receipt],
        })
    }

    fn change(&self, name: &str, received: &Received, seconds: u32) -> Result<()> {
        self.each(Command::ChangeVisibility {
            queue: key(name),
            entries: vec![(received.receipt, seconds)],
        })
    }

    fn purge(&self, name: &str, strictness: Strictness) -> Result<Outcome> {
        self.execute(Command::Purge {
            queue: key(name),
            strictness,
        })
    }

    fn delete_queue(&self, name: &str) -> Result<Outcome> {
        self.execute(Command::DeleteQueue {
            queue: key(name),
            only_if_empty: false,
        })
    }

    fn peek(&self, name: &str) -> Vec<Peeked> {
        self.peek_with(name, |_| {})
    }

    fn peek_with(&self, name: &str, change: impl FnOnce(&mut PeekFilter)) -> Vec<Peeked> {
        let mut filter = PeekFilter {
            states: Vec::new(),
            group: None,
            after: 0,
            limit: 1000,
        };
        change(&mut filter);
        let command = Command::Peek {
            queue: key(name),
            filter,
        };
        match self.execute(command).unwrap() {
            Outcome::Peeked(peeked) => peeked,
            other => panic!("{other:?}"),
        }
    }

    fn tasks(&self, name: &str) -> Vec<MoveTask> {
        let command = Command::ListMoveTasks {
            source: key(name),
            limit: 10,
        };
        match self.execute(command).unwrap() {
            Outcome::Tasks(tasks) => tasks,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Fixture {
    /// Every test also checks the model's own books.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let problems = self.model.check().unwrap().problems;
            assert!(problems.is_empty(), "{problems:?}");
        }
    }
}
