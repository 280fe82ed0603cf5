//! Receiving the results, here or in a process of another language, with progress on a terminal as
//! a bar, elsewhere as a line now and then.

use crate::count::Counts;
use crate::processes::Process;
use crate::queues::{Queues, read_result};
use crate::worker::Work;
use forebay::ReceiveOptions;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, IsTerminal};
use std::process::ChildStdout;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Time between two lines of progress where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(2);

/// Time after which a step without results ends.
const WAIT: Duration = Duration::from_secs(1);

/// Where results come from.
enum Source {
    /// From their queue.
    Queue,
    /// From a process that receives them and prints each as a line of hexadecimal digits.
    Process {
        process: Process,
        lines: Receiver<String>,
    },
}

/// Collects results.
pub struct Aggregator {
    source: Source,
    /// What the process reported at its end.
    work: Option<Work>,
    /// Counts by path.
    pub results: BTreeMap<Vec<u8>, Counts>,
    /// Results that were received a second time.
    pub twice: u64,
    total: u64,
    bar: ProgressBar,
    line: Instant,
}

impl Aggregator {
    /// Expects `total` files; `process` receives their results, if there is one.
    pub fn new(total: u64, process: Option<Process>) -> Self {
        let bar = ProgressBar::new(total);
        if !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let template = "{bar:40} {human_pos} of {human_len} files, {per_sec}, {eta} left {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let source = match process {
            None => Source::Queue,
            Some(mut process) => Source::Process {
                lines: lines_of(process.output()),
                process,
            },
        };
        Self {
            source,
            work: None,
            results: BTreeMap::new(),
            twice: 0,
            total,
            bar,
            line: Instant::now(),
        }
    }

    /// How many files it expects.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Receives once, for a second at the most. Returns how many results came.
    pub fn step(&mut self, queues: &Queues) -> Result<usize, String> {
        let before = self.results.len() as u64 + self.twice;
        match &self.source {
            Source::Queue => self.receive(queues)?,
            Source::Process { lines, process } => match lines.recv_timeout(WAIT) {
                Ok(line) => {
                    let more: Vec<String> = std::iter::once(line).chain(lines.try_iter()).collect();
                    more.iter().try_for_each(|line| self.read(line))?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("{} ended too early", process.name));
                }
            },
        }
        self.show();
        Ok((self.results.len() as u64 + self.twice - before) as usize)
    }

    fn receive(&mut self, queues: &Queues) -> Result<(), String> {
        let fail = |error: forebay::Error| error.to_string();
        let options = ReceiveOptions::new().max(10).wait(1);
        let messages = queues.results.receive(&options).map_err(fail)?;
        for message in &messages {
            self.take(message.body())?;
        }
        if !messages.is_empty() {
            for deleted in queues.results.delete_batch(&messages).map_err(fail)? {
                deleted.map_err(fail)?;
            }
        }
        Ok(())
    }

    /// A line of the process: a result, or its report.
    fn read(&mut self, line: &str) -> Result<(), String> {
        if let Some(work) = Work::read(line) {
            self.work = Some(work);
            return Ok(());
        }
        let body = from_hex(line).ok_or_else(|| format!("{line:?} is not a result"))?;
        self.take(&body)
    }

    fn take(&mut self, body: &[u8]) -> Result<(), String> {
        let (path, counts) = read_result(body)
            .ok_or_else(|| format!("{:?} is not a result", String::from_utf8_lossy(body)))?;
        self.twice += u64::from(self.results.insert(path, counts).is_some());
        Ok(())
    }

    /// Waits for the process, which ends when the workers do; how often it waited for the disk.
    pub fn end(&mut self) -> Result<u64, String> {
        let Source::Process { process, lines } = std::mem::replace(&mut self.source, Source::Queue)
        else {
            return Ok(0);
        };
        for line in lines {
            self.read(&line)?;
        }
        let name = process.name.clone();
        process.finish()?;
        let work = self.work.take();
        work.map(|work| work.syncs)
            .ok_or_else(|| format!("{name} ended without a report"))
    }

    fn show(&mut self) {
        let done = self.results.len() as u64;
        self.bar.set_position(done);
        if self.bar.is_hidden() && self.line.elapsed() > LINE_INTERVAL {
            println!("{done} of {} files", self.total);
            self.line = Instant::now();
        }
    }

    /// Prints a line above the bar.
    pub fn say(&self, text: &str) {
        if self.bar.is_hidden() {
            println!("{text}");
        } else {
            self.bar.println(text);
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// The lines that a process prints, as they come.
fn lines_of(output: Option<ChildStdout>) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let read = output
            .into_iter()
            .flat_map(|output| BufReader::new(output).lines());
        for line in read.map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_another_process_are_read() {
        let mut aggregator = Aggregator::new(2, None);
        // "1 2 3 /a b"
        aggregator
            .read("312032203320 2f612062".replace(' ', "").as_str())
            .unwrap();
        aggregator
            .read("done 1 again 0 twice 0 failed 0 syncs 7")
            .unwrap();
        assert!(aggregator.results.contains_key(&b"/a b"[..]));
        assert_eq!(aggregator.work.map(|work| work.syncs), Some(7));
        for bad in ["", "3", "xx", "3120"] {
            assert!(aggregator.read(bad).is_err(), "{bad}");
        }
    }
}
