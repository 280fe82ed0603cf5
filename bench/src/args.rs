//! The command line.

use std::path::PathBuf;
use std::time::Duration;

/// What `--help` prints.
pub const USAGE: &str = "\
forebay-bench: speed of the embedded store, as ratios to the floor

  forebay-bench [--quick] [--rounds N] [--seconds S] [--only TEXT] [--json FILE] [--dir DIR]
      The workloads, interleaved round by round with the floor.
      --quick      short rounds, three of them; under a minute
      --rounds N   rounds a workload (default 5)
      --seconds S  length of a measurement (default 0.7)
      --only TEXT  only rows whose name contains TEXT, such as threads1 or 256B/full

  forebay-bench --sweep NAME [--max N] [--dir DIR]
      How one cost develops: backlog, queues, groups, in-flight, tenants (up to N of them),
      wake, replay, amplification; or all.

  forebay-bench --peers FILE [--quick] [--rounds N] [--seconds S] [--dir DIR]
      Other libraries beside this one; FILE names their programs (cargo xtask bench --peers).

  forebay-bench --servers FILE [--rounds N] [--seconds S] [--server-processor N] [--dir DIR]
      SQS servers beside ours; FILE names their programs (cargo xtask bench --servers).
      --server-processor N  all servers on this processor

  forebay-bench --postgres FILE [--rounds N] [--seconds S] [--only PART] [--max N] [--dir DIR]
      The store on PostgreSQL beside other queues on it; FILE names their programs
      (cargo xtask bench --postgres). Parts: rates (rates/8/10/256: 8 clients, batches of 10, 256
      bytes), waits, open-transaction (--max: seconds; open-transaction/NAME: whose name has that),
      holdings (--max: messages of the backlog),
      passing (--max: messages through each of two queues).

  forebay-bench --polls N [--rounds N] [--dir DIR]
      N long polls at once (cargo xtask bench --polls: 10,000): their memory, and wake-ups.

  --json FILE  also write the result as JSON
  --dir DIR    make the stores under DIR (default: the system's temporary directory); the disk
               under it is what is measured
  --modelled-disk  files in /dev/shm, and each sync takes 100 us plus the bytes at 1 GB/s: for
                   machines whose disk is too restless to compare on (Linux, needs a C compiler)
";

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Print the usage.
    Help,
    /// The workloads.
    Workloads,
    /// One sweep, or `all`.
    Sweep(String),
    /// The libraries that a file names.
    Peers(PathBuf),
    /// The servers that a file names.
    Servers(PathBuf),
    /// The store on PostgreSQL and the queues that a file names.
    Postgres(PathBuf),
    /// So many long polls at once.
    Polls(u64),
    /// One of the four processes of a workload, or the other side of a sweep; started by this
    /// program itself.
    Member(Vec<String>),
}

/// The parsed command line.
#[derive(Debug, Clone, PartialEq)]
pub struct Args {
    pub task: Task,
    pub rounds: usize,
    pub time: Duration,
    pub only: String,
    pub json: Option<PathBuf>,
    pub dir: PathBuf,
    pub max: Option<u64>,
    pub modelled_disk: bool,
    pub server_processor: Option<usize>,
}

impl Args {
    /// Reads the arguments after the program's name.
    pub fn parse(given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            task: Task::Workloads,
            rounds: 5,
            time: Duration::from_millis(700),
            only: String::new(),
            json: None,
            dir: std::env::temp_dir(),
            max: None,
            modelled_disk: false,
            server_processor: None,
        };
        let mut given = given.peekable();
        if given.peek().is_some_and(|word| word == "member") {
            args.task = Task::Member(given.skip(1).collect());
            return Ok(args);
        }
        while let Some(word) = given.next() {
            let mut value = || given.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--help" | "-h" => args.task = Task::Help,
                "--quick" => {
                    args.rounds = 3;
                    args.time = Duration::from_millis(150);
                }
                "--rounds" => args.rounds = number(&value()?, 1, 1_000)? as usize,
                "--seconds" => args.time = seconds(&value()?)?,
                "--only" => args.only = value()?,
                "--json" => args.json = Some(value()?.into()),
                "--dir" => args.dir = value()?.into(),
                "--max" => args.max = Some(number(&value()?, 1, 1_000_000_000)?),
                "--modelled-disk" => args.modelled_disk = true,
                "--peers" => args.task = Task::Peers(value()?.into()),
                "--postgres" => args.task = Task::Postgres(value()?.into()),
                "--servers" => args.task = Task::Servers(value()?.into()),
                "--server-processor" => {
                    args.server_processor = Some(number(&value()?, 0, 1_023)? as usize);
                }
                "--polls" => args.task = Task::Polls(number(&value()?, 1, 20_000)?),
                "--sweep" => args.task = Task::Sweep(value()?),
                _ => return Err(format!("unknown argument {word:?}; see --help")),
            }
        }
        Ok(args)
    }
}

fn number(text: &str, min: u64, max: u64) -> Result<u64, String> {
    let parsed = text.replace(['_', ','], "").parse().ok();
    parsed
        .filter(|number| (min..=max).contains(number))
        .ok_or(format!("{text:?} is not a number from {min} to {max}"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let parsed = text.parse().ok();
    parsed
        .filter(|seconds| (0.01..=600.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or(format!(
            "{text:?} is not a number of seconds from 0.01 to 600"
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Args, String> {
        Args::parse(words.iter().map(|word| word.to_string()))
    }

    #[test]
    fn flags_and_values_are_read() {
        let args = parse(&["--sweep", "backlog", "--max", "10,000", "--dir", "/x"]).unwrap();
        assert_eq!(args.task, Task::Sweep("backlog".into()));
        assert_eq!(args.max, Some(10_000));
        assert_eq!(args.dir, PathBuf::from("/x"));
        assert_eq!(parse(&["--quick"]).unwrap().rounds, 3);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(parse(&["--frob"]).unwrap_err().contains("--frob"));
        assert!(parse(&["--rounds"]).unwrap_err().contains("--rounds"));
        assert!(parse(&["--rounds", "0"]).unwrap_err().contains("1 to 1000"));
        assert!(parse(&["--seconds", "x"]).unwrap_err().contains("\"x\""));
    }
}
