//! Programs that run beside a test, and say first where they are to be found.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Such a program; killed with this value.
pub struct Background {
    child: Child,
    /// Its first line.
    pub said: String,
}

impl Background {
    /// Starts `program` as `command` prepares it, and waits for its first line. Its standard input
    /// ends with this process.
    pub fn start(program: &Path, prepare: impl FnOnce(&mut Command)) -> Result<Self, String> {
        let name = program.display();
        let mut command = Command::new(program);
        prepare(&mut command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {name}: {error}"))?;
        let mut line = String::new();
        let read = match child.stdout.take() {
            Some(output) => BufReader::new(output).read_line(&mut line),
            None => Ok(0),
        };
        let this = Self {
            child,
            said: line.trim().to_owned(),
        };
        read.map_err(|error| format!("the first line of {name}: {error}"))?;
        match this.said.is_empty() {
            true => Err(format!("{name} did not start")),
            false => Ok(this),
        }
    }

    /// Ends its input, and waits for its end.
    pub fn finish(&mut self) {
        drop(self.child.stdin.take());
        // It may have ended by itself, which whoever talked with it has noticed.
        let _ = self.child.wait();
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
