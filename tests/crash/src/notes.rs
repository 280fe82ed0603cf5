//! The notes that workers keep outside the store: what they are about to do, and what was
//! acknowledged.
//!
//! All processes append to one file, each note with a single write, so the order of the file is
//! an order of time: what stands first happened first. A process that is killed inside a write
//! may leave a torn note; a note begins with a line break and ends with a checksum, so that a torn
//! one is dropped and the next is whole.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The queues of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Line {
    /// A standard queue.
    Standard,
    /// This group of the FIFO queue.
    Group(u32),
}

/// What is noted. A `...Begin` stands before the call, a `...Done` after its success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The process has opened the store.
    Opened,
    /// The harness is about to kill this process.
    Kill,
    /// The machine lost power and started again: locks on groups may be gone.
    Restarted,
    /// The database was lost and its standby is about to take over: leases given before may be
    /// gone, and calls under way are tried again there.
    FailedOver,
    /// Messages, in order.
    SendBegin(Line, Vec<u64>),
    SendDone(Vec<u64>),
    /// For this many milliseconds; from the FIFO queue or not.
    ReceiveBegin {
        fifo: bool,
        visibility_ms: u64,
    },
    ReceiveDone(Vec<u64>),
    DeleteBegin(Vec<u64>),
    DeleteDone(Vec<u64>),
    ChangeBegin(u64),
    ChangeDone(u64),
    /// A call failed in a way that the load does not provoke, or a body was damaged.
    Wrong(String),
}

/// An event, who noted it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Microseconds since the epoch.
    pub time_us: u64,
    /// The process: a number that the harness gives, never twice.
    pub who: u32,
    pub event: Event,
}

/// Microseconds since the epoch.
pub fn now_us() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_micros() as u64)
}

struct List<'a>(&'a [u64]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for number in self.0 {
            write!(f, " {number}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => write!(f, "opened"),
            Self::Kill => write!(f, "kill"),
            Self::Restarted => write!(f, "restarted"),
            Self::FailedOver => write!(f, "failed-over"),
            Self::SendBegin(Line::Standard, ids) => write!(f, "send standard{}", List(ids)),
            Self::SendBegin(Line::Group(group), ids) => write!(f, "send {group}{}", List(ids)),
            Self::SendDone(ids) => write!(f, "sent{}", List(ids)),
            Self::ReceiveBegin {
                fifo,
                visibility_ms,
            } => write!(f, "receive {fifo} {visibility_ms}"),
            Self::ReceiveDone(ids) => write!(f, "received{}", List(ids)),
            Self::DeleteBegin(ids) => write!(f, "delete{}", List(ids)),
            Self::DeleteDone(ids) => write!(f, "deleted{}", List(ids)),
            Self::ChangeBegin(id) => write!(f, "change {id}"),
            Self::ChangeDone(id) => write!(f, "changed {id}"),
            Self::Wrong(text) => write!(f, "wrong {}", text.replace('\n', " ")),
        }
    }
}

impl Event {
    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let ids = |text: &str| -> Option<Vec<u64>> {
            text.split_whitespace()
                .map(|word| word.parse().ok())
                .collect()
        };
        Some(match kind {
            "opened" => Self::Opened,
            "kill" => Self::Kill,
            "restarted" => Self::Restarted,
            "failed-over" => Self::FailedOver,
            "send" => {
                let (line, rest) = rest.split_once(' ')?;
                let line = match line {
                    "standard" => Line::Standard,
                    group => Line::Group(group.parse().ok()?),
                };
                Self::SendBegin(line, ids(rest)?)
            }
            "sent" => Self::SendDone(ids(rest)?),
            "receive" => {
                let (fifo, visibility) = rest.split_once(' ')?;
                Self::ReceiveBegin {
                    fifo: fifo.parse().ok()?,
                    visibility_ms: visibility.parse().ok()?,
                }
            }
            "received" => Self::ReceiveDone(ids(rest)?),
            "delete" => Self::DeleteBegin(ids(rest)?),
            "deleted" => Self::DeleteDone(ids(rest)?),
            "change" => Self::ChangeBegin(rest.parse().ok()?),
            "changed" => Self::ChangeDone(rest.parse().ok()?),
            "wrong" => Self::Wrong(rest.into()),
            _ => return None,
        })
    }
}

/// Appends notes of one process.
pub struct Notebook {
    file: File,
    who: u32,
}

impl Notebook {
    /// Opens the file, making it if there is none.
    pub fn open(path: &Path, who: u32) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file, who })
    }

    /// Appends a note.
    pub fn note(&mut self, event: &Event) -> io::Result<()> {
        self.note_for(self.who, event)
    }

    /// Appends a note about process `who`.
    pub fn note_for(&mut self, who: u32, event: &Event) -> io::Result<()> {
        let text = format!("{} {who} {event}", now_us());
        let line = format!("\n{text} #{:08x}", crc32c::crc32c(text.as_bytes()));
        self.file.write_all(line.as_bytes())
    }
}

/// Reads all whole notes, in order.
pub fn read(path: &Path) -> io::Result<Vec<Note>> {
    Ok(parse(&std::fs::read_to_string(path)?))
}

/// Reads the whole notes that stand at `offset` in the file and after it: what a run adds is little
/// beside what it has noted.
pub fn read_from(path: &Path, offset: u64) -> io::Result<Vec<Note>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(parse(&text))
}

fn parse(text: &str) -> Vec<Note> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Note> {
    let (text, checksum) = line.rsplit_once(" #")?;
    if u32::from_str_radix(checksum, 16).ok()? != crc32c::crc32c(text.as_bytes()) {
        return None;
    }
    let mut words = text.splitn(3, ' ');
    Some(Note {
        time_us: words.next()?.parse().ok()?,
        who: words.next()?.parse().ok()?,
        event: Event::parse(words.next()?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_as_written_and_torn_ones_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes");
        let events = [
            Event::Opened,
            Event::SendBegin(Line::Standard, vec![1, 2]),
            Event::SendBegin(Line::Group(3), vec![4]),
            Event::SendDone(vec![1, 2]),
            Event::ReceiveBegin {
                fifo: true,
                visibility_ms: 2_000,
            },
            Event::ReceiveDone(vec![]),
            Event::DeleteBegin(vec![9]),
            Event::DeleteDone(vec![9]),
            Event::ChangeBegin(7),
            Event::ChangeDone(7),
            Event::Wrong("two words".into()),
            Event::Kill,
            Event::Restarted,
            Event::FailedOver,
        ];
        let mut notebook = Notebook::open(&path, 5).unwrap();
        for event in &events {
            notebook.note(event).unwrap();
            notebook.file.write_all(b"\n17 5 sent 1 2").unwrap();
        }
        let end = std::fs::metadata(&path).unwrap().len();
        notebook.note(&Event::Opened).unwrap();
        let last = read_from(&path, end).unwrap();
        assert_eq!(last.len(), 1);
        assert_eq!(last[0].event, Event::Opened);
        let read = read(&path).unwrap();
        assert_eq!(read.len(), events.len() + 1);
        for (note, event) in read.iter().zip(&events) {
            assert_eq!((note.who, &note.event), (5, event));
        }
    }
}
