//! Two processes with one directory.

use crate::checks::ALL;
use crate::side::Side;
use std::path::Path;

/// How a check ended.
pub enum Outcome {
    Passed,
    /// What differed.
    Failed(String),
    /// What a driver lacks.
    Skipped(String),
}

/// Writer and reader; both have the directory open.
pub struct Pair<'a> {
    pub writer: &'a mut Side,
    pub reader: &'a mut Side,
}

impl Pair<'_> {
    /// All checks, in a directory of their own.
    pub fn run(&mut self) -> Vec<(&'static str, Outcome)> {
        match self.in_fresh_store() {
            Ok(outcomes) => outcomes,
            Err(error) => vec![("open", Outcome::Failed(error))],
        }
    }

    fn in_fresh_store(&mut self) -> Result<Vec<(&'static str, Outcome)>, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("no folder: {error}"))?;
        let location = folder.path().join("queues");
        open(self.writer, &location)?;
        open(self.reader, &location)?;
        let outcomes = ALL
            .iter()
            .map(|check| (check.name, self.check(check)))
            .collect();
        self.writer.ask("close", &[])?;
        self.reader.ask("close", &[])?;
        Ok(outcomes)
    }

    fn check(&mut self, check: &crate::checks::Check) -> Outcome {
        for needed in check.needs {
            if !self.writer.can(needed) || !self.reader.can(needed) {
                return Outcome::Skipped(format!("lacks {needed}"));
            }
        }
        match (check.run)(self) {
            Ok(()) => Outcome::Passed,
            Err(error) => Outcome::Failed(error),
        }
    }
}

fn open(side: &mut Side, location: &Path) -> Result<(), String> {
    let location = location.to_string_lossy();
    let fields: &[(&str, &[u8])] = &[
        ("location", location.as_bytes()),
        ("sqs_limits", b"0"),
        ("sixty_second_rules", b"0"),
    ];
    side.ask("open", fields).map(|_| ())
}
