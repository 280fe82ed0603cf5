//! On a full disk a large batch is carried out in several transactions: the pages of the index that
//! one of them changes must fit into the reserve.

use super::combiner::Job;
use super::engine::Engine;
use crate::command::{Command, Outcome};
use crate::error::{Error, ErrorKind, Result};

/// Messages that a command changes in one transaction while the disk is full. Each may lie on
/// other pages of the index, in several tables.
pub const SHORT_MESSAGES_MAX: usize = 100;

impl Engine {
    /// Answers the jobs that are too large for one transaction on a full disk, if it is one.
    pub(super) fn run_in_pieces(&self, jobs: &mut [&mut Vec<Job>]) {
        if !self.space.is_short() {
            return;
        }
        for job in jobs.iter_mut().flat_map(|jobs| jobs.iter_mut()) {
            let pieces = pieces(&job.command);
            if !pieces.is_empty() {
                let mut sync_lsn = 0;
                job.answer = Some(self.run_pieces(pieces, &mut sync_lsn));
                job.sync_lsn = sync_lsn;
            }
        }
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
