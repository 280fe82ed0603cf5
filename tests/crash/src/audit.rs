//! The auditor: goes through the notes from beginning to end and counts what must not be.

use crate::notes::{Event, Line, Note};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

/// Clocks of processes are read one after the other; a lock that ends within this is not counted.
const SLACK_US: u64 = 100_000;
/// Findings that are written out; all are counted.
const EXAMPLES_MAX: usize = 20;

/// What the auditor found. Everything that must not be is counted from `lost` on.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Findings {
    /// Acknowledged.
    pub sent: u64,
    pub received: u64,
    pub deleted: u64,
    /// Received again, which at-least-once allows.
    pub again: u64,
    /// Longest time between two finished calls of a process that was not killed, and from the
    /// last one to its kill.
    pub longest_pause_us: u64,
    /// Sends that were acknowledged, and neither a delete was tried nor is the message there.
    pub lost: u64,
    /// Receives of a message whose delete had been acknowledged before the receive began.
    pub back: u64,
    /// FIFO messages received for the first time after one that was sent later.
    pub disordered: u64,
    /// FIFO messages received while their group was locked by another receive.
    pub doubled: u64,
    /// Messages that nobody sent, damaged bodies, and calls that failed.
    pub wrong: u64,
    /// The first findings, in words.
    pub examples: Vec<String>,
}

impl Findings {
    /// True if nothing was found that must not be.
    pub fn clean(&self) -> bool {
        self.lost + self.back + self.disordered + self.doubled + self.wrong == 0
    }

    fn example(&mut self, text: impl FnOnce() -> String) {
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(text());
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "acknowledged: {} sent, {} received ({} again), {} deleted",
            self.sent, self.received, self.again, self.deleted
        )?;
        writeln!(f, "acknowledged and lost              {}", self.lost)?;
        writeln!(f, "delivered after acknowledged delete {}", self.back)?;
        writeln!(f, "out of order in their group        {}", self.disordered)?;
        writeln!(f, "group delivered twice at once      {}", self.doubled)?;
        writeln!(f, "foreign, damaged or failed         {}", self.wrong)?;
        write!(
            f,
            "longest pause of a live process    {} ms",
            self.longest_pause_us / 1_000
        )?;
        for example in &self.examples {
            write!(f, "\n  {example}")?;
        }
        Ok(())
    }
}

struct Message {
    line: Line,
    begun: usize,
    acknowledged: Option<usize>,
    received: bool,
    delete_begun: bool,
    deleted: Option<usize>,
}

/// A receive that may lock a group.
struct Hold {
    ids: HashSet<u64>,
    until_us: u64,
}

struct Receive {
    position: usize,
    time_us: u64,
    fifo: bool,
    visibility_ms: u64,
}

#[derive(Default)]
struct Auditor {
    findings: Findings,
    messages: HashMap<u64, Message>,
    receives: HashMap<u32, Receive>,
    /// Per group: where the latest-begun send among those delivered stands.
    latest: BTreeMap<u32, usize>,
    holds: BTreeMap<u32, Hold>,
    /// What was leased by receives that began earlier may have been lost.
    leases_from: usize,
    last_done_us: HashMap<u32, u64>,
}

/// Audits notes at the end of which a drain has received and deleted everything that was there.
pub fn audit(notes: &[Note]) -> Findings {
    let mut auditor = Auditor::default();
    for (position, note) in notes.iter().enumerate() {
        auditor.pause(note);
        auditor.step(position, note);
    }
    let mut lost: Vec<u64> = auditor
        .messages
        .iter()
        .filter(|(_, message)| message.acknowledged.is_some() && !message.delete_begun)
        .map(|(id, _)| *id)
        .collect();
    lost.sort_unstable();
    auditor.findings.lost = lost.len() as u64;
    for id in lost {
        auditor.findings.example(|| format!("lost: message {id}"));
    }
    auditor.findings
}

impl Auditor {
    fn pause(&mut self, note: &Note) {
        match note.event {
            Event::Opened
            | Event::SendDone(_)
            | Event::ReceiveDone(_)
            | Event::DeleteDone(_)
            | Event::ChangeDone(_) => {
                if let Some(before) = self.last_done_us.insert(note.who, note.time_us) {
                    let pause = note.time_us.saturating_sub(before);
                    self.findings.longest_pause_us = self.findings.longest_pause_us.max(pause);
                }
            }
            Event::Kill => {
                if let Some(before) = self.last_done_us.remove(&note.who) {
                    let pause = note.time_us.saturating_sub(before);
                    self.findings.longest_pause_us = self.findings.longest_pause_us.max(pause);
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, position: usize, note: &Note) {
        match &note.event {
            Event::Opened | Event::Kill | Event::ChangeDone(_) => {}
            Event::Restarted => {
                self.holds.clear();
                self.receives.clear();
            }
            Event::FailedOver => {
                self.holds.clear();
                self.leases_from = position;
            }
            Event::SendBegin(line, ids) => {
                for id in ids {
                    let message = Message {
                        line: *line,
                        begun: position,
                        acknowledged: None,
                        received: false,
                        delete_begun: false,
                        deleted: None,
                    };
                    self.messages.insert(*id, message);
                }
            }
            Event::SendDone(ids) => {
                self.findings.sent += ids.len() as u64;
                self.each(ids, |message| message.acknowledged = Some(position));
            }
            Event::ReceiveBegin {
                fifo,
                visibility_ms,
            } => {
                let receive = Receive {
                    position,
                    time_us: note.time_us,
                    fifo: *fifo,
                    visibility_ms: *visibility_ms,
                };
                self.receives.insert(note.who, receive);
            }
            Event::ReceiveDone(ids) => self.received(note, ids),
            Event::DeleteBegin(ids) => {
                self.release(ids);
                self.each(ids, |message| message.delete_begun = true);
            }
            Event::DeleteDone(ids) => {
                self.findings.deleted += ids.len() as u64;
                self.each(ids, |message| {
                    message.deleted.get_or_insert(position);
                });
            }
            // S7.4: a first message that is visible again is delivered, whatever follows it.
            Event::ChangeBegin(id) => self.holds.retain(|_, hold| !hold.ids.contains(id)),
            Event::Wrong(text) => self.wrong(|| format!("process {}: {text}", note.who)),
        }
    }

    fn each(&mut self, ids: &[u64], mut change: impl FnMut(&mut Message)) {
        for id in ids {
            match self.messages.get_mut(id) {
                Some(message) => change(message),
                None => self.wrong(|| format!("message {id} is unknown")),
            }
        }
    }

    fn wrong(&mut self, text: impl FnOnce() -> String) {
        self.findings.wrong += 1;
        self.findings.example(text);
    }

    /// A delete or a change may end a lock as soon as it is begun.
    fn release(&mut self, ids: &[u64]) {
        for hold in self.holds.values_mut() {
            for id in ids {
                hold.ids.remove(id);
            }
        }
    }

    fn received(&mut self, note: &Note, ids: &[u64]) {
        let Some(receive) = self.receives.remove(&note.who) else {
            return self.wrong(|| format!("process {} received without a call", note.who));
        };
        let mut groups: BTreeMap<u32, HashSet<u64>> = BTreeMap::new();
        for id in ids {
            self.findings.received += 1;
            let Some(message) = self.messages.get_mut(id) else {
                self.wrong(|| format!("message {id} was received and never sent"));
                continue;
            };
            let first = !std::mem::replace(&mut message.received, true);
            self.findings.again += u64::from(!first);
            if message.deleted.is_some_and(|at| at < receive.position) {
                self.findings.back += 1;
                self.findings
                    .example(|| format!("delivered after its delete: message {id}"));
            }
            match message.line {
                Line::Standard if receive.fifo => {
                    self.wrong(|| format!("message {id} is in the wrong queue"));
                }
                Line::Standard => {}
                Line::Group(group) => {
                    groups.entry(group).or_default().insert(*id);
                    if first {
                        self.order(*id, group);
                    }
                }
            }
        }
        for (group, ids) in groups {
            self.lock(note, &receive, group, ids);
        }
    }

    /// A message whose send was acknowledged before another's began comes before that other.
    fn order(&mut self, id: u64, group: u32) {
        let message = &self.messages[&id];
        let latest = self.latest.entry(group).or_default();
        if message.acknowledged.is_some_and(|at| at < *latest) {
            self.findings.disordered += 1;
            self.findings
                .example(|| format!("after a later one of group {group}: message {id}"));
        }
        *latest = (*latest).max(message.begun);
    }

    fn lock(&mut self, note: &Note, receive: &Receive, group: u32, ids: HashSet<u64>) {
        if let Some(hold) = self.holds.get(&group)
            && !hold.ids.is_empty()
            && note.time_us + SLACK_US < hold.until_us
        {
            self.findings.doubled += 1;
            let left = (hold.until_us - note.time_us) / 1_000;
            self.findings.example(|| {
                format!("group {group} was locked for {left} ms more: messages {ids:?}")
            });
        }
        if receive.position < self.leases_from {
            self.holds.remove(&group);
            return;
        }
        let until_us = receive.time_us + receive.visibility_ms * 1_000;
        self.holds.insert(group, Hold { ids, until_us });
    }
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
