//! `forebay-crash`: runs one of the trials and prints what was found.

use forebay::store::Durability;
use forebay::store::embedded::disk::Fault;
use forebay::store::embedded::fault;
use forebay_crash::full_disk::{Case, Kind};
use forebay_crash::worker::Worker;
use forebay_crash::{Failure, failover, faults, full_disk, kills, orphan, points, power, server};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "\
forebay-crash: what a store must survive, tried

  forebay-crash [kills]     four processes under load, one killed every 50 to 150 ms
      --kills N             how many are killed (default 300)
  forebay-crash server      the SQS server killed under load from 16 clients
      --kills N             how many times (default 50)
  forebay-crash failover    a PostgreSQL primary killed under load from 20 clients of two servers
                            and two stores, and its synchronous standby promoted
      --times N             how many times (default 20)
  forebay-crash cuts        the way to both databases cut, slowed, silent, closed by half
      --times N             how many troubles (default 200); every 40th a primary is killed
  forebay-crash points      a process killed at every named point of the write path
  forebay-crash power       a power cut at every write and sync of a history
  forebay-crash faults      the n-th write, sync or creation fails, for every n
  forebay-crash full-disk   a small file system that is really full (needs root)
  forebay-crash all         all of these

  --operations N   length of the histories of power and faults (default 300)
  --stride N       try only every N-th point of a history (default 1)
  --images N       disk images looked at after each power cut (default 3)
  --seed S         repeats the choices of a run (default: random, printed)
  --only TEXT      try only the full-disk cases whose description contains TEXT
  --dir DIR        make the stores under DIR (default: the system's temporary directory)
";

/// No live process may stand still for longer than this.
const PAUSE_MAX_US: u64 = 1_000_000;
/// At which passes of a fault point a process dies.
const PASSES: [u64; 4] = [1, 2, 7, 40];
/// Cases on a full disk, each varied.
const BASES: [Case; 6] = [
    Case::PLAIN,
    Case::TINY,
    Case::TINY_FIFO,
    Case::RETRIED,
    Case::REBOOTED,
    Case::TAKEN,
];
const TRIALS: [&str; 8] = [
    "kills",
    "server",
    "failover",
    "cuts",
    "points",
    "power",
    "faults",
    "full-disk",
];

struct Args {
    trial: String,
    kills: Option<u64>,
    times: Option<u64>,
    operations: u64,
    stride: u64,
    images: u64,
    seed: u64,
    only: String,
    dir: PathBuf,
}

fn parse(mut words: std::iter::Peekable<impl Iterator<Item = String>>) -> Result<Args, Failure> {
    let trial = words.next_if(|word| !word.starts_with('-'));
    let mut args = Args {
        trial: trial.unwrap_or_else(|| "kills".into()),
        kills: None,
        times: None,
        operations: 300,
        stride: 1,
        images: 3,
        seed: forebay_crash::notes::now_us(),
        only: String::new(),
        dir: std::env::temp_dir(),
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or(format!("{word} needs a value"))?;
        let positive = || -> Result<u64, Failure> {
            let number = value.parse().ok().filter(|number| *number > 0);
            Ok(number.ok_or(format!("{word} {value:?}: not a number from 1 on"))?)
        };
        match word.as_str() {
            "--kills" => args.kills = Some(positive()?),
            "--times" => args.times = Some(positive()?),
            "--operations" => args.operations = positive()?,
            "--stride" => args.stride = positive()?,
            "--images" => args.images = positive()?,
            "--seed" => args.seed = value.parse()?,
            "--only" => args.only = value,
            "--dir" => args.dir = value.into(),
            _ => return Err(format!("unknown argument {word:?}; see --help").into()),
        }
    }
    Ok(args)
}

fn try_kills(args: &Args, program: &Path, dir: &Path) -> Result<bool, Failure> {
    let kills = args.kills.unwrap_or(300);
    let findings = kills::run(program, dir, kills, args.seed)?;
    println!("{kills} kills\n{findings}");
    Ok(findings.clean() && findings.longest_pause_us < PAUSE_MAX_US)
}

fn try_server(args: &Args, program: &Path, dir: &Path) -> Result<bool, Failure> {
    let report = server::run(program, dir, args.kills.unwrap_or(50), args.seed)?;
    println!("{report}");
    Ok(report.good())
}

fn try_failover(args: &Args, program: &Path, dir: &Path) -> Result<bool, Failure> {
    if !has_postgres() {
        return Ok(true);
    }
    let report = failover::run(program, dir, args.times.unwrap_or(20), args.seed)?;
    println!("{report}");
    Ok(report.good())
}

fn try_cuts(args: &Args, program: &Path, dir: &Path) -> Result<bool, Failure> {
    if !has_postgres() {
        return Ok(true);
    }
    let report = failover::run_cuts(program, dir, args.times.unwrap_or(200), args.seed)?;
    println!("{report}");
    Ok(report.good())
}

fn has_postgres() -> bool {
    let found = forebay_test_postgres::programs().is_some();
    if !found {
        println!("SKIPPED: PostgreSQL is not installed");
    }
    found
}

fn try_points(args: &Args, program: &Path, dir: &Path) -> Result<bool, Failure> {
    let mut good = true;
    for name in fault::NAMES {
        let place = dir.join(name);
        std::fs::create_dir(&place)?;
        let report = points::run(program, &place, name, &PASSES, args.seed)?;
        println!(
            "{name:<24} {} deaths {:?}",
            report.deaths.len(),
            report.deaths
        );
        if !report.findings.clean() {
            println!("{}", report.findings);
        }
        good &= report.good();
    }
    Ok(good)
}

fn try_power(args: &Args) -> Result<bool, Failure> {
    let report = power::run(args.operations, args.stride, args.images, args.seed)?;
    println!(
        "{} steps of a history of {} operations, {} disk images looked at, {} bad",
        report.steps,
        args.operations,
        report.cuts,
        report.bad.len()
    );
    for (step, image, findings) in report.bad.iter().take(5) {
        println!("step {step}, image {image}:\n{findings}");
    }
    let compared = power::rebuild_equals(args.operations, 20, args.seed)?;
    println!("{compared} indexes rebuilt, each equal to the one before");
    Ok(report.bad.is_empty())
}

fn try_faults(args: &Args) -> Result<bool, Failure> {
    let mut good = true;
    for fault in [Fault::NoSpace, Fault::Io, Fault::ShortWrite] {
        let report = faults::run(args.operations, args.stride, fault, args.seed)?;
        println!(
            "{fault:?}: {} changes failed, {} of them seen by a caller, {} histories bad",
            report.faults,
            report.reported,
            report.bad.len()
        );
        for (at, findings) in report.bad.iter().take(5) {
            println!("change {at}:\n{findings}");
        }
        good &= report.bad.is_empty();
    }
    Ok(good)
}

fn try_full_disk(dir: &Path, only: &str) -> Result<bool, Failure> {
    let mut good = true;
    for disk in [Kind::Tmpfs, Kind::Ext4] {
        for base in BASES {
            // A sync costs nothing on tmpfs, and a hundred thousand of them take long on ext4.
            let durability = match (disk, base.body_bytes) {
                (Kind::Ext4, ..100) => Durability::Os,
                _ => Durability::Full,
            };
            let base = Case {
                disk,
                durability,
                ..base
            };
            let cases = base.varied().into_iter();
            for case in cases.filter(|case| case.to_string().contains(only)) {
                let started = Instant::now();
                let outcome = match full_disk::run(dir, &case) {
                    Ok(full_disk::Outcome::Passed { stored, .. }) => {
                        format!("{stored} messages stored and drained")
                    }
                    Ok(full_disk::Outcome::Skipped(reason)) => format!("SKIPPED: {reason}"),
                    Err(error) => {
                        good = false;
                        format!("FAILED: {error}")
                    }
                };
                println!(
                    "{case}: {outcome} ({:.1} s)",
                    started.elapsed().as_secs_f64()
                );
            }
        }
    }
    Ok(good)
}

fn try_one(trial: &str, args: &Args) -> Result<bool, Failure> {
    let program = std::env::current_exe()?;
    let private = tempfile::tempdir_in(&args.dir)?;
    println!("{trial}, seed {}", args.seed);
    let started = Instant::now();
    let good = match trial {
        "kills" => try_kills(args, &program, private.path())?,
        "server" => try_server(args, &program, private.path())?,
        "failover" => try_failover(args, &program, private.path())?,
        "cuts" => try_cuts(args, &program, private.path())?,
        "points" => try_points(args, &program, private.path())?,
        "power" => try_power(args)?,
        "faults" => try_faults(args)?,
        "full-disk" => try_full_disk(private.path(), &args.only)?,
        other => return Err(format!("unknown trial {other:?}; see --help").into()),
    };
    let verdict = if good { "passed" } else { "FAILED" };
    println!(
        "{trial} {verdict} in {:.1} s\n",
        started.elapsed().as_secs_f64()
    );
    if !good {
        println!("the store is kept in {}", private.keep().display());
    }
    Ok(good)
}

fn run() -> Result<bool, Failure> {
    let mut words = std::env::args().skip(1).peekable();
    if words.peek().is_some_and(|word| word == "worker") {
        let words: Vec<String> = words.skip(1).collect();
        orphan::end_with_parent();
        Worker::parse(&words)?.run()?;
        return Ok(true);
    }
    if words.peek().is_some_and(|word| word == "--help") {
        print!("{USAGE}");
        return Ok(true);
    }
    if words.peek().is_some_and(|word| word == "serve") {
        let words: Vec<String> = words.skip(1).collect();
        orphan::end_with_parent();
        server::serve(&words)?;
        return Ok(true);
    }
    let args = parse(words)?;
    if args.trial != "all" {
        return try_one(&args.trial, &args);
    }
    let mut good = true;
    for trial in TRIALS {
        good &= try_one(trial, &args)?;
    }
    Ok(good)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("forebay-crash: {error}");
            ExitCode::from(2)
        }
    }
}
