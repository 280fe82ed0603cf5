//! The commands on a store: JSON lines in and out. Exit status 0: done; 1: failed; 2: nothing was
//! there; 64: the command line is wrong.

mod bench;
mod consume;
mod filter;
mod json;
mod look;
mod place;
pub mod print;
mod queues;
mod redrive;
mod relocate;
mod send;
mod shell;
mod stats;
mod store;
mod transfer;

use clap::Subcommand;

/// Exit status of a command that did what it was told.
pub const DONE: u8 = 0;

/// Exit status of a failure, whose reason is on standard error.
pub const FAILED: u8 = 1;

/// Exit status where there was nothing to show, receive or move.
const NOTHING: u8 = 2;

/// How a command ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Done,
    /// There was nothing.
    Nothing,
}

impl Ending {
    /// `Nothing` for none of something.
    fn of(count: usize) -> Self {
        if count == 0 {
            Self::Nothing
        } else {
            Self::Done
        }
    }
}

/// What a command answers; the text of a failure is for people.
type Outcome = Result<Ending, String>;

/// Of two failures neither hides the other.
fn both(first: Result<(), String>, second: Result<(), String>) -> Result<(), String> {
    match (first, second) {
        (Err(first), Err(second)) => Err(format!("{first}; {second}")),
        (first, second) => first.and(second),
    }
}

/// The commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Ls(queues::Ls),
    Create(queues::Create),
    Send(send::Send),
    Receive(consume::Receive),
    Peek(look::Peek),
    Delete(consume::Delete),
    Move(consume::Move),
    Redrive(redrive::Redrive),
    Purge(queues::Purge),
    Stats(stats::Stats),
    Top(stats::Top),
    Export(transfer::Export),
    Import(transfer::Import),
    Backup(store::Backup),
    Doctor(store::Doctor),
    Bench(bench::Bench),
    Completions(shell::Completions),
    Man(shell::Man),
}

/// Runs a command; `whole` is the definition of the program, for completions and the manual.
pub fn run(command: &Command, whole: clap::Command) -> u8 {
    let outcome = match command {
        Command::Ls(arguments) => queues::ls(arguments),
        Command::Create(arguments) => queues::create(arguments),
        Command::Send(arguments) => send::run(arguments),
        Command::Receive(arguments) => consume::receive(arguments),
        Command::Peek(arguments) => look::peek(arguments),
        Command::Delete(arguments) => consume::delete(arguments),
        Command::Move(arguments) => consume::move_messages(arguments),
        Command::Redrive(arguments) => redrive::run(arguments),
        Command::Purge(arguments) => queues::purge(arguments),
        Command::Stats(arguments) => stats::stats(arguments),
        Command::Top(arguments) => stats::top(arguments),
        Command::Export(arguments) => transfer::export(arguments),
        Command::Import(arguments) => transfer::import(arguments),
        Command::Backup(arguments) => store::backup(arguments),
        Command::Doctor(arguments) => store::doctor(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Completions(arguments) => shell::completions(arguments, whole),
        Command::Man(_) => shell::man(whole),
    };
    match outcome {
        Ok(Ending::Done) => DONE,
        Ok(Ending::Nothing) => NOTHING,
        Err(text) => {
            print::complain(&format!("forebay: {text}"));
            FAILED
        }
    }
}
