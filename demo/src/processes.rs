//! The other processes: a producer in C, workers and an aggregator in several languages.

use crate::worker::Work;
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A process of the demo.
pub struct Process {
    /// Such as `worker 2 (C)`.
    pub name: String,
    child: Child,
    killed: bool,
}

impl Process {
    /// Starts a program; what it prints is read when it ends.
    pub fn start<S: AsRef<OsStr>>(
        name: impl Into<String>,
        program: &Path,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Self, String> {
        let name = name.into();
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{name}: cannot start {}: {error}", program.display()))?;
        Ok(Self {
            name,
            child,
            killed: false,
        })
    }

    /// What it prints, to be read as it comes; once.
    pub fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Kills it with SIGKILL: it has no say. One that has ended by itself is a failure, which
    /// would pass for the kill otherwise.
    pub fn kill(&mut self) -> Result<(), String> {
        let fail = |name: &str, error| format!("kill {name}: {error}");
        let ended = self.child.try_wait();
        if let Some(status) = ended.map_err(|error| fail(&self.name, error))? {
            return Err(format!("{} ended with {status} before its time", self.name));
        }
        self.killed = true;
        self.child.kill().map_err(|error| fail(&self.name, error))
    }

    /// True once it has ended.
    pub fn ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)) | Err(_))
    }

    /// Waits for its end and returns what it printed; `None` if it was killed by [`Self::kill`].
    pub fn finish(mut self) -> Result<Option<String>, String> {
        let mut text = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout
                .read_to_string(&mut text)
                .map_err(|error| format!("{}: read its output: {error}", self.name))?;
        }
        let status = self
            .child
            .wait()
            .map_err(|error| format!("{}: {error}", self.name))?;
        match (self.killed, status.success()) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some(text)),
            (false, false) => Err(format!("{} ended with {status}", self.name)),
        }
    }

    /// As [`Self::finish`], for a worker.
    pub fn finish_worker(self) -> Result<Option<Work>, String> {
        let name = self.name.clone();
        let Some(text) = self.finish()? else {
            return Ok(None);
        };
        let work = text.lines().last().and_then(Work::read);
        work.map(Some)
            .ok_or_else(|| format!("{name} ended without a report, but {text:?}"))
    }
}

/// A process that was not waited for dies with the demo.
impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended() && self.child.kill().is_ok() {
            let _reaped = self.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_ended_by_itself_was_not_killed() {
        let start = |script| Process::start("it", Path::new("sh"), ["-c", script]).unwrap();
        let mut ended = start("exit 3");
        while !ended.ended() {
            std::thread::yield_now();
        }
        let error = ended.kill().unwrap_err();
        assert!(error.contains("exit status: 3"), "{error}");
        let mut killed = start("exec sleep 600");
        killed.kill().unwrap();
        assert_eq!(killed.finish(), Ok(None));
    }
}
