//! A driver process: a line in, a line out, and a watchdog.

use forebay_scenario_driver::wire::Line;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A driver that has not answered after this long never will: scenarios run on virtual time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(90);

/// A running driver process.
pub struct Driver {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<std::io::Result<String>>,
    /// What it and its store can do.
    pub capabilities: BTreeSet<String>,
}

impl Driver {
    /// Starts `command` and asks what it can do.
    pub fn start(command: &mut Command) -> Result<Self, String> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("the driver has no output")?;
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut driver = Self {
            child,
            input,
            answers,
            capabilities: BTreeSet::new(),
        };
        let hello = driver.call(&Line::new("hello"))?;
        driver.capabilities = hello.texts("capabilities")?.into_iter().collect();
        Ok(driver)
    }

    /// Sends a request and waits for its answer.
    pub fn call(&mut self, request: &Line) -> Result<Line, String> {
        let input = self.input.as_mut().ok_or("the driver has no input")?;
        let written = input
            .write_all(format!("{}\n", request.print()).as_bytes())
            .and_then(|()| input.flush());
        if let Err(error) = written {
            return Err(format!(
                "the driver does not listen ({error}); {}",
                self.end()
            ));
        }
        match self.answers.recv_timeout(ANSWER_TIMEOUT) {
            Ok(Ok(answer)) => Self::read(request, &answer),
            Ok(Err(error)) => Err(format!("the driver's output is not text: {error}")),
            Err(RecvTimeoutError::Timeout) => {
                let stopped = self.child.kill();
                Err(format!(
                    "no answer within {ANSWER_TIMEOUT:?}; stopped: {stopped:?}"
                ))
            }
            Err(RecvTimeoutError::Disconnected) => Err(format!(
                "the driver ended without an answer; {}",
                self.end()
            )),
        }
    }

    fn read(request: &Line, answer: &str) -> Result<Line, String> {
        let line = Line::parse(answer)?;
        match line.word.as_str() {
            "ok" => Ok(line),
            "error" => check_number(&line).map(|()| line),
            "unsupported" => Err(format!("the driver does not know {:?}", request.word)),
            other => Err(format!(
                "an answer begins with ok or error, not with {other:?}"
            )),
        }
    }

    /// Ends the driver and waits for it: one that finds a fault in itself at the end, such as a
    /// leak under valgrind, ends with a status that says so.
    pub fn finish(mut self) -> Result<(), String> {
        drop(self.input.take());
        let started = Instant::now();
        while started.elapsed() < ANSWER_TIMEOUT {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("the driver ended with {status}")),
                Err(error) => return Err(error.to_string()),
            }
        }
        Err(format!("the driver did not end within {ANSWER_TIMEOUT:?}"))
    }

    fn end(&mut self) -> String {
        match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }
}

/// Number and name of an error must belong together. A driver without numbers says 0.
fn check_number(line: &Line) -> Result<(), String> {
    let number: i32 = line.number("number")?.unwrap_or_default();
    let name = line.required("name")?;
    let kind = forebay::ErrorKind::ALL
        .iter()
        .find(|kind| kind.name() == name);
    match kind {
        None => Err(format!("{name:?} is not the name of an error")),
        Some(kind) if number == 0 || kind.number() == number => Ok(()),
        Some(kind) => Err(format!(
            "{name} has the number {}, not {number}",
            kind.number()
        )),
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // End of input ends a driver; one that hangs must not hold the run.
        drop(self.input.take());
        for _ in 0..200 {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
