//! A peer's process: a command in, an answer out.

use super::list::Entry;
use super::syncs::Counter;
use crate::workloads::Failure;
use std::fmt::Display;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A command that takes longer has failed, such as a consumer that waits for what never comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running peer.
pub struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    /// Its version and settings.
    pub about: String,
}

impl Peer {
    /// Starts a program on the queues in `folder`, its syncs counted.
    pub fn start(entry: &Entry, folder: &Path, counter: &Counter) -> Result<Self, Failure> {
        let mut command = command(entry)?;
        command.arg(&entry.class).arg(folder);
        counter.watch(&mut command, &folder.join("syncs"))?;
        Self::spawn(command)
    }

    /// Starts a program on the queues of a server.
    pub fn start_at(entry: &Entry, location: &str) -> Result<Self, Failure> {
        let mut command = command(entry)?;
        command.arg(location);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Result<Self, Failure> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("start {command:?}: {error}"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("no standard output")?;
        let mut peer = Self {
            child,
            input,
            answers: lines_of(output),
            about: String::new(),
        };
        let line = peer.answer()?;
        let about = line.strip_prefix("ready ");
        peer.about = about
            .ok_or_else(|| format!("said {line:?} and not ready"))?
            .into();
        Ok(peer)
    }

    /// Gives a command.
    pub fn tell(&mut self, command: impl Display) -> Result<(), Failure> {
        let input = self.input.as_mut().ok_or("no standard input")?;
        Ok(writeln!(input, "{command}")?)
    }

    /// Messages and seconds of the command that was given.
    pub fn done(&mut self) -> Result<(u64, f64), Failure> {
        let line = self.answer()?;
        let mut words = line.split_whitespace();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        let numbers = line
            .starts_with("done ")
            .then(|| (number(), number(), number()));
        match numbers {
            Some((None, Some(count), Some(ns))) => Ok((count, ns as f64 / 1e9)),
            _ => Err(format!("said {line:?} and not done").into()),
        }
    }

    fn answer(&mut self) -> Result<String, Failure> {
        self.answers.recv_timeout(PATIENCE).map_err(|error| {
            let state = self.child.try_wait();
            format!("no answer ({error}); the process: {state:?}").into()
        })
    }
}

fn command(entry: &Entry) -> Result<Command, Failure> {
    let (program, arguments) = entry.command.split_first().ok_or("no program")?;
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}

fn lines_of(output: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The end of its input ends it, and what it has started.
        drop(self.input.take());
        for _ in 0..300 {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
