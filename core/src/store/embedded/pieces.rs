//! On a full disk a large batch is carried out in several transactions, and no two commands share
//! one: the pages of the index that a transaction changes must fit into the reserve.

use super::combiner::Job;
use super::engine::Engine;
use crate::command::{Command, Outcome};
use crate::error::{Error, ErrorKind, Result};

/// Messages that a command changes in one transaction while the disk is full. Each may lie on
/// other pages of the index, in several tables.
pub const SHORT_MESSAGES_MAX: usize = 50;

impl Engine {
    /// Answers the jobs one by one and in small transactions, if the disk may be too full for one;
    /// false if that is not needed.
    pub(super) fn run_in_pieces(&self, jobs: &mut [&mut Vec<Job>]) -> bool {
        let all = jobs.iter().flat_map(|jobs| jobs.iter());
        let messages = all.map(|job| messages(&job.command)).sum();
        if !self.space.is_short() && (messages <= SHORT_MESSAGES_MAX || self.space.fits(messages)) {
            return false;
        }
        self.space.note_full();
        for job in jobs.iter_mut().flat_map(|jobs| jobs.iter_mut()) {
            let pieces = pieces(&job.command);
            if !pieces.is_empty() {
                let mut sync_lsn = 0;
                job.answer = Some(self.run_pieces(pieces, &mut sync_lsn));
                job.sync_lsn = sync_lsn;
            }
        }
        self.run_alone(jobs);
        true
    }

    fn run_pieces(&self, pieces: Vec<Command>, sync_lsn: &mut u64) -> Result<Outcome> {
        let mut all = Vec::new();
        for piece in pieces {
            let mut alone = vec![Job::new(piece)];
            self.try_transact(&mut [&mut alone])?;
            let Some(job) = alone.pop() else { continue };
            *sync_lsn = job.sync_lsn.max(*sync_lsn);
            match job.answer {
                Some(Ok(Outcome::Each(answers))) => all.extend(answers),
                Some(Err(error)) => return Err(error),
                other => {
                    return Err(Error::new(
                        ErrorKind::Internal,
                        format!("a piece of a batch was answered by {other:?}"),
                    ));
                }
            }
        }
        Ok(Outcome::Each(all))
    }
}

/// Messages that a command may change.
pub(super) fn messages(command: &Command) -> usize {
    match command {
        Command::Send { entries, .. } => entries.len(),
        Command::Receive { max, .. } => *max as usize,
        Command::Delete { receipts, .. } => receipts.len(),
        Command::ChangeVisibility { entries, .. } => entries.len(),
        _ => 1,
    }
}

/// The same in several commands, none if one will do. Entries of a batch succeed or fail one by
/// one (S13.3), so nobody can tell the difference.
fn pieces(command: &Command) -> Vec<Command> {
    match command {
        Command::Delete { queue, receipts } if receipts.len() > SHORT_MESSAGES_MAX => receipts
            .chunks(SHORT_MESSAGES_MAX)
            .map(|receipts| Command::Delete {
                queue: queue.clone(),
                receipts: receipts.to_vec(),
            })
            .collect(),
        Command::ChangeVisibility { queue, entries } if entries.len() > SHORT_MESSAGES_MAX => {
            entries
                .chunks(SHORT_MESSAGES_MAX)
                .map(|entries| Command::ChangeVisibility {
                    queue: queue.clone(),
                    entries: entries.to_vec(),
                })
                .collect()
        }
        _ => Vec::new(),
    }
}
