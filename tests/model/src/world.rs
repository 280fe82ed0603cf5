//! Turns operations into commands, with what the history has shown so far: receipts, deadlines,
//! task numbers.

use crate::history::{Entry, Flaw, Identity, Op, Pick, QUEUES, Setting};
use forebay::command::{Command, Outcome, PeekFilter, SendEntry, Strictness};
use forebay::key::{DEFAULT_ACCOUNT, DEFAULT_REGION, QueueKey};
use forebay::message::{Attribute, AttributeValue, MessageId, MessageState, Receipt};
use std::collections::{BTreeMap, BTreeSet};

/// What bodies that identify their messages are longer than their text.
const CONTENT_PADDING_BYTES: [usize; 3] = [0, 900, 30_000];
/// Bytes of a message that is longer than any queue of a history takes.
const TOO_LONG_BYTES: usize = 1_048_577;
/// Ends of things that a send may begin: 60 s rules and retention, deduplication.
const INTERESTING_MS: [u64; 3] = [60_000, 120_000, 300_000];

/// What a history has shown so far.
#[derive(Debug, Default)]
pub struct World {
    receipts: Vec<(usize, Receipt)>,
    deadlines_ms: BTreeSet<u64>,
    messages: u64,
    tasks: u64,
}

/// The key of a queue of [`QUEUES`].
pub fn key(queue: usize) -> QueueKey {
    QueueKey::new(DEFAULT_ACCOUNT, DEFAULT_REGION, QUEUES[queue])
}

/// True for a FIFO queue of [`QUEUES`].
pub fn is_fifo(queue: usize) -> bool {
    QUEUES[queue].ends_with(".fifo")
}

impl World {
    /// The command of an operation; `None` for those that are no command.
    pub fn command(&mut self, op: &Op, now_ms: u64) -> Option<Command> {
        Some(match op {
            Op::Send { queue, entries } => self.send(*queue, entries),
            Op::Flood {
                queue,
                group,
                count,
                padding,
            } => self.flood(*queue, *group, *count, *padding),
            Op::Receive { .. } => receive(op)?,
            Op::Delete { queue, picks } => Command::Delete {
                queue: key(*queue),
                receipts: picks
                    .iter()
                    .map(|pick| self.receipt(*queue, *pick, now_ms))
                    .collect(),
            },
            Op::Change { queue, entries } => Command::ChangeVisibility {
                queue: key(*queue),
                entries: entries
                    .iter()
                    .map(|(pick, seconds)| (self.receipt(*queue, *pick, now_ms), *seconds))
                    .collect(),
            },
            Op::Peek {
                queue,
                in_flight,
                group,
                after,
                limit,
            } => Command::Peek {
                queue: key(*queue),
                filter: PeekFilter {
                    states: in_flight
                        .then_some(MessageState::InFlight)
                        .into_iter()
                        .collect(),
                    group: group.map(group_name),
                    after: *after,
                    limit: *limit,
                },
            },
            Op::StartTask {
                queue,
                destination,
                rate,
            } => {
                self.tasks += 1;
                Command::StartMoveTask {
                    source: key(*queue),
                    destination: destination.map(key),
                    rate: *rate,
                    task: self.tasks,
                }
            }
            Op::CancelTask { queue, back } => Command::CancelMoveTask {
                source: key(*queue),
                task: self.tasks.saturating_sub(*back),
            },
            Op::ListTasks { queue } => Command::ListMoveTasks {
                source: key(*queue),
                limit: 10,
            },
            Op::Work => Command::Work,
            Op::Advance { .. } | Op::AdvanceTo { .. } | Op::Reopen(_) | Op::Switch => return None,
            other => administration(other)?,
        })
    }

    /// How far an operation moves the clock.
    pub fn advance_ms(&self, op: &Op, now_ms: u64) -> Option<u64> {
        match op {
            Op::Advance { by_ms } => Some(*by_ms),
            Op::AdvanceTo { pick, offset_ms } => {
                let ahead: Vec<u64> = self
                    .deadlines_ms
                    .range(now_ms + 1..)
                    .take(pick + 1)
                    .copied()
                    .collect();
                let to_ms = ahead
                    .last()
                    .map_or(now_ms, |last| last.saturating_add_signed(*offset_ms));
                Some(to_ms.saturating_sub(now_ms))
            }
            _ => None,
        }
    }

    /// Remembers what an answer shows.
    pub fn learn(&mut self, op: &Op, outcome: &Outcome, now_ms: u64) {
        match (op, outcome) {
            (
                Op::Receive { queue, .. },
                Outcome::Received {
                    messages,
                    next_due_ms,
                    ..
                },
            ) => {
                for received in messages {
                    self.receipts.push((*queue, received.receipt));
                    self.deadlines_ms.insert(received.visible_ms);
                }
                self.deadlines_ms.extend(next_due_ms);
            }
            (Op::Change { entries, .. }, _) => {
                let ends = entries
                    .iter()
                    .map(|(_, seconds)| now_ms + u64::from(*seconds) * 1000);
                self.deadlines_ms.extend(ends);
            }
            (Op::Peek { .. }, Outcome::Peeked(peeked)) => {
                self.deadlines_ms
                    .extend(peeked.iter().filter_map(|peeked| peeked.visible_ms));
            }
            (_, Outcome::Sent(_)) => {
                self.deadlines_ms
                    .extend(INTERESTING_MS.map(|after_ms| now_ms + after_ms));
            }
            _ => {}
        }
    }

    fn send(&mut self, queue: usize, entries: &[Entry]) -> Command {
        let entries: Vec<SendEntry> = entries
            .iter()
            .map(|entry| self.entry(queue, entry))
            .collect();
        Command::Send {
            queue: key(queue),
            batch: entries.len() > 1,
            entries,
        }
    }

    fn flood(&mut self, queue: usize, group: u8, count: usize, padding: usize) -> Command {
        let entry = Entry {
            group: Some(group),
            identity: Identity::Unique,
            delay_s: None,
            padding,
            attributes: Vec::new(),
            flaw: None,
        };
        self.send(queue, &vec![entry; count])
    }

    fn entry(&mut self, queue: usize, entry: &Entry) -> SendEntry {
        self.messages += 1;
        let fifo = is_fifo(queue);
        let group = match entry.flaw {
            Some(Flaw::BadGroup) => Some("a group".into()),
            Some(Flaw::NoGroup) => None,
            _ if fifo => Some(group_name(entry.group.unwrap_or(0))),
            // Queue a never becomes fair, so that both kinds of order are seen.
            _ if queue == 0 => None,
            _ => entry.group.map(group_name),
        };
        let wrong_kind = matches!(entry.flaw, Some(Flaw::WrongKind));
        let id = match entry.identity {
            Identity::Unique => Some(format!("unique{}", self.messages)),
            Identity::Repeated(n) => Some(format!("id{n}")),
            Identity::Content(_) => None,
        };
        let body = match entry.identity {
            _ if matches!(entry.flaw, Some(Flaw::TooLong)) => vec![b'x'; TOO_LONG_BYTES],
            Identity::Content(n) => padded(
                format!("content {n}"),
                CONTENT_PADDING_BYTES[usize::from(n)],
            ),
            _ => padded(format!("body {}", self.messages), entry.padding),
        };
        let mut attributes = vec![Attribute::text("n", self.messages.to_string())];
        let more = entry.attributes.iter().enumerate();
        attributes.extend(more.map(|(at, bytes)| attribute_of(at, *bytes)));
        SendEntry {
            id: MessageId(u128::from(self.messages).to_be_bytes()),
            body: body.into(),
            attributes,
            trace_header: entry.group.map(|n| format!("Root={n}")),
            group,
            deduplication: id.filter(|_| fifo != wrong_kind),
            delay_s: match fifo {
                true => wrong_kind.then_some(1),
                false => entry.delay_s,
            },
            sender: "me".into(),
        }
    }

    fn receipt(&self, queue: usize, pick: Pick, now_ms: u64) -> Receipt {
        let own = self
            .receipts
            .iter()
            .rev()
            .filter(|(of, _)| pick.any_queue || *of == queue);
        let candidates: Vec<Receipt> = own
            .take(pick.back + 1)
            .map(|(_, receipt)| *receipt)
            .collect();
        candidates.last().copied().unwrap_or(Receipt {
            // Nobody was given this one; the queues are created in the order of their indexes.
            queue_uid: queue as u64 + 1,
            sequence: pick.back as u64 + 1,
            // Its first receive, or `Receipt::ANY`.
            receive: (pick.back % 2) as u32,
            received_ms: now_ms,
        })
    }
}

fn administration(op: &Op) -> Option<Command> {
    Some(match op {
        Op::Create {
            queue,
            settings,
            strict,
        } => {
            let mut attributes = attributes(settings);
            if is_fifo(*queue) {
                attributes.insert("FifoQueue".into(), "true".into());
            }
            Command::CreateQueue {
                queue: key(*queue),
                attributes,
                tags: tag(settings.len()),
                strictness: strictness(*strict),
            }
        }
        Op::DeleteQueue {
            queue,
            only_if_empty,
        } => Command::DeleteQueue {
            queue: key(*queue),
            only_if_empty: *only_if_empty,
        },
        Op::Set { queue, settings } => Command::SetAttributes {
            queue: key(*queue),
            attributes: attributes(settings),
        },
        Op::Get { queue } => Command::GetQueue {
            queue: key(*queue),
            counted: true,
        },
        Op::Tag {
            queue,
            key: letters,
        } => Command::Tag {
            queue: key(*queue),
            tags: tag(*letters),
        },
        Op::Untag {
            queue,
            key: letters,
        } => Command::Untag {
            queue: key(*queue),
            keys: tag(*letters).into_keys().collect(),
        },
        Op::List { prefix, limit } => Command::ListQueues {
            prefix: QueueKey::new(DEFAULT_ACCOUNT, DEFAULT_REGION, prefix),
            after: None,
            limit: *limit,
        },
        Op::ListSources { queue, limit } => Command::ListDeadLetterSources {
            queue: key(*queue),
            after: Some("a".into()).filter(|_| *limit == 2),
            limit: *limit,
        },
        Op::Purge { queue, strict } => Command::Purge {
            queue: key(*queue),
            strictness: strictness(*strict),
        },
        _ => return None,
    })
}

fn strictness(strict: bool) -> Strictness {
    Strictness {
        sqs_limits: false,
        sixty_second_rules: strict,
    }
}

/// A tag with a key of `letters` letters; none is as many tags as it has letters.
fn tag(letters: usize) -> BTreeMap<String, String> {
    (0..letters)
        .take(1)
        .map(|_| ("k".repeat(letters), letters.to_string()))
        .collect()
}

fn padded(text: String, bytes: usize) -> Vec<u8> {
    let mut body = text.into_bytes();
    body.resize(body.len() + bytes, b' ');
    body
}

/// Text and bytes take turns.
fn attribute_of(at: usize, bytes: usize) -> Attribute {
    let name = format!("more.{at}");
    match at % 2 {
        0 => Attribute {
            name,
            data_type: "Binary.of-a-kind".into(),
            value: AttributeValue::Binary(vec![at as u8; bytes].into()),
        },
        _ => Attribute::text(name, "v".repeat(bytes)),
    }
}

fn group_name(group: u8) -> String {
    format!("g{group}")
}

fn attributes(settings: &[Setting]) -> BTreeMap<String, String> {
    settings
        .iter()
        .map(attribute)
        .map(|(name, text)| (name.to_string(), text))
        .collect()
}

fn attribute(setting: &Setting) -> (&'static str, String) {
    match setting {
        Setting::Delay(seconds) => ("DelaySeconds", seconds.to_string()),
        Setting::Retention(seconds) => ("MessageRetentionPeriod", seconds.to_string()),
        Setting::Visibility(seconds) => ("VisibilityTimeout", seconds.to_string()),
        Setting::Wait(seconds) => ("ReceiveMessageWaitTimeSeconds", seconds.to_string()),
        Setting::SizeMax(bytes) => ("MaximumMessageSize", bytes.to_string()),
        Setting::Redrive(None) => ("RedrivePolicy", String::new()),
        Setting::Redrive(Some((target, max_receives))) => {
            let arn = key(*target).arn();
            let policy =
                format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{max_receives}}}"#);
            ("RedrivePolicy", policy)
        }
        Setting::Allow(all) => {
            let permission = if *all { "allowAll" } else { "denyAll" };
            (
                "RedriveAllowPolicy",
                format!(r#"{{"redrivePermission":"{permission}"}}"#),
            )
        }
        Setting::Content(on) => ("ContentBasedDeduplication", on.to_string()),
        Setting::GroupScope(group) => {
            let scope = if *group { "messageGroup" } else { "queue" };
            ("DeduplicationScope", scope.into())
        }
    }
}

/// A receive as a command.
fn receive(op: &Op) -> Option<Command> {
    let Op::Receive {
        queue,
        max,
        visibility_s,
        attempt,
        wait_s,
    } = op
    else {
        return None;
    };
    Some(Command::Receive {
        queue: key(*queue),
        max: *max,
        visibility_s: *visibility_s,
        // On standard queues only attempt 0 is tried, to be refused.
        attempt: attempt
            .filter(|n| is_fifo(*queue) || *n == 0)
            .map(|n| n.to_string()),
        wait_s: *wait_s,
    })
}
