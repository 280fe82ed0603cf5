//! Running other programs: what runs is printed first, and a failure can be repeated by hand.

use crate::tally::Tally;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One call of another program.
#[derive(Debug, Clone)]
pub struct Call {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    folder: PathBuf,
}

impl Call {
    /// A call of `program` in the folder of the workspace.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
            folder: crate::place::root(),
        }
    }

    /// The cargo that runs this program.
    pub fn cargo() -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        for argument in arguments {
            self.arguments.push(argument.as_ref().to_owned());
        }
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables
            .push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub fn dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = folder.as_ref().to_path_buf();
        self
    }

    /// Program and arguments, to be run by another program. Variables and folder stay behind.
    pub fn words(&self) -> Vec<OsString> {
        let program = std::iter::once(self.program.clone());
        program.chain(self.arguments.iter().cloned()).collect()
    }

    /// The call as it could be typed.
    pub fn text(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        if self.folder != crate::place::root() {
            words.push(format!("cd {} &&", quoted(self.folder.as_os_str())));
        }
        for (name, value) in &self.variables {
            words.push(format!("{}={}", name.to_string_lossy(), quoted(value)));
        }
        let program = Path::new(&self.program);
        words.push(match program.file_name() {
            Some(name) if name == "cargo" => "cargo".into(),
            _ => quoted(&self.program),
        });
        words.extend(self.arguments.iter().map(|word| quoted(word)));
        words.join(" ")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder);
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command
    }

    /// Runs with this program's terminal; an exit status other than 0 is a failure.
    pub fn run(&self) -> Result<(), String> {
        println!("$ {}", self.text());
        let status = self
            .command()
            .status()
            .map_err(|error| self.not_run(&error))?;
        self.judge(status)
    }

    /// Runs silently and returns what was printed.
    pub fn output(&self) -> Result<String, String> {
        let output = self
            .command()
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| self.not_run(&error))?;
        self.judge(output.status)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// True if the program can be started and ends well; prints nothing.
    pub fn works(&self) -> bool {
        let mut command = self.command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Runs a test program, passes on what it prints and adds up the closing lines in it. A
    /// program that fails without saying so in a closing line counts as one failure, one that
    /// ends well without a closing line as one success. Closing lines of nothing but zeros are a
    /// failure: whatever was to be run was not found.
    pub fn counted(&self) -> Result<Tally, String> {
        println!("$ {}", self.text());
        let mut child = self
            .command()
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| self.not_run(&error))?;
        let mut tally = Tally::default();
        let mut closing_lines = 0;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).split(b'\n') {
                let line = line.map_err(|error| self.not_run(&error))?;
                let line = String::from_utf8_lossy(&line);
                println!("{line}");
                if let Some(part) = Tally::read(&line) {
                    tally += part;
                    closing_lines += 1;
                }
            }
        }
        let status = child.wait().map_err(|error| self.not_run(&error))?;
        if !status.success() && tally.failed == 0 {
            println!("{}: {status}", self.text());
            tally.failed = 1;
        } else if tally == Tally::default() {
            tally = Tally::one(closing_lines == 0);
            if closing_lines > 0 {
                println!("{}: nothing was run", self.text());
            }
        }
        Ok(tally)
    }

    fn judge(&self, status: std::process::ExitStatus) -> Result<(), String> {
        if status.success() {
            return Ok(());
        }
        Err(format!(
            "{status}; to repeat only this:\n    {}",
            self.text()
        ))
    }

    fn not_run(&self, error: &std::io::Error) -> String {
        format!("cannot run {}: {error}", self.text())
    }
}

fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_reads_as_it_could_be_typed() {
        let call = Call::new("/usr/bin/cargo")
            .args(["test", "it's a word", ""])
            .env("A", "b c");
        assert_eq!(call.text(), r"A='b c' cargo test 'it'\''s a word' ''");
    }

    #[test]
    fn counts_follow_the_closing_lines_and_the_exit_status() {
        let shell = |script: &str| Call::new("sh").args(["-c", script]).counted().unwrap();
        let tally = |passed, failed, skipped| Tally {
            passed,
            failed,
            skipped,
        };
        assert_eq!(shell("echo 2 passed, 0 failed, 1 skipped"), tally(2, 0, 1));
        assert_eq!(
            shell("echo 2 passed, 1 failed, 0 skipped; exit 1"),
            tally(2, 1, 0)
        );
        assert_eq!(
            shell("echo 2 passed, 0 failed, 0 skipped; exit 9"),
            tally(2, 1, 0)
        );
        assert_eq!(shell("true"), tally(1, 0, 0));
        assert_eq!(shell("echo 0 passed, 0 failed, 0 skipped"), tally(0, 1, 0));
        assert_eq!(shell("kill -9 $$"), tally(0, 1, 0));
    }

    #[test]
    fn a_failure_names_the_call() {
        let error = Call::new("sh").args(["-c", "exit 3"]).run().unwrap_err();
        assert!(error.contains("sh -c 'exit 3'"), "{error}");
        let error = Call::new("no-such-program-here").run().unwrap_err();
        assert!(error.contains("no-such-program-here"), "{error}");
    }
}
