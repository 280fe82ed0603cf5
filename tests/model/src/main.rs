//! `forebay-model [--histories N] [--seed S] [--operations N] [--large]
//! [--power | --postgres | --show-bugs]`
//!
//! Compares every store with the reference on random histories, the seeds S, S + 1, ...; or shows
//! that the comparison finds known mistakes.

use forebay::store::model::Bug;
use forebay_model::history::{Scale, Shape};
use forebay_model::search;
use forebay_model::subject::{InMemory, OnDisk, OnPostgres, Subject};
use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Seeds that are listed for each mistake.
const SEEDS_SHOWN: usize = 5;
/// Seeds after which a mistake counts as not found.
const BUG_SEEDS_MAX: u64 = 1_000;

struct Options {
    histories: u64,
    seed: u64,
    shape: Shape,
    power: bool,
    postgres: bool,
    show_bugs: bool,
}

fn main() -> ExitCode {
    let result = parse(std::env::args().skip(1)).and_then(|options| match options.show_bugs {
        true => show_bugs(&options),
        false => compare_stores(&options),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn parse(words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        histories: 20_000,
        seed: 1,
        shape: Shape::USUAL,
        power: false,
        postgres: false,
        show_bugs: false,
    };
    let mut words = words;
    while let Some(word) = words.next() {
        let mut number = || {
            let value = words
                .next()
                .ok_or(format!("{word} needs a number after it"))?;
            value
                .parse::<u64>()
                .map_err(|_| format!("{word} {value:?}: a whole number is needed"))
        };
        match word.as_str() {
            "--histories" => options.histories = number()?,
            "--seed" => options.seed = number()?,
            "--operations" => options.shape.operations = number()? as usize,
            "--large" => options.shape.scale = Scale::Large,
            "--power" => options.power = true,
            "--postgres" => options.postgres = true,
            "--show-bugs" => options.show_bugs = true,
            _ => {
                return Err(format!(
                    "no option {word:?}; there are --histories N, --seed S, --operations N, \
                     --large, --power, --postgres and --show-bugs"
                ));
            }
        }
    }
    Ok(options)
}

fn compare_stores(options: &Options) -> Result<(), String> {
    let started = Instant::now();
    let done = AtomicU64::new(0);
    let progress = || {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(100) {
            print!("\r{done} of {} histories", options.histories);
            // Only a progress line: where it cannot be shown, it is not missed.
            let _ = std::io::stdout().flush();
        }
    };
    let seeds = options.seed..options.seed.saturating_add(options.histories);
    let open: search::Open<'_> = match options.postgres {
        true => &|| Ok(Box::new(OnPostgres::open()?)),
        false if options.power => &|| Ok(Box::new(OnDisk::open_to_cut(options.shape.scale)?)),
        false => &|| Ok(Box::new(OnDisk::open(options.shape.scale)?)),
    };
    search::many(seeds, options.shape, open, &progress).map_err(|found| found.to_string())?;
    println!(
        "\r{} histories of {} operations from seed {}: no difference ({} s)",
        options.histories,
        options.shape.operations,
        options.seed,
        started.elapsed().as_secs()
    );
    Ok(())
}

fn show_bugs(options: &Options) -> Result<(), String> {
    for bug in Bug::ALL {
        let open =
            || -> forebay::Result<Box<dyn Subject>> { Ok(Box::new(InMemory::with_bug(bug))) };
        let seeds = options.seed..options.seed.saturating_add(BUG_SEEDS_MAX);
        let finds = |seed: u64| search::one(seed, options.shape, &open).err();
        let found: Vec<_> = seeds.filter_map(finds).take(SEEDS_SHOWN).collect();
        let Some(first) = found.first() else {
            return Err(format!("{bug:?}: not found by {BUG_SEEDS_MAX} histories"));
        };
        let list: Vec<String> = found.iter().map(|found| found.seed.to_string()).collect();
        println!("{bug:?}: found by seeds {}\n{first}\n", list.join(", "));
    }
    Ok(())
}
