//! A worker: receives paths, counts the files, sends the counts on. `c/worker.c` is its twin.

use crate::count::count_file;
use crate::queues::{Queues, result_message};
use forebay::Result;
use forebay::{Message, ReceiveOptions};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What a worker did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Tasks done: the result is stored, the task deleted.
    pub done: u64,
    /// Of these, tasks that had been received before.
    pub again: u64,
    /// Of these, tasks whose result was there already.
    pub twice: u64,
    /// Receives of tasks that could not be carried out.
    pub failed: u64,
    /// Waits for the disk that this process did.
    pub syncs: u64,
}

impl Work {
    /// Reads the line that a worker prints at its end.
    pub fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let mut number = |name| {
            let found = words.next()? == name;
            words.next()?.parse().ok().filter(|_| found)
        };
        Some(Self {
            done: number("done")?,
            again: number("again")?,
            twice: number("twice")?,
            failed: number("failed")?,
            syncs: number("syncs")?,
        })
    }
}

/// Works until the file `stop` is there and no task is left.
pub fn run(folder: &Path, stop: &Path) -> Result<()> {
    let queues = Queues::open(folder)?;
    let options = ReceiveOptions::new().max(10).wait(1);
    let mut work = Work::default();
    loop {
        let messages = queues.tasks.receive(&options)?;
        if messages.is_empty() && stop.exists() {
            break;
        }
        if !messages.is_empty() {
            handle(&queues, &messages, &mut work)?;
        }
    }
    let Work {
        done,
        again,
        twice,
        failed,
        ..
    } = work;
    let syncs = queues.store.statistics()?.syncs;
    println!("done {done} again {again} twice {twice} failed {failed} syncs {syncs}");
    Ok(())
}

/// Sends the results before it deletes the tasks: whoever dies in between leaves a task that
/// comes back, never a file without a result.
fn handle(queues: &Queues, messages: &[Message], work: &mut Work) -> Result<()> {
    let mut results = Vec::new();
    let mut counted = Vec::new();
    for message in messages {
        match count_file(Path::new(OsStr::from_bytes(message.body()))) {
            Ok(counts) => {
                results.push(result_message(message.body(), &counts));
                counted.push(message);
            }
            Err(_) => {
                work.failed += 1;
                message.change_visibility(0)?;
            }
        }
    }
    if counted.is_empty() {
        return Ok(());
    }
    for sent in queues.results.send_batch(results)? {
        work.twice += u64::from(sent?.is_duplicate());
    }
    for (message, deleted) in counted
        .iter()
        .zip(queues.tasks.delete_batch(counted.clone())?)
    {
        deleted?;
        work.done += 1;
        work.again += u64::from(message.receive_count() > 1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_worker_is_read() {
        let work = Work::read("done 1 again 2 twice 3 failed 4 syncs 5").unwrap();
        assert_eq!((work.done, work.again, work.twice), (1, 2, 3));
        assert_eq!((work.failed, work.syncs), (4, 5));
        for bad in ["", "done 1", "done x again 2 twice 3 failed 4 syncs 5"] {
            assert_eq!(Work::read(bad), None);
        }
    }
}
